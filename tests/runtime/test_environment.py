from __future__ import annotations

import getpass
import platform
import subprocess
import sys
from pathlib import Path

import onnxruntime

import edgeslim
from edgeslim.runtime.environment import environment


def test_names_what_the_measurement_was_made_on() -> None:
    found = environment()
    assert set(found) == {
        *("cpu", "cores", "flags", "os", "python"),
        *("onnxruntime", "onnx", "torch", "numpy", "edgeslim"),
    }
    assert found["onnxruntime"] == onnxruntime.__version__
    assert found["edgeslim"] == edgeslim.__version__
    assert found["python"] == platform.python_version()
    assert int(found["cores"]) >= 1
    assert found["cpu"]


def test_names_neither_machine_nor_user() -> None:
    told = " ".join(environment().values()).split()
    assert platform.node() not in told
    assert getpass.getuser() not in told
    assert not any("/" in word for word in told)


def test_measuring_tools_import_neither_torch_nor_onnxruntime_until_used() -> None:
    code = (
        "import sys\n"
        "import edgeslim.runtime.benchmark, edgeslim.ort\n"
        "import edgeslim.tasks, edgeslim.metrics.size\n"
        "from edgeslim.runtime.environment import environment\n"
        "environment()\n"
        "print(sorted({'torch', 'onnxruntime', 'sklearn', 'scipy', 'faster_coco_eval'} & set(sys.modules)))"
    )
    root = Path(edgeslim.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_studies_are_read_without_what_opens_models_or_data() -> None:
    code = (
        "import sys, edgeslim.studies.study\n"
        "heavy = {'torch', 'onnx', 'onnxruntime', 'PIL', 'optuna', 'edgeslim.datasets'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(edgeslim.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
