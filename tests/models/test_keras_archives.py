"""What of a `.keras` file is handed to Keras: known layers and plain values, nothing else. Keras itself is not needed."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from edgeslim.artifacts.store import Store
from edgeslim.errors import ModelError
from edgeslim.models import conversion
from edgeslim.models.importing import import_bytes
from edgeslim.models.keras.archive import Archive, read
from said import said

KNOWN = frozenset({"InputLayer", "Conv2D", "Dense", "ReLU", "Functional", "Sequential"})


def layer(kind: str, **config: Any) -> dict[str, Any]:
    return {"module": "keras.layers", "class_name": kind, "config": {"name": "x", **config}}


def model(*layers: dict[str, Any], kind: str = "Sequential") -> dict[str, Any]:
    return {"module": "keras", "class_name": kind, "config": {"name": "m", "layers": list(layers)}}


def packed(config: Any, weights: bytes = b"w") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config if isinstance(config, bytes) else json.dumps(config))
        archive.writestr("model.weights.h5", weights)
    return content.getvalue()


def opened(config: Any) -> Archive:
    return read(packed(config), "a.keras", KNOWN)


def test_what_only_training_needs_is_left_out_and_all_is_float32() -> None:
    initializer = {"module": "keras.initializers", "class_name": "GlorotUniform", "config": {}}
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}
    conv = layer("Conv2D", filters=3, kernel_initializer=initializer, dtype=policy, activation=layer("ReLU"))
    found = opened({**model(conv), "compile_config": {"loss": {"module": "os", "class_name": "system"}}})
    (made,) = found.config["config"]["layers"]
    assert made["config"] == {
        "name": "x",
        "filters": 3,
        "dtype": "float32",
        "activation": {**layer("ReLU"), "registered_name": None},
    }
    assert "compile_config" not in found.config
    assert found.weights == b"w"


@pytest.mark.parametrize(
    ("config", "code", "named"),
    [
        (model(layer("Lambda", function="x")), "keras_lambda", "a.keras"),
        (model(layer("Conv2D", activation=layer("Lambda"))), "keras_lambda", "a.keras"),
        (model(model(layer("Lambda"))), "keras_lambda", "a.keras"),
        (model(layer("TextVectorization", vocabulary="/etc/passwd")), "keras_layers", "TextVectorization"),
        (layer("HED"), "keras_layers", "HED"),
        (model({**layer("Dense"), "module": "subprocess"}), "keras_layers", "subprocess.Dense"),
        (
            model(layer("Dense", kernel_initializer={"module": "os", "class_name": "system", "config": "x"})),
            "keras_layers",
            "os.system",
        ),
        (
            model(layer("Dense", activation={"class_name": "function", "config": "x"})),
            "keras_layers",
            "function",
        ),
        (model(layer("Dense", units={"class_name": "__tensor__", "config": {}})), "keras_broken", "plain"),
        (
            model({**layer("Dense"), "inbound_nodes": [{"args": [{"class_name": "__lambda__"}]}]}),
            "keras_broken",
            "plain",
        ),
        (model({"class_name": "Dense"}), "keras_broken", "parameters"),
        (model("Dense"), "keras_layers", "Dense"),  # type: ignore[arg-type]
        ([], "keras_broken", "description"),
        (b"{", "keras_broken", "a.keras"),
        (b'{"config": ' + b"[" * 100_000, "keras_broken", "a.keras"),
    ],
)
def test_anything_else_is_refused(config: Any, code: str, named: str) -> None:
    with pytest.raises(ModelError, match=named) as caught:
        opened(config)
    assert (caught.value.code, bool(said(caught.value))) == (code, True)


def test_what_unpacks_to_too_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeslim.models.keras.archive._MAX_WEIGHTS", 1000)
    with pytest.raises(ModelError, match="unpacks to 1,001 bytes"):
        read(packed(model(), bytes(1001)), "a.keras", KNOWN)


def test_without_keras_it_is_said_what_to_install(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"pip install -r requirements-keras\.txt") as caught:
        import_bytes(packed(model()), "a.keras", None, store)
    assert caught.value.code == "keras_missing"
