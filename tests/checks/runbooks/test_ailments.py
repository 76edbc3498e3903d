"""A check's own alert leads to the runbook for what ails it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.alerts.of_checks import alerts_of
from checks.model import Status
from checks.runbooks.ailments import _ILL, _PARTS, _REASONS, _SILENT, ailments
from checks.runbooks.linking import links
from checks.runbooks.links import built_in_names
from checks.views import CheckView, PartView
from tests.widgets.samples import check


def part(name: str, status: Status = Status.CRITICAL) -> PartView:
    return PartView(name, status, f"{name} is ill", "", 0.0)


def ill(
    kind: str,
    *parts: PartView,
    up: bool = True,
    value: str = "",
    reason: str = "expectation",
    runbook: str = "",
    message: str = "",
) -> CheckView:
    return check(
        "subject",
        Status.CRITICAL,
        kind=kind,
        parts=parts,
        up=up,
        value=value,
        reason=reason,
        runbook=runbook,
        message=message,
    )


@pytest.mark.parametrize(
    ("view", "name"),
    [
        (ill("postgres", part("locks")), "postgres-locks-waited"),
        (ill("postgres", part("connections", Status.OK), part("query")), "postgres-query-long"),
        (ill("postgres", up=False), "postgres-unreachable"),
        (ill("mysql", part("longest query")), "mysql-statement-slow"),
        (ill("mysql", part("longest transaction")), "mysql-transaction-long"),
        (ill("redis", part("queue emails")), "queue-backlog"),
        (ill("redis", part("replicas")), "redis-replica-lost"),
        (ill("redis", part("replica 10.0.0.7:6379")), "redis-replica-lag"),
        (ill("redis", part("clients", Status.WARNING), part("memory")), "redis-memory-high"),
        (
            ill("redis", reason="limit", message="runs a script that does not end"),
            "redis-slow",
        ),
        (
            ill("redis", reason="limit", message="maxclients is reached"),
            "redis-clients-refused",
        ),
        (ill("host", part("disk /var")), "host-disk-full"),
        (ill("http", part("database")), "health-part-failed"),
        (ill("http", value="503"), "http-error-status"),
        (ill("http", value="200", reason="latency"), "http-slow"),
        (ill("http", up=False), "target-down"),
        (ill("tcp", up=False), "target-down"),
        (ill("files", part("readable")), "files-not-as-expected"),
        (ill("files", up=False), "files-not-as-expected"),
        (ill("log", part("panics")), "log-not-as-expected"),
        (ill("host", part("locks"), runbook="queue-stuck"), "queue-stuck"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_ails_a_check_chooses_its_runbook(view: CheckView, name: str) -> None:
    known = links(alerts_of([view]), [view], built_in_names())
    assert set(known.values()) == {name}


@pytest.mark.parametrize("kind", ["tcp", "command", "prometheus", "alertmanager"])
def test_what_answers_is_not_said_to_be_down(kind: str) -> None:
    view = ill(kind, part("something"))
    assert links(alerts_of([view]), [view], built_in_names()) == {}
    assert ailments([view]) != ailments([replace(view, up=False)]), "it is linked anew"


def test_every_runbook_that_is_chosen_is_there() -> None:
    inner = [name for table in (*_PARTS.values(), *_REASONS.values()) for name in table.values()]
    assert {*inner, *_SILENT.values(), *_ILL.values()} <= set(built_in_names())
