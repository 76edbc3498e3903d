"""What a PromQL function is to the evaluator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from checks.promql.annotations import Annotations
from checks.promql.ast import Call, Kind
from checks.promql.options import Options
from checks.promql.values import Grid, Value

__all__ = ["Context", "Function", "Kind"]


@dataclass(frozen=True, slots=True)
class Context:
    """What a function knows of the evaluation besides its arguments.

    ``call`` is its own call: spans for annotations, selectors for ``absent``. Errors that end
    the evaluation are :class:`checks.promql.errors.EvaluationError`.
    """

    grid: Grid
    call: Call
    options: Options
    annotate: Annotations


Evaluate: TypeAlias = Callable[[Context, tuple[Value, ...]], Value]


@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    Attributes:
        args: the kinds of its arguments.
        returns: the kind of its result.
        call: gets the evaluated arguments that were given. Of a result (a Vector) it hands on
            the labels and ``drop_name`` of its argument and need not remove names:
            the evaluator does, at once or delayed, where ``keeps_name`` is false, and checks for
            duplicates.
        variadic: as in Prometheus: 0, exactly ``args``; n, the last one of ``args`` may be left
            out or come up to n times; -1, the last may come any number of times, or none.
        keeps_name: ``last_over_time``, ``sort``, ``label_replace`` and their like.
        one_clock: it takes windows only whose series share their times.
    """

    name: str
    args: tuple[Kind, ...]
    returns: Kind
    call: Evaluate
    variadic: int = 0
    keeps_name: bool = False
    one_clock: bool = False
