"""What two request logs tell on the bad night: one with a provider in trouble, one at ease.

The rows are made up, the figures are the engine's own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

from checks.requests.batch import from_rows
from checks.requests.config import RequestLog
from checks.requests.source import Row
from checks.requests.stats import RequestStats
from checks.requests.window import RequestWindow
from checks.views import RequestView
from tests.widgets.curves import NOW

__all__ = ["COLUMNS", "gateway_log", "stats_of", "view_of", "web_log"]

COLUMNS = frozenset({"status", "duration", "error", "labels"})
TROUBLE = NOW - 490
"""Since when one of the providers fails."""

LOG = RequestLog.model_validate(
    {
        "table": "request_logs",
        "time": {"column": "created_at", "format": "s"},
        "status": "status_code",
        "duration": {"column": "seconds", "unit": "s"},
        "labels": ["provider_id", "model"],
        "error": "error",
    }
)
MODELS = {
    "openai": ("gpt-large", "gpt-small"),
    "anthropic": ("claude-large", "claude-small"),
    "local": ("llama",),
}
FAILURES = (
    ("refresh failed: token {number} expired", 500),
    ("upstream timed out after 30 s", 504),
    ("overloaded: try again in {number} s", 529),
)


def stats_of(rows: list[Row], log: RequestLog = LOG, now: float = NOW) -> RequestStats:
    """What the engine makes of ``rows`` at ``now``."""
    window = RequestWindow(log.labels, now)
    window.covered_from = window.rows_since = now - 3600
    window.add(from_rows(rows, log, now, 0.0))
    return window.stats(columns=COLUMNS)


def view_of(name: str, stats: RequestStats, seconds: float = 60.0) -> RequestView:
    """The log ``name`` over a window of ``seconds``."""
    return RequestView(name, stats.window(seconds), stats)


def _gateway_rows() -> Iterator[Row]:
    dice = random.Random(7)
    at, key = NOW - 3600, 8_120_000
    while (at := at + dice.expovariate(11.0 if at < TROUBLE else 14.0)) < NOW:
        key += 1
        provider = dice.choices(["openai", "anthropic", "local"], [61, 30, 9])[0]
        model = dice.choice(MODELS[provider])
        slow = {"openai": 0.35, "anthropic": 0.5, "local": 0.04}[provider]
        took, status, error = dice.lognormvariate(0, 0.7) * slow, 200, None
        if provider == "anthropic" and at > TROUBLE and dice.random() < 0.4:
            text, status = dice.choices(FAILURES, [5, 3, 2])[0]
            error = text.format(number=dice.randint(100, 999))
            took = 30.0 + dice.random() if status == 504 else took * 4
        elif dice.random() < 0.012:
            status = dice.choice([404, 429, 429])
        yield (key, at, status, round(took, 4), error, provider, model)


def _web_rows() -> Iterator[Row]:
    dice = random.Random(8)
    at, key = NOW - 3600, 40_000
    while (at := at + dice.expovariate(2.0)) < NOW:
        key += 1
        route = dice.choices(["/", "/cart"], [7, 3])[0]
        status = dice.choices([200, 304], [8, 2])[0]
        yield (key, at, status, round(dice.lognormvariate(-4, 0.8), 4), None, route, "web")


@cache
def gateway_log() -> RequestStats:
    """A provider has been failing for eight minutes."""
    return stats_of(list(_gateway_rows()))


@cache
def web_log() -> RequestStats:
    """Nothing is wrong."""
    return stats_of(list(_web_rows()))
