"""Metrics pages of several targets: the same series at each scrape, with other values.

``python -m benchmarks.pages packs|app SERIES TARGETS`` prints a port, then serves until killed: the
page of a target of its own at each of that many loopback addresses (:mod:`benchmarks.loopback`).
``packs`` are what the built-in rules read, all well but the last target; ``app`` is an application
with a few large metrics.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from benchmarks.loopback import addresses
from checks.promql.ast import Selector
from checks.rules.packs import pack_names, read_pack

__all__ = ["RULES", "app_rules", "selectors_of_packs"]

_BOUNDS: Final = ("0.1", "0.5", "1", "2.5", "+Inf")
_OWN: Final = frozenset({"ALERTS", "ALERTS_FOR_STATE", "up"})
_COUNTS: Final = re.compile(r"\w+_(?:total|bucket|count|sum)\b")
_LASTING: Final = re.compile(r"uptime|expiry")
_ONE: Final = re.compile(r"\w*_(?:up|ok|running|status|succeeded|active|num_procs|success)\b")
_RISING: Final = re.compile(r"bytes_total|queries|xact|blks|keyspace|duration_seconds_count")
RULES: Final = (
    'sum by (instance) (rate(app_requests_total{{code="500"}}[5m]))'
    " / sum by (instance) (rate(app_requests_total[5m])) > 1.{0}",
    "app_memory_bytes / app_limit_bytes > 1.{0}",
    "histogram_quantile(0.95, sum by (instance, le) (rate(app_latency_seconds_bucket[5m]))) > 9{0}",
    "avg_over_time(app_queue_length[10m]) > 1e9 + {0}",
    "predict_linear(app_memory_bytes[1h], 4 * 3600) > 1e9 + {0}",
    'increase(app_requests_total{{code="500"}}[1h]) > 1e9 + {0}',
    "max_over_time(app_queue_length[30m]) > 1e9 + {0}",
    "changes(app_limit_bytes[15m]) > 1e9 + {0}",
    "count by (instance) (app_queue_length > {0}) > 1e9",
    "sum by (instance) (rate(app_requests_total[5m]))",
)
"""What rules on the application look like; every tenth records. None of the alerts fires."""


def app_rules(count: int) -> dict[str, object]:
    """A rule file of that many rules on the application, in groups of twenty."""
    groups: dict[int, list[dict[str, object]]] = {}
    for number in range(count):
        kind, round_ = number % len(RULES), number // len(RULES)
        expression = RULES[kind].format(round_)
        rule: dict[str, object] = {"alert": f"App{number}", "expr": expression, "for": "1m"}
        rule |= {"labels": {"severity": "warning"}}
        rule |= {"annotations": {"summary": "{{ $labels.instance }} has {{ $value | humanize }}"}}
        if kind == len(RULES) - 1:
            rule = {"record": f"instance:requests:rate5m_{round_}", "expr": expression}
        groups.setdefault(number // 20, []).append(rule)
    return {"groups": [{"name": f"app{at}", "rules": rules} for at, rules in groups.items()]}


def selectors_of_packs() -> Iterator[Selector]:
    """Every selector of a built-in rule."""
    for name in pack_names():
        for group in read_pack(name).groups:
            for rule in group.rules:
                yield from rule.expression.selectors


def series_of_packs() -> list[str]:
    """A series for each metric with labels that a built-in rule reads."""
    found = [
        one
        for selector in selectors_of_packs()
        if selector.name and selector.name not in _OWN and ":" not in selector.name
        for one in _written(selector)
    ]
    # A metric's series stand together on a page.
    return sorted(dict.fromkeys(found))


def _written(selector: Selector) -> Iterable[str]:
    labels = {}
    for matcher in selector.matchers:
        if matcher.label in {"job", "instance", "__name__"}:
            continue
        if matcher.op == "=":
            labels[matcher.label] = matcher.value
        elif matcher.op == "=~":
            words = re.split(r"[|()^$]+", re.sub(r"\.[+*]", "x", matcher.value))
            labels[matcher.label] = next((one for one in words if one and matcher.matches(one)), "")
    if not selector.name.endswith("_bucket"):
        yield _text(selector.name, labels)
        return
    for bound in _BOUNDS:
        yield _text(selector.name, {**labels, "le": bound})


def _text(name: str, labels: dict[str, str]) -> str:
    inner = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()) if value)
    return f"{name}{{{inner}}}" if inner else name


def series_of_app(count: int, first: int) -> list[str]:
    """``count`` series, ten of each pod; ``first`` is the number of the first pod."""
    pods = [f'pod="p{first + at}"' for at in range(count // 10)]
    made = [f'app_requests_total{{{pod},code="{code}"}}' for pod in pods for code in (200, 500)]
    for name in ("memory_bytes", "limit_bytes", "queue_length"):
        made += [f"app_{name}{{{pod}}}" for pod in pods]
    made += [f'app_latency_seconds_bucket{{{p},le="{le}"}}' for p in pods for le in _BOUNDS]
    return made


def of_app(series: str, at: int, scrape: int) -> float:
    """The value of the series at that place on the page: counters rise, limits stay."""
    if _COUNTS.match(series):
        return scrape * (1 + at % 7)
    if series.startswith("app_limit_bytes"):
        return 1_000_000
    return 50 + (scrape * (at % 11) + at) % 13


def well(series: str, at: int, scrape: int) -> float:
    """A value at which no built-in rule fires."""
    if _LASTING.search(series):
        return 1e10
    if _ONE.match(series):
        return 1
    return scrape * (1 + at % 7) if _RISING.search(series) else 0


def ill(series: str, at: int, scrape: int) -> float:
    """A value at which some two dozen of the built-in rules fire."""
    return scrape * (1 + at % 7) if _RISING.search(series) else 1


class Page:
    """The page of one target; ``value`` gives a series' value at a scrape, by its place."""

    def __init__(self, series: list[str], value: Callable[[str, int, int], float]) -> None:
        self._series = series
        self._value = value
        self._scrapes = 0

    def body(self) -> bytes:
        """The page at the next scrape."""
        self._scrapes += 1
        pairs = ((one, self._value(one, at, self._scrapes)) for at, one in enumerate(self._series))
        return "".join(f"{one} {value}\n" for one, value in pairs).encode()


class Scraped(asyncio.Protocol):
    """Answers each request with the next page."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        del data  # a request is small enough to arrive whole
        body = self._page.body()
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: "
        self._transport.write(f"{head}{len(body)}\r\n\r\n".encode() + body)


def _page(kind: str, series: int, number: int, *, last: bool) -> Page:
    if kind == "app":
        return Page(series_of_app(series, number * series), of_app)
    return Page(series_of_packs()[:series], ill if last else well)


async def main(kind: str, series: int, targets: int) -> None:
    loop = asyncio.get_running_loop()
    port = 0
    servers = []
    for number, address in enumerate(addresses(targets)):
        page = _page(kind, series // targets, number, last=number == targets - 1)
        server = await loop.create_server(lambda page=page: Scraped(page), address, port)  # type: ignore[misc]
        port = server.sockets[0].getsockname()[1]
        servers.append(server)
    print(port, flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
