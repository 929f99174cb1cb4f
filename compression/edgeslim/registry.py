"""A name → thing table; adding a technique, family or format is one decorated definition."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Generic, Protocol, TypeVar

from edgeslim.errors import EdgeSlimError


class Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T")


class Registry(Generic[T]):
    """Things by their `name`, in the order of registration. A duplicate name is a programming error."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}

    def add(self, item: T) -> T:
        """Register `item` under `item.name`; usable as a decorator."""
        name = getattr(item, "name")  # noqa: B009 - classes and instances alike
        assert name not in self._items, f"duplicate {self.kind} '{name}'"
        self._items[name] = item
        return item

    @contextmanager
    def with_item(self, item: T) -> Iterator[T]:
        """Have `item` registered inside a `with` block only: for tests."""
        self.add(item)
        try:
            yield item
        finally:
            self._items = {name: other for name, other in self._items.items() if other is not item}

    def get(self, name: str) -> T:
        """Return the thing called `name`. Raises EdgeSlimError(code='unknown_name') with the nearest names."""
        if name in self._items:
            return self._items[name]
        near = get_close_matches(name, self._items, n=3) or list(self._items)
        choices = ", ".join(near)
        raise EdgeSlimError("unknown_name", kind=self.kind, name=name, choices=choices)

    def names(self) -> tuple[str, ...]:
        return tuple(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items.values())

    def __contains__(self, name: str) -> bool:
        return name in self._items
