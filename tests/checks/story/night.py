"""A night that a report is written of: used-up connections, with all that belongs to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from checks.model import Status
from checks.story import telling
from checks.story.about import about_of
from checks.story.model import Entry, EntryKind, Figure, Incident
from checks.story.report.material import Material
from checks.views import AlertView

__all__ = ["BEGAN", "alert", "material", "night", "step"]

BEGAN = datetime(2026, 1, 31, 2, 5, 7, tzinfo=UTC).timestamp()
ZONE = timezone(timedelta(hours=1), "CET")
KEY = "shop;MySQLConnections;ab12;1"
ID = f'{KEY}@{BEGAN:.0f}000{{job="gateway"}}'


def alert(**more: object) -> AlertView:
    given: dict[str, object] = {
        "id": ID,
        "name": "MySQLConnections",
        "check": "gateway",
        "status": Status.CRITICAL,
        "since": BEGAN,
        "sentence": "98 % of max_connections are used (147 of 150)",
        "rule": KEY,
        "runbook": "runbooks/mysql-connections",
        "labels": (("job", "gateway"), ("severity", "critical")),
    }
    return AlertView(**(given | more))  # type: ignore[arg-type]


def step(
    at: float, run: str, name: str, code: int | None, *output: str, safe: bool = False
) -> list[Entry]:
    """A step that began at ``at`` and ended two seconds later, where ``code`` is one."""
    common = {"alert": ID, "check": "gateway", "who": "alice"}
    book, text = "mysql-connections", "SHOW PROCESSLIST"
    began = telling.step_began(BEGAN + at, run, book, name, command=text, safe=safe, **common)
    if code is None:
        return [began]
    return [
        began,
        telling.step_ended(
            BEGAN + at + 2,
            run,
            "mysql-connections",
            name,
            exit_code=code,
            said="",
            output=output,
            **common,
        ),
    ]


def night() -> list[Entry]:
    """Everything that was told, in no order."""
    errors = alert(
        id=f"log;HighErrorRate;cd34;1@{BEGAN + 20:.0f}000",
        name="HighErrorRate",
        check="api",
        cause="gateway",
        since=BEGAN + 20,
        sentence="41 % of requests fail",
        rule="log;HighErrorRate;cd34;1",
        runbook="",
    )
    return [
        Entry(BEGAN - 240, EntryKind.DEPLOYMENT, "version 1.2.3 (was 1.2.2)", check="api"),
        telling.fired(alert()),
        telling.fired(errors),
        Entry(
            BEGAN + 125,
            EntryKind.ACKNOWLEDGED,
            "MySQLConnections acknowledged: on it",
            alert=ID,
            name="MySQLConnections",
            check="gateway",
            who="alice",
        ),
        *step(180, "9-1", "who-holds-them", 0, "42  shop  Sleep  1800", safe=True),
        *step(240, "9-2", "end-idle", 1, "ERROR 1227 (42000): Access denied"),
        *step(300, "9-3", "raise-limit", 0),
        telling.note("root cause: the pool of 1.2.3 never gives back", BEGAN + 400, "alice"),
        telling.resolved(errors, BEGAN + 420, "it is no longer there"),
        telling.resolved(alert(), BEGAN + 460, "it is no longer there"),
    ]


def material(*more: Entry, lasts: bool = False, **given: object) -> Material:
    """The night as a report's material; ``lasts``: it is not over."""
    incident = Incident(
        12,
        "MySQLConnections: 98 % of max_connections are used (147 of 150)",
        "MySQLConnections",
        Status.CRITICAL,
        BEGAN,
        ended=None if lasts else BEGAN + 460,
        acknowledged=BEGAN + 125,
        acknowledged_by="alice",
        alerts=(ID,),
        severity="critical",
        checks=("gateway", "api"),
    )
    own = [
        Entry(**{name: getattr(one, name) for name in one.__slots__} | {"incident": 12})
        if one.kind is not EntryKind.DEPLOYMENT
        else one
        for one in (*night(), *more)
    ]
    entries = [one for one in own if not lasts or one.after != telling.RESOLVED]
    floor = BEGAN // 60 * 60
    figures = []
    for minute in range(-10, 10):
        bad = 1 <= minute <= 6
        figures.append(
            Figure(12, "requests log", floor + 60 * minute, 0.8 if bad else 0.12, 1200, 490 * bad)
        )
    for at in range(0, 460, 15):
        used = 0.98 if at < 330 else 0.98 - (at - 330) / 200
        figures.append(Figure(12, f'alert {KEY}{{job="gateway"}}', BEGAN + at, used))
    known: dict[str, object] = {
        "incident": incident,
        "entries": about_of(incident, entries, BEGAN + 1000),
        "figures": tuple(figures),
        "now": BEGAN + 3600,
        "zone": ZONE,
        "host": "shop-1",
    }
    return Material(**(known | given))  # type: ignore[arg-type]
