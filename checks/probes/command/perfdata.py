"""Reading what a Monitoring Plugin prints: its sentence, long output and performance data.

Pure: text in, values out, whatever the text. The format is that of the Monitoring Plugins
Development Guidelines::

    sentence | 'label'=value[UOM];[warn];[crit];[min];[max] …
    long output
    last of the long output | more performance data
    more performance data

What real plugins do beyond it is taken as it is meant: a decimal comma, bounds that repeat
the unit, an empty value. What cannot be read is left out and named.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Datum", "Output", "Range", "parse_output", "parse_perfdata", "parse_range"]

MOST_DATA: Final = 200
"""Data of one run that are kept."""
MOST_PROBLEMS: Final = 5
_HOPELESS: Final = 1_000
"""Things that cannot be read, after which no more are looked at."""
_LABEL: Final = 100
"""Characters of a label that are kept."""

_NUMBER: Final = r"[-+]?(?:\d{1,300}(?:[.,]\d{0,300})?|[.,]\d{1,300})(?:[eE][-+]?\d{1,4})?"
_VALUE = re.compile(rf"(?P<number>{_NUMBER})(?P<unit>[^\d;'\"\s]*)")
_RANGE = re.compile(
    rf"(?P<inside>@?)(?:(?P<start>~|{_NUMBER})?(?P<colon>:))?(?P<end>{_NUMBER})?(?P<unit>\D*)"
)
_QUOTED = re.compile(r"'((?:[^']|''){0,300})'=")
_BARE = re.compile(r"([^\s='][^\s=]*)=")
_REST = re.compile(r"\S*")
_UNKNOWN: Final = {"", "u", "nan", "-nan", "+nan", "inf", "-inf", "+inf"}


@dataclass(frozen=True, slots=True)
class Range:
    """A threshold range: an alert is raised outside of it, or within where ``inside``.

    Both ends belong to the range; infinite ends bound nothing.
    """

    start: float = 0.0
    end: float = math.inf
    inside: bool = False

    def alerts(self, value: float) -> bool:
        """Whether ``value`` raises an alert."""
        return (self.start <= value <= self.end) is self.inside

    def scaled(self, factor: float) -> Range:
        """The same range in a unit that is ``factor`` times smaller."""
        return Range(self.start * factor, self.end * factor, self.inside)


@dataclass(frozen=True, slots=True)
class Datum:
    """One performance datum in its base unit; ``value`` None where the plugin knows none.

    ``unit`` is ``seconds``, ``bytes``, ``ratio``, empty for a plain number, or else the unit as
    the plugin wrote it. A ``counter`` only ever grows.
    """

    label: str
    value: float | None
    unit: str = ""
    warning: Range | None = None
    critical: Range | None = None
    minimum: float | None = None
    maximum: float | None = None
    counter: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """What a plugin said: its first line, the lines after it, its data, what was unreadable."""

    sentence: str
    long: str = ""
    data: tuple[Datum, ...] = ()
    problems: tuple[str, ...] = ()


# The plugins count in powers of 1024 also where they write MB.
_BYTES: Final = {
    letter + ending: 1024.0**power
    for power, letter in enumerate(("", "k", "m", "g", "t", "p", "e"))
    for ending in (("b",) if not letter else ("b", "ib"))
}
_SECONDS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}


def _base(unit: str) -> tuple[str, float, bool]:
    """The base unit's name, what to multiply with to get there, and whether it is a counter."""
    if unit == "%":
        return "ratio", 0.01, False
    if unit == "c":
        return "", 1.0, True
    if unit in _SECONDS:
        return "seconds", _SECONDS[unit], False
    lower = unit.lower()
    # `b` alone is a bit to some plugins.
    if lower in _BYTES and unit != "b":
        return "bytes", _BYTES[lower], False
    return unit, 1.0, False


def parse_output(text: str, *, perfdata: bool = True) -> Output:
    """The parts of a plugin's output; with ``perfdata`` false a bar is only a bar."""
    lines = text.splitlines()
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return Output("")
    lines = lines[first:]
    if not perfdata:
        return Output(lines[0].strip(), "\n".join(lines[1:]))
    sentence, _, data = lines[0].partition("|")
    found = [data]
    long: list[str] = []
    for at, line in enumerate(lines[1:], 1):
        before, bar, after = line.partition("|")
        long.append(before if bar else line)
        if bar:
            found += [after, *lines[at + 1 :]]
            break
    parsed, problems = parse_perfdata(" ".join(found))
    return Output(sentence.strip(), "\n".join(long), parsed, problems)


def parse_perfdata(text: str) -> tuple[tuple[Datum, ...], tuple[str, ...]]:
    """The data in ``text``, and a clause for each of the first things that are none."""
    data: list[Datum] = []
    problems: list[str] = []
    at = 0
    while at < len(text) and len(problems) < _HOPELESS:
        if text[at].isspace():
            at += 1
            continue
        label, begins = _label(text, at)
        rest = _REST.match(text, begins)
        ends = rest.end() if rest else begins
        words = text[begins:ends]
        if label is None:
            problems.append(f"{text[at:ends][:40]!r} has no label")
            ends = max(ends, at + 1)
        elif len(data) >= MOST_DATA:
            problems.append(f"more than {MOST_DATA} data")
            break
        else:
            _read(label, words, data, problems)
        at = ends
    return tuple(data), tuple(problems[:MOST_PROBLEMS])


def _label(text: str, at: int) -> tuple[str | None, int]:
    """The label at ``at`` and where its value begins; None where no label stands there."""
    quoted = _QUOTED.match(text, at)
    if quoted is not None:
        return quoted[1].replace("''", "'")[:_LABEL], quoted.end()
    bare = _BARE.match(text, at)
    if bare is not None:
        return bare[1][:_LABEL], bare.end()
    return None, at


def _read(label: str, words: str, data: list[Datum], problems: list[str]) -> None:
    """Add the datum that ``words`` are to ``data``, or what is wrong with them to ``problems``."""
    value, *more = words.split(";")
    bounds = (more + [""] * 4)[:4]
    written = _VALUE.fullmatch(value)
    if written is None and value.lower() not in _UNKNOWN:
        problems.append(f"{label}: {value[:40]!r} is no value")
        return
    number = _number(written["number"]) if written else None
    unit, factor, counter = _base(written["unit"] if written else "")
    try:
        warning, critical = parse_range(bounds[0]), parse_range(bounds[1])
    except ValueError as error:
        problems.append(f"{label}: {error}")
        warning = critical = None
    data.append(
        Datum(
            label,
            _times(number, factor),
            unit,
            warning.scaled(factor) if warning else None,
            critical.scaled(factor) if critical else None,
            _times(_bound(bounds[2]), factor),
            _times(_bound(bounds[3]), factor),
            counter,
        )
    )


def parse_range(text: str) -> Range | None:
    """The range ``10``, ``10:``, ``~:10``, ``10:20`` or ``@10:20``; None for no text.

    Raises:
        ValueError: for anything else; says what.
    """
    text = text.strip()
    if not text:
        return None
    found = _RANGE.fullmatch(text)
    if found is None or not (found["colon"] or found["end"]) or ":" in found["unit"]:
        raise ValueError(f"{text[:40]!r} is no range")
    start = -math.inf if found["start"] == "~" else _number(found["start"] or "0")
    end = _number(found["end"]) if found["end"] else math.inf
    if start is None or end is None or start > end:
        raise ValueError(f"the range {text[:40]!r} ends before it begins")
    return Range(start, end, bool(found["inside"]))


def _number(text: str) -> float | None:
    """A finite number; None for one that no float can hold."""
    number = float(text.replace(",", "."))
    return number if math.isfinite(number) else None


def _bound(text: str) -> float | None:
    """The least or greatest possible value; None where there is none or it is unreadable."""
    found = _VALUE.fullmatch(text.strip())
    return _number(found["number"]) if found else None


def _times(number: float | None, factor: float) -> float | None:
    if number is None:
        return None
    made = number * factor
    return made if math.isfinite(made) else None
