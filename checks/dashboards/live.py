"""A dashboard that somebody looks at: its panels evaluated again and again, within bounds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from checks.dashboards.choosing import chosen_values
from checks.dashboards.emptiness import Sampled
from checks.dashboards.interpolate import Values
from checks.dashboards.measuring import Measuring, Moment
from checks.dashboards.panels import PanelAt
from checks.dashboards.repeating import spread_out
from checks.dashboards.sql.desk import Desk
from checks.dashboards.sql.options import SqlOptions
from checks.dashboards.views import DashboardView, PanelView, VariableView
from checks.documents.keys import nearest
from checks.model import clean

if TYPE_CHECKING:
    from checks.dashboards.model import Dashboard
    from checks.probe import CheckSpec, ProbeEnv
    from checks.state import CheckState

__all__ = ["LONGEST", "REFRESH", "StandingDashboard", "missing"]

log = logging.getLogger("onwatch.dashboards")

LONGEST: Final = 86_400.0
"""Seconds that a dashboard goes back at most."""
REFRESH: Final = 5.0
"""Seconds at least between two evaluations of a panel."""
_SLOWEST: Final = 30.0
"""Seconds after which a panel is evaluated anew though its steps are longer."""
AT_ONCE: Final = 0.025
"""Seconds of the engine's thread that panels may take in a picture; the rest take their turns in
the next ones."""
_SHARE: Final = 100
"""A panel is evaluated for at most so small a part of the time."""
_SOON: Final = 0.04
"""Seconds until the next picture while panels wait for their first turn."""
_ANEW: Final = 30.0
"""Seconds after which variables are looked at again though no series came or went."""


class StandingDashboard:
    """The one of ``dashboards`` called ``name``, over ``span`` seconds (its own where 0).

    ``chosen`` are values of its variables. It is to be used from the engine's thread; ``publish``
    has a picture made when something has come meanwhile.
    """

    def __init__(
        self,
        dashboards: Sequence[Dashboard],
        name: str,
        span: float,
        chosen: Mapping[str, tuple[str, ...]],
        *,
        env: ProbeEnv,
        publish: Callable[[], None],
    ) -> None:
        self.name = name
        self.span = span
        self.chosen = dict(chosen)
        self._publish = publish
        self._dashboard = next((one for one in dashboards if one.name == name), None)
        self._measuring = Measuring()
        self._desk = Desk(env, publish)
        self._options = SqlOptions(self._desk)
        self._costs: dict[int, float] = {}
        self._panels: list[PanelAt] = []
        self._variables: tuple[VariableView, ...] = ()
        self._errors: tuple[str, ...] = ()
        self._notes: tuple[str, ...] = ()
        self._looked = (-1, -_ANEW)
        self._shown: tuple[PanelView, ...] = ()
        self._soon: asyncio.TimerHandle | None = None
        self._view = self._empty(dashboards)

    def _empty(self, dashboards: Sequence[Dashboard]) -> DashboardView:
        """The view before anything is known; with an error where there is no such dashboard."""
        if self._dashboard is None:
            return missing(dashboards, self.name, self.span)
        own = self._dashboard
        reach = min(max(self.span or own.span, 10.0), LONGEST)
        return DashboardView(self.name, own.title, 0.0, reach, chosen=self.chosen)

    @property
    def waiting(self) -> bool:
        """Whether panels have not been measured yet, or a database is being asked."""
        return self._desk.busy or any(one.at < 0 for one in self._panels)

    def view(self, store: Sampled, states: Mapping[str, CheckState], now: float) -> DashboardView:
        """The dashboard as of ``now``; the same object again while nothing of it is new."""
        if self._dashboard is None:
            return self._view
        try:
            return self._looked_at(self._dashboard, store, states, now)
        except Exception as error:
            # The rim: a dashboard must not cost the picture that it is in.
            log.exception("the dashboard %s could not be made", self.name)
            said = f"internal error: {type(error).__name__}: {clean(error, 200)}"
            return replace(self._view, at=now, error=said)

    def _looked_at(
        self, dashboard: Dashboard, store: Sampled, states: Mapping[str, CheckState], now: float
    ) -> DashboardView:
        moment = Moment.of(now, self._view.span)
        specs = {name: state.spec for name, state in states.items()}
        self._look_at_variables(dashboard, store, specs, moment)
        self._ask(specs, states, moment)
        self._take_turns(store, specs, moment)
        panels = tuple(one.view for one in self._panels)
        if panels != self._shown or self._view.at == 0.0:
            self._shown = panels
            self._view = DashboardView(
                dashboard.name,
                dashboard.title,
                now,
                self._view.span,
                panels,
                self._variables,
                (*dashboard.notes, *self._errors, *self._notes),
                chosen={one.name: one.chosen for one in self._variables},
            )
        return self._view

    def _look_at_variables(
        self,
        dashboard: Dashboard,
        store: Sampled,
        specs: Mapping[str, CheckSpec],
        moment: Moment,
    ) -> None:
        """Find out the variables' values, and which panels there are with these."""
        changes = getattr(store, "changes", 0)
        seen, at = self._looked
        old = moment.now - at >= _ANEW
        same = not old and (changes == seen or moment.now - at < REFRESH)
        if self._panels and same and not self._options.news:
            return
        self._looked = (changes, moment.now)
        start = moment.now - moment.span
        values = Values({}, start, moment.now, moment.step, title=dashboard.title)
        self._options.begin()
        in_sql = partial(self._options.of, specs)
        values, variables, errors = chosen_values(
            dashboard.variables, self.chosen, store, self._measuring, values, in_sql=in_sql
        )
        if errors != self._errors:
            self._errors, self._shown = errors, ()
        known = {one.name: (one.chosen, one.options) for one in self._variables}
        if self._panels and known == {one.name: (one.chosen, one.options) for one in variables}:
            return
        self._variables, self._shown = variables, ()
        self._spread_out(dashboard, values)

    def _spread_out(self, dashboard: Dashboard, values: Values) -> None:
        """Make the panels for these values. Until one is measured it shows what it did before."""
        options = {one.name: one.options for one in self._variables}
        placed, self._notes = spread_out(dashboard.panels, values, options)
        self._desk.forget(key for one in self._panels for key in one.keys)
        before = {(at, one.panel.title): one.view for at, one in enumerate(self._panels)}
        self._panels = [PanelAt(at, one, self._measuring) for at, one in enumerate(placed)]
        for at, panel in enumerate(self._panels):
            held = before.get((at, panel.panel.title))
            if held is not None:
                panel.view = replace(held, panel=panel.panel)
        self._costs.clear()

    def _ask(
        self, specs: Mapping[str, CheckSpec], states: Mapping[str, CheckState], moment: Moment
    ) -> None:
        """Have databases asked what is due; one that is down is left alone."""
        if not self._options.wants and not any(one.in_sql for one in self._panels):
            return
        with contextlib.suppress(RuntimeError):  # no loop: a picture made by hand
            asyncio.get_running_loop()
            wants = [want for one in self._panels for want in one.wants(specs, moment)]
            wants += self._options.wants
            down = {
                name: f"{name} is down: {state.view.message}"
                for name, state in states.items()
                if state.view.last_run is not None and not state.view.up
            }
            self._desk.look(wants, specs, moment.now, down)

    def _take_turns(self, store: Sampled, specs: Mapping[str, CheckSpec], moment: Moment) -> None:
        """Evaluate panels that are due, those that have waited for longest first, for a while."""
        due = [at for at, one in enumerate(self._panels) if self._is_due(at, one, moment)]
        due.sort(key=lambda at: (self._panels[at].at, at))
        began = last = time.perf_counter()
        for done, at in enumerate(due):
            if done and last - began > AT_ONCE:
                break
            self._measure(self._panels[at], store, specs, moment)
            last, before = time.perf_counter(), last
            self._costs[at] = last - before
        if any(one.at < 0 for one in self._panels):
            self._go_on_soon()

    def _measure(
        self, panel: PanelAt, store: Sampled, specs: Mapping[str, CheckSpec], moment: Moment
    ) -> None:
        try:
            panel.measure(store, specs, self._desk, moment)
        except Exception as error:
            # The rim: what one panel does inside must not cost the picture.
            log.exception("the panel %s could not be measured", panel.panel.title)
            said = f"internal error: {type(error).__name__}: {clean(error, 200)}"
            panel.view = PanelView(panel.panel, error=said)

    def _is_due(self, at: int, panel: PanelAt, moment: Moment) -> bool:
        every = max(REFRESH, min(moment.step, _SLOWEST), _SHARE * self._costs.get(at, 0.0))
        return not 0 <= moment.now - panel.at < every or panel.has_news(self._desk)

    def _go_on_soon(self) -> None:
        if self._soon is not None and not self._soon.cancelled():
            return
        with contextlib.suppress(RuntimeError):  # no loop: a picture made by hand
            self._soon = asyncio.get_running_loop().call_later(_SOON, self._now)

    def _now(self) -> None:
        self._soon = None
        self._publish()

    def close(self) -> None:
        """End what it asks databases."""
        self._desk.close()
        if self._soon is not None:
            self._soon.cancel()


def missing(dashboards: Sequence[Dashboard], name: str, span: float) -> DashboardView:
    """What there is to say where none of ``dashboards`` is called ``name``."""
    near = nearest(name, [one.name for one in dashboards])
    hint = f"; did you mean {near}?" if near else ""
    if not near and dashboards:
        hint = f"; there are {', '.join(one.name for one in dashboards[:8])}"
    error = f"there is no dashboard {name}{hint}"
    return DashboardView(name, name, 0.0, span, error=error)
