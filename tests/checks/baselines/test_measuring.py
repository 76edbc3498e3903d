"""What a baseline is made of: checks of real things, run for a moment."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from checks.baselines.measuring import measure
from tui.config import load

CONFIG = """\
version: 1
defaults: {interval: 1s}
checks:
  - name: gateway
    sqlite:
      path: log.db
      request_log: {table: request_logs, id: id, time: {column: at, format: s}, status: status,
        duration: {column: ms, unit: ms}}
  - {name: here, host: {filesystems: [/]}}
  - {name: gone, tcp: '127.0.0.1:1'}
"""


async def test_requests_latencies_and_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("log.db")) as database, database:
        database.execute("CREATE TABLE request_logs (id INTEGER PRIMARY KEY, at REAL, status, ms)")
        now = time.time()
        rows = [
            (now - 1 - 0.1 * number, 500 if number % 50 == 0 else 200, 10 + number % 100)
            for number in range(500)
        ]
        database.executemany("INSERT INTO request_logs (at, status, ms) VALUES (?, ?, ?)", rows)
    database.close()
    file = Path("onwatch.yaml")
    file.write_text(CONFIG)
    file.chmod(0o600)
    found = await measure(load(str(file)).engine, 0.0)
    figures = {one.key: one.value for one in found.figures}
    assert figures["gateway", "error rate"] == pytest.approx(0.02)
    assert figures["gateway", "p50"] == pytest.approx(0.0595, rel=0.03)
    assert figures["gateway", "p95"] == pytest.approx(0.105, rel=0.03)
    assert 5 < figures["gateway", "throughput"] < 15
    assert 0 < figures["gateway", "latency"] < 1
    assert 0 <= figures["here", "CPU"] <= 1
    assert 0 < figures["here", "memory"] < 1
    assert [check for check, _ in found.silent] == ["gone"]
