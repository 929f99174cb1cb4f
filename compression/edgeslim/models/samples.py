"""The sample models that come with EdgeSlim, as `sample_models/manifest.json` lists them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edgeslim.artifacts.store import sha256_of
from edgeslim.errors import ModelError
from edgeslim.models.base import Model
from edgeslim.models.spec import spec_from_json

SAMPLES = Path(__file__).resolve().parents[3] / "sample_models"
_REQUIRED = ("name", "file", "sha256", "spec")


def sample_records(folder: Path = SAMPLES) -> tuple[dict[str, Any], ...]:
    """The manifest's entries; none if there is no manifest. Raises ModelError if it is damaged."""
    path = folder / "manifest.json"
    try:
        entries = json.loads(path.read_bytes())["models"]
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path) from error
    if not isinstance(entries, list) or not all(_is_complete(entry) for entry in entries):
        raise _damaged(path)
    return tuple(entries)


def sample_names(folder: Path = SAMPLES) -> tuple[str, ...]:
    """Names of the sample models, in the manifest's order."""
    return tuple(record["name"] for record in sample_records(folder))


def open_sample(name: str, folder: Path = SAMPLES) -> Model:
    """One sample model; KeyError if there is none of that name. Raises ModelError if its file is missing or changed."""
    record = {entry["name"]: entry for entry in sample_records(folder)}[name]
    path = folder / Path(record["file"]).name
    if not path.is_file() or sha256_of(path) != record["sha256"]:
        raise _damaged(path)
    proof = {key: value for key, value in record.items() if key not in _REQUIRED}
    return Model(name, path, record["sha256"], spec_from_json(record["spec"]), "sample", proof)


def _is_complete(entry: Any) -> bool:
    return isinstance(entry, dict) and all(key in entry for key in _REQUIRED)


def _damaged(path: Path) -> ModelError:
    return ModelError(
        "sample_damaged",
        f"The sample file '{path}' is missing, or not the one that EdgeSlim came with.",
        "Restore it: git checkout -- sample_models",
        file=path,
    )
