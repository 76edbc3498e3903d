"""What somebody looks at besides the panes: a query, log records, a dashboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checks.dashboards.live import StandingDashboard
    from checks.dashboards.model import Dashboard
    from checks.logs.live import StandingLogs
    from checks.logs.views import LogsWanted
    from checks.probe import ProbeEnv
    from checks.rules.asking import StandingQuery
    from checks.rules.views import Pairs
    from checks.state import CheckState
    from checks.store.store import Store
    from checks.views import Snapshot

__all__ = ["Looking"]


class Looking:
    """One of each at most; what answers it is imported when somebody looks, and ends with that."""

    def __init__(self) -> None:
        self._query: StandingQuery | None = None
        self._logs: StandingLogs | None = None
        self._dashboard: StandingDashboard | None = None

    def query(self, text: str | None, seconds: float, about: Pairs = ()) -> None:
        """Look at what the expression ``text`` comes to; at nothing any more for None.

        ``seconds`` is how far back its curves go, ``about`` whose curve is wanted.
        """
        if text is None:
            self._query = None
            return
        from checks.rules.asking import StandingQuery  # noqa: PLC0415 - where somebody asks

        self._query = StandingQuery(text, seconds, about)

    def logs(self, wanted: LogsWanted | None) -> None:
        """Look at the records ``wanted``; at none any more for None."""
        if wanted is None:
            self._logs = None
            return
        from checks.logs.live import StandingLogs  # noqa: PLC0415 - where somebody looks

        self._logs = StandingLogs(wanted)

    def dashboard(
        self,
        dashboards: Sequence[Dashboard],
        name: str | None,
        span: float,
        chosen: Mapping[str, tuple[str, ...]],
        *,
        env: ProbeEnv,
        publish: Callable[[], None],
    ) -> None:
        """Look at that one of ``dashboards`` over ``span`` seconds; at none any more for None."""
        if self._dashboard is not None:
            self._dashboard.close()
            self._dashboard = None
        if name is None:
            return
        from checks.dashboards.live import StandingDashboard  # noqa: PLC0415 - where it is shown

        self._dashboard = StandingDashboard(
            dashboards, name, span, chosen, env=env, publish=publish
        )

    def go_on(
        self, dashboards: Sequence[Dashboard], *, env: ProbeEnv, publish: Callable[[], None]
    ) -> None:
        """Look at what was looked at, with another configuration's dashboards."""
        held = self._dashboard
        if held is not None:
            self.dashboard(dashboards, held.name, held.span, held.chosen, env=env, publish=publish)

    def into(
        self, picture: Snapshot, store: Store, states: Mapping[str, CheckState], now: float
    ) -> Snapshot:
        """``picture`` with what is looked at."""
        if self._query is not None:
            picture = replace(picture, query=self._query.view(store, now))
        if self._logs is not None:
            picture = replace(picture, logs=self._logs.view(states, now))
        if self._dashboard is not None:
            picture = replace(picture, dashboard=self._dashboard.view(store, states, now))
        return picture

    @property
    def closer(self) -> bool:
        """Whether anything is looked at."""
        return any(one is not None for one in (self._query, self._logs, self._dashboard))

    @property
    def waiting(self) -> bool:
        """Whether there is more to come of a dashboard without anything new to show."""
        return self._dashboard is not None and self._dashboard.waiting

    def close(self) -> None:
        """End what runs for it."""
        if self._dashboard is not None:
            self._dashboard.close()
