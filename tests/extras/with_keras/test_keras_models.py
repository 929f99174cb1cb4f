"""Keras models: translated exactly, opened safely, compressed like any other."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ["KERAS_BACKEND"] = "torch"
keras = pytest.importorskip("keras")
h5py = pytest.importorskip("h5py")

import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from PIL import Image  # noqa: E402

from edgeslim import workbench  # noqa: E402
from edgeslim.artifacts.store import Store  # noqa: E402
from edgeslim.errors import DownloadError, ModelError  # noqa: E402
from edgeslim.models.keras import applications  # noqa: E402
from edgeslim.models.keras.converting import archive_as_onnx, as_onnx  # noqa: E402
from edgeslim.models.torch_graph import to_torch  # noqa: E402
from edgeslim.recipe import Recipe  # noqa: E402
from edgeslim.steps.pruning.channels import ChannelPruning  # noqa: E402
from edgeslim.steps.quantization.static_int8 import StaticInt8  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")
layers = keras.layers
SIZE = (32, 32)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def trained(model: Any) -> Any:
    """With random statistics and scales, as training gives: fresh BatchNorm does nothing."""
    random = np.random.default_rng(0)
    model.set_weights([w + random.uniform(0.0, 0.3, w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def saved(model: Any, path: Path) -> bytes:
    model.save(path)
    return path.read_bytes()


def sequential() -> Any:
    """Uneven padding, depthwise and transposed convolutions, activations by name and as layers, a kernel of two sizes."""
    return keras.Sequential(
        [
            keras.Input((32, 30, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(6, (3, 5), strides=2, padding="same", activation=layers.LeakyReLU()),
            layers.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2, use_bias=False),
            layers.BatchNormalization(scale=False),
            layers.SeparableConv2D(8, 3, padding="same", activation="swish"),
            layers.Conv2DTranspose(5, 4, strides=2, padding="same", activation="hard_sigmoid"),
            layers.ZeroPadding2D(((0, 1), (2, 0))),
            layers.MaxPooling2D(3, 2, padding="same"),
            layers.UpSampling2D(interpolation="bilinear"),
            layers.AveragePooling2D(2),
            layers.PReLU(shared_axes=[1, 2]),
            layers.SpatialDropout2D(0.2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(7, activation="gelu"),
            layers.Dense(4, activation="softmax"),
        ]
    )


def functional() -> Any:
    """Branches, a model inside, numbers as operands, squeeze and excite, a layer used twice, a flat concatenation."""
    image = keras.Input((32, 32, 1))
    x = layers.RandomFlip()(image) / 127.5 - 1.0
    block = layers.Conv2D(4, 3, padding="same", activation="relu")
    x = block(layers.Concatenate()([x, x, x, x]))
    x = layers.Add()([x, block(x)])
    inner = keras.Sequential([keras.Input((32, 32, 4)), layers.Conv2D(6, 1), layers.BatchNormalization()])
    x = inner(x)
    squeezed = layers.Reshape((1, 1, 6))(layers.GlobalAveragePooling2D()(x))
    x = layers.Multiply()([x, layers.Conv2D(6, 1, activation="sigmoid")(squeezed)])
    flat = layers.Concatenate()([layers.Flatten()(layers.MaxPooling2D(8)(x)), layers.GlobalMaxPooling2D()(x)])
    return keras.Model(image, [layers.Dense(3)(flat), layers.Dense(2)(layers.Average()([x, x]))])


@pytest.mark.parametrize("make", [sequential, functional])
def test_a_network_is_translated_exactly(make: Callable[[], Any]) -> None:
    """Compared with Keras's own outputs, before the softmax where there is one."""
    model = trained(make())
    found, content = as_onnx(model, "mine", SIZE)
    assert found["proof"]["translation_error"] < 1e-4
    assert found["proof"]["softmax_left_out"] is (make is sequential)
    assert b"conv2d" in content  # layers keep their names
    again, same = as_onnx(model, "mine", SIZE)  # the model is as it was
    assert again == found and same == content


def test_a_network_that_rescales_takes_bytes() -> None:
    for model in (sequential(), functional()):
        channels = model.input_shape[-1]
        hints = as_onnx(model, "mine", SIZE)[0]["hints"]
        assert (hints["scale"], list(hints["mean"]), list(hints["std"])) == (
            1.0,
            [0.0] * channels,
            [1.0] * channels,
        )


@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (lambda: layers.LayerNormalization(), "LayerNormalization"),
        (lambda: layers.Conv2D(3, 3, activation=keras.activations.log_softmax), "activation log_softmax"),
        (lambda: layers.BatchNormalization(axis=1), "axis 1"),
        (lambda: layers.UpSampling2D(interpolation="bicubic"), "interpolation bicubic"),
        (lambda: layers.ReLU(threshold=0.5), "threshold"),
    ],
)
def test_what_is_not_translated_is_named(layer: Callable[[], Any], named: str) -> None:
    model = keras.Sequential([keras.Input((32, 32, 3)), layer()])
    with pytest.raises(ModelError, match=named) as caught:
        as_onnx(model, "mine", SIZE)
    assert caught.value.code == "keras_layers"


def test_a_keras_file_is_imported_evaluated_pruned_and_quantized(tmp_path: Path, store: Store) -> None:
    """MobileNetV2's preparation is known by its name; pruned channels and int8 codes make real files smaller."""
    model = keras.applications.MobileNetV2(weights=None, input_shape=(32, 32, 3), alpha=0.35, classes=3)
    path = tmp_path / "mine.keras"
    saved(trained(model), path)
    found = workbench.import_model(path, store=store)
    assert (found.name, found.spec.family, len(found.spec.labels)) == ("mine", "classifier", 3)
    assert (found.spec.scale, tuple(found.spec.mean)) == (1 / 127.5, (1.0, 1.0, 1.0))
    assert found.proof["translated_from"] == "keras" and found.proof["translation_error"] < 1e-4
    random = np.random.default_rng(0)
    for kind in range(3):
        for number in range(2):
            place = tmp_path / "data" / f"class_{kind}" / f"{number}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(random.integers(0, 255, (32, 32, 3), np.uint8)).save(place)
    recipes = [Recipe(()), Recipe((ChannelPruning(ratio=0.3),)), Recipe((StaticInt8(),))]
    data = tmp_path / "data"
    plain, pruned, codes = workbench.compress(
        "mine", data, recipes, tmp_path / "out", calibration=data, store=store
    )
    assert plain.accuracy is not None and plain.accuracy["images"] == 6
    assert plain.params > 1.2 * pruned.params
    assert plain.sizes.file > 2.5 * codes.sizes.file
    for trial in (pruned, codes):
        assert (
            trial.file is not None and onnxruntime.InferenceSession(trial.file).get_inputs()[0].shape[1] == 3
        )


@pytest.mark.parametrize("name", ["VGG16", "MobileNetV2"])
def test_a_network_of_keras_by_name(name: str, store: Store) -> None:
    """Untrained, small, offline: its preparation and its graph as pruning wants it, without a transposition."""
    found = workbench.import_application(name.lower(), side=32, weights=False, store=store)
    assert (found.name, len(found.spec.labels)) == (name.lower(), 1000)
    assert found.spec.color == ("BGR" if name == "VGG16" else "RGB")
    assert found.proof["translation_error"] < 1e-4
    kinds = {type(module).__name__ for module in to_torch(onnx.load(store.path(found.sha256))).modules()}
    assert {"Conv2d", "Linear"} <= kinds
    if name == "MobileNetV2":
        assert "BatchNorm2d" in kinds


def test_what_cannot_be_had_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="VGG16"):
        workbench.import_application("vgg-16", store=store)
    with pytest.raises(ModelError, match="Choose 224") as caught:
        workbench.import_application("MobileNetV2", side=20, weights=False, store=store)
    assert caught.value.code == "keras_application_size"
    sound = keras.applications.MobileNetV2

    def offline(weights: str | None, **more: Any) -> Any:
        if weights:
            raise Exception("URL fetch failure on https://storage.googleapis.com: None")
        return sound(weights=None, alpha=0.35, **more)

    monkeypatch.setattr(keras.applications, "MobileNetV2", offline)
    with pytest.raises(DownloadError, match="--no-weights") as failed:
        workbench.import_application("MobileNetV2", side=32, store=store)
    assert failed.value.code == "keras_download"


def test_names_of_classes_are_those_that_keras_fetches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    index = {str(number): [f"n{number:08d}", f"word {number % 999}"] for number in range(1000)}
    path = tmp_path / "index.json"
    path.write_text(json.dumps(index))
    monkeypatch.setattr(keras.utils, "get_file", lambda *args, **more: str(path))
    names = applications._class_names(keras)
    assert (names[0], names[1], names[999]) == ("word 0 n00000000", "word 1", "word 0 n00000999")


def edited(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(made, "w") as after:
        for each in before.namelist():
            after.writestr(each, change(before.read(each)) if each == name else before.read(each))
    return made.getvalue()


def pointing(how: str, secret: Path) -> Callable[[bytes], bytes]:
    """Weights that lie in another file of this machine."""

    def changed(content: bytes) -> bytes:
        held = io.BytesIO(content)
        with h5py.File(held, "r+") as file:
            names: list[str] = []
            file.visititems(lambda name, each: names.append(name) if isinstance(each, h5py.Dataset) else None)
            shape = file[names[0]].shape
            del file[names[0]]
            if how == "external":
                file.create_dataset(names[0], shape, "f4", external=[(str(secret), 0, h5py.h5f.UNLIMITED)])
            else:
                file[names[0]] = h5py.ExternalLink(str(secret), "/x")
        return held.getvalue()

    return changed


@pytest.mark.parametrize("how", ["external", "link"])
def test_weights_that_lie_elsewhere_are_refused(how: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(1 << 16))
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3)])
    content = saved(model, tmp_path / "a.keras")
    with pytest.raises(ModelError, match="refer to another file") as caught:
        archive_as_onnx(edited(content, "model.weights.h5", pointing(how, secret)), "a.keras", (3, 8, 8))
    assert caught.value.code == "keras_broken"


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n" + bytes(200)], ids=["empty", "damaged"])
def test_damaged_weights_are_refused(content: bytes, tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3)])
    whole = saved(model, tmp_path / "a.keras")
    with pytest.raises(ModelError) as caught:
        archive_as_onnx(edited(whole, "model.weights.h5", lambda _: content), "a.keras", (3, 8, 8))
    assert caught.value.code == "keras_broken"


def test_a_lambda_is_never_run(tmp_path: Path, store: Store) -> None:
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Lambda(lambda x: x + 1), layers.Conv2D(2, 3)])
    path = tmp_path / "a.keras"
    saved(model, path)
    with pytest.raises(ModelError, match="never run") as caught:
        workbench.import_model(path, store=store)
    assert caught.value.code == "keras_lambda"
