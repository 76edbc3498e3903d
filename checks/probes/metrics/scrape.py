"""Whether an answer is a page of metrics, and reading it without holding others up."""

from __future__ import annotations

import asyncio
from typing import Final

from checks.errors import TargetError
from checks.expectations import seconds
from checks.exposition.model import ExpositionError, Page, TooManySeriesError
from checks.exposition.reader import Reader
from checks.model import Series, clean
from checks.probes.http.answer import Answer, BodyError
from checks.probes.http.proxy import doubt
from checks.probes.metrics.config import MetricsConfig
from checks.wording import size

__all__ = ["HEADERS", "MOST_PIECES", "body_of", "is_openmetrics", "read_page"]

HEADERS: Final = {
    "Accept": (
        "application/openmetrics-text;version=1.0.0;q=0.9,"
        "application/openmetrics-text;version=0.0.1;q=0.8,"
        "text/plain;version=0.0.4;q=0.7,*/*;q=0.2"
    ),
    "Accept-Encoding": "gzip",
}
"""What a scrape asks for: OpenMetrics before the text format, as Prometheus does."""

MOST_PIECES: Final = 50_000
"""Pieces that a page may come in; some exporters send one a line."""

_OPENMETRICS: Final = "application/openmetrics-text"
_MARKUP: Final = (b"<!doctype", b"<html", b"<?xml", b"<head")


def is_openmetrics(answer: Answer) -> bool:
    """Whether the answer says that it is OpenMetrics rather than the text format."""
    return _content_type(answer) == _OPENMETRICS


def _content_type(answer: Answer) -> str:
    header = answer.exchange.header(b"content-type").decode("latin-1")
    return header.partition(";")[0].strip().lower()


def body_of(answer: Answer, config: MetricsConfig, advice: str) -> bytes:
    """The page within ``answer``; ``advice`` says what to do about a 401.

    Raises:
        TargetError: it is none, or too long.
    """
    _check_status(answer, config, advice)
    head = f"HTTP {answer.status}"
    try:
        body = answer.body
    except BodyError as error:
        raise TargetError("protocol", f"{head}, but {error}") from None
    if answer.cut:
        raise TargetError("limit", _too_long(answer, config))
    kind = _content_type(answer)
    if body[:100].lstrip().lower().startswith(_MARKUP) or "html" in kind:
        raise TargetError(
            "protocol",
            f"{head}, but a web page came instead of metrics: a login, or a wrong path? "
            "Correct metrics.url, or give metrics.auth",
        )
    if "json" in kind or "protobuf" in kind:
        raise TargetError(
            "protocol", f"{head}, but its content is {clean(kind, 60)}, not a page of metrics"
        )
    if not is_openmetrics(answer):
        _check_end(answer, body)
    return body


def _check_status(answer: Answer, config: MetricsConfig, advice: str) -> None:
    status, after = answer.status, seconds(answer.exchange.phases.total)
    head = f"HTTP {status} after {after}"
    if status == 200:
        return
    doubted = f"; {said}" if (said := doubt(answer.exchange)) else ""
    if status in {401, 407}:
        raise TargetError("auth", f"{head}: {advice}")
    if status == 403:
        raise TargetError(
            "auth",
            f"{head}: access is forbidden; give metrics.auth, or the user of these credentials "
            f"the right{doubted}",
        )
    if status == 404:
        raise TargetError(
            "expectation",
            f"{head}: there is no such page; correct metrics.url ({config.address()})",
        )
    if 300 <= status < 400:
        raise TargetError(
            "expectation", f"{head}: it redirects elsewhere; correct metrics.url, or set redirects"
        )
    raise TargetError("expectation", f"{head}: expected 200 with a page of metrics{doubted}")


def _too_long(answer: Answer, config: MetricsConfig) -> str:
    if len(answer.exchange.pieces) >= MOST_PIECES:
        return f"the page comes in more than {MOST_PIECES:,} pieces; have it sent in larger ones"
    return (
        f"the page is longer than {size(config.max_bytes)}: raise metrics.max_bytes, "
        "or have the exporter tell less"
    )


def _check_end(answer: Answer, body: bytes) -> None:
    """A page whose end nothing but the connection's end told must end with its last line."""
    exchange = answer.exchange
    told = exchange.header(b"content-length") or exchange.header(b"transfer-encoding")
    if body and not told and not body.endswith(b"\n"):
        line = body.count(b"\n") + 1
        raise TargetError(
            "protocol",
            f"the page ends within line {line:,}, without a line feed: it was cut, "
            "since nothing else says how long it is",
        )


async def read_page(
    reader: Reader[Series], body: bytes, config: MetricsConfig, *, openmetrics: bool
) -> Page[Series]:
    """The page that ``body`` is, some lines at a time, with others having their turn between.

    Raises:
        TargetError: it is no page of metrics, or has too many series.
    """
    try:
        reading = reader.open(body, openmetrics=openmetrics)
        while True:
            if reading.step():
                return reading.page
            await asyncio.sleep(0)
    except TooManySeriesError:
        raise TargetError(
            "limit",
            f"the page has more than {config.max_series:,} series: raise metrics.max_series, "
            "or leave some out with metrics.keep and metrics.drop",
        ) from None
    except ExpositionError as error:
        text = f"the page cannot be read, so that none of it counts: {error}"
        raise TargetError("protocol", text) from None
