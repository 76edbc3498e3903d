"""What is looked for in records: counted over windows, judged, and masked where it is a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from checks.logs.counting import Course, Sliding, Top
from checks.logs.filters import Fits, as_text, compiled, getter
from checks.logs.model import Level, Record, Value
from checks.logs.patterns_bounds import Bound, counted
from checks.logs.patterns_regex import groups, octets, regex
from checks.logs.patterns_search import Block
from checks.logs.views import PatternView
from checks.model import Part, Status
from checks.secrets import MASK
from checks.wording import span

if TYPE_CHECKING:
    import re

    from checks.logs.patterns_config import Pattern

__all__ = ["Matcher", "PatternCount", "masked"]

USUAL_WINDOW: Final = 300.0
"""Seconds that matches of a pattern without bounds are counted over."""


class Matcher:
    """Finds the records that a pattern means."""

    def __init__(self, config: Pattern) -> None:
        self.name = config.name
        self.regex: re.Pattern[bytes] | None = None
        self.group: int | None = None
        """What of a match is masked; 0 is all of it, None nothing."""
        if config.match is not None:
            self.regex = regex(config.match)
            if config.mask is not False:
                self.group = groups(self.regex)[config.mask] if config.mask is not True else 0
        self._tests: list[Fits] = []
        if config.level is not None:
            self._tests.append(partial(_is_grave, Level[config.level.upper()]))
        if config.where is not None:
            self._tests.append(compiled(config.where))

    def places(self, records: Sequence[Record], block: Block) -> list[int]:
        """The places of those of ``records`` that match; ``block`` holds their texts."""
        if self.regex is not None:
            found = list(block.places(self.regex))
        else:
            found = list(range(len(records)))
        for test in self._tests:
            found = [place for place in found if test(records[place])]
        return found

    def unreadable(self, record: Record) -> Record:
        """``record`` with what the expression finds in it masked, in all that it says."""
        if self.regex is None or self.group is None:
            return record
        hidden = _with_texts(record, partial(masked, self.regex, self.group))
        if hidden.text == record.text and "\\" in hidden.text:
            # Its lines have it in escapes, in which nobody finds it but who reads them.
            hidden = replace(hidden, text="")
        return hidden


def _is_grave(least: Level, record: Record) -> bool:
    return record.level is not None and record.level >= least


def masked(pattern: re.Pattern[bytes], group: int, text: str) -> str:
    """``text`` with the ``group`` of each match of ``pattern`` masked; 0 is all of it."""
    data = octets(text)
    parts: list[bytes] = []
    end = 0
    for found in pattern.finditer(data):
        first, last = found.span(group)
        if first < last:
            parts += (data[end:first], MASK.encode())
            end = last
    return text if not parts else b"".join((*parts, data[end:])).decode("utf-8", "replace")


def _with_texts(record: Record, changed: Callable[[str], str]) -> Record:
    fields: dict[str, Value] = {
        changed(name): changed(value) if isinstance(value, str) else value
        for name, value in record.fields.items()
    }
    return replace(
        record, message=changed(record.message), text=changed(record.text), fields=fields
    )


class PatternCount:
    """How often a pattern matched, and what that means."""

    def __init__(self, config: Pattern, now: float, unsecret: Callable[[str], str] = str) -> None:
        self.name = config.name
        self._unsecret = unsecret
        self.total = 0
        self.by: Top | None = Top(now) if config.by else None
        self.field = config.by
        self._value = getter(config.by)
        self._bounds = tuple(
            (status, bound)
            for status, bound in (
                (Status.CRITICAL, config.critical),
                (Status.WARNING, config.warning),
            )
            if bound is not None
        )
        windows = {bound.window for _, bound in self._bounds} or {USUAL_WINDOW}
        self._sums = {window: Sliding(window) for window in windows}
        self._course = Course(now)
        self._newest: Record | None = None
        self._last: float | None = None

    def add(self, records: Sequence[Record], when: float) -> None:
        """Count ``records``, which came at ``when``."""
        if records:
            self.total += len(records)
            self._seen(records, when, len(records))

    def recall(self, records: Iterable[Record], *, counted: bool = False) -> None:
        """``records``, by time, were written before they were read: each counts for the windows
        that it lies in. ``counted`` says whether the total counts them too.
        """
        for record in records:
            self.total += counted
            self._seen((record,), record.time, 1)

    def _seen(self, records: Sequence[Record], when: float, count: int) -> None:
        for each in self._sums.values():
            each.add(when, count)
        self._course.add(when, count)
        self._newest, self._last = records[-1], when
        if self.by is not None:
            found = (self._value(record) for record in records)
            texts = (as_text(value) for value in found if value is not None)
            self.by.add(self._unsecret(text)[:80] for text in texts)

    def judge(self, now: float) -> tuple[Status, Bound | None]:
        """The status at ``now``, and the bound that was passed."""
        counts = {window: each.advance(now) for window, each in self._sums.items()}
        for status, bound in self._bounds:
            if counts[bound.window] > bound.count:
                return status, bound
        return Status.OK, None

    def _shown(self, bound: Bound | None) -> Sliding:
        """The sum to show: that of the bound passed, else of the first to be passed."""
        told = bound or (self._bounds[-1][1] if self._bounds else None)
        return self._sums[told.window if told is not None else USUAL_WINDOW]

    def part(self, now: float, since: float) -> Part:
        """The row of the pattern; all that was written from ``since`` on was seen. How often it
        was found is its value, and not told again in its message.
        """
        status, bound = self.judge(now)
        each = self._shown(bound)
        value = f"{each.total:,} in {span(each.window)}"
        if bound is not None:
            newest = f": {self._newest.message}" if self._newest is not None else ""
            told = f"{counted(bound.count)} is {_A[status]}{newest}"
            return Part(self.name, status, told, value)
        told = self._newest.message if self._newest is not None and each.total else ""
        if now - since < each.window:
            known = f"counted for {span(now - since)} of {span(each.window)}"
            told = f"{known}; newest: {told}" if told else known
        return Part(self.name, status, told, value)

    def view(self, check: str, now: float) -> PatternView:
        """For the logs screen."""
        status, bound = self.judge(now)
        each = self._shown(bound)
        return PatternView(
            check=check,
            name=self.name,
            status=status,
            rate=each.total * 60 / each.window,
            count=each.total,
            window=each.window,
            last=self._last,
            bound=", ".join(f"{a.value}: {b}" for a, b in reversed(self._bounds)),
            history=self._course.points(now),
        )


_A: Final = {Status.WARNING: "a warning", Status.CRITICAL: "critical"}
