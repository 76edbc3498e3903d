"""A format of the user's: a regular expression with named groups."""

from __future__ import annotations

from collections.abc import Sequence

from checks.logs.expressions import compiled
from checks.logs.formats.base import Maker, is_tidy, text_of, tidied
from checks.logs.formats.logfmt import value_of
from checks.logs.model import Record, Value

__all__ = ["Custom"]


class Custom:
    """Lines that ``pattern`` is found in; its groups are the record's fields."""

    name = "regex"

    def __init__(self, pattern: str, *, alone: bool = False) -> None:
        self.alone = alone
        self._search = compiled(pattern).search
        index = compiled(pattern).groupindex
        self._names = tuple((name, number - 1) for name, number in index.items())

    def read(self, line: str, more: Sequence[str], to: Maker) -> Record | None:
        found = self._search(line)
        if found is None:
            return None
        groups = found.groups()
        fields: dict[str, Value] = {
            name: groups[at] if name == "message" else value_of(groups[at])
            for name, at in self._names
            if groups[at] is not None
        }
        if "\\" in line or not is_tidy(line):
            fields = tidied(fields)
        text = text_of(line, more)
        return to.of_fields(fields, text.partition("\n")[0] if more else text, text)
