"""A made-up night of twenty checks with a past, for the services screen; frozen in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from checks.alerts.of_checks import alerts_of
from checks.model import Status
from checks.outcomes import Outcomes
from checks.records import RecordView
from checks.views import CheckView, PartView, Snapshot
from tests.widgets import samples
from tests.widgets.curves import NAN, NOW, ramp, wave

__all__ = ["many_services", "record", "service_night"]

INTERVAL = 5.0
OK, WARNING, UNKNOWN, CRITICAL = Status.OK, Status.WARNING, Status.UNKNOWN, Status.CRITICAL
Past = Sequence[tuple[Status | None, float, str]]
"""Status, seconds it lasted, and its sentence; None where nothing ran."""


def record(past: Past) -> RecordView:
    """The record of a check whose past ended now."""
    outcomes = Outcomes(INTERVAL)
    at = NOW - sum(seconds for _, seconds, _ in past)
    for status, seconds, message in past:
        for _ in range(round(seconds / INTERVAL)):
            at += INTERVAL
            if status is not None:
                outcomes.add(at, status, message)
    return outcomes.record(NOW)


def _with(view: CheckView, past: Past, env: str = "prod", needs: tuple[str, ...] = ()) -> CheckView:
    labels = {"env": env, "team": "shop" if "e" in view.name else "platform"}
    return replace(view, record=record(past), labels=labels, depends_on=needs)


def _fine(name: str, kind: str = "http", env: str = "prod", **more: object) -> CheckView:
    needs = more.pop("needs", ())
    made = samples.check(name, kind=kind, **more)  # type: ignore[arg-type]
    return _with(made, ((OK, 4000, ""),), env, needs)  # type: ignore[arg-type]


def _gateway() -> CheckView:
    degraded = 'HTTP 503 after 231 ms: status is "degraded", expected "healthy"'
    parts = (
        samples.part("database", CRITICAL, "refused", "connection refused", 134),
        samples.part("providers", WARNING, "2 of 3", "anthropic answers slowly", 545),
        samples.part("cache", OK, "connected"),
        samples.part("disk", OK, "41 %"),
    )
    view = samples.check(
        "gateway",
        CRITICAL,
        value="503",
        message=degraded,
        duration=0.231,
        history=ramp(60, 0.03, 0.24),
        ago=134,
        up=True,
        reason="expectation",
        runbook="gateway-down",
        parts=parts,
    )
    past = (
        (OK, 1500, ""),
        (CRITICAL, 65, "HTTP 502 after 3 ms: expected 200"),
        (OK, 1300, ""),
        (WARNING, 410, ""),
        (CRITICAL, 135, degraded),
    )
    return _with(view, past, needs=("gateway db", "cache"))


def _ill() -> tuple[CheckView, ...]:
    refused = "connection to 127.0.0.1:3306 refused: is the server running?"
    database = samples.check(
        "gateway db", CRITICAL, kind="mysql", value="down", message=refused, duration=None,
        history=(*wave(33, 0.0008, 0.0012), *(NAN,) * 27), ago=140, reason="refused",
    )  # fmt: skip
    token = "HTTP 401 after 9 ms: give a bearer token as auth.token"
    billing = samples.check(
        "billing", UNKNOWN, value="", message=token, duration=0.009, up=True, reason="auth"
    )
    memory = "91 % of maxmemory used (58 MB of 64 MB)"
    cache = samples.check(
        "cache", WARNING, kind="redis", value="up", message=memory, duration=0.0011,
        history=wave(60, 0.0008, 0.0014), ago=545, up=True, reason="limit",
        parts=(samples.part("memory", WARNING, "91 %", "58 MB of 64 MB", 545),),
    )  # fmt: skip
    silent = "no result for 40 s; last known: 4.2 MB, integrity checked"
    export = samples.check(
        "nightly export", Status.STALE, kind="sqlite", message=silent, ago=40, up=True
    )
    return (
        _gateway(),
        _with(database, ((OK, 3000, ""), (CRITICAL, 140, refused)), needs=("web-1",)),
        _with(billing, ((UNKNOWN, 3700, token),), needs=("gateway",)),
        _with(cache, ((OK, 3100, ""), (WARNING, 545, memory)), needs=("web-1",)),
        _with(export, ((OK, 2400, ""), (None, 900, ""), (OK, 600, ""))),
    )


def _well() -> tuple[CheckView, ...]:
    flapping = samples.check("search", duration=0.02, history=wave(60, 0.01, 0.05), ago=310)
    past: list[tuple[Status | None, float, str]] = [(OK, 600, "")]
    for _ in range(6):
        past += [(CRITICAL, 15, "no answer from 127.0.0.1:9200 within 3 s"), (OK, 310, "")]
    young = samples.check("new shop", duration=0.03, ago=720)
    return (
        _with(flapping, past),
        _with(young, ((OK, 600, ""), (CRITICAL, 10, "HTTP 500"), (OK, 110, "")), "stage"),
        _fine("api", needs=("gateway",), duration=0.012),
        _fine("web", needs=("api",), duration=0.041, history=wave(60, 0.03, 0.06)),
        _fine("shop", needs=("api", "shop db"), duration=0.12, history=wave(60, 0.09, 0.14)),
        _fine("shop db", "postgres", duration=0.0006, value="up", needs=("web-1",)),
        _fine("ledger", "sqlite", duration=0.0004, value="812 kB"),
        _fine("mail relay", "tcp", duration=0.002, value="open"),
        _fine("staging api", env="stage", duration=0.016),
        _fine("staging web", env="stage", duration=0.052, needs=("staging api",)),
        _fine("staging db", "postgres", env="stage", duration=0.0009, value="up"),
        _fine("web-1", "host", duration=0.018, value="71 %"),
        samples.check(
            "new one", Status.WAITING, value="", duration=None, history=(),
            message="waiting for the first result",
        ),
    )  # fmt: skip


def service_night() -> Snapshot:
    """Some are ill, some were, one is new; who depends on whom."""
    checks = (*_ill(), *_well())
    return replace(samples.bad_night(), checks=checks, alerts=alerts_of(checks), window=3600.0)


def many_services(count: int, now: float = NOW) -> Snapshot:
    """``count`` checks, one in fifty of them down."""
    down = record(((OK, 900, ""), (CRITICAL, 300, "refused")))
    fine = record(((OK, 1200, ""),))
    parts: tuple[PartView, ...] = ()
    checks = tuple(
        replace(
            samples.check(
                f"service {place:04}", CRITICAL if place % 50 == 0 else OK, parts=parts, ago=300
            ),
            record=fine if place % 50 else down,
        )
        for place in range(count)
    )
    worst = tuple(sorted(checks, key=lambda check: -check.status.severity))
    return replace(samples.bad_night(), time=now, checks=worst, alerts=alerts_of(worst))
