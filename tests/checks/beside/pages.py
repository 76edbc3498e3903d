"""Two targets whose pages change with every scrape, and a server that shows them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

__all__ = ["LAST", "TARGETS", "PageServer"]

Page = Callable[[int], str | None]
"""The page of a scrape by its number, from 0 on; None: the target is ill."""

LAST: Final = 21
"""From this one on pages stay the same but for their number."""


def first_target(scrape: int) -> str | None:
    """Counters with resets, gauges that come and go, a histogram; ill for four scrapes.

    Where a counter comes back it is either 0 or well above: Debian's Prometheus extrapolates
    others further back than Prometheus 3.
    """
    if 15 <= scrape < 19:
        return None
    lines = [f"page_number {scrape}", "# TYPE requests_total counter"]
    scrape = min(scrape, LAST)
    for place, labels in enumerate(('job="api",code="200"', 'job="api",code="500"')):
        value = (7 + 3 * place) * (scrape % 13) + scrape % 3
        lines.append(f"requests_total{{{labels}}} {value}")
    if not 8 <= scrape < 11:
        lines.append(f'requests_total{{job="web",code="200"}} {40 + 5 * scrape}')
    lines.append("# TYPE queue_length gauge")
    if scrape % 9 < 6:
        lines.append(f'queue_length{{queue="mail"}} {scrape % 7 - 2}')
    if scrape > 5:
        lines.append(f'queue_length{{queue="größe"}} {scrape * 1.1 + 0.3}')
    odd = "0" if scrape < 5 else ("NaN", "+Inf", "-Inf", "1e18", "-0")[scrape % 5]
    lines.append(f"odd_value {odd}")
    lines.append("# TYPE latency histogram")
    for place, bound in enumerate(("0.1", "0.5", "1.0", "+Inf")):
        lines.append(f'latency_bucket{{le="{bound}"}} {100 + scrape * (place + 1)}')
    return "\n".join([*lines, ""])


def second_target(scrape: int) -> str | None:
    """A few of the same metrics; it is ill from the 20th scrape on."""
    if scrape >= 20:
        return None
    lines = [f"page_number {scrape}", f'requests_total{{job="api",code="200"}} {60 + 11 * scrape}']
    lines += [f'queue_length{{queue="mail",lane="{scrape // 6}"}} {scrape / 7}']
    lines += [f'latency_bucket{{le="{bound}"}} {scrape}' for bound in ("0.1", "+Inf")]
    return "\n".join([*lines, ""])


TARGETS: tuple[Page, ...] = (first_target, second_target)


class PageServer:
    """Shows a target's pages: to Prometheus the next one at each scrape, to others the one set.

    ``scrapes`` are Prometheus' so far.
    """

    def __init__(self, page: Page) -> None:
        self.scrapes = 0
        self._page = page
        self._shown: int | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def instance(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def show(self, number: int | None) -> None:
        """From now on show others the page of that scrape; None: be ill."""
        self._shown = number

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _asked(self, agent: str) -> str | None:
        if not agent.startswith("Prometheus"):
            return None if self._shown is None else self._page(self._shown)
        self.scrapes += 1
        return self._page(self.scrapes - 1)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                page = server._asked(self.headers["User-Agent"])
                body = b"ill" if page is None else page.encode()
                self.send_response(503 if page is None else 200)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as there
                """Say nothing."""

        return Handler
