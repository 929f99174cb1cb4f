"""A public demo runs few errands at a time, and few of each visitor."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from edgeslim import visitors
from edgeslim.artifacts.store import Store
from edgeslim.errors import AccessError
from edgeslim.quotas import DEMO_ERRANDS, DEMO_ERRANDS_EACH, DEMO_ERRANDS_HOURLY

HOUR = 3600.0


def require_turn(store: Store, runs: Callable[[str], bool]) -> None:
    """Raise AccessError (demo_errands, demo_errands_hourly) in a public demo where no other errand may begin now.

    `runs` says of an errand's key whether it does.
    """
    if not visitors.demo():
        return
    who, since = visitors.visitor(), time.time() - HOUR
    begun = [(path, path.stat().st_mtime > since) for path in (store.root / "errands").glob("*/errand.json")]
    running = [path for path, _ in begun if runs(path.parent.name)]
    own = [path for path in running if who is not None and _visitor(path) == who]
    if len(running) >= DEMO_ERRANDS or len(own) >= DEMO_ERRANDS_EACH:
        raise AccessError("demo_errands", all=DEMO_ERRANDS, each=DEMO_ERRANDS_EACH)
    if (
        who is not None
        and sum(recent and _visitor(path) == who for path, recent in begun) >= DEMO_ERRANDS_HOURLY
    ):
        raise AccessError("demo_errands_hourly", hourly=DEMO_ERRANDS_HOURLY)


def _visitor(asked: Path) -> str | None:
    """Whose errand it is."""
    found: str | None = json.loads(asked.read_bytes()).get("visitor")
    return found
