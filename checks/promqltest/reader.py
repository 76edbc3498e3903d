"""Reads scripts. The first thing wrong in one is an error that names file and line."""

from __future__ import annotations

import re
from typing import Final

from checks.errors import ConfigError, ConfigProblem
from checks.model import clean
from checks.promql.literals import parse_duration, parse_number
from checks.promql.values import Grid, LabelSet
from checks.promqltest.expectations import grid_of, read_expectation
from checks.promqltest.script import Clear, Command, Eval, Expected, Load, Message, Row, Script
from checks.promqltest.series import MOST_POINTS, SeriesDescription, parse_labels, parse_series
from checks.promqltest.starts import parse_starts
from checks.promqltest.words import shown

__all__ = ["read_script"]

_LOAD: Final = re.compile(r"load(_with_nhcb)?\s+(\S+)", re.IGNORECASE)
_INSTANT: Final = re.compile(
    r"eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(\S+)\s+)?(?!at\s+\S+$)(\S.*)",
    re.IGNORECASE,
)
_RANGE: Final = re.compile(
    r"eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(\S.*)",
    re.IGNORECASE,
)
_ANY: Final = Message()


class _LineError(ValueError):
    """Something wrong on a line, counted from 1."""

    def __init__(self, line: int, why: str) -> None:
        self.line = line
        super().__init__(why)


def read_script(text: str, name: str) -> Script:
    """The script in ``text``, which sentences call ``name``. Raises ConfigError."""
    lines = _Lines(text)
    commands: list[Command] = []
    try:
        while lines.more():
            commands.append(_command(lines))
    except _LineError as error:
        raise ConfigError([ConfigProblem(name, error.line, "", clean(error, 400))]) from None
    return Script(name, tuple(commands))


class _Lines:
    """The lines of a script, trimmed; comments are empty lines, and empty ones end a block."""

    def __init__(self, text: str) -> None:
        trimmed = (line.strip() for line in text.split("\n"))
        self._lines = ["" if line.startswith("#") else line for line in trimmed]
        self._at = 0
        self._points = 0

    @property
    def number(self) -> int:
        """Of the line that was taken last, from 1."""
        return self._at

    def more(self) -> bool:
        """Whether a command comes; goes past the empty lines before it."""
        while self._at < len(self._lines) and not self._lines[self._at]:
            self._at += 1
        return self._at < len(self._lines)

    def take(self) -> str:
        """The next line of the block; empty at its end, which stays."""
        if self._at >= len(self._lines) or not self._lines[self._at]:
            return ""
        self._at += 1
        return self._lines[self._at - 1]

    def series(self, text: str) -> SeriesDescription:
        """The series that the line just taken, ``text``, describes. Raises _LineError."""
        try:
            series = parse_series(text)
        except ValueError as error:
            raise _LineError(self.number, str(error)) from None
        self._points += len(series.points)
        if self._points > MOST_POINTS:
            why = f"the script makes more than {MOST_POINTS:,} values up to here; split it"
            raise _LineError(self.number, why)
        return series


def _command(lines: _Lines) -> Command:
    line = lines.take()
    word = line.split()[0].lower()
    if word == "clear":
        return Clear(lines.number)
    if word.startswith("load"):
        return _load(line, lines)
    if word.startswith("eval"):
        return _eval(line, lines)
    raise _LineError(lines.number, f"expected load, clear or eval, found {shown(line)}")


def _load(line: str, lines: _Lines) -> Load:
    first = lines.number
    found = _LOAD.fullmatch(line)
    if found is None:
        raise _LineError(first, f"expected load[_with_nhcb] <step>, found {shown(line)}")
    step = _duration(found[2], first)
    if step < 1:
        raise _LineError(first, "the step between samples must be at least 1ms")
    described: dict[LabelSet, SeriesDescription] = {}
    numbers: dict[LabelSet, int] = {}
    starts = _Starts()
    while text := lines.take():
        if starts.take(text, lines.number):
            continue
        series = lines.series(text)
        starts.meet(series, lines.number)
        described[series.labels] = series
        numbers[series.labels] = lines.number
    starts.end()
    return Load(
        first,
        step,
        tuple(described.values()),
        tuple(numbers.values()),
        found[1] is not None,
        frozenset(starts.series),
    )


class _Starts:
    """The ``@st`` lines of a ``load``: start timestamps of the series on the line after it."""

    def __init__(self) -> None:
        self.series: set[LabelSet] = set()
        self._everywhere = False
        self._waiting: tuple[LabelSet, int, int] | None = None

    def take(self, text: str, number: int) -> bool:
        """Take the line if it is one of these."""
        head, _, values = text.replace("\t", " ").partition(" ")
        if not head.endswith("@st"):
            return False
        self.end()
        try:
            count = parse_starts(values)
            labels = parse_labels(head[: -len("@st")])[0] if head != "@st" else None
        except ValueError as error:
            raise _LineError(number, str(error)) from None
        if labels is None:
            self._everywhere = True
        else:
            self._waiting = labels, count, number
        return True

    def meet(self, series: SeriesDescription, number: int) -> None:
        """A series' line comes."""
        if self._everywhere:
            self.series.add(series.labels)
        if self._waiting is None:
            return
        labels, count, _ = self._waiting
        self._waiting = None
        if labels != series.labels:
            raise _LineError(number, "the @st line before it is of another series")
        if count != len(series.points):
            why = f"the @st line before it has {count} values, this one {len(series.points)}"
            raise _LineError(number, why)
        self.series.add(labels)

    def end(self) -> None:
        """Nothing may wait for its series."""
        if self._waiting is not None:
            raise _LineError(self._waiting[2], "the series of this @st line does not follow it")


def _eval(line: str, lines: _Lines) -> Eval:
    first = lines.number
    instant, over = _INSTANT.fullmatch(line), _RANGE.fullmatch(line)
    expected = Expected()
    if over is not None:
        mode, text = over[1], over[5]
        grid = _grid(over[2], over[3], over[4], first)
    elif instant is not None:
        mode, text = instant[1], instant[3]
        at = _duration(instant[2] or "0", first)
        grid = Grid(at, at, 1)
    else:
        why = (
            "expected eval instant [at <time>] <expression> or eval range from <start> to <end> "
            f"step <step> <expression>, found {shown(line)}"
        )
        raise _LineError(first, why)
    _mode((mode or "").lower(), expected)
    block = _Block(
        lines, expected, legacy_fail=(mode or "").lower() == "fail", instant=over is None
    )
    while block.open and (text_line := lines.take()):
        block.take(text_line)
    return Eval(first, text, grid, over is not None, expected)


def _mode(mode: str, expected: Expected) -> None:
    """What the old way to write it, ``eval_fail`` and the like, expects."""
    if mode == "fail":
        expected.fail = _ANY
    elif mode == "warn":
        expected.warn.append(_ANY)
    elif mode == "info":
        expected.info.append(_ANY)
    elif mode == "ordered":
        expected.ordered = True


class _Block:
    """The lines under an ``eval``."""

    def __init__(
        self, lines: _Lines, expected: Expected, *, legacy_fail: bool, instant: bool
    ) -> None:
        self.open = True
        self._lines = lines
        self._expected = expected
        self._legacy_fail = legacy_fail
        self._instant = instant
        self._position = 0

    def take(self, text: str) -> None:
        """One line. What ends the block closes it."""
        try:
            self._take(text)
        except _LineError:
            raise
        except ValueError as error:
            raise _LineError(self._lines.number, str(error)) from None

    def _take(self, text: str) -> None:
        if self._legacy_fail and text.startswith("expected_fail_"):
            self._expected.fail = _legacy_message(text)
            self.open = False
        elif text.split(maxsplit=1)[0] == "expect":
            read_expectation(text, self._expected)
        elif (scalar := _number(text)) is not None:
            self._expected.scalar = scalar
            self._expected.rows.clear()
            self.open = False
        else:
            self._row(self._lines.series(text))

    def _row(self, series: SeriesDescription) -> None:
        number = self._lines.number
        if not series.points:
            raise _LineError(number, "the series has no value")
        if len(series.points) > 1 and self._instant and self._expected.window is None:
            why = (
                "an instant query has one value a series; for a range vector write: "
                "expect range vector from <start> to <end> step <step>"
            )
            raise _LineError(number, why)
        if self._instant and series.points == (None,):
            raise _LineError(number, "an instant query's series has a value")
        self._position += 1
        self._expected.scalar = None
        self._expected.rows[series.labels] = Row(self._position, series.points, number)


def _legacy_message(text: str) -> Message:
    kind, _, rest = text.partition(" ")
    if kind == "expected_fail_message":
        return Message(exact=rest.strip())
    if kind == "expected_fail_regexp":
        holder = Expected()
        read_expectation(f"expect fail regex: {rest.strip()}", holder)
        return holder.fail or _ANY
    raise ValueError(f"expected expected_fail_message or expected_fail_regexp, found {shown(text)}")


def _number(text: str) -> float | None:
    try:
        return parse_number(text)
    except ValueError:
        return None


def _duration(text: str, number: int) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise _LineError(number, str(error)) from None


def _grid(start: str, end: str, step: str, number: int) -> Grid:
    try:
        return grid_of(start, end, step)
    except ValueError as error:
        raise _LineError(number, str(error)) from None
