"""Logs to draw: three checks, lines of all levels, patterns, and what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from checks.logs.filters import FilterError, compiled
from checks.logs.model import Level, Record, Value
from checks.logs.views import LogLine, LogSource, LogsView, LogsWanted, PatternView
from checks.model import Status
from checks.views import CheckView, Snapshot
from tests.widgets import samples

__all__ = ["NOW", "TRACE", "log_checks", "log_lines", "log_night", "logs", "logs_later", "record"]

NOW = samples.NOW
TRACE = """Illuminate\\Database\\QueryException: SQLSTATE[HY000] [2002] Connection refused
#0 /var/www/vendor/laravel/framework/src/Illuminate/Database/Connection.php(822): run()
#1 /var/www/app/Jobs/ProcessCall.php(57): App\\Jobs\\ProcessCall->lookUp()
#2 {main}"""
_STEPS: tuple[tuple[Level, str, dict[str, Value]], ...] = (
    (Level.INFO, "call accepted", {"user_id": 7.0, "request_id": "9f3a"}),
    (Level.INFO, "answered by openai in 412 ms", {"provider": "openai", "duration_ms": 412.0}),
    (Level.DEBUG, "cache miss for oauth:token:7", {}),
    (Level.WARNING, "slow query took 1840 ms", {"user_id": 7.0, "sql": "SELECT * FROM calls"}),
    (Level.INFO, "call accepted", {"user_id": 12.0, "request_id": "b771"}),
    (Level.NOTICE, "worker restarted", {}),
)


def record(number: int, time: float, level: Level | None, message: str, **more: object) -> Record:
    """A record as a log check would make it."""
    return Record(number, time, level, message, **more)  # type: ignore[arg-type]  # as given


def log_lines(count: int = 120, until: float = NOW) -> tuple[LogLine, ...]:
    """``count`` lines, one each half a second, the newest at ``until``."""
    made = []
    for number in range(count):
        at = until - (count - 1 - number) * 0.5
        if number % 20 == 19:
            trace = TRACE.replace("57", str(number))
            one = record(
                number,
                at,
                Level.ERROR,
                trace.partition("\n")[0],
                source="/var/www/storage/logs/laravel.log",
                text=trace,
                fields={"exception": "QueryException", "user_id": 7.0},
                patterns=("database-down",),
            )
            made.append(LogLine("laravel", one))
        elif number % 7 == 6:
            status = 502.0 if number % 3 == 0 else 200.0
            level = Level.ERROR if status >= 500 else Level.INFO
            said = f'10.0.0.{number % 20} "POST /api/calls" {status:.0f} 0.231'
            fields: dict[str, Value] = {"status": status, "method": "POST", "path": "/api/calls"}
            one = record(number, at, level, said, source="access.log", fields=fields)
            made.append(LogLine("nginx", one))
        else:
            level, message, more = _STEPS[number % len(_STEPS)]
            one = record(number, at, level, message, source="api.json", fields=more)
            made.append(LogLine("api-log", one))
    return tuple(made)


def _sources(lines: tuple[LogLine, ...]) -> tuple[LogSource, ...]:
    named = {
        "api-log": (Status.OK, ("/srv/api/api.json",), 1.6, ""),
        "nginx": (Status.OK, ("/var/log/nginx/access.log", "/var/log/nginx/error.log"), 0.3, ""),
        "laravel": (
            Status.WARNING,
            ("/var/www/storage/logs/laravel.log",),
            0.1,
            "/var/www/storage/logs/worker.log cannot be read: permission denied",
        ),
    }
    made = []
    for check, (status, files, rate, note) in named.items():
        own = [one.record for one in lines if one.check == check]
        levels: dict[Level, int] = {}
        for each in own:
            if each.level is not None:
                levels[each.level] = levels.get(each.level, 0) + 1
        since = own[0].time if own else None
        made.append(LogSource(check, status, files, rate, 60.0, len(own), since, levels, note))
    return tuple(made)


def _patterns() -> tuple[PatternView, ...]:
    course = (0.0, 0.0, 1.0, 0.0, 2.0, 4.0, 7.0, 12.0, 9.0, 12.0)
    return (
        PatternView(
            "laravel",
            "database-down",
            Status.CRITICAL,
            12.0,
            60,
            300.0,
            NOW - 3,
            "critical above 10/min",
            course,
        ),
        PatternView("api-log", "slow-query", Status.OK, 0.4, 2, 300.0, NOW - 130, "", course[:5]),
        PatternView("nginx", "injection", Status.OK, 0.0, 0, 600.0, None, "warning above 0/min"),
    )


def logs(wanted: LogsWanted, lines: tuple[LogLine, ...] | None = None) -> LogsView:
    """What ``wanted`` comes to, of ``lines``."""
    held = log_lines() if lines is None else lines
    fits: Callable[[Record], bool] = lambda _: True  # noqa: E731 - until there is another
    error = ""
    if wanted.text.strip():
        try:
            fits = compiled(wanted.text)
        except FilterError as wrong:
            error = str(wrong)
    found = [one for one in held if _wants(wanted, one) and fits(one.record)]
    return LogsView(
        wanted,
        tuple(found[-wanted.most :]),
        len(found),
        _sources(held),
        _patterns(),
        error,
    )


def _wants(wanted: LogsWanted, one: LogLine) -> bool:
    level, at = one.record.level, one.record.time
    return (
        (not wanted.checks or one.check in wanted.checks)
        and (wanted.level is None or level is None or level >= wanted.level)
        and (not wanted.pattern or wanted.pattern in one.record.patterns)
        and (wanted.since is None or at >= wanted.since)
        and (wanted.until is None or at <= wanted.until)
    )


def logs_later(view: LogsView) -> LogsView:
    """A second later: two more lines, numbered on."""
    last = view.lines[-1].record if view.lines else record(0, NOW, None, "")
    more = [
        LogLine("api-log", replace(last, number=last.number + 1000 + i, time=last.time + 0.4))
        for i in range(2)
    ]
    lines = (*view.lines, *more)[-view.wanted.most :]
    return replace(view, lines=lines, total=view.total + 2)


def log_checks() -> tuple[CheckView, ...]:
    """The checks that read them; ``api-log`` belongs to ``api``."""
    note = "3 lines a minute match database-down; worker.log cannot be read: permission denied"
    return (
        samples.check("laravel", Status.WARNING, kind="log", value="0.1/s", message=note, up=True),
        samples.check("api-log", kind="log", value="1.6/s", message="1.6 lines/s of 1 file"),
        samples.check(
            "nginx", kind="log", value="0.3/s", message="0.3 lines/s of 2 files",
            depends_on=("gateway",),
        ),
    )  # fmt: skip


def log_night() -> Snapshot:
    """A bad night with logs; the lines come once they are asked for."""
    night = samples.bad_night()
    return replace(night, checks=(*night.checks, *log_checks()))
