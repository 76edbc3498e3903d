"""``expect`` lines: failures, annotations, order, strings, range vectors."""

from __future__ import annotations

import re
from typing import Final

from checks.promql.literals import parse_duration, unquote
from checks.promql.values import Grid
from checks.promqltest.script import Expected, Message
from checks.promqltest.series import QUOTED
from checks.promqltest.words import shown

__all__ = ["MOST_STEPS", "grid_of", "read_expectation"]

MOST_STEPS: Final = 100_000
"""Steps of an evaluation that a script may ask for."""

_EXPECT: Final = re.compile(
    r"expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?"
)
_RANGE: Final = re.compile(r"expect\s+range\s+vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)")
_STRING: Final = re.compile(r"expect\s+string(?:\s+(.*))?")


def read_expectation(line: str, expected: Expected) -> None:
    """Enter what ``line`` expects. Raises ValueError with a clause."""
    if re.match(r"expect\s+range\b", line):
        _range(line, expected)
    elif (string := _STRING.fullmatch(line)) is not None:
        if QUOTED.fullmatch(string[1] or "") is None:
            raise ValueError("expect string needs a string in quotes")
        expected.string = unquote(string[1])
    elif (found := _EXPECT.fullmatch(line)) is not None:
        _enter(found[1], _message(found[2], found[3]), expected)
        _agree(expected)
    else:
        raise ValueError(
            "expected expect fail|warn|info|no_warn|no_info|ordered [msg: …|regex: …], "
            f"expect string or expect range vector, found {shown(line)}"
        )


def _range(line: str, expected: Expected) -> None:
    found = _RANGE.fullmatch(line)
    if found is None:
        raise ValueError(
            "expected expect range vector from <start> to <end> step <step>, found " + shown(line)
        )
    expected.window = grid_of(found[1], found[2], found[3])


def _message(kind: str | None, text: str | None) -> Message:
    if kind is None or text is None:
        return Message()
    text = text.strip()
    if kind == "msg":
        return Message(exact=text)
    return Message(pattern=compiled(text))


def compiled(text: str) -> re.Pattern[str]:
    """The pattern, as RE2 reads it. Raises ValueError."""
    import re2  # noqa: PLC0415 - few scripts have patterns

    options = re2.Options()
    options.log_errors = False
    try:
        pattern: re.Pattern[str] = re2.compile(text, options=options)
    except re2.error as error:
        raise ValueError(f"{shown(text)} is no regular expression: {error}") from None
    return pattern


def _enter(kind: str, message: Message, expected: Expected) -> None:
    if kind == "ordered":
        expected.ordered = True
    elif kind == "fail":
        if expected.fail is not None and expected.fail != Message():
            raise ValueError("there may be one expect fail alone")
        expected.fail = message
    elif kind == "warn":
        expected.warn.append(message)
    elif kind == "info":
        expected.info.append(message)
    elif kind == "no_warn":
        expected.no_warn = True
    else:
        expected.no_info = True


def _agree(expected: Expected) -> None:
    if expected.warn and expected.no_warn:
        raise ValueError("expect warn and expect no_warn contradict each other")
    if expected.info and expected.no_info:
        raise ValueError("expect info and expect no_info contradict each other")


def grid_of(*words: str) -> Grid:
    """The grid of ``start``, ``end`` and ``step``. Raises ValueError."""
    start, end, step = map(parse_duration, words)
    if end < start:
        raise ValueError(f"the end, {words[1]}, is before the start, {words[0]}")
    if step < 1:
        raise ValueError("the step must be at least 1ms")
    grid = Grid(start, end, step)
    if grid.steps > MOST_STEPS:
        raise ValueError(f"{grid.steps:,} steps are more than {MOST_STEPS:,}")
    return grid
