"""A query that somebody looks at: evaluated again and again, bounded, in the engine's thread.

What takes long is done a part at each look, so that no check gets late: the rows first, then the
curves, some steps at a time. Until it is whole the answer before is shown, or what there is yet.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from checks.errors import OnwatchError
from checks.model import clean
from checks.promql.api import Engine, Expression, Outcome
from checks.promql.errors import EvaluationError, PromQLError
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
REST: Final = 20.0
"""How many times as long as an evaluation took there is none after it."""
A_LOOK: Final = 0.1
"""Seconds of this thread's own time that one look takes, and a little more."""
A_PART: Final = 0.03
"""Seconds that the evaluation of some steps of a curve is meant to take."""
FIRST: Final = 5
"""Steps that are evaluated first, to know what they cost."""
MOST_ROWS: Final = 2_000
MOST_CURVES: Final = 20
POINTS: Final = 240
"""Steps of a curve."""
LONGEST: Final = 86_400.0
"""Seconds that curves go back at most."""
LEAST: Final = 60_000
"""Milliseconds that curves go back at least, however little is held."""
MOSTLY: Final = 0.9
"""The share of the wanted time from which on all of it is drawn, though a little be not held."""
MOST_CELLS: Final = 2_000_000
LONGEST_WORK: Final = 5.0
"""Seconds of this thread's own time that the curves may take together."""
_RANGE: Final = "a range of samples has no single value: apply a function, such as rate()"
_OPTIONS: Final = Options(max_cells=MOST_CELLS, max_steps=20_000, deadline=0.5)
"""Half a second of this thread's own time: a check may be a tenth of its interval late."""


log = logging.getLogger("onwatch.rules")

Answers: TypeAlias = Generator[QueryView, None, None]


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
        self._newest = QueryView(text, 0.0)
        self._going: Answers | None = None
        self._took = 0.0

    def view(self, store: Store, now: float) -> QueryView:
        """What it comes to; anew where the last answer is :data:`REFRESH` seconds old."""
        pause = max(REFRESH, REST * self._took)
        if self._going is None and (self._view is None or not 0 <= now - self._view.at < pause):
            self._newest = QueryView(self.text, now, span=self._span, about=self._about)
            self._going, self._took = self._answers(store, self._newest), 0.0
        if self._going is not None and self._is_whole_after(self._going):
            self._going = None
            self._view = replace(self._newest, took=self._took)
        return self._view or self._newest

    def _is_whole_after(self, going: Answers) -> bool:
        """Go on for one look; whether nothing is left to do."""
        before, began = self._took, time.thread_time()
        for self._newest in going:
            self._took = before + time.thread_time() - began
            if self._took - before > A_LOOK:
                return False
        return True

    def _answers(self, store: Store, made: QueryView) -> Answers:
        """What there is of the answer, again and again until it is whole."""
        metrics, labels = self._known(store)
        made = replace(made, metrics=metrics, labels=labels)
        try:
            if self.text.strip():
                made = yield from self._evaluated(store, made)
        except PromQLError as wrong:
            made = replace(made, error=clean(wrong.message), column=wrong.span.start + 1)
        except OnwatchError as wrong:
            made = replace(made, error=clean(str(wrong)))
        except Exception as error:
            # The rim: what somebody asks must not end the engine.
            log.exception("a query failed inside")
            said = f"internal error: {type(error).__name__}: {clean(error, 200)}"
            made = replace(made, error=said)
        yield made

    def _evaluated(self, store: Store, made: QueryView) -> Generator[QueryView, None, QueryView]:
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
        yield made
        own = self._own(found)
        try:
            drawn = expression if own is None else self._narrowed(store, expression, at, own)
            parts = []
            for part in self._parts(store, drawn, at):
                parts.append(part)
                yield made
            times, curves = _drawn(parts, own)
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

    def _parts(
        self, store: Store, expression: Expression, at: int
    ) -> Generator[Outcome, None, None]:
        """The steps of the curves in order, as many at a time as take :data:`A_PART`."""
        span = self._held(store, at)
        step = max(1, span // POINTS)
        first, steps, many = 0, span // step + 1, FIRST
        while first < steps:
            many, began = min(many, steps - first), time.thread_time()
            start = at - span + first * step
            part = self._engine.range(store, expression, start, start + (many - 1) * step, step)
            if isinstance(part.value, Vector) and len(part.value.labels) * steps > MOST_CELLS:
                raise EvaluationError(
                    f"more than {MOST_CELLS:,} values over {span // 1000:,} s; select fewer series"
                    " or a shorter range"
                )
            if self._took > LONGEST_WORK:
                raise EvaluationError(
                    f"they took longer than {LONGEST_WORK:g} s and were given up; select fewer "
                    "series or a shorter range"
                )
            cost = max(1e-6, time.thread_time() - began)
            first, many = first + many, max(1, min(steps, int(many * A_PART / cost)))
            yield part

    def _held(self, store: Store, at: int) -> int:
        """The milliseconds before ``at`` that curves go back: no further than anything is held,
        where that is much less than was wanted.
        """
        wanted, oldest = round(self._span * 1000), store.oldest
        held = at - oldest if oldest is not None else wanted
        return wanted if held > MOSTLY * wanted else min(wanted, max(held, LEAST))

    def _known(self, store: Store) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names of metrics and of labels; the same tuples while no series came or went."""
        change, metrics, labels = self._names
        if store.changes != change:
            metrics, labels = tuple(sorted(store.names)), tuple(sorted(store.label_names))
            self._names = (store.changes, metrics, labels)
        return metrics, labels


def _drawn(
    parts: Sequence[Outcome], own: tuple[Pairs, float] | None
) -> tuple[tuple[float, ...], tuple[Curve, ...]]:
    """The times (seconds) and the first few series of ``parts``, which follow each other; those
    that are there last in front, ``own`` alone where it is among them.
    """
    times = np.concatenate([part.grid.times() for part in parts])
    moments = tuple((times / 1000).tolist())
    vectors = [part.value for part in parts if isinstance(part.value, Vector)]
    if not vectors:
        scalars = np.concatenate([np.asarray(part.value, float) for part in parts])
        return moments, (Curve((), tuple(scalars.tolist())),)
    labels = tuple(dict.fromkeys(one for vector in vectors for one in vector.labels))
    places = {one: place for place, one in enumerate(labels)}
    drawn, begins = np.full((len(labels), len(times)), np.nan), 0
    for vector in vectors:
        ends = begins + vector.values.shape[1]
        rows = [places[one] for one in vector.labels]
        drawn[rows, begins:ends] = np.where(vector.present, vector.values, np.nan)
        begins = ends
    if own is not None and own[0] in places:
        chosen = [places[own[0]]]
    else:
        last = vectors[-1]
        there = {one for one, here in zip(last.labels, last.present[:, -1], strict=True) if here}
        chosen = sorted(range(len(labels)), key=lambda place: labels[place] not in there)
    return moments, tuple(
        Curve(labels[place], tuple(drawn[place].tolist())) for place in chosen[:MOST_CURVES]
    )


def _same(one: tuple[Pairs, float], other: tuple[Pairs, float]) -> bool:
    """Whether two samples are of one series and have one value, but for the order of sums."""
    unknown = math.isnan(one[1]) and math.isnan(other[1])
    near = unknown or math.isclose(one[1], other[1], rel_tol=1e-9)
    return one[0] == other[0] and near
