"""Who uses the app in a browser from elsewhere, what is theirs, and what nobody may do in a public demo.

Whoever is at the machine (the shell, processes of ours, a browser on `localhost`) has the data folder anyway and may do
everything. Everybody else is a visitor: what a visitor brings belongs to them, and others see it only if it is shared.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Literal

from edgeslim.errors import AccessError

DEMO_VARIABLE = "EDGESLIM_DEMO"
Ask = Callable[[], str | None]
Change = Literal["import", "rename", "delete", "change"]
Whose = Literal["mine", "shared", "others", ""]
_asked: list[Ask] = [lambda: None]


def ask(who: Ask) -> None:
    """Have `who` tell for whom this thread works: a visitor's name, or None for whoever is at the machine."""
    _asked[0] = who


def visitor() -> str | None:
    """The visitor for whom this thread works; None for whoever is at the machine."""
    return _asked[0]()


def ownership(shared: bool = False) -> dict[str, Any]:
    """What a record of something brought in says of whose it is; nothing, if it was brought in at the machine."""
    owner = visitor()
    return {} if owner is None else {"owner": owner, "shared": shared}


def may_see(record: Mapping[str, Any]) -> bool:
    owner = record.get("owner")
    return owner is None or bool(record.get("shared")) or visitor() in (None, owner)


def may_change(record: Mapping[str, Any]) -> bool:
    """Whether this visitor may rename it, remove it, or decide how it is read."""
    return visitor() in (None, record.get("owner"))


def whose(record: Mapping[str, Any]) -> Whose:
    """For lists: the visitor's own, shared or not; another one's; or '' for what was brought in at the machine."""
    owner = record.get("owner")
    if owner is None:
        return ""
    if owner != visitor():
        return "others"
    return "shared" if record.get("shared") else "mine"


def require_owner(record: Mapping[str, Any], name: str) -> None:
    """Raise AccessError (not_yours) where the visitor may not change it."""
    if not may_change(record):
        raise AccessError("not_yours", name=name)


def require_machine() -> None:
    """Raise AccessError where somebody elsewhere, or in a demo, names a file or folder of this machine."""
    if demo() or visitor() is not None:
        raise AccessError("not_at_machine")


def demo() -> bool:
    """Whether this is a public demo: $EDGESLIM_DEMO. It holds for what the app does, not for running studies."""
    return os.environ.get(DEMO_VARIABLE, "") not in ("", "0")


def refuse_in_demo(change: Change) -> None:
    """Raise AccessError (demo_import, demo_rename, demo_delete, demo_change) in a public demo."""
    if demo():
        raise AccessError(f"demo_{change}")
