"""The evaluation of a tree over a grid of steps, all of them at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, cast

import numpy as np

from checks.promql.aggregate import aggregate
from checks.promql.annotations import Annotations
from checks.promql.ast import (
    Aggregation,
    Binary,
    Call,
    Negative,
    Node,
    Number,
    Paren,
    Range,
    Selector,
    Subquery,
    Text,
    unwrapped,
)
from checks.promql.binary import operate
from checks.promql.errors import EvaluationError
from checks.promql.functions import FUNCTIONS
from checks.promql.functions.contract import Context, Function
from checks.promql.invariant import invariant
from checks.promql.options import Options
from checks.promql.ranking import count_values, quantile
from checks.promql.select import Reader, windowed
from checks.promql.sharing import Key, Shared
from checks.promql.topk import top
from checks.promql.values import Grid, Matrix, Scalar, Value, Vector
from checks.promql.vectors import merged, unnamed

__all__ = ["Evaluation"]

_HANDLERS: Final = {
    Number: "_number",
    Text: "_text",
    Selector: "_selector",
    Range: "_range",
    Subquery: "_subquery",
    Paren: "_paren",
    Negative: "_negative",
    Call: "_call",
    Binary: "_binary",
    Aggregation: "_aggregation",
}
_COMPUTED: Final = (Selector, Call, Binary, Negative, Aggregation)
"""What is computed once where it is the same at every step. (Windows then are the same anyway.)"""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation of one expression.

    ``until`` is when it has to be done, by ``clock`` (seconds). ``shared`` has what parts came to
    that others have, too.
    """

    reader: Reader
    options: Options
    annotate: Annotations
    clock: Callable[[], float]
    until: float
    shared: Shared | None = None

    def value(self, node: Node, grid: Grid) -> Value:
        """What ``node`` comes to at every step of ``grid``.

        Raises:
            EvaluationError: it has no result, or takes more than it may.
        """
        if isinstance(node, Number):
            return self._number(node, grid)
        self._check()
        handle = self._handler(node)
        if grid.start == grid.end:
            key = self.shared.key(self.annotate.text, node, grid) if self.shared else None
            return handle(node, grid) if key is None else self._once(node, grid, key)
        self._check_steps(grid)
        if isinstance(node, _COMPUTED) and invariant(node):
            value = handle(node, Grid(grid.start, grid.start, grid.step))
            if isinstance(value, Vector):
                self.reader.bound(len(value.labels), grid.steps)
            return _repeated(value, grid.steps)
        return handle(node, grid)

    def _handler(self, node: Node) -> Callable[[Node, Grid], Value]:
        handler: Callable[[Node, Grid], Value] = getattr(self, _HANDLERS[type(node)])
        return handler

    def _once(self, node: Node, grid: Grid, key: Key) -> Value:
        """What others that share it have found it to be, or what it comes to."""
        shared = cast("Shared", self.shared)
        known = shared.get(key)
        if known is not None:
            return known
        remarks = self.annotate.count
        value = self._handler(node)(node, grid)
        if self.annotate.count == remarks:
            shared.put(key, value)
        return value

    def _check(self) -> None:
        if self.clock() > self.until:
            raise EvaluationError(
                f"the query took longer than {self.options.deadline:g} s and was given up;"
                " select fewer series or a shorter range"
            )

    def _check_steps(self, grid: Grid) -> None:
        if grid.steps > self.options.max_steps:
            raise EvaluationError(
                f"the query would have {grid.steps} steps, more than {self.options.max_steps};"
                " use a longer step or a shorter range"
            )

    def _number(self, node: Number, grid: Grid) -> Value:
        if grid.start == grid.end:
            return _single(node.value, math.copysign(1.0, node.value))
        return np.full(grid.steps, node.value)

    def _text(self, node: Text, _: Grid) -> Value:
        return node.value

    def _selector(self, node: Selector, grid: Grid) -> Value:
        return self.reader.instants(node, grid)

    def _range(self, node: Range, grid: Grid) -> Value:
        return self.reader.windows(node, grid, self._check)

    def _paren(self, node: Paren, grid: Grid) -> Value:
        return self.value(node.body, grid)

    def _binary(self, node: Binary, grid: Grid) -> Value:
        left = cast("Vector | Scalar", self.value(node.left, grid))
        if self.options.left_first and _takes_nothing(node, left):
            return Vector.empty(grid.steps)
        right = cast("Vector | Scalar", self.value(node.right, grid))
        return operate(node, left, right, self.options)

    def vector(self, node: Node, grid: Grid) -> Vector:
        """The value of ``node``, which is an instant vector."""
        return cast("Vector", self.value(node, grid))

    def _negative(self, node: Negative, grid: Grid) -> Value:
        value = self.value(node.body, grid)
        if isinstance(value, Vector):
            return merged(unnamed(replace(value, values=-value.values), self.options))
        return -cast("Scalar", value)

    def _call(self, node: Call, grid: Grid) -> Value:
        function = FUNCTIONS[node.function]
        if node.function == "timestamp":
            # Of a selector it is the samples' time; of anything else, the evaluation's.
            selector = unwrapped(node.args[0])
            if isinstance(selector, Selector):
                stamps = self.reader.instants(selector, grid, stamps=True)
                return merged(unnamed(stamps, self.options))
        args = tuple(self._argument(arg, grid, function) for arg in node.args)
        context = Context(grid, node, self.options, self.annotate)
        value = function.call(context, args)
        if not isinstance(value, Vector):
            return value
        if not function.keeps_name:
            value = unnamed(value, self.options)
        strict = not self.options.delayed_name_removal and any(
            isinstance(arg, Matrix) for arg in args
        )
        return merged(value, strict=strict)

    def _argument(self, node: Node, grid: Grid, function: Function) -> Value:
        bare = unwrapped(node)
        if isinstance(bare, Range) and not function.one_clock:
            return self.reader.windows(bare, grid, self._check, stacked=True)
        return self.value(node, grid)

    def _aggregation(self, node: Aggregation, grid: Grid) -> Value:
        vector = self.vector(node.body, grid)
        if node.parameter is None:
            return aggregate(node, vector)
        parameter = self.value(node.parameter, grid)
        if isinstance(parameter, str):
            return count_values(node, vector, parameter, self.options.max_cells)
        scalar = cast("Scalar", parameter)
        if node.operator == "quantile":
            return quantile(node, vector, scalar, self.annotate, node.parameter.span)
        return top(node, vector, scalar)

    def _subquery(self, node: Subquery, grid: Grid) -> Matrix:
        ends = self.reader.moments(grid, node.at, node.offset)
        starts = ends - node.range
        step = node.step or self.options.subquery_step
        # Its steps are multiples of the step, whenever it is asked.
        first = (int(starts[0]) // step + 1) * step
        if first > ends[-1]:
            return Matrix(())
        inner = Grid(first, int(ends[-1]), step)
        vector = self.vector(node.body, inner)
        self.reader.bound(len(vector.labels), inner.steps)
        if not vector.labels:
            return Matrix(())
        group = windowed(
            vector.labels,
            inner.times(),
            (np.ascontiguousarray(vector.values.T), np.ascontiguousarray(vector.present.T)),
            (starts, ends),
            vector.drop_name,
        )
        return Matrix((group,))


@lru_cache(maxsize=1024)
def _single(value: float, sign: float) -> Scalar:
    """``value`` at a single step; ``sign`` tells 0 from -0. Not to be written to."""
    del sign
    made = np.array([value])
    made.flags.writeable = False
    return made


def _takes_nothing(node: Binary, left: Vector | Scalar) -> bool:
    """Whether ``node`` comes to nothing whatever stands on its right."""
    return isinstance(left, Vector) and node.operator != "or" and not left.present.any()


def _repeated(value: Value, steps: int) -> Value:
    if isinstance(value, Vector):
        return Vector(
            value.labels,
            value.values.repeat(steps, axis=1),
            value.present.repeat(steps, axis=1),
            value.drop_name,
        )
    if isinstance(value, np.ndarray):
        return value.repeat(steps)
    return value
