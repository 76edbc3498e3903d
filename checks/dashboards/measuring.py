"""What a panel's expressions come to, over the last while, within bounds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from checks.dashboards.emptiness import Sampled, why_empty
from checks.dashboards.interpolate import Values
from checks.dashboards.judging import judged, reduced, worded
from checks.dashboards.legend import names_of
from checks.dashboards.model import Panel, PanelKind, Query
from checks.dashboards.patterns import pattern_of
from checks.dashboards.views import SeriesView
from checks.errors import OnwatchError
from checks.model import clean
from checks.promql.api import Engine, Expression
from checks.promql.ast import Kind
from checks.promql.options import Options
from checks.promql.values import Floats, LabelSet, Matrix, Vector
from checks.rules.own_time import OwnTime
from checks.store.groups import BlockGroup

__all__ = [
    "MOST",
    "POINTS",
    "Ask",
    "Measured",
    "Measuring",
    "Moment",
    "Row",
    "scrape_interval",
    "shown",
]

POINTS: Final = 240
"""Steps of a curve."""
MOST: Final[Mapping[PanelKind, int]] = {
    PanelKind.CHART: 20,
    PanelKind.NUMBER: 20,
    PanelKind.GAUGE: 20,
    PanelKind.BARS: 50,
    PanelKind.TABLE: 200,
    PanelKind.TEXT: 0,
}
"""Series that a panel shows at most, the largest."""
_PARSED: Final = 1_000
_OPTIONS: Final = Options(max_cells=2_000_000, max_steps=20_000, deadline=0.3)
"""Less than a third of a second of this thread's own time: checks are to be in time."""
_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_SCRAPE: Final = 15.0


@dataclass(frozen=True, slots=True)
class Moment:
    """When a panel is measured: at ``now``, ``span`` seconds back, ``step`` seconds apart."""

    now: float
    span: float
    step: float

    @classmethod
    def of(cls, now: float, span: float, least: float = 0.0) -> Moment:
        """As many steps as a curve has; none shorter than a second, or than ``least``."""
        return cls(now, span, float(max(1, math.ceil(span / POINTS), math.ceil(least))))


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """What is asked: a query of a panel, with the variables' values, at a moment."""

    panel: Panel
    query: Query
    values: Values
    moment: Moment


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One series: its labels, its name, its course (empty for now alone) and its figure.

    ``down`` draws it downwards.
    """

    labels: LabelSet
    name: str
    value: float
    points: tuple[float, ...] = ()
    down: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What one query came to. ``total`` is how many series there are; rows may be fewer."""

    rows: tuple[Row, ...] = ()
    times: tuple[float, ...] = ()
    total: int = 0
    error: str = ""


class Measuring:
    """Puts expressions to a store; what was parsed is remembered."""

    def __init__(self) -> None:
        self.engine = Engine(_OPTIONS, OwnTime())
        self._parsed: dict[str, Expression] = {}

    def expression(self, text: str) -> Expression:
        """The expression ``text``. Raises PromQLError."""
        found = self._parsed.get(text)
        if found is None:
            if len(self._parsed) >= _PARSED:
                self._parsed.clear()
            found = self._parsed[text] = self.engine.parse(text)
        return found

    def ask(self, store: Sampled, asked: Ask) -> Measured:
        """What a query of a panel comes to. It never raises for what is wrong with it."""
        query = asked.query
        moment = Moment.of(asked.moment.now, asked.moment.span, query.interval)
        scrape = scrape_interval(store, query.expr)
        values = replace(asked.values, step=moment.step, scrape=scrape)
        text = values.promql(query.expr)
        try:
            return self._asked(store, replace(asked, values=values, moment=moment), text)
        except OnwatchError as wrong:
            return Measured(error=clean(f"{wrong}, in {text}", 400))

    def _asked(self, store: Sampled, asked: Ask, text: str) -> Measured:
        expression = self.expression(text)
        now, at = asked.moment.now, round(asked.moment.now * 1000)
        if expression.type is Kind.MATRIX:
            return Measured(error="a range of samples cannot be shown: apply rate() or another")
        if _is_instant(asked.panel, asked.query):
            outcome = self.engine.instant(store, expression, at)
        else:
            span, step = round(asked.moment.span * 1000), round(asked.moment.step * 1000)
            outcome = self.engine.range(store, expression, at - span // step * step, at, step)
        if isinstance(outcome.value, str | Matrix):
            return Measured(error=f"it comes to a text: {clean(outcome.value, 80)}")
        labels, drawn = _drawn(outcome.value)
        times = tuple((outcome.grid.times() / 1000).tolist())
        if not labels:
            return Measured(times=times, error=why_empty(expression, store, now))
        return _rows(asked, labels, drawn, times)


def _is_instant(panel: Panel, query: Query) -> bool:
    """Whether now alone is wanted: a curve, or a figure of one, takes more."""
    if panel.kind in (PanelKind.CHART, PanelKind.NUMBER) and not query.instant:
        return False
    return query.instant or panel.calc == "last"


def _drawn(value: object) -> tuple[tuple[LabelSet, ...], Floats]:
    """The series' labels and their values (N, T), NaN where there is none."""
    if isinstance(value, Vector):
        drawn = np.where(value.present, value.values, np.nan)
        some = value.present.any(axis=1)
        if some.all():
            return value.labels, drawn
        kept = np.flatnonzero(some)
        return tuple(value.labels[at] for at in kept.tolist()), drawn[kept]
    return ((),), np.asarray(value, float).reshape(1, -1)


def _rows(
    asked: Ask, labels: tuple[LabelSet, ...], drawn: Floats, times: tuple[float, ...]
) -> Measured:
    """The first series in the order of their figures, the largest in front."""
    panel, query = asked.panel, asked.query
    if panel.scale != 1.0:
        drawn = drawn * panel.scale
    figures = [reduced(row, panel.calc) for row in drawn.tolist()]
    keys = [(math.isnan(one), -one if not math.isnan(one) else 0.0) for one in figures]
    order = sorted(range(len(labels)), key=keys.__getitem__)[: MOST[panel.kind]]
    alone = len(panel.queries) == 1 and panel.title
    names = names_of(labels, asked.values.plain(query.legend), alone or query.expr)
    course = len(times) > 1
    downwards = [pattern_of(one) for one in panel.negative]
    rows = tuple(
        Row(
            labels[at],
            names[at],
            figures[at],
            tuple(drawn[at].tolist()) if course else (),
            down=query.negative or any(one.search(names[at]) for one in downwards),
        )
        for at in order
    )
    return Measured(rows, times if course else (), len(labels))


def scrape_interval(store: Sampled, text: str) -> float:
    """Seconds between two samples of what ``text`` reads, the longest of them."""
    found = 0.0
    for name in set(_NAME.findall(text)):
        for group in store.groups(name):
            if isinstance(group, BlockGroup):
                found = max(found, group.block.interval)
    return found or _SCRAPE


def shown(panel: Panel, rows: Iterable[Row]) -> tuple[SeriesView, ...]:
    """Rows as views, judged by the panel's thresholds, in the panel's own words."""
    return tuple(
        SeriesView(
            one.name,
            one.value,
            judged(one.value, panel.thresholds),
            tuple(0.0 - point for point in one.points) if one.down else one.points,
            one.name if panel.named else worded(one.value, panel.words),
        )
        for one in rows
    )
