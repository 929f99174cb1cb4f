"""onnxruntime's own format: written by the plain package, the same every time, and it says what the ONNX file says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from edgeslim import ort
from edgeslim.errors import ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.runtime import FILE_FORMATS, ONNXRUNTIME, RUNTIMES
from edgeslim.runtime.base import Conversion
from edgeslim.runtime.kernel_table import sorted_kernels
from edgeslim.steps import StepContext
from edgeslim.steps.quantization.float16 import Float16

FORMAT, MOBILE = FILE_FORMATS.get("ort"), RUNTIMES.get("onnxruntime-mobile")
SAMPLES = Path(__file__).parents[2] / "sample_models"
SPEC = ModelSpec(input_width=8, input_height=8)
CONVERSION = Conversion(SPEC, None)


@pytest.mark.parametrize("name", ["digits-gru", "street-signs-small"])
def test_a_file_says_what_its_onnx_file_says(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.ort"
    path.write_bytes(FORMAT.convert(SAMPLES / f"{name}.onnx", CONVERSION))
    main = ONNXRUNTIME.open(SAMPLES / f"{name}.onnx")
    image = np.random.default_rng(0).random(main.inputs[0].fixed_shape, np.float32)
    for wanted, found in zip(main.run(image), MOBILE.open(path).run(image), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def test_tables_of_kernels_in_any_order_become_the_same() -> None:
    made = [ort.saved(SAMPLES / "digits-gru.onnx")[0] for _ in range(6)]
    assert len({sorted_kernels(content) for content in made}) == 1


def test_a_file_that_says_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other, _ = ort.saved(SAMPLES / "digits-mlp.onnx")
    _, session = ort.saved(SAMPLES / "digits-cnn.onnx")
    monkeypatch.setattr(ort, "saved", lambda _: (other, session))
    with pytest.raises(ModelError) as caught:
        FORMAT.convert(SAMPLES / "digits-cnn.onnx", CONVERSION)
    assert caught.value.code == "ort_changed"


def test_what_is_decoded_on_loading_is_told(tmp_path: Path) -> None:
    model = onnx.load(SAMPLES / "digits-mlp.onnx")
    half = Float16().apply(model, StepContext(spec=SPEC, original=tmp_path, calibration=None))
    onnx.save(half, tmp_path / "half.onnx")
    assert [notice.code for notice in FORMAT.notices(tmp_path / "half.onnx")] == ["ort_decoded"]
    assert FORMAT.notices(SAMPLES / "digits-mlp.onnx") == []
    assert (
        len(FORMAT.convert(tmp_path / "half.onnx", CONVERSION))
        > 1.9 * (tmp_path / "half.onnx").stat().st_size
    )
