"""Regular expressions on log lines: RE2's, which take linear time whatever a line says.

Hundreds of records are searched at once, as one text: asking RE2 about each costs ten times what
the search itself does, and most patterns match nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from checks.logs.filters import as_text
from checks.logs.model import Record
from checks.logs.patterns_regex import octets

if TYPE_CHECKING:
    import re

__all__ = ["BLOCK", "Block"]

BLOCK: Final = 256
"""Records that are searched at once."""


class Block:
    """The texts of some records, to be searched in.

    Of each that is all of its lines as they stood; where these hold escapes (of JSON, mostly), what
    they stand for as well.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._texts = [_searched(record) for record in records]

    @cached_property
    def _octets(self) -> bytes:
        return octets("\n".join(self._texts))

    @cached_property
    def _starts(self) -> list[int]:
        """Where each text begins; and where all end."""
        if len(self._octets) == sum(map(len, self._texts)) + len(self._texts) - 1:
            lengths = [len(text) for text in self._texts]
        else:
            lengths = [len(octets(text)) for text in self._texts]
        return list(accumulate((length + 1 for length in lengths), initial=0))

    def places(self, pattern: re.Pattern[bytes]) -> Iterator[int]:
        """The places of the records in which ``pattern``, of :func:`regex`, is found."""
        found = pattern.search(self._octets)
        while found is not None:
            place = bisect_right(self._starts, found.start()) - 1
            yield place
            following = self._starts[place + 1]
            if following >= len(self._octets):
                return
            found = pattern.search(self._octets, following)


def _searched(record: Record) -> str:
    text = record.text
    if not text:
        return record.message
    if "\\" not in text:
        return text
    fields = (as_text(value) for value in record.fields.values() if isinstance(value, str))
    return "\n".join((text, record.message, *fields))
