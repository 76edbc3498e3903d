"""One panel with what its queries came to: curves and figures of PromQL and SQL side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from checks.dashboards.emptiness import Sampled
from checks.dashboards.interpolate import Values
from checks.dashboards.measuring import MOST, Ask, Measured, Measuring, Moment, Row, shown
from checks.dashboards.model import Panel, PanelKind, Query
from checks.dashboards.repeating import Placed
from checks.dashboards.sql.desk import Desk, Told, Want, chosen_check
from checks.dashboards.sql.macros import written_out
from checks.dashboards.tables import table_of
from checks.dashboards.views import PanelView
from checks.model import Table, clean
from checks.probe import CheckSpec

__all__ = ["PanelAt", "fixed"]


def fixed(placed: Placed) -> Panel:
    """The panel with the variables' values in its texts."""
    panel, values = placed.panel, placed.values
    title, group = clean(values.plain(panel.title), 120), clean(values.plain(panel.group), 120)
    text = values.plain(panel.text)
    if (title, group, text) == (panel.title, panel.group, panel.text):
        return panel
    return replace(panel, title=title, group=group, text=text)


class PanelAt:
    """A panel of a dashboard that is open; ``number`` is its place among them."""

    def __init__(self, number: int, placed: Placed, measuring: Measuring) -> None:
        self.panel = fixed(placed)
        self.values = placed.values
        self._number = number
        self._measuring = measuring
        self._told: dict[int, Told | None] = {}
        self.view = PanelView(self.panel)
        self.at = -math.inf
        """When it was measured last (seconds since 1970)."""

    @property
    def in_sql(self) -> bool:
        """Whether a database is asked for it."""
        return any(query.sql for query in self.panel.queries)

    @property
    def keys(self) -> list[tuple[int, int]]:
        """What its statements are called."""
        return [(self._number, at) for at, query in enumerate(self.panel.queries) if query.sql]

    def wants(self, specs: Mapping[str, CheckSpec], moment: Moment) -> list[Want]:
        """The statements that it asks."""
        made = []
        for at, query in enumerate(self.panel.queries):
            check = chosen_check(query.check, query.kind, specs)[0] if query.sql else ""
            if check:
                write = partial(_statement, query, self._at(moment))
                made.append(Want((self._number, at), check, write))
        return made

    def _at(self, moment: Moment) -> Values:
        start = moment.now - moment.span
        return replace(self.values, start=start, end=moment.now, step=moment.step)

    def has_news(self, desk: Desk) -> bool:
        """Whether a database has answered since it was measured."""
        return any(
            desk.told((self._number, at)) is not self._told.get(at)
            for at, query in enumerate(self.panel.queries)
            if query.sql
        )

    def measure(
        self, store: Sampled, specs: Mapping[str, CheckSpec], desk: Desk, moment: Moment
    ) -> None:
        """Make its view anew."""
        self.at = moment.now
        if self.panel.unshown or self.panel.kind is PanelKind.TEXT:
            return
        answers: list[tuple[Query, Measured]] = []
        tables: list[Table] = []
        for at, query in enumerate(self.panel.queries):
            if query.sql:
                self._told[at] = told = desk.told((self._number, at))
                measured = self._of_sql(query, told, specs, tables)
            else:
                ask = Ask(self.panel, query, self._at(moment), moment)
                measured = self._measuring.ask(store, ask)
            answers.append((query, measured))
        self.view = _joined(self.panel, answers, tables)

    def _of_sql(
        self,
        query: Query,
        told: Told | None,
        specs: Mapping[str, CheckSpec],
        tables: list[Table],
    ) -> Measured:
        """What a database said; a table of it goes into ``tables``."""
        from checks.dashboards.sql.rows import as_series, as_table  # noqa: PLC0415 - in SQL alone

        check, problem = chosen_check(query.check, query.kind, specs)
        if problem:
            return Measured(error=problem)
        if told is None:
            return Measured(error=f"asking {check} …")
        if told.answer is None:
            return Measured(error=told.error)
        if self.panel.kind is PanelKind.TABLE:
            tables.append(as_table(self.panel, told.answer))
            more = "there are more rows than are shown" if told.answer.more else ""
            return Measured(error=more)
        return as_series(self.panel, told.answer, query.legend, told.offset)


def _statement(query: Query, values: Values, kind: str) -> str:
    return written_out(values.sql(query.sql), kind, values.start, values.end)


def _joined(
    panel: Panel, answers: Sequence[tuple[Query, Measured]], tables: Sequence[Table]
) -> PanelView:
    """All answers in one view: their curves over common times."""
    errors = dict.fromkeys(one.error for _, one in answers if one.error)
    if any(one.rows for _, one in answers):
        # Of several queries one may well have nothing; the others are worth looking at.
        errors = dict.fromkeys(_labelled(answers, errors))
    error = "; ".join(errors)
    times = max((one.times for _, one in answers), key=len, default=())
    rows = [row for _, one in answers for row in _over(times, one)]
    total = sum(one.total for _, one in answers)
    table: Table | None = tables[0] if tables else None
    if panel.kind is PanelKind.TABLE and table is None and rows:
        table = table_of(panel, answers)
    return PanelView(
        panel, times, shown(panel, rows[: MOST[panel.kind]]), table, clean(error, 600), total
    )


def _labelled(
    answers: Sequence[tuple[Query, Measured]], errors: Mapping[str, object]
) -> Sequence[str]:
    """The errors, each with what its query is called."""
    made = []
    for query, one in answers:
        if one.error in errors:
            name = query.legend if query.legend and "{{" not in query.legend else ""
            made.append(f"{name}: {one.error}" if name and not name.startswith("__") else one.error)
    return made


def _over(times: tuple[float, ...], measured: Measured) -> Sequence[Row]:
    """The rows, their courses at ``times``; what has none stays as it is."""
    if measured.times == times or not measured.times:
        return measured.rows
    spread = _nearest(times, measured.times)
    return [
        replace(row, points=tuple(spread(row.points))) if row.points else row
        for row in measured.rows
    ]


def _nearest(
    times: Sequence[float], own: Sequence[float]
) -> Callable[[Sequence[float]], list[float]]:
    """Takes points at ``own`` times to ``times``: the newest one that is not too old."""
    step = (own[-1] - own[0]) / max(1, len(own) - 1)
    places, at = [], -1
    for when in times:
        while at + 1 < len(own) and own[at + 1] <= when + 1e-3:
            at += 1
        places.append(at if at >= 0 and when - own[at] <= 1.5 * step else -1)
    return lambda points: [points[one] if one >= 0 else math.nan for one in places]
