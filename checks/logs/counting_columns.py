"""Records by column: what all of them say under one name, found out once."""

from __future__ import annotations

from collections.abc import Sequence

from checks.logs.filters import getter, is_own
from checks.logs.model import Record, Value

__all__ = ["Columns"]


class Columns:
    """``records``, of which several counters ask for the same fields."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self._fields = [record.fields for record in records]
        self._columns: dict[str, list[Value]] = {}

    def __len__(self) -> int:
        return len(self.records)

    def column(self, name: str) -> list[Value]:
        """What each record says under ``name``."""
        found = self._columns.get(name)
        if found is None:
            if is_own(name):
                found = [fields.get(name) for fields in self._fields]
            else:
                found = list(map(getter(name), self.records))
            self._columns[name] = found
        return found

    def at(self, places: Sequence[int]) -> Columns:
        """The records at ``places`` alone."""
        if len(places) == len(self.records):
            return self
        return Columns([self.records[place] for place in places])
