"""What benchmarks on the real detectors in ../shared/data share. Importing it makes the package importable."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
sys.path.insert(0, str(ROOT))

from compression.artifacts.store import Store  # noqa: E402
from compression.evaluation import Evaluation  # noqa: E402
from compression.jobs.setting import Setting, open_setting  # noqa: E402


def coco_setting(model: str, store: Store, limit: int | None = None) -> Setting:
    """A model of ../shared/data by its name: scored on coco_val (the first `limit` images), calibrated unlabelled."""
    return open_setting(
        str(DATA / "models" / f"{model}.onnx"),
        str(DATA / "images" / "coco_val" / "instances.json"),
        store,
        calibration=str(DATA / "images" / "coco_calibration" / "instances.json"),
        limit=limit,
    )


def accuracy_cells(found: Evaluation) -> str:
    """'mAP | paired difference [interval] | agreement', in points and percent."""
    assert found.accuracy is not None and found.fidelity is not None
    low, high = found.accuracy["paired_ci95"]
    return (
        f"{100 * found.accuracy['mAP']:.2f} | {100 * found.accuracy['paired_delta']:+.2f} "
        f"[{100 * low:+.2f}, {100 * high:+.2f}] | {100 * found.fidelity['agreement']:.1f}"
    )


def print_table(columns: str, rows: Callable[[str, Store], Iterable[str]], models: Sequence[str]) -> None:
    """A Markdown table of the rows of the models named on the command line, else of `models`; each at once."""
    if not DATA.is_dir():
        sys.exit(f"{DATA} is not there: no real model to measure")
    print(f"| {columns} |\n{'|---' * (columns.count('|') + 1)}|")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        for name in sys.argv[1:] or models:
            for row in rows(name, store):
                print(row, flush=True)
