"""Scripts as values: the commands, and what an evaluation is expected to come to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias

from checks.promql.values import Grid, LabelSet
from checks.promqltest.series import Point, SeriesDescription

__all__ = ["Clear", "Command", "Eval", "Expected", "Load", "Message", "Row", "Script"]


@dataclass(frozen=True, slots=True)
class Message:
    """What a failure or an annotation has to say: an exact text, or a pattern found in it.

    Neither: it may say anything. ``matches`` is the pattern's search.
    """

    exact: str | None = None
    pattern: re.Pattern[str] | None = None

    def fits(self, text: str) -> bool:
        """Whether ``text`` is what was expected."""
        if self.exact is not None:
            return text == self.exact
        return self.pattern is None or self.pattern.search(text) is not None

    def __str__(self) -> str:
        if self.exact is not None:
            return f'"{self.exact}"'
        return "any" if self.pattern is None else f"/{self.pattern.pattern}/"


@dataclass(frozen=True, slots=True)
class Row:
    """The expected values of a series; ``position`` counts from 1 among the expected series."""

    position: int
    points: tuple[Point, ...]
    line: int


@dataclass(slots=True)
class Expected:
    """What an evaluation is to come to.

    Attributes:
        rows: series of the result.
        scalar: a number alone.
        string: a string.
        ordered: the result's series stand in the order of the rows.
        fail: it ends in an error.
        warn: annotations, each of which must be there, and no others.
        info: the same for infos.
        no_warn: there must be none.
        no_info: there must be none.
        window: where an instant query returns a range vector: where its samples stand.
    """

    rows: dict[LabelSet, Row] = field(default_factory=dict)
    scalar: float | None = None
    string: str | None = None
    ordered: bool = False
    fail: Message | None = None
    warn: list[Message] = field(default_factory=list)
    info: list[Message] = field(default_factory=list)
    no_warn: bool = False
    no_info: bool = False
    window: Grid | None = None


@dataclass(frozen=True, slots=True)
class Clear:
    """Forget what was loaded."""

    line: int


@dataclass(frozen=True, slots=True)
class Load:
    """Add samples, the first at 0, the others ``step`` milliseconds apart.

    ``lines`` are those of the series. ``nhcb``: besides them native histograms with custom
    buckets are made of classic ones. ``starts`` are the series whose samples have start
    timestamps, which only experimental features read.
    """

    line: int
    step: int
    series: tuple[SeriesDescription, ...]
    lines: tuple[int, ...]
    nhcb: bool = False
    starts: frozenset[LabelSet] = frozenset()


@dataclass(frozen=True, slots=True)
class Eval:
    """Evaluate ``text`` over ``grid`` (of a single step where it is an instant query)."""

    line: int
    text: str
    grid: Grid
    is_range: bool
    expected: Expected


Command: TypeAlias = Clear | Load | Eval


@dataclass(frozen=True, slots=True)
class Script:
    """The commands of a file, in their order. ``name`` is how sentences call the file."""

    name: str
    commands: tuple[Command, ...]

    @property
    def cases(self) -> int:
        """How many evaluations there are."""
        return sum(isinstance(command, Eval) for command in self.commands)
