"""One picture a second of everything the engine knows, sharing what did not change."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from checks.alerts.of_checks import Alerts, in_order
from checks.alerts.of_rules import RuleAlerts
from checks.databases.figures import Figures
from checks.derive import POINTS, chart, host_view, sample_lines
from checks.hosts.detail import host_detail
from checks.hosts.model import HostDetail
from checks.model import Result, Table, clean
from checks.probe import ChartSpec, CheckSpec
from checks.queues import queue_views, tells_of_queues
from checks.registry import kind
from checks.requests.stats import RequestFigures
from checks.rules.views import RulesView
from checks.soundness import checked_charts
from checks.state import CheckState
from checks.store.store import Store
from checks.store.window import Window
from checks.views import (
    AlertView,
    Chart,
    CheckDetails,
    CheckView,
    DatabaseView,
    EngineHealth,
    EventView,
    HostView,
    QueueView,
    RequestView,
    Snapshot,
)

__all__ = ["SnapshotBuilder"]

log = logging.getLogger("onwatch.snapshot")

CHART_SECONDS = 3600.0
_DURATION = "probe_duration_seconds"


@dataclass(frozen=True, slots=True, eq=False)
class _Derived:
    """What was computed from one result over one window."""

    result: Result
    window: float
    view: CheckView
    hosts: tuple[HostView, ...] = ()
    queues: tuple[QueueView, ...] = ()
    requests: tuple[RequestView, ...] = ()
    databases: tuple[DatabaseView, ...] = ()


class SnapshotBuilder:
    """Builds snapshots from the states of the checks and the store."""

    def __init__(
        self, states: Sequence[CheckState], store: Store, hostname: str, *, acts: bool = True
    ) -> None:
        self._states = states
        self._store = store
        self._hostname = hostname
        self._acts = acts
        self._derived: dict[str, _Derived] = {}
        self._figures: dict[str, Figures] = {}
        self._detail: tuple[Result, float, HostDetail] | None = None
        self._samples: tuple[Result, tuple[tuple[str, float], ...]] | None = None
        self._ruled: tuple[RulesView | None, tuple[AlertView, ...]] = (None, ())
        self._of_rules = RuleAlerts()
        self._alerts = Alerts()
        self._blamed: set[tuple[str, str]] = set()
        self._faults: list[tuple[str, str]] = []

    def over(self, states: Sequence[CheckState]) -> SnapshotBuilder:
        """A builder over ``states`` and the same store."""
        return SnapshotBuilder(states, self._store, self._hostname, acts=self._acts)

    def build(
        self,
        now: float,
        window: float | None,
        focus: str | None,
        events: Sequence[EventView],
        health: EngineHealth,
        *,
        rules: RulesView | None = None,
    ) -> Snapshot:
        """The picture at ``now`` with figures over ``window`` seconds; without any for None."""
        views = [state.view for state in self._states]
        alerts = self._alerts.of(views, self._rule_alerts(rules))
        derived: list[_Derived] = []
        if window is not None:
            derived = [found for state in self._states if (found := self._derive(state, window))]
        queues = [queue for one in derived for queue in one.queues]
        return Snapshot(
            time=now,
            hostname=self._hostname,
            window=window or 0.0,
            checks=in_order(views, alerts),
            requests=tuple(view for one in derived for view in one.requests),
            queues=tuple(sorted(queues, key=lambda queue: -queue.status.severity)),
            hosts=tuple(view for one in derived for view in one.hosts),
            alerts=alerts,
            events=tuple(events),
            health=health,
            databases=tuple(view for one in derived for view in one.databases),
            details=self._details(now, focus) if focus else None,
            host=self._host_detail(focus, window) if focus and window else None,
            rules=rules,
        )

    def _rule_alerts(self, rules: RulesView | None) -> tuple[AlertView, ...]:
        """The alerts of ``rules``, made once."""
        if self._ruled[0] is not rules:
            self._ruled = (rules, self._of_rules.of(rules))
        return self._ruled[1]

    def _derive(self, state: CheckState, window: float) -> _Derived | None:
        result, view = state.result, state.view
        if result is None or view.last_run is None:
            return None
        known = self._derived.get(view.name)
        if known and known.view is view and known.window == window:
            return known
        # A slow check still needs two samples within its window.
        seconds = max(window, 2.5 * state.spec.interval)
        figures = Window(self._store, view.name, view.last_run, seconds)
        found = _Derived(result, window, view)
        try:
            found = replace(
                found,
                hosts=self._hosts(state, figures),
                queues=_queues(view, figures),
                requests=_requests(state, window),
                databases=self._databases(state, figures),
            )
        except Exception as error:
            # The rim: what one check brought must not cost the picture of all the others.
            if self._tell(state, _fault(state, "bring what panes show", error)):
                log.exception("the figures of %s failed", view.name)
        self._derived[view.name] = found
        return found

    def _hosts(self, state: CheckState, figures: Window) -> tuple[HostView, ...]:
        if state.spec.kind != "host" or state.result is None:
            return ()
        return (host_view(state.view, figures, _processes(state.result.tables)),)

    def _host_detail(self, focus: str, window: float) -> HostDetail | None:
        """What the host screen shows of the check ``focus``; made anew with each of its runs."""
        state = next((one for one in self._states if one.spec.name == focus), None)
        if state is None or state.host is None or state.result is None:
            return None
        known, (seen_at, facts) = self._detail, state.host
        if known and known[0] is state.result and known[1] == window:
            return known[2]
        end = state.view.last_run if state.view.last_run is not None else seen_at
        figures = Window(self._store, focus, end, max(window, 2.5 * state.spec.interval))
        silent = None if state.result.host is facts else seen_at
        made = host_detail(focus, facts, figures, silent)
        self._detail = (state.result, window, made)
        return made

    def _databases(self, state: CheckState, figures: Window) -> tuple[DatabaseView, ...]:
        own, result = kind(state.spec.kind), state.result
        if not own.figures or result is None:
            return ()
        answered_at, tables = state.answered or (None, ())
        seen_at, facts = state.database or (answered_at, None)
        seen = result.database is facts if facts is not None else result.up
        return (
            DatabaseView(
                check=state.spec.name,
                kind=own.name,
                status=state.view.status,
                figures=self._figures_of(state.spec).views(figures, POINTS),
                facts=facts,
                tables=tables,
                silent_since=None if seen else seen_at or state.view.since,
                never=not state.ever_up,
                actions=own.actions if self._acts else (),
            ),
        )

    def _figures_of(self, spec: CheckSpec) -> Figures:
        known = self._figures.get(spec.name)
        if known is None:
            known = self._figures[spec.name] = Figures(kind(spec.kind).figures)
        return known

    def _charts(self, state: CheckState, figures: Window) -> tuple[str, tuple[Chart, ...]]:
        """Its curves; that of its runs alone, and why, where its kind fails to tell of others."""
        runs = ChartSpec("duration of a run", _DURATION, "s")
        try:
            specs = _chart_specs(state, figures)
            if not any(spec.metric == _DURATION for spec in specs):
                specs += (runs,)
            return "", _drawn(specs, figures)
        except Exception as error:
            # The rim: somebody else's kind, of which the other checks must not suffer.
            fault = _fault(state, "tell its charts", error)
            if self._tell(state, fault):
                log.exception("the kind %s failed", state.spec.kind)
            return fault, _drawn([runs], figures)

    def _tell(self, state: CheckState, fault: str) -> bool:
        """Have ``fault`` told as an event, the first time that it comes. Whether it is that."""
        name = state.spec.name
        what = fault.partition(":")[0]
        new = (name, what) not in self._blamed
        if new:
            self._blamed.add((name, what))
            self._faults.append((name, fault))
        return new

    def new_faults(self) -> list[tuple[str, str]]:
        """Check and sentence of what kinds failed to do, each once."""
        fresh, self._faults = self._faults, []
        return fresh

    def _sample_lines(self, result: Result, hidden: Sequence[str]) -> tuple[tuple[str, float], ...]:
        """The samples of ``result`` as text, made once: a page of metrics has thousands."""
        known = self._samples
        if known is None or known[0] is not result:
            known = self._samples = (result, sample_lines(result.samples, hidden))
        return known[1]

    def _details(self, now: float, focus: str) -> CheckDetails | None:
        state = next((one for one in self._states if one.spec.name == focus), None)
        if state is None:
            return None
        result = state.result
        fault, charts = self._charts(state, Window(self._store, focus, now, CHART_SECONDS))
        facts = result.facts if result else ()
        hidden = ("job", "instance", *state.spec.labels)
        return CheckDetails(
            check=focus,
            charts=charts,
            results=tuple(reversed(state.results)),
            phases=result.phases if result else (),
            facts=(*facts, ("its charts", fault)) if fault else facts,
            tables=result.tables if result else (),
            samples=self._sample_lines(result, hidden) if result else (),
            raw=result.raw if result else "",
            events=tuple(reversed(state.events)),
            asked=state.asked,
        )


def _fault(state: CheckState, what: str, error: Exception) -> str:
    """The sentence for a kind that failed to do ``what``."""
    said = f"{type(error).__name__}: {clean(str(error), 200)}".rstrip(": ")
    return f"the kind {state.spec.kind} failed to {what}: {said}"


def _chart_specs(state: CheckState, figures: Window) -> tuple[ChartSpec, ...]:
    own, config = kind(state.spec.kind), state.spec.config
    return (*checked_charts(own.charts(config)), *checked_charts(own.curves(config, figures)))


def _drawn(specs: Iterable[ChartSpec], figures: Window) -> tuple[Chart, ...]:
    return tuple(found for spec in specs if (found := chart(spec, figures)))


def _queues(view: CheckView, figures: Window) -> tuple[QueueView, ...]:
    return queue_views(view, figures) if view.queues or tells_of_queues(figures) else ()


def _processes(tables: tuple[Table, ...]) -> Table | None:
    return next((table for table in tables if table.title == "processes"), None)


def _requests(state: CheckState, window: float) -> tuple[RequestView, ...]:
    told, result = state.requests, state.result
    if told is None or result is None:
        return ()
    silent = None if result.requests is told else told.at
    stats = told.stats(window) if isinstance(told, RequestFigures) else told
    return (RequestView(state.spec.name, stats.window(window), stats, silent),)
