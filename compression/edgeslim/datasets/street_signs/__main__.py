"""Render all splits and write splits.json; to be run as a module after the renderer was changed."""

from __future__ import annotations

import json
import sys

from edgeslim.artifacts.store import Store
from edgeslim.datasets.street_signs.dataset import MANIFEST, PLANS, load


def _show(message: str, done: int, total: int, who: str = "") -> None:
    print(f"\r{message} {done}/{total}", end="", file=sys.stderr, flush=True)


manifest = {}
for name, plan in PLANS.items():
    packed = load(Store(), name, plan, _show)
    manifest[name] = {
        "images": len(packed),
        "boxes": len(packed.boxes),
        "annotations": packed.annotations_sha256(),
        "content": packed.content_sha256(),
    }
MANIFEST.write_text(json.dumps(manifest, indent=1) + "\n")
