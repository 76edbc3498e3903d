"""Debian's Prometheus with samples of a file, asked over its HTTP API."""

from __future__ import annotations

import contextlib
import json
import math
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.prometheus import peer

__all__ = ["Api", "alike", "in_order", "page_of_samples", "running", "serving"]


def page_of_samples(rows: int, end: int) -> str:
    """OpenMetrics text: counters with resets, gauges with gaps, a histogram, every 15 s.

    ``rows`` moments before ``end`` (seconds), each a quarter of a second past multiples of 15 s.
    """
    lines = ["# TYPE requests counter", "# TYPE queue_length gauge"]
    for at in range(rows):
        moment = end - 15 * (rows - at) + 3.25
        for place, (job, code) in enumerate((("api", "200"), ("api", "500"), ("web", "200"))):
            value = (7 + 3 * place) * (at % 60) + at % 3
            lines.append(f'requests_total{{job="{job}",code="{code}"}} {value} {moment}')
        if at % 20 > 3:
            lines.append(f'queue_length{{queue="mail"}} {at % 7 - 2} {moment}')
        lines.append(f'queue_length{{queue="größe"}} {at * 1.1 + 0.3} {moment}')
        lines.append(f"up {at % 2} {moment}")
        for place, bound in enumerate(("0.1", "0.5", "1.0", "+Inf")):
            lines.append(f'latency_bucket{{le="{bound}"}} {at * (place + 1)} {moment}')
    return "\n".join([*lines, "# EOF", ""])


class Api:
    """The HTTP API at ``address``, of the process ``pid``."""

    def __init__(self, address: str, pid: int) -> None:
        self.address = address
        self.pid = pid

    def ask(self, path: str, **parameters: str) -> Any:
        """What the server answers, an error's document included."""
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)


@contextlib.contextmanager
def serving(folder: Path, samples: str) -> Iterator[Api]:
    """A server in ``folder`` that holds ``samples``, OpenMetrics text with timestamps."""
    tool = peer("promtool")
    (folder / "samples.om").write_text(samples)
    imported = [str(tool), "tsdb", "create-blocks-from", "openmetrics", "samples.om", "tsdb"]
    subprocess.run(imported, cwd=folder, check=True, capture_output=True, timeout=60)
    with running(folder, "scrape_configs: []\n") as api:
        yield api


@contextlib.contextmanager
def running(folder: Path, configuration: str) -> Iterator[Api]:
    """A server with that ``configuration`` and what ``folder`` holds of an earlier one.

    It is killed at the end, so that it has no time to write stale markers.
    """
    (folder / "prometheus.yml").write_text(configuration)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    options = [
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=tsdb",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={address}",
    ]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(peer("prometheus")), *options], cwd=folder, stdout=output, stderr=output
        )
    try:
        _wait_ready(f"http://{address}/-/ready", process, log)
        yield Api(address, process.pid)
    finally:
        process.kill()
        process.wait(20)


def _wait_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310
                return
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        time.sleep(0.05)
    pytest.fail(f"Prometheus does not get ready: {log.read_text()[-2000:]}")


def alike(one: Any, other: Any) -> bool:
    """The same document, with texts of numbers that differ by 1e-9 of their size at most."""
    if isinstance(one, dict):
        return isinstance(other, dict) and (
            one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
        )
    if isinstance(one, list):
        return isinstance(other, list) and (len(one) == len(other) and all(map(alike, one, other)))
    if isinstance(one, str) and isinstance(other, str) and one != other:
        try:
            return math.isclose(float(one), float(other), rel_tol=1e-9, abs_tol=1e-12)
        except ValueError:
            return False
    return bool(one == other)


def in_order(document: Any) -> Any:
    """``document`` with the series of a vector sorted: they stand in no order that counts."""
    result = document["data"]["result"]
    if document["data"]["resultType"] == "vector":
        result.sort(key=lambda row: sorted(row["metric"].items()))
    return document
