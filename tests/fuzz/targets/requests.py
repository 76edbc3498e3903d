"""Rows of request logs: values of any kind, where a database keeps the wrong ones."""

from __future__ import annotations

import json
import math

from checks.requests.batch import error_class, from_rows
from checks.requests.config import RequestLog
from checks.requests.window import RequestWindow
from tests.fuzz.oracle import check_line
from tests.fuzz.target import Target

__all__ = ["TARGETS"]

_NOW = 1_700_000_000.0
_LOG = RequestLog.model_validate(
    {
        "table": "t",
        "time": {"column": "c", "format": "s"},
        "status": "s",
        "duration": {"column": "d", "unit": "ms"},
        "labels": ["a"],
        "error": "e",
    }
)
SEEDS = (
    b'[1,1699999990,200,12.5,null,"a"]\n[2,1699999991,500,3000,"refresh failed: token 7","b"]\n',
    b'[3,null,null,null,null,null]\n[4,1699999999.5,404,-1,"f",""]\n',
)
TOKENS = (
    *(b"null", b"1e308", b"-1e308", b"NaN", b"Infinity", b"9" * 18, b"-5", b'"\\u001b[2J"', b'"0"'),
    *(b"[5,1699999990,200,1,null,\"x\"]\n", b"1699999990", b"0", b'"a: b"'),
    *(b'"' + b"9" * 300 + b'"',),
)  # fmt: skip


def run(data: bytes) -> None:
    """Rows of the kinds that the statements give: numbers or NULL, texts or NULL."""
    rows = [row for row in map(_row, data.split(b"\n")[:2_000]) if row is not None]
    if not rows:
        return
    batch = from_rows(rows, _LOG, _NOW, 0.0)
    assert len(batch) == len(rows)
    window = RequestWindow(_LOG.labels, _NOW)
    window.covered_from = window.rows_since = _NOW - 3600
    window.add(batch)
    stats = window.stats(columns=frozenset({"status", "duration", "error", "labels"}))
    for seconds in (60.0, 3600.0):
        found = stats.window(seconds)
        assert found.errors <= found.count
    for text in stats.texts():
        check_line(text, 2_000)
    for text in batch.texts.values():
        check_line(error_class(text), 60)


def _row(line: bytes) -> tuple[object, ...] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, list) or len(row) != 6 or type(row[0]) is not int:
        return None
    if abs(row[0]) >= 2**63 or not all(map(_is_number, row[1:4])):
        return None
    if not all(text is None or isinstance(text, str) for text in row[4:]):
        return None
    return tuple(row)


def _is_number(value: object) -> bool:
    if value is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 2**63 or (isinstance(value, float) and not math.isnan(value))


TARGETS = (Target("request-rows", run, SEEDS, TOKENS, bound=100_000),)
