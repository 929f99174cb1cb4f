"""Reading the small text files of datasets: errors name the file."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from edgeslim.errors import DatasetError


def read_text(path: Path) -> str:
    """The file as UTF-8 text. Raises DatasetError(code='unreadable_file') naming it."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise DatasetError(
            "unreadable_file",
            f"'{path}' cannot be read ({reason}).",
            "Check that it exists, may be read, and is a text file.",
            path=path,
            reason=reason,
        ) from error


def inside(name: str) -> PurePosixPath:
    """A relative path that stays inside the folder it is joined to.

    Files inside a dataset are not trusted: of an absolute path only the file's name is kept, and of a path with '..'
    only the part after the last one.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or (path.parts and path.parts[0].endswith(":")):
        return PurePosixPath(path.name)
    parts = path.parts
    if ".." in parts:
        parts = parts[len(parts) - parts[::-1].index("..") :]
    return PurePosixPath(*parts)
