"""A hand-made bad night, frozen in time, for tests and screenshots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from checks.model import Status
from checks.requests.stats import WINDOWS, BreakdownRow, RequestStats, WindowStats
from checks.views import (
    AlertView,
    CheckView,
    EngineHealth,
    FilesystemView,
    HostView,
    PartView,
    Points,
    QueueView,
    RequestView,
    Snapshot,
)
from tests.widgets.curves import NAN, NOW, ramp, wave
from tests.widgets.sample_databases import database_checks, databases
from tests.widgets.sample_details import details, events, processes
from tests.widgets.sample_hosts import HUNG, host_detail

__all__ = [
    "NOW",
    "all_quiet",
    "bad_night",
    "check",
    "database_night",
    "details",
    "empty",
    "host",
    "host_night",
    "part",
    "queue",
    "request_night",
    "requests",
    "window",
]


def part(
    name: str, status: Status = Status.OK, value: str = "", message: str = "", ago: float = 7200
) -> PartView:
    return PartView(name, status, message, value, NOW - ago)


def check(
    name: str,
    status: Status = Status.OK,
    *,
    kind: str = "http",
    value: str = "200",
    message: str = "",
    duration: float | None = 0.012,
    history: Points | None = None,
    parts: Iterable[PartView] = (),
    ago: float = 7200,
    address: str = "",
    up: bool | None = None,
    reason: str | None = None,
    depends_on: tuple[str, ...] = (),
    runbook: str = "",
) -> CheckView:
    """A check that is fine unless told otherwise."""
    fine = status is Status.OK
    return CheckView(
        name=name,
        kind=kind,
        address=address or f"{kind}://127.0.0.1/{name}",
        instance="127.0.0.1:8000",
        status=status,
        since=NOW - ago,
        message=message or (f"answered {value}" if fine else "no answer within 3 s"),
        reason=reason or ("ok" if fine else "timeout"),
        value=value,
        duration=duration,
        history=wave(60, 0.008, 0.016) if history is None else history,
        parts=tuple(parts),
        last_run=None if status is Status.WAITING else NOW - 2,
        interval=5.0,
        up=fine if up is None else up,
        labels={"env": "prod"},
        depends_on=depends_on,
        runbook=runbook,
    )


def _night_checks() -> tuple[CheckView, ...]:
    degraded = 'HTTP 503 after 231 ms: status is "degraded", expected "healthy"'
    return (
        check(
            "gateway",
            Status.CRITICAL,
            value="503",
            message=degraded,
            duration=0.231,
            history=ramp(60, 0.03, 0.24),
            ago=134,
            up=True,
            reason="expectation",
            runbook="gateway-down",
            parts=(
                part("database", Status.CRITICAL, "refused", "connection refused", 134),
                part("cache", Status.OK, "connected"),
            ),
        ),
        check(
            "search",
            Status.CRITICAL,
            kind="tcp",
            value="down",
            message="connection to 127.0.0.1:9200 refused: is the server running?",
            duration=None,
            history=(*wave(40, 0.001, 0.002), *(NAN,) * 20),
            ago=61,
            reason="refused",
        ),
        check(
            "billing",
            Status.UNKNOWN,
            value="",
            message="HTTP 401 after 9 ms: give a bearer token as auth.token",
            duration=0.009,
            ago=7200,
            up=True,
            reason="auth",
        ),
        check(
            "cache",
            Status.WARNING,
            kind="redis",
            value="up",
            message="91 % of maxmemory used (58 MB of 64 MB)",
            duration=0.0011,
            history=wave(60, 0.0008, 0.0014),
            ago=545,
            up=True,
            reason="limit",
            parts=(
                part("replica", Status.OK, "lag 0 s"),
                part("memory", Status.WARNING, "91 %", "58 MB of 64 MB", 545),
            ),
        ),
        check("nightly export", Status.STALE, kind="sqlite", value="4.2 MB", ago=40, up=True),
        check("api", value="200", duration=0.012),
        check("web", value="200", duration=0.041, history=wave(60, 0.03, 0.06)),
        check("東京 api", value="200", duration=1.21, history=wave(60, 0.9, 1.4)),
        check("ledger", kind="sqlite", value="812 kB", duration=0.0004),
        check("web-1", kind="host", value="71 %", duration=0.018, history=wave(60, 0.015, 0.02)),
        check(
            "new one",
            Status.WAITING,
            value="",
            duration=None,
            history=(),
            message="waiting for the first result",
        ),
    )


def window(seconds: float = 60.0, **changes: object) -> WindowStats:
    """A minute of a busy service with one provider in trouble."""
    count = int(128 * seconds)
    errors = int(count * 0.062)
    rows = (
        BreakdownRow("openai", int(count * 0.61), 0.61, 0.002, 0.61),
        BreakdownRow("anthropic", int(count * 0.30), 0.30, 0.198, 2.31),
        BreakdownRow("local", int(count * 0.09), 0.09, 0.0, 0.05),
    )
    made = WindowStats(
        seconds=seconds,
        covered=seconds,
        count=count,
        rate=128.0,
        errors=errors,
        error_ratio=0.062,
        by_class=(("2xx", count - errors), ("5xx", errors)),
        minimum=0.002,
        mean=0.13,
        maximum=4.9,
        p50=0.041,
        p95=0.812,
        p99=2.31,
        breakdown=(("provider", rows),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def requests(name: str = "gateway log", **changes: object) -> RequestView:
    """Requests of one source; ``changes`` to its window."""
    windows = tuple(window(seconds, **changes) for seconds in WINDOWS)
    stats = RequestStats(
        at=NOW,
        windows=windows,
        step=2.5,
        rates=wave(1439, 60, 150, 170),
        error_ratios=(*(0.002,) * 1375, *wave(64, 0.02, 0.08, 54)),
        p95s=(*wave(1300, 0.25, 0.35, 90), *ramp(139, 0.3, 0.812)),
    )
    return RequestView(name, windows[0], stats)


def queue(
    name: str,
    size: float | None,
    *,
    status: Status = Status.OK,
    growth: float | None = 0.0,
    failed: float | None = 0.0,
    processing: float | None = 0.0,
    history: Points | None = None,
    source: str = "cache",
) -> QueueView:
    points = tuple([size if size is not None else NAN] * 60) if history is None else history
    return QueueView(source, name, size, processing, failed, growth, points, status)


def _quiet_requests() -> RequestView:
    """A second source, in which nothing is wrong."""
    rows = (
        BreakdownRow("/", 520, 0.7, 0.0, 0.03),
        BreakdownRow("/cart", 224, 0.3, 0.0, 0.09),
    )
    view = requests(
        "web log",
        rate=12.4,
        count=744,
        errors=0,
        error_ratio=0.0,
        by_class=(("2xx", 744),),
        p50=0.012,
        p95=0.061,
        p99=0.094,
        breakdown=(("route", rows),),
    )
    quiet = replace(
        view.stats,
        rates=wave(1439, 8, 14, 240),
        error_ratios=(0.0,) * 1439,
        p95s=wave(1439, 0.05, 0.07, 130),
    )
    return replace(view, stats=quiet)


def _night_queues() -> tuple[QueueView, ...]:
    return (
        queue(
            "default",
            1204,
            status=Status.WARNING,
            growth=38.2,
            failed=3,
            processing=8,
            history=ramp(60, 200, 1204),
        ),
        queue("emails", 12, growth=-0.4, processing=2, history=wave(60, 4, 20)),
        queue("reports", 0, growth=0.0),
        queue("exports", None, growth=None, failed=None, processing=None),
    )


def host(name: str = "web-1", **changes: object) -> HostView:
    """A machine that is busy and short of disk."""
    made = HostView(
        check=name,
        name=name,
        status=Status.OK,
        cores=2,
        cpu=0.71,
        modes={"user": 0.52, "system": 0.14, "iowait": 0.05, "idle": 0.29},
        load=(3.1, 2.4, 1.9),
        memory=0.62,
        memory_total=8.2e9,
        memory_available=3.1e9,
        swap=0.04,
        pressure={"cpu": 0.123, "memory": 0.0, "io": 0.0212},
        filesystems=(
            FilesystemView("/", 0.41, 42e9, 24.8e9, 0.12, readonly=False),
            FilesystemView("/var", 0.91, 120e9, 10.8e9, 0.34, readonly=False),
            FilesystemView("/mnt/backup", 0.555, 900e9, 400e9, None, readonly=True),
        ),
        disk_read=1.2e6,
        disk_written=8.4e6,
        received=2.1e6,
        sent=340e3,
        network_errors=0.0,
        cpu_history=wave(60, 0.4, 0.8),
        memory_history=wave(60, 0.58, 0.63, 40),
        received_history=wave(60, 1e6, 2.5e6),
        sent_history=wave(60, 2e5, 4e5),
        processes=processes(),
        boot_time=NOW - 3.2 * 86400,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def _night_alerts(checks: Iterable[CheckView]) -> tuple[AlertView, ...]:
    bad = (Status.CRITICAL, Status.WARNING, Status.UNKNOWN, Status.STALE)
    return tuple(
        AlertView(
            id=f"{view.name}@{view.since:.0f}",
            name=view.name,
            check=view.name,
            status=view.status,
            since=view.since,
            sentence=view.message,
            cause="gateway" if view.name == "billing" else "",
            runbook=view.runbook,
        )
        for view in checks
        if view.status in bad
    )


def health(**changes: object) -> EngineHealth:
    made = EngineHealth(
        checks=11,
        runs=15_204,
        late=2,
        skipped=1,
        lag=0.0012,
        tick=0.0008,
        series=412,
        samples=1_234_567,
        store_bytes=12_345_678,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def bad_night(**changes: object) -> Snapshot:
    """Several things are wrong at once; ``changes`` replace fields of the snapshot."""
    checks = _night_checks()
    made = Snapshot(
        time=NOW,
        hostname="web-1",
        window=60.0,
        checks=checks,
        requests=(requests(), _quiet_requests()),
        queues=_night_queues(),
        hosts=(host(),),
        alerts=_night_alerts(checks),
        events=events(),
        health=health(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def database_night(**changes: object) -> Snapshot:
    """The database servers are in trouble, each in its own way."""
    checks = (*database_checks(), check("api"), check("web", duration=0.041))
    made = bad_night(checks=checks, alerts=_night_alerts(checks), databases=databases())
    return replace(made, **changes)  # type: ignore[arg-type]


def request_night(seconds: float = 60.0, **changes: object) -> Snapshot:
    """The bad night with request logs that the engine has read, over a window of ``seconds``."""
    # numpy and pydantic, which a program that shows other pictures would start without.
    from tests.widgets.sample_requests import gateway_log, view_of, web_log  # noqa: PLC0415

    logs = (
        check("gateway log", kind="sqlite", value="812 kB", duration=0.0004),
        check("web log", kind="sqlite", value="4.2 MB", duration=0.0004),
    )
    made = bad_night(
        checks=(*_night_checks(), *(replace(log, tells_requests=True) for log in logs)),
        requests=(
            view_of("gateway log", gateway_log(), seconds),
            view_of("web log", web_log(), seconds),
        ),
        window=seconds,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def host_night(**changes: object) -> Snapshot:
    """A machine is short of disk, of memory, of everything; another one is well."""
    space = part(
        "disk /var/lib/mysql",
        Status.WARNING,
        "93 %",
        "disk /var/lib/mysql is 93 % full (8.1 GB left)",
        ago=390,
    )
    hung = part("disk /mnt/nas", Status.UNKNOWN, "no answer", HUNG, ago=412)
    checks = (
        check(
            "web-1",
            Status.UNKNOWN,
            kind="host",
            value="cpu 71 %",
            message=f"{HUNG} (and 1 more)",
            parts=(hung, space),
            ago=412,
            up=True,
        ),
        check("web-2", kind="host", value="cpu 4 %", message="cpu 4 % of 2 cores"),
        check("api"),
    )
    made = bad_night(
        checks=checks,
        alerts=_night_alerts(checks),
        hosts=(host(status=Status.UNKNOWN), host("web-2", cpu=0.04)),
        host=host_detail(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def all_quiet(**changes: object) -> Snapshot:
    """Everything is fine."""
    made = bad_night(
        checks=(check("api"), check("web", duration=0.041), check("cache", kind="redis")),
        requests=(_quiet_requests(),),
        queues=(queue("default", 3, history=wave(60, 0, 6)),),
        alerts=(),
        events=(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def empty(**changes: object) -> Snapshot:
    """A snapshot of an engine that has nothing to watch."""
    made = bad_night(checks=(), requests=(), queues=(), hosts=(), alerts=(), events=())
    return replace(made, **changes)  # type: ignore[arg-type]
