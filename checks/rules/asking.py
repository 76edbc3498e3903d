"""A query that somebody looks at: evaluated again and again, bounded, in the engine's thread."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from checks.errors import OnwatchError
from checks.model import clean
from checks.promql.api import Engine, Expression
from checks.promql.errors import PromQLError
from checks.promql.options import Options
from checks.promql.values import Matrix, Vector
from checks.rules.narrowing import narrowed
from checks.rules.own_time import OwnTime
from checks.rules.views import Curve, Pairs, QueryView

if TYPE_CHECKING:
    from checks.store.store import Store

__all__ = ["REFRESH", "StandingQuery"]

REFRESH: Final = 5.0
"""Seconds between evaluations."""
MOST_ROWS: Final = 2_000
MOST_CURVES: Final = 20
POINTS: Final = 240
"""Steps of a curve."""
LONGEST: Final = 86_400.0
"""Seconds that curves go back at most."""
_RANGE: Final = "a range of samples has no single value: apply a function, such as rate()"
_OPTIONS: Final = Options(max_cells=2_000_000, max_steps=20_000, deadline=0.5)
"""Half a second of this thread's own time: a check may be a tenth of its interval late."""


class StandingQuery:
    """The expression ``text``, with curves over the last ``seconds``.

    Where ``about`` are labels, there is the curve of the series alone that has them all, if there
    is one. It never raises for what is wrong with the text: the answer says so.
    """

    def __init__(self, text: str, seconds: float, about: Pairs = ()) -> None:
        self.text = text
        self._about = about
        self._span = min(max(seconds, 1.0), LONGEST)
        self._engine = Engine(_OPTIONS, OwnTime())
        self._names: tuple[int, tuple[str, ...], tuple[str, ...]] = (-1, (), ())
        self._view: QueryView | None = None

    def view(self, store: Store, now: float) -> QueryView:
        """What it comes to; anew where the last answer is :data:`REFRESH` seconds old."""
        held = self._view
        if held is None or not 0 <= now - held.at < REFRESH:
            held = self._view = self._answer(store, now)
        return held

    def _answer(self, store: Store, now: float) -> QueryView:
        began = time.perf_counter()
        made = QueryView(self.text, now, span=self._span, about=self._about)
        try:
            made = self._evaluated(store, made) if self.text.strip() else made
        except PromQLError as wrong:
            made = replace(made, error=clean(wrong.message), column=wrong.span.start + 1)
        except OnwatchError as wrong:
            made = replace(made, error=clean(str(wrong)))
        metrics, labels = self._known(store)
        return replace(made, took=time.perf_counter() - began, metrics=metrics, labels=labels)

    def _evaluated(self, store: Store, made: QueryView) -> QueryView:
        expression, at = self._engine.parse(self.text), round(made.at * 1000)
        outcome = self._engine.instant(store, expression, at)
        if isinstance(outcome.value, Matrix):
            return replace(made, error=_RANGE)
        if isinstance(outcome.value, str):
            return replace(made, string=clean(outcome.value))
        found = list(outcome.samples())
        made = replace(
            made,
            warnings=tuple(clean(one) for one in outcome.warnings),
            rows=tuple(found[:MOST_ROWS]),
            total=len(found),
        )
        own = self._own(found)
        try:
            drawn = expression if own is None else self._narrowed(store, expression, at, own)
            times, curves = self._curves(store, drawn, at, own)
        except OnwatchError as refused:
            # What it is now is worth telling, though its past be too much to ask for.
            return replace(made, warnings=(*made.warnings, clean(f"no curves: {refused}")))
        return replace(made, times=times, curves=curves)

    def _own(self, found: Sequence[tuple[Pairs, float]]) -> tuple[Pairs, float] | None:
        """The series that the alert is of; None where that is not asked, or none is."""
        about = set(self._about)
        # A rule's own labels may have overridden some of the series'.
        fits = (one for one in found if about and about.issubset(one[0]))
        return min(fits, key=lambda one: len(one[0]), default=None)

    def _narrowed(
        self, store: Store, expression: Expression, at: int, own: tuple[Pairs, float]
    ) -> Expression:
        """``expression`` read for the alert's own target alone, where that comes to the same:
        over an hour it is much less to read.
        """
        made = narrowed(expression, own[0])
        if made is expression:
            return expression
        outcome = self._engine.instant(store, made, at)
        same = any(_same(one, own) for one in outcome.samples())
        return made if same else expression

    def _curves(
        self, store: Store, expression: Expression, at: int, own: tuple[Pairs, float] | None
    ) -> tuple[tuple[float, ...], tuple[Curve, ...]]:
        """The times (seconds) and the first few series, those that are there last in front."""
        span = round(self._span * 1000)
        step = max(1, span // POINTS)
        outcome = self._engine.range(store, expression, at - span, at, step)
        times = tuple((outcome.grid.times() / 1000).tolist())
        value = outcome.value
        if not isinstance(value, Vector):
            return times, (Curve((), tuple(np.asarray(value, float).tolist())),)
        drawn = np.where(value.present, value.values, np.nan)
        if own is None or own[0] not in value.labels:
            chosen = np.argsort(~value.present[:, -1], kind="stable")[:MOST_CURVES]
        else:
            chosen = np.array([value.labels.index(own[0])])
        return times, tuple(
            Curve(value.labels[place], tuple(drawn[place].tolist())) for place in chosen.tolist()
        )

    def _known(self, store: Store) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names of metrics and of labels; the same tuples while no series came or went."""
        change, metrics, labels = self._names
        if store.changes != change:
            metrics, labels = tuple(sorted(store.names)), tuple(sorted(store.label_names))
            self._names = (store.changes, metrics, labels)
        return metrics, labels


def _same(one: tuple[Pairs, float], other: tuple[Pairs, float]) -> bool:
    """Whether two samples are of one series and have one value, but for the order of sums."""
    unknown = math.isnan(one[1]) and math.isnan(other[1])
    near = unknown or math.isclose(one[1], other[1], rel_tol=1e-9)
    return one[0] == other[0] and near
