"""A part of a JSON document that knows where it is, for what people and programs have written."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from checks.model import clean

__all__ = ["BadShapeError", "Node"]

_MOST: Final = 1_000
"""Items of a list that are read."""


class BadShapeError(Exception):
    """Something is not what it must be; ``path`` is where."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        super().__init__(text)


class Node:
    """``data`` at :attr:`path` of the document. What is missing, or of another type than is asked
    for, is as if it were not there, save in :meth:`items`: nobody would know that panels are
    missing."""

    __slots__ = ("_key", "_parent", "data")

    def __init__(self, data: Any, parent: Node | None = None, key: str | int = "") -> None:
        self.data = data
        self._parent = parent
        self._key = key

    @property
    def path(self) -> str:
        """Where it is: ``panels[3].targets``. Made when somebody asks: of a large file there are
        tens of thousands."""
        before = self._parent.path if self._parent is not None else ""
        if isinstance(self._key, int):
            return f"{before}[{self._key}]"
        return f"{before}.{self._key}" if before and self._key else before or self._key

    def __getitem__(self, key: str) -> Node:
        inner = self.data.get(key) if isinstance(self.data, dict) else None
        return Node(inner, self, key)

    def __bool__(self) -> bool:
        return self.data not in (None, "", [], {})

    def __contains__(self, key: str) -> bool:
        return isinstance(self.data, dict) and key in self.data

    def items(self, key: str) -> Iterator[Node]:
        """The items of the list at ``key``.

        Raises:
            BadShapeError: something else stands there.
        """
        inner = self[key]
        if inner.data is None:
            return
        if not isinstance(inner.data, list):
            raise BadShapeError(inner.path, "a list is expected here")
        for at, one in enumerate(inner.data[:_MOST]):
            yield Node(one, inner, at)

    def objects(self, key: str) -> Iterator[Node]:
        """As :meth:`items`, each of which must be an object."""
        for one in self.items(key):
            if not isinstance(one.data, dict):
                raise BadShapeError(one.path, "an object ({…}) is expected here")
            yield one

    def entries(self, key: str) -> Iterator[tuple[str, Node]]:
        """The keys of the object at ``key``, with what stands there."""
        inner = self[key]
        if isinstance(inner.data, dict):
            for name in inner.data:
                yield str(name), inner[name]

    @property
    def text(self) -> str:
        """It as a text; a number as it is written."""
        if isinstance(self.data, str):
            return self.data
        is_number = isinstance(self.data, int | float) and not isinstance(self.data, bool)
        return f"{self.data}" if is_number else ""

    @property
    def line(self) -> str:
        """It as one clean line."""
        return clean(self.text, 200)

    @property
    def number(self) -> float | None:
        """It as a finite number, also where it stands in quotes."""
        if isinstance(self.data, bool) or not isinstance(self.data, int | float | str):
            return None
        try:
            value = float(self.data)
        except (ValueError, OverflowError):
            return None
        return value if math.isfinite(value) else None

    @property
    def flag(self) -> bool:
        """Whether it is true."""
        return self.data is True

    @property
    def texts(self) -> tuple[str, ...]:
        """It as texts: one, or a list of some."""
        if isinstance(self.data, list):
            return tuple(Node(one).text for one in self.data[:_MOST])
        return (self.text,) if self.text else ()
