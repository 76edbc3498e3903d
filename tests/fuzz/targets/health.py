"""Health documents, from the bytes of a body on."""

from __future__ import annotations

import json
from collections.abc import Iterator

from checks.health_document import HealthDocument, changes, read_document
from checks.model import Status
from tests.fuzz.oracle import check_finite, check_line
from tests.fuzz.target import Target

__all__ = ["TARGETS"]

SEEDS = (
    b'{"status":"ok","version":"1.2.3","uptime":12.5}',
    b'{"status":"UP","components":{"db":{"status":"DOWN","details":{"error":"no"}},"disk":'
    b'{"status":"UP","details":{"total":1,"free":2}}}}',
    b'{"status":"Degraded","entries":{"redis":{"status":"Unhealthy","description":"x"}}}',
    b'{"status":"pass","releaseId":"1","checks":{"cpu:utilization":[{"componentId":"a",'
    b'"observedValue":85,"observedUnit":"percent","status":"warn"},{"status":"pass"}]}}',
    b'{"status":"error","info":{"a":{"status":"up"}},"error":{"b":{"status":"down"}},'
    b'"details":{"b":{"status":"down","message":"refused"}}}',
    b'{"checks":[{"name":"a","status":"DOWN","data":{"message":"x"}}],"outcome":"DOWN"}',
    b'{"healthy":true,"services":{"db":true,"queue":false,"s3":"ok"}}',
    b'{"a":{"status":{"x":"ok","y":"failed"}},"process":{"uptime_ms":5},"started_at":"now"}',
)
TOKENS = (
    *(b'"status":', b'"checks":', b'"components":', b'"details":', b'"services":', b'"info":'),
    *(b'"componentId":', b'"observedValue":', b'"observedUnit":', b'"uptime":', b'"version":'),
    *(b'"ok"', b'"down"', b'"warn"', b"true", b"false", b"null", b"NaN", b"Infinity", b"1e999"),
    *(b"-1", b"9" * 400, b"9" * 5000, b"{", b"}", b"[", b"]", b",", b":", b'"', b'"a":', b"[["),
    *(b'{"a":', b'\\u0000', b'\\ud800', b"\\u202e", b'"\\u001b[2J"', b"\xff", b'{"status":"ok"},'),
)  # fmt: skip


def run(data: bytes) -> None:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return  # as checks.probes.http.answer has it
    expected = read_document(document, expected=True)
    if expected is not None:
        _check(expected)
    found = read_document(document)
    if found is None:
        return
    _check(found)
    again = read_document(document, seen=found.places)
    assert again is not None
    assert again.places >= found.places, "what was judged is judged again"
    for event in (*changes(found, found, 1.0), *changes(_SOUND, found, 1.0)):
        check_line(event, 700)


def _check(found: HealthDocument) -> None:
    check_line(found.word, 40)
    check_line(found.why, 200)
    check_line(found.version, 80)
    check_line(found.started, 80)
    check_finite([found.uptime, *(value for _, value in found.numbers)])
    assert len(found.parts) <= 50
    assert len(found.numbers) <= 50
    assert len(found.facts) <= 50
    assert len(found.places) <= 101
    assert len({part.name for part in found.parts}) == len(found.parts)
    for part in found.parts:
        check_line(part.name, 80)
        check_line(part.message)
        check_line(part.value, 40)


_SOUND = HealthDocument(Status.OK, "ok", "status", version="1", uptime=1e6, started="then")


def large() -> Iterator[bytes]:
    """Deep and wide documents."""
    for depth in (100, 500, *range(900, 1000, 4)):
        yield b'{"status":"ok","checks":{"a":' + b"[" * depth + b"]" * depth + b"}}"
        yield b'{"a":' * depth + b'{"status":"ok"}' + b"}" * depth
        nest = b"[" * depth + b"1" + b"]" * depth
        yield b'{"checks":{"a":[{"status":"ok","componentId":' + nest + b"}]}}"
        yield b'{"checks":{"a":{"status":"ok","observedValue":1,"observedUnit":' + nest + b"}}}"
    for one in (
        b'"k%d":{"status":"down","error":"x"}',
        b'"k%d":true',
        b'"k%d":{"a":{"b":{"c":1}}}',
    ):
        many = b",".join(one % index for index in range(25_000))
        yield b'{"status":"ok","checks":{' + many + b"}}"
        yield b'{"checks":{"a":{"status":{' + many + b"}}}}"
        yield b"{" + many + b"}"
    yield b'{"status":"ok","checks":[' + b'{"status":"ok"},' * 60_000 + b"{}]}"


TARGETS = (Target("health", run, SEEDS, TOKENS, large=large),)
