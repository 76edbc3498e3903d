"""A story to draw: an incident that lasts, one that was, and what happened in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from checks.model import Status
from checks.story import telling
from checks.story.model import Entry, EntryKind, Incident
from checks.story.views import StoryView
from checks.views import AlertView, Snapshot
from tests.widgets import samples

__all__ = ["NOW", "eventful_night", "incidents", "story"]

NOW = samples.NOW


def _alert(name: str, check: str, ago: float, sentence: str, status: Status) -> AlertView:
    labels = (("job", check), ("severity", status.value))
    return AlertView(
        f"g;{name};ab;1@{NOW - ago:.0f}000",
        name,
        check,
        status,
        NOW - ago,
        sentence,
        rule=f"g;{name};ab;1",
        labels=labels,
    )


def incidents() -> tuple[Incident, ...]:
    """The newest first: one that lasts, one that may come back, one of yesterday."""
    return (
        Incident(
            12,
            "MySQLConnections: 98 % of max_connections are used (147 of 150)",
            "MySQLConnections",
            Status.CRITICAL,
            NOW - 480,
            acknowledged=NOW - 355,
            acknowledged_by="alice",
            alerts=(_alert("MySQLConnections", "gateway", 480, "", Status.CRITICAL).id,),
            severity="critical",
            checks=("gateway", "api"),
        ),
        Incident(
            11,
            "QueueBacklog: 1,204 items wait in the queue default",
            "QueueBacklog",
            Status.WARNING,
            NOW - 3000,
            severity="warning",
            checks=("cache",),
            quiet=NOW - 60,
        ),
        Incident(
            10,
            "db down: connection to 10.0.0.5:5432 refused",
            "db down",
            Status.CRITICAL,
            NOW - 90_000,
            ended=NOW - 88_200,
            severity="P1",
            checks=("db",),
        ),
    )


def story() -> StoryView:
    """Entries of all kinds, the newest first."""
    full = _alert(
        "MySQLConnections",
        "gateway",
        480,
        "98 % of max_connections are used (147 of 150)",
        Status.CRITICAL,
    )
    errors = _alert("HighErrorRate", "api", 460, "41 % of requests fail", Status.CRITICAL)
    backlog = _alert("QueueBacklog", "cache", 3000, "1,204 items wait", Status.WARNING)
    step: dict[str, Any] = {"alert": full.id, "check": "gateway", "who": "alice"}
    name, out = "mysql-connections", ("42  shop  Sleep  1800", "1 row")
    shows = "SELECT id, user, command, time FROM information_schema.processlist"
    mine = [
        telling.fired(full),
        telling.fired(replace(errors, cause="gateway")),
        Entry(
            NOW - 355,
            EntryKind.ACKNOWLEDGED,
            "MySQLConnections acknowledged: on it",
            alert=full.id,
            name="MySQLConnections",
            check="gateway",
            who="alice",
        ),
        telling.step_began(
            NOW - 300, "1", name, "who-holds-them", command=shows, safe=True, **step
        ),
        telling.step_ended(
            NOW - 298, "1", name, "who-holds-them", exit_code=0, said="", output=out, **step
        ),
        telling.step_began(NOW - 240, "2", name, "end-idle", command="KILL 42", **step),
        telling.step_ended(
            NOW - 239,
            "2",
            name,
            "end-idle",
            exit_code=1,
            said="",
            output=("ERROR 1227 (42000): Access denied",),
            **step,
        ),
        telling.note("root cause: the pool of 1.2.3 never gives back", NOW - 100, "alice"),
    ]
    others = [
        replace(telling.fired(backlog), incident=11),
        replace(telling.resolved(backlog, NOW - 60, "it is no longer there"), incident=11),
        Entry(NOW - 720, EntryKind.DEPLOYMENT, "version 1.2.3 (was 1.2.2)", check="api"),
        Entry(NOW - 1500, EntryKind.RELOAD, "configuration reloaded: 12 checks"),
        Entry(NOW - 2000, EntryKind.GAP, "onwatch stood still for 3 min: no check ran"),
        Entry(NOW - 2500, EntryKind.SILENCED, 'silenced: job="backup"', who="bob"),
        Entry(NOW - 5000, EntryKind.SESSION, "onwatch began to watch"),
    ]
    entries = [replace(one, incident=12) for one in mine] + others
    newest = tuple(sorted(entries, key=lambda one: -one.at))
    return StoryView(incidents=incidents(), entries=newest)


def eventful_night() -> Snapshot:
    """A picture with all of that."""
    return replace(samples.bad_night(), story=story())
