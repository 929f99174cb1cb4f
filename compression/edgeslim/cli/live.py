"""`browser-runtime`: what lets visitors run a detector in their own browsers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeslim import workbench
from edgeslim.cli.common import Arguments, add, tell
from edgeslim.units import format_bytes


def add_browser_runtime(commands: Any) -> None:
    command = add(
        commands,
        "browser-runtime",
        _install,
        f"fetch what runs detectors in a browser ({workbench.BROWSER_PACKAGE}, MIT), for the page Live",
    )
    command.add_argument(
        "tarball", type=Path, nargs="?", help="the package, if this machine cannot fetch it with npm"
    )


def _install(given: Arguments) -> None:
    files = workbench.install_browser_runtime(given.tarball, given.store)
    sizes = {name: path.stat().st_size for name, path in files.items()}
    told = f"{workbench.BROWSER_PACKAGE} is here, {format_bytes(sum(sizes.values()))} to be sent to a browser"
    tell(given, sizes, lambda: f"{told}. The page Live shows once the app is started anew or reloaded.")
