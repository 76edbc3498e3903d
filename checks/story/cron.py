"""Schedules of five fields, as crontab(5) has them: minute, hour, day of month, month, weekday."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta, tzinfo
from typing import Final

from checks.story.calendar import instant, local

__all__ = ["Cron"]

_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: Final[tuple[tuple[str, int, int, Sequence[str]], ...]] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 7, _DAYS),
)
_NICKNAMES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * sun",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_YEARS: Final = 9
"""Years within which 29 February comes around a century that has none."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule. Weekdays are counted from Sunday, which is 0."""

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool
    """Whether a day of the month or a weekday is enough, since both are restricted."""

    @classmethod
    def of(cls, text: str) -> Cron:
        """``0 2 * * sun``, with lists, ranges, steps and names; ``@daily`` and the like.

        Raises:
            ValueError: it is none, or never comes.
        """
        words = _NICKNAMES.get(text.strip().lower(), text).lower().split()
        if len(words) != len(_FIELDS):
            raise ValueError(
                f'"{text}" has {len(words)} fields, not five: minute, hour, day of month, '
                'month, weekday; write "0 2 * * sun"'
            )
        sets = [_field(word, *field) for word, field in zip(words, _FIELDS, strict=True)]
        made = cls(
            text=text.strip(),
            minutes=tuple(sorted(sets[0])),
            hours=tuple(sorted(sets[1])),
            days=frozenset(sets[2]),
            months=frozenset(sets[3]),
            weekdays=frozenset(day % 7 for day in sets[4]),
            either=not words[2].startswith("*") and not words[4].startswith("*"),
        )
        if next(made._dates(date(2024, 1, 1), 366 * _YEARS), None) is None:
            raise ValueError(f'"{text}" never comes: no such month has that day')
        return made

    def between(self, start: float, end: float, where: tzinfo | None) -> Iterator[float]:
        """When it comes from ``start`` to ``end`` (seconds since 1970), in order."""
        first = local(start, where).date() - timedelta(days=1)
        days = (local(end, where).date() - first).days + 2
        for day in self._dates(first, days):
            for at in self._of_day(day, where):
                if at > end:
                    break
                if at >= start:
                    yield at

    def after(self, at: float, where: tzinfo | None) -> float:
        """When it comes the next time after ``at``."""
        first = local(at, where).date() - timedelta(days=1)
        for day in self._dates(first, 366 * _YEARS):
            for one in self._of_day(day, where):
                if one > at:
                    return one
        raise ValueError(f'"{self.text}" never comes')

    def _dates(self, first: date, days: int) -> Iterator[date]:
        for ahead in range(days):
            day = first + timedelta(days=ahead)
            if day.month in self.months and self._on(day):
                yield day

    def _on(self, day: date) -> bool:
        of_month = day.day in self.days
        of_week = day.isoweekday() % 7 in self.weekdays
        return (of_month or of_week) if self.either else (of_month and of_week)

    def _of_day(self, day: date, where: tzinfo | None) -> list[float]:
        """When it comes on ``day``. Where the clocks show an hour twice, what comes at that hour
        comes the first time; what comes every hour, both times.
        """
        times = [time(hour, minute) for hour in self.hours for minute in self.minutes]
        found = {instant(day, one, where) for one in times}
        if len(self.hours) == 24:
            found |= {instant(day, one, where, second=True) for one in times}
        return sorted(found)


def _field(text: str, name: str, low: int, high: int, names: Sequence[str]) -> set[int]:
    """The numbers that a field stands for."""
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        every = _number(step, name, 1, high, ()) if slash else 1
        if span == "*":
            first, last = low, min(high, 6) if name == "weekday" else high
        else:
            begin, dash, end = span.partition("-")
            first = _number(begin, name, low, high, names)
            last = _number(end, name, low, high, names) if dash else (high if slash else first)
            if dash and last < first and name == "weekday" and last == 0:
                last = 7
        if last < first:
            raise ValueError(f'the {name} "{part}" ends before it begins')
        found |= set(range(first, last + 1, every))
    return found


def _number(text: str, name: str, low: int, high: int, names: Sequence[str]) -> int:
    if text in names:
        return names.index(text) + (name == "month")
    if not text.isdecimal() or not text.isascii() or not low <= int(text) <= high:
        hint = f" or {names[0]} to {names[-1]}" if names else ""
        raise ValueError(f'"{text}" is no {name}; expected {low} to {high}{hint}')
    return int(text)
