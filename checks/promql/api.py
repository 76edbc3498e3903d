"""The engine as others use it: parse once, evaluate at an instant or over a range."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from checks.promql.annotations import Annotations
from checks.promql.ast import Kind, Node, Selector
from checks.promql.check import kind_of
from checks.promql.errors import EvaluationError
from checks.promql.evaluate import Evaluation
from checks.promql.options import Options
from checks.promql.reach import reach, selectors
from checks.promql.select import Reader
from checks.promql.sharing import Shared
from checks.promql.storage import Storage
from checks.promql.syntax import parse
from checks.promql.values import Grid, LabelSet, Matrix, Value, Vector, Windows
from checks.promql.vectors import merged, nameless

__all__ = ["Engine", "Expression", "Outcome"]


@dataclass(frozen=True)
class Expression:
    """A parsed and checked expression."""

    text: str
    root: Node

    @cached_property
    def type(self) -> Kind:
        """What it comes to."""
        return kind_of(self.root)

    @cached_property
    def selectors(self) -> tuple[Selector, ...]:
        """Every selector in it, in the order of the text."""
        return tuple(selectors(self.root))

    @cached_property
    def range_needed(self) -> int:
        """How far back it looks, in milliseconds; the lookback of instants comes on top.

        What ``@`` fixes does not count.
        """
        return reach(self.root)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What an evaluation came to, with what Prometheus has to remark on it.

    ``value`` is a Matrix for a bare range selector only, at an instant.
    """

    value: Value
    grid: Grid
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()

    def samples(self, step: int = 0) -> Iterator[tuple[LabelSet, float]]:
        """The samples of an instant vector at ``step``; a scalar is one without labels.

        In the order of the result, which ``sort`` and ``topk`` make.
        """
        value = self.value
        if isinstance(value, Vector):
            held = value.present[:, step].nonzero()[0].tolist()
            if held:
                column = value.values[:, step].tolist()
                yield from ((value.labels[at], column[at]) for at in held)
        elif isinstance(value, np.ndarray):
            yield (), float(value[step])


class Engine:
    """Evaluates expressions with ``options``. ``clock`` (seconds) is what deadlines go by."""

    def __init__(
        self, options: Options | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.options = options or Options()
        self._clock = clock

    def parse(self, text: str) -> Expression:
        """The expression ``text``.

        Raises:
            PromQLError: it is none, or uses what is not supported.
        """
        return Expression(text, parse(text))

    def overdue(self, seconds: float) -> Callable[[], bool]:
        """Whether so many seconds have passed since now, by the clock that deadlines go by."""
        until = self._clock() + seconds
        return lambda: self._clock() > until

    def instant(
        self, store: Storage, expression: Expression, at_ms: int, shared: Shared | None = None
    ) -> Outcome:
        """Evaluate at one moment. ``shared`` is for what is evaluated of one store together.

        Raises:
            EvaluationError: it has no result there, or takes more than it may.
        """
        return self._evaluated(store, expression, Grid(at_ms, at_ms, 1), shared)

    def range(
        self, store: Storage, expression: Expression, start_ms: int, end_ms: int, step_ms: int
    ) -> Outcome:
        """Evaluate at ``start_ms``, a step later, and so on up to ``end_ms``.

        Raises:
            EvaluationError: as :meth:`instant`; or it is no vector or scalar, or there is no step.
        """
        if step_ms < 1:
            raise EvaluationError("zero or negative step: use a step of at least 1 ms")
        if end_ms < start_ms:
            raise EvaluationError("the range ends before it starts")
        if (end_ms - start_ms) // step_ms > self.options.max_points:
            raise EvaluationError(
                f"exceeded maximum resolution of {self.options.max_points:,} points per timeseries."
                " Use a longer step or a shorter range"
            )
        if expression.type not in {Kind.VECTOR, Kind.SCALAR}:
            raise EvaluationError(
                f'invalid expression type "{expression.type.value}" for range query, must be Scalar'
                " or instant Vector"
            )
        return self._evaluated(store, expression, Grid(start_ms, end_ms, step_ms))

    def _evaluated(
        self, store: Storage, expression: Expression, grid: Grid, shared: Shared | None = None
    ) -> Outcome:
        annotate = Annotations(expression.text)
        reader = Reader(store, self.options, grid.start, grid.end)
        until = self._clock() + self.options.deadline
        evaluation = Evaluation(reader, self.options, annotate, self._clock, until, shared)
        value = evaluation.value(expression.root, grid)
        if self.options.delayed_name_removal:
            value = _named(value)
        return Outcome(value, grid, annotate.warnings, annotate.infos)


def _named(value: Value) -> Value:
    """``value`` with the names removed whose removal was delayed."""
    if isinstance(value, Vector) and value.drop_name.any():
        labels = _without_names(value.labels, value.drop_name.tolist())
        kept = np.zeros(len(labels), bool)
        return merged(replace(value, labels=labels, drop_name=kept))
    if isinstance(value, Matrix):
        return Matrix(tuple(_named_windows(one) for one in value.groups))
    return value


def _named_windows(windows: Windows) -> Windows:
    if not windows.drop_name.any():
        return windows
    labels = _without_names(windows.labels, windows.drop_name.tolist())
    return replace(windows, labels=labels, drop_name=np.zeros(len(labels), bool))


def _without_names(labels: tuple[LabelSet, ...], drop: list[bool]) -> tuple[LabelSet, ...]:
    bare = nameless(labels)
    if all(drop):
        return bare
    return tuple(
        short if gone else full for full, short, gone in zip(labels, bare, drop, strict=True)
    )
