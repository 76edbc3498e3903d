"""What a pane says where it has nothing to show."""

from __future__ import annotations

from typing import Final

from widgets.text import Line, Seg, line, wrap

__all__ = [
    "GATHERING",
    "GONE",
    "WAITING",
    "config_lines",
    "gathering",
    "no_checks",
    "no_dashboards",
    "no_database",
    "no_host",
    "no_log_patterns",
    "no_logs",
    "no_queues",
    "no_requests",
    "no_rules",
    "note",
    "nothing_matches",
    "own_rules",
]

WAITING = "waiting for the first result"
GATHERING = "gathering what is known of this check"
FROZEN = "nothing was gathered of this check before the picture was frozen"
GONE = "this check is no longer configured"

_CHECK: Final = (
    "checks:",
    "  - name: api",
    "    http: http://127.0.0.1:8000/health",
)
_DATABASE: Final = (
    "checks:",
    "  - name: shop",
    "    postgres: postgresql://onwatch@127.0.0.1/shop",
    "  - name: cache",
    "    redis: redis://127.0.0.1:6379/0",
)
_HOST: Final = (
    "checks:",
    "  - {name: this host, host: {}}",
)
_QUEUE: Final = (
    "queues:",
    "  - {name: mail, size: {list: mail}}",
)
_QUEUE_QUERY: Final = (
    "queries:",
    "  - metric: queue_size",
    "    value: n",
    "    labels: [queue]",
    "    sql: SELECT queue, count(*) AS n FROM jobs GROUP BY queue",
)
_REQUEST_LOG: Final = (
    "request_log:",
    "  table: request_logs",
    "  id: id",
    "  time: created_at",
    "  status: status_code",
    "  duration: duration_ms",
)
_REQUEST_LABELS: Final = ("  labels: [provider_id]", "  error: error")
_LOG: Final = (
    "checks:",
    "  - name: app",
    "    log: /var/log/app/*.log",
)
_LOG_PATTERNS: Final = (
    "checks:",
    "  - name: app",
    "    log:",
    "      files: /var/log/app/*.log",
    "      patterns:",
    "        - {name: timeouts, match: timed out, warning: 5/10m}",
)

_DASHBOARDS: Final = (
    "dashboards:",
    "  - name: gateway",
    "    panels:",
    "      - title: requests",
    "        expr: sum(rate(http_requests_total[5m]))",
    "        unit: /s",
)
_RULES: Final = (
    "rules:",
    "  packs: [all]",
    "  files: [rules/*.yml]",
)


def gathering(*, frozen: bool) -> str:
    """What is said of a check that the engine has not seen to yet, and for a ``frozen`` picture
    never will.
    """
    return FROZEN if frozen else GATHERING


def note(text: str, width: int, role: str = "dim", limit: int = 4) -> list[Line]:
    """``text`` as quiet lines."""
    return [line(" ", Seg(one, role)) for one in wrap(text, width - 2, limit)]


def config_lines(sentence: str, yaml: tuple[str, ...], width: int) -> list[Line]:
    """``sentence``, and the lines of the configuration that would fill the pane."""
    shown = note(sentence, width)
    return [*shown, *(line("   ", Seg(one, "label")) for one in yaml)]


def no_checks(width: int, sentence: str = "No checks yet.") -> list[Line]:
    """What is said where nothing at all is watched."""
    return config_lines(f"{sentence} In onwatch.yaml:", _CHECK, width)


def no_dashboards(width: int) -> list[Line]:
    """What is said where no dashboard is configured."""
    lines = config_lines("No dashboards yet. In onwatch.yaml:", _DASHBOARDS, width)
    return [*lines, *note("or 'file: grafana/*.json' for Grafana's own, as exported", width)]


def no_database(width: int) -> list[Line]:
    """What is said where no check is of a database."""
    return config_lines("No database is watched yet. In onwatch.yaml:", _DATABASE, width)


def no_host(width: int) -> list[Line]:
    """What is said where no check is of a machine."""
    return config_lines("No host check yet. In onwatch.yaml:", _HOST, width)


def no_queues(width: int, *, brief: bool = False) -> list[Line]:
    """What is said where no check reads a queue; ``brief`` names but one way to."""
    told = config_lines("No queues yet. Give a redis check in onwatch.yaml:", _QUEUE, width)
    if brief:
        return told
    return told + config_lines("or a postgres, mysql or sqlite check:", _QUEUE_QUERY, width)


def no_requests(width: int, *, brief: bool = False) -> list[Line]:
    """What is said where no check tells of requests; ``brief`` leaves out what may be."""
    if brief:
        sentence = "No request log yet. Give a database check in onwatch.yaml:"
        return config_lines(sentence, _REQUEST_LOG, width)
    sentence = "No requests yet. Give a metrics check, or a sqlite, postgres or mysql check with:"
    return config_lines(sentence, (*_REQUEST_LOG, *_REQUEST_LABELS), width)


def no_logs(width: int) -> list[Line]:
    """What is said where no log is read."""
    return config_lines("No log is read yet. In onwatch.yaml:", _LOG, width)


def no_log_patterns(width: int) -> list[Line]:
    """What is said where nothing is looked for in the logs that are read."""
    sentence = "Nothing is looked for in the logs yet. In onwatch.yaml:"
    return config_lines(sentence, _LOG_PATTERNS, width)


def no_rules(width: int) -> list[Line]:
    """What is said where no rule is evaluated."""
    sentence = (
        "No rules are evaluated: the built-in packs, which are on unless the configuration says "
        "otherwise, are switched off, and no rule file is named. In onwatch.yaml:"
    )
    return config_lines(sentence, _RULES, width)


def own_rules(width: int) -> list[Line]:
    """What is said where the built-in rules are all there are, or nothing is wrong by any."""
    sentence = "Rules of your own, in Prometheus' format, stand beside those of the packs by:"
    return config_lines(sentence, ("rules:", "  files: [rules/*.yml]"), width)


def nothing_matches(filter_text: str, width: int) -> list[Line]:
    return note(f"nothing matches {filter_text!r}", width)
