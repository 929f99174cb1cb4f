"""How many and how long: whoever can reach the app can open rooms and join them."""

from __future__ import annotations

import re
import unicodedata

from edgeslim.errors import RoomError

ROOMS, REHEARSALS, PEOPLE = 200, 50, 120
"""At the same time in one database; people in one room, those who were removed among them."""
OPEN, REHEARSING = 24 * 3600.0, 3600.0
"""Seconds until a room expires, with all that is in it."""
ENTRIES, RECIPE = 10, 4000
"""Entries that a league may allow each person, and characters of a recipe's JSON."""
NAME = 24
"""Characters of a nickname."""
ALPHABET = "2346789ABCDEFGHJKMNPQRTUVWXYZ"
"""Of codes: no 0 O, 1 I L, 5 S."""
CODE = 6
_CODE = re.compile(f"[{ALPHABET}]{{{CODE}}}")
_INVISIBLE = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")


def read_code(text: str) -> str | None:
    """A code as somebody types it: small letters, spaces and hyphens do no harm. None if it can be none."""
    code = re.sub(r"[\s-]", "", text).upper()
    return code if _CODE.fullmatch(code) else None


def read_name(text: str) -> str:
    """A nickname in normal form (NFC), without invisible characters. Raises RoomError (room_name)."""
    seen = (each if unicodedata.category(each) not in _INVISIBLE else " " for each in text[: 10 * NAME])
    name = " ".join(unicodedata.normalize("NFC", "".join(seen)).split())
    if not 0 < len(name) <= NAME:
        raise RoomError("room_name", longest=NAME)
    return name


def name_key(name: str) -> str:
    """Equal for names that look alike: by case, width and form."""
    return unicodedata.normalize("NFKC", name).casefold()
