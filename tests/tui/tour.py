"""A way through all screens, and a picture that has something for each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from checks.views import Points, Snapshot
from tests.widgets import sample_alerts, sample_dashboards, samples
from tests.widgets.sample_hosts import host_detail
from tests.widgets.sample_logs import log_checks, logs_later
from tests.widgets.sample_stories import story
from tui.numbered import NUMBERED

__all__ = ["TOUR", "everything", "later"]

TOUR: Final[dict[str, tuple[str, ...]]] = {
    "overview": (),
    "details": ("enter",),
    "help": ("escape", "question_mark"),
    "palette": ("escape", "colon"),
    **{each.name: ("escape", each.key) for each in NUMBERED},
}
"""The keys from each screen to the next, in this order."""


def everything(**changes: Any) -> Snapshot:
    """A bad night of services, requests, databases, queues, the host, rules, incidents, logs, and
    dashboards.
    """
    made = replace(samples.database_night(), requests=samples.request_night().requests)
    made = replace(made, checks=(*made.checks, *log_checks()))
    boards = (sample_dashboards.NAMES, sample_dashboards.gateway())
    made = replace(made, dashboards=boards[0], dashboard=boards[1])
    made = replace(made, host=host_detail(), rules=sample_alerts.rules(), story=story())
    return replace(made, **changes)


def later(picture: Snapshot) -> Snapshot:
    """``picture`` a second later: every figure and every curve is another."""
    return replace(
        picture,
        time=picture.time + 1,
        checks=tuple(
            replace(
                check,
                duration=None if check.duration is None else check.duration * 1.03,
                history=_shifted(check.history),
            )
            for check in picture.checks
        ),
        queues=tuple(
            replace(
                queue,
                size=None if queue.size is None else queue.size + 7,
                history=_shifted(queue.history),
            )
            for queue in picture.queues
        ),
        hosts=tuple(
            replace(
                host,
                cpu_history=_shifted(host.cpu_history),
                memory_history=_shifted(host.memory_history),
            )
            for host in picture.hosts
        ),
        logs=None if picture.logs is None else logs_later(picture.logs),
        dashboard=sample_dashboards.later(picture.dashboard),
    )


def _shifted(history: Points) -> Points:
    return (*history[1:], history[0] * 1.3) if history else history
