"""What must hold of whatever is shown or kept, whatever it was made of."""

from __future__ import annotations

import math
from collections.abc import Iterable

from checks.model import Result, Samples

__all__ = ["check_finite", "check_line", "check_lines", "check_result", "check_told"]


def check_line(text: str, limit: int = 500) -> None:
    """One line that a terminal prints as it stands."""
    assert len(text) <= limit, f"{len(text)} characters, more than {limit}"
    bad = [c for c in text if not (c.isprintable() or c == "\xa0")]
    assert not bad, f"{bad[:5]!r} would reach the terminal"


def check_lines(text: str, limit: int = 20_000, width: int = 2_000) -> None:
    """Lines of a raw answer."""
    # Tabs that are expanded to four blanks each make it longer.
    assert len(text) <= 4 * limit + 2, f"{len(text)} characters"
    for line in text.split("\n"):
        check_line(line, width)


def check_finite(values: Iterable[float | None]) -> None:
    for value in values:
        assert value is None or math.isfinite(value), f"{value!r} is no finite number"


def check_samples(samples: Samples) -> None:
    assert len(set(samples.series)) == len(samples.series) == len(samples.values)
    for series in samples.series:
        for _, value in series.labels:
            check_line(value)


def check_result(result: Result) -> None:
    """A result in all its parts."""
    check_line(result.message)
    check_line(result.value, 40)
    check_lines(result.raw)
    check_samples(result.samples)
    for part in result.parts:
        check_line(part.name, 80)
        check_line(part.message)
        check_line(part.value, 40)
    for _, fact in result.facts:
        check_line(fact)
    for event in result.events:
        check_line(event)
    for table in result.tables:
        for row in table.rows:
            assert len(row) == len(table.columns)
            for cell in row:
                check_line(cell, 300)


def check_told(error: Exception, *, but: str = "") -> None:
    """An error that says something, and not ``but``."""
    assert str(error)
    assert not but or but not in str(error), "a secret is told"
