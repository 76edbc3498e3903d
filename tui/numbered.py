"""The screens on keys of their own (``2`` to ``9``, ``D``, ``W``), and where their classes are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["NUMBERED", "Numbered"]


@dataclass(frozen=True, slots=True)
class Numbered:
    """The screen on ``key``; ``app.<name>`` is the id of that key.

    ``module`` and ``screen`` name its class, a :class:`tui.screens.opened.NumberedScreen`,
    which is imported when it is first opened.
    """

    key: str
    name: str
    title: str
    module: str
    screen: str


NUMBERED: Final[tuple[Numbered, ...]] = (
    Numbered("2", "services", "Services", "tui.screens.services", "ServicesScreen"),
    Numbered("3", "databases", "Databases", "tui.screens.databases", "DatabasesScreen"),
    Numbered("4", "requests", "Requests", "tui.screens.requests", "RequestsScreen"),
    Numbered("5", "queues", "Queues", "tui.screens.queues", "QueuesScreen"),
    Numbered("6", "host", "Host", "tui.screens.host", "HostScreen"),
    Numbered("7", "alerts", "Alerts", "tui.screens.alerts", "AlertsScreen"),
    Numbered("8", "logs", "Logs", "tui.screens.logs", "LogsScreen"),
    Numbered("9", "timeline", "Timeline", "tui.screens.timeline", "TimelineScreen"),
    Numbered("D", "dashboards", "Dashboards", "tui.screens.dashboard", "DashboardsScreen"),
    Numbered("W", "wall", "Wall", "tui.screens.wall", "WallScreen"),
)
