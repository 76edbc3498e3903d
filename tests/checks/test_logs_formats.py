"""Lines of each format become records with their time, level, message and fields."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from checks.logs.assembling import Assembler
from checks.logs.expressions import compiled
from checks.logs.formats.base import Maker
from checks.logs.formats.choose import choice
from checks.logs.inputs import LogInput
from checks.logs.model import Level, Record
from checks.logs.times import Times
from tests.fuzz.target import SECOND, at_most

NOW = 1_735_300_000.0
"""2024-12-27 11:46:40 UTC."""
AT = 1_735_207_200.0
"""2024-12-26 10:00:00 UTC."""


def _records(text: str, **config: Any) -> list[Record]:
    records, _ = _read(text, **config)
    return records


def _read(text: str, **config: Any) -> tuple[list[Record], int]:
    """The records of ``text``, and how many lines were not of the format."""
    wanted = LogInput.model_validate({"files": ["x"], **config})
    maker = Maker(
        "x",
        itertools.count(1),
        Times(wanted.time.zone, wanted.time.format),
        time=wanted.time.field,
        levels=wanted.level,
        messages=wanted.message,
    )
    first = compiled(wanted.multiline) if wanted.multiline else None
    assembler = Assembler(choice(wanted.format, joined=first is not None), maker, first)
    records: list[Record] = []
    assembler.feed(text.removesuffix("\n").split("\n"), NOW, records)
    assembler.flush(records)
    return records, maker.broken


@pytest.mark.parametrize(
    ("line", "time", "level", "message", "fields"),
    [
        # The guides' own: aigateway, smart-ebook-chat, xionimus, moai-flow.
        (
            '{"timestamp":"2024-12-26T10:00:00Z","level":"INFO","message":"Request completed",'
            '"request_id":"req-123","latency_ms":234,"status":200}',
            AT, Level.INFO, "Request completed", {"latency_ms": 234.0, "status": 200.0},
        ),
        (
            '{"timestamp":"2024-12-26T10:00:00.5Z","level":"WARN","service":"api","message":"slow",'
            '"metadata":{"document_id":"d1","processing_time":0.5,"tags":["a","b"]}}',
            AT + 0.5, Level.WARNING, "slow",
            {"metadata.processing_time": 0.5, "metadata.tags": "a, b"},
        ),
        (
            '{"timestamp":"2024-12-26T10:00:00.250000","level":"ERROR","logger":"app","line":342}',
            AT + 0.25, Level.ERROR, None, {"logger": "app", "line": 342.0},
        ),
        ("ERROR:moai_flow.core:Failed to insert event: x", NOW, Level.ERROR,
         "Failed to insert event: x", {"logger": "moai_flow.core"}),
        # Monolog's JSON, pino, Python's, and what is no number that a float keeps.
        (
            '{"message":"Slow API request","context":{"url":"/x","user_id":7},"level":300,'
            '"level_name":"WARNING","channel":"production","datetime":"2024-12-26T10:00:00+00:00",'
            '"extra":{}}',
            AT, Level.WARNING, "Slow API request", {"context.user_id": 7.0, "extra": "{}"},
        ),
        ('{"level":50,"time":1735207200123,"pid":1,"msg":"boom"}', AT + 0.123, Level.ERROR, "boom",
         {"pid": 1.0}),
        ('{"id":12345678901234567890,"ok":true,"none":null,"msg":"x"}', NOW, None, "x",
         {"id": "12345678901234567890", "ok": True, "none": None}),
        # What container engines write around a line.
        ('{"log":"{\\"level\\":\\"error\\",\\"msg\\":\\"boom\\",\\"n\\":5}\\n","stream":"stderr",'
         '"time":"2024-12-26T10:00:00.5Z"}', AT + 0.5, Level.ERROR, "boom",
         {"n": 5.0, "stream": "stderr"}),
        ('{"log":"ERROR:app:no\\n","stream":"stdout","attrs":{"tag":"a"},'
         '"time":"2024-12-26T10:00:00Z"}', AT, Level.ERROR, "no", {"logger": "app"}),
        ("2024-12-26T10:00:00.500000000Z stderr F [WARN] slow", AT + 0.5, Level.WARNING, "slow",
         {"stream": "stderr"}),
        ('{"log":"not Docker\'s","level":"info"}', NOW, Level.INFO, "not Docker's", {}),
        # Access logs.
        (
            '203.0.113.5 - - [26/Dec/2024:10:00:00 +0000] "GET /api/x?y=1 HTTP/1.1" 502 157 '
            '"-" "curl/8" 0.123 0.120',
            AT, Level.ERROR, "GET /api/x 502",
            {"status": 502.0, "path": "/api/x", "query": "y=1", "request_time": 0.123,
             "upstream_time": 0.12, "agent": "curl/8"},
        ),
        (
            '2001:db8::1 - ann [26/Dec/2024:11:00:00 +0100] "POST / HTTP/2.0" 404 - "http://r/" '
            '"Mozilla/5.0" rt=1.5 urt="0.120"',
            AT, Level.WARNING, "POST / 404",
            {"remote_user": "ann", "bytes": 0.0, "request_time": 1.5, "upstream_time": 0.12},
        ),
        ('127.0.0.1 - - [26/Dec/2024:10:00:00 +0000] "\\x16\\x03" 400 150', AT, Level.WARNING,
         "\\x16\\x03  400", {"status": 400.0}),
        (
            '2024/12/26 10:00:00 [crit] 12#12: *5 open() "/x" failed (2: No such file), client: '
            '1.2.3.4, server: x, request: "GET /x HTTP/1.1", upstream: "http://u/", host: "h"',
            AT, Level.CRITICAL, 'open() "/x" failed (2: No such file)',
            {"client": "1.2.3.4", "request": "GET /x HTTP/1.1", "upstream": "http://u/"},
        ),
        ("[Thu Dec 26 10:00:00.500000 2024] [core:error] [pid 5:tid 6] [client 1.2.3.4:5] AH1: x",
         AT + 0.5, Level.ERROR, "AH1: x", {"module": "core", "client": "1.2.3.4:5"}),
        # logfmt.
        ('time=2024-12-26T10:00:00Z level=warning msg="it \\"is\\" so" n=5 dur=1.5s ok=true', AT,
         Level.WARNING, 'it "is" so', {"n": 5.0, "dur": "1.5s", "ok": True}),
        # Text.
        ("Dec 26 10:00:00 web1 sshd[123]: Failed password for root", AT, None,
         "Failed password for root", {"program": "sshd", "pid": "123", "host": "web1"}),
        ("<11>Dec 26 10:00:00 web1 app: no", AT, Level.ERROR, "no", {"priority": "11"}),
        ("2024-12-26T10:00:00.5+00:00 web1 kernel: oops", AT + 0.5, None, "oops",
         {"program": "kernel"}),
        ("2024-12-26T10:00:00.000000Z 0 [Warning] [MY-010068] [Server] CA is self signed", AT,
         Level.WARNING, "CA is self signed", {"code": "MY-010068"}),
        ("2024-12-26 10:00:00 0 [Note] mariadbd: ready", AT, Level.NOTICE, "mariadbd: ready", {}),
        ('2024-12-26 10:00:00.000 UTC [123] ann@shop FATAL:  no pg_hba.conf entry', AT,
         Level.CRITICAL, "no pg_hba.conf entry", {"user": "ann", "database": "shop"}),
        ("2024-12-26 10:00:00,123 INFO spawned: 'backend' with pid 5", AT + 0.123, Level.INFO,
         "spawned: 'backend' with pid 5", {}),
        ("2024-12-26 10:00:00,000 - app.db - WARNING - Query took 150ms", AT, Level.WARNING,
         "Query took 150ms", {"logger": "app.db"}),
        ("[2024-12-26 10:00:00,000: ERROR/ForkPoolWorker-1] task failed", AT, Level.ERROR,
         "task failed", {"process": "ForkPoolWorker-1"}),
        ("[2024-12-26 10:00:00 +0000] [123] [INFO] Booting worker", AT, Level.INFO,
         "Booting worker", {"pid": "123"}),
        ("1234:M 26 Dec 2024 10:00:00.000 # Out of memory", AT, Level.WARNING, "Out of memory", {}),
        ("[26-Dec-2024 10:00:00 UTC] PHP Fatal error:  Uncaught Error", AT, Level.CRITICAL,
         "Uncaught Error", {}),
        ("[26-Dec-2024 10:00:00] WARNING: [pool www] server reached pm.max_children", AT,
         Level.WARNING, "[pool www] server reached pm.max_children", {}),
        ('INFO:     127.0.0.1:1234 - "GET / HTTP/1.1" 200 OK', NOW, Level.INFO,
         '127.0.0.1:1234 - "GET / HTTP/1.1" 200 OK', {}),
        ("just some text, a=b", NOW, None, "just some text, a=b", {}),
    ],
)  # fmt: skip
def test_a_line_is_read_for_what_it_is(
    line: str, time: float, level: Level | None, message: str | None, fields: Mapping[str, object]
) -> None:
    (record,) = _records(line)
    assert record.time == pytest.approx(time, abs=1e-5)
    assert record.level is level
    assert record.message == (message if message is not None else line)
    assert {name: record.fields.get(name) for name in fields} == fields


def test_laravels_stack_traces_are_one_record_each() -> None:
    first, second, third = _records(
        '[2024-12-26 10:00:00] production.ERROR: SQLSTATE[HY000] {"userId":7,"exception":"[object] '
        "(PDOException(code: 2002): refused at /var/www/Connector.php:70)\n[stacktrace]\n"
        "#0 /var/www/a.php(70): PDO->__construct()\n#1 {main}\nany line at all\n"
        '"} \n[2024-12-26 10:00:01] local.INFO: Event {id: 5} {"n":1} {"uid":"a"}\n'
        '{"message":"and JSON below it","level_name":"DEBUG"}'
    )
    assert (first.message, first.level) == ("SQLSTATE[HY000]", Level.ERROR)
    assert first.fields["context.userId"] == 7.0
    assert str(first.fields["context.exception"]).startswith("[object] (PDOException")
    assert first.text.count("\n") == 5
    assert (second.message, second.fields["channel"]) == ("Event {id: 5}", "local")
    assert second.fields["context.n"] == 1.0
    assert second.fields["extra.uid"] == "a"
    assert (third.message, third.level) == ("and JSON below it", Level.DEBUG)


def test_a_stack_trace_whose_context_does_not_end_keeps_its_message() -> None:
    trace = "".join(f"#{number} /var/www/file.php({number}): call()\n" for number in range(3_000))
    (record,) = _records(
        f'[2024-12-26 10:00:00] production.ERROR: too deep {{"exception":"[object] (E)\n{trace}'
    )
    assert record.message == "too deep"
    assert len(record.text) <= 20_010


def test_tracebacks_belong_to_what_was_logged_with_them() -> None:
    first, second, third = _records(
        "ERROR:app.api:failed\nTraceback (most recent call last):\n"
        '  File "x.py", line 1, in <module>\nValueError: boom\n\n'
        "During handling of the above exception, another exception occurred:\n\n"
        "Traceback (most recent call last):\n  File\nKeyError: 1\nINFO:app:next\n"
        "2024-12-26 10:00:00 ERROR Main failed\njava.lang.Error: x\n\tat a.B.c(B.java:1)\n"
        "Caused by: java.lang.Error\n\t... 5 more"
    )[:3]
    assert first.message == "failed"
    assert first.text.endswith("KeyError: 1")
    assert second.message == "next"
    assert third.message == "Main failed"


def test_records_begin_where_the_configuration_says() -> None:
    records = _records(
        "START a\nany\n{}\nSTART b\n",
        multiline="^START",
        format={"regex": "^START (?P<message>.*)"},
    )
    assert [record.message for record in records] == ["a", "b"]
    assert records[0].text == "START a\nany\n{}"
    (pretty,) = _records('{\n  "msg": "pretty",\n  "level": "error"\n}', multiline=r"^\{")
    assert (pretty.message, pretty.level) == ("pretty", Level.ERROR)
    assert _records('{\n  "msg": "pretty",\n  "deep": {\n    "a": 1\n  }\n}')[0].message == "pretty"


def test_a_format_of_ones_own_has_fields_by_its_groups() -> None:
    records, broken = _read(
        "26.12.2024 11:00:00|schwer|7 Fehler|took 150ms\nnot at all",
        format={
            "regex": r"^(?P<time>[^|]+)\|(?P<level>\w+)\|(?P<message>[^|]*)\|took (?P<took>\d+)ms"
        },
        time={"format": "%d.%m.%Y %H:%M:%S", "zone": "Europe/Berlin"},
    )
    assert (records[0].time, records[0].message, records[0].fields["took"]) == (AT, "7 Fehler", 150)
    assert records[0].level is None
    assert (records[1].message, broken) == ("not at all", 1)


@pytest.mark.parametrize(
    ("pattern", "text", "now", "time"),
    [
        ("%d.%m. %H:%M", "31.12. 23:59", "2025-01-01 00:01", "2024-12-31 23:59"),
        ("%d.%m. %H:%M", "01.01. 00:01", "2024-12-31 23:59", "2025-01-01 00:01"),
        ("%d.%m. %H:%M", "26.12. 10:00", "2024-12-27 11:46", "2024-12-26 10:00"),
        ("%d.%m. %H:%M", "29.02. 10:00", "2024-03-01 00:00", "2024-02-29 10:00"),
        ("%%Y %j %H:%M", "%Y 366 23:59", "2025-01-01 00:01", "2024-12-31 23:59"),
        ("%d.%m.%y %H:%M", "31.12.23 23:59", "2025-01-01 00:01", "2023-12-31 23:59"),
        ("%d.%m. %H:%M", "29.02. 10:00", "2023-03-01 00:00", None),
        ("%d.%m. %H:%M", "not at all", "2025-01-01 00:01", None),
    ],
)
def test_a_format_without_a_year_is_of_the_last_one_it_can_be_of(
    pattern: str, text: str, now: str, time: str | None
) -> None:
    at = Times().read(time, 0.0) if time else None
    current = Times().read(now, 0.0)
    assert current is not None
    assert Times("UTC", pattern).read(text, current) == at


@pytest.mark.parametrize(
    ("zone", "pattern", "text", "now", "time"),
    [
        ("UTC", "%H:%M:%S", "10:00:00", "2025-03-01 10:00:05", "2025-03-01 10:00:00"),
        ("UTC", "%H:%M:%S", "10:05:00", "2025-03-01 10:00:05", "2025-03-01 10:05:00"),
        ("UTC", "%H:%M:%S", "10:15:00", "2025-03-01 10:00:05", "2025-02-28 10:15:00"),
        ("UTC", "%H:%M:%S", "23:59:59", "2025-01-01 00:00:05", "2024-12-31 23:59:59"),
        ("UTC", "%H:%M:%S", "00:00:01", "2024-12-31 23:59:59", "2025-01-01 00:00:01"),
        ("Pacific/Auckland", "%H:%M", "09:30", "2025-06-01 21:31:00", "2025-06-01 21:30:00"),
        ("Pacific/Niue", "%H:%M", "23:30", "2025-06-01 10:31:00", "2025-06-01 10:30:00"),
        ("UTC", "%I:%M %p%z", "11:30 PM-1200", "2025-06-01 11:15:00", "2025-05-31 11:30:00"),
        ("UTC", "%H:%M:%S", "25:00:00", "2025-03-01 10:00:05", None),
    ],
)
def test_a_format_of_time_alone_is_of_today_or_of_yesterday(
    zone: str, pattern: str, text: str, now: str, time: str | None
) -> None:
    at = Times().read(time, 0.0) if time else None
    current = Times().read(now, 0.0)
    assert current is not None
    assert Times(zone, pattern).read(text, current) == at


def test_a_time_alone_is_of_another_day_once_that_has_come() -> None:
    spring = Times("Europe/Berlin", "%H:%M")
    for moment in (1_743_238_800.0, 1_743_238_800.0 + 23 * 3_600):
        assert spring.read("10:00", moment + 5) == moment
    times, (today, tomorrow) = Times("UTC", "%H:%M"), (1_740_823_200.0, 1_740_909_600.0)
    assert times.read("10:00", today + 5) == today
    assert times.read("10:00", tomorrow - 3_600) == today
    assert times.read("10:00", tomorrow + 5) == tomorrow


def test_lines_that_are_not_of_the_format_are_records_and_counted() -> None:
    records, broken = _read('{"msg":"a"}\nUsage: backend\n{"msg": broken}\n', format="json")
    assert [record.message for record in records] == ["a", "Usage: backend", '{"msg": broken}']
    assert broken == 2
    # Found out line by line, text is as good as JSON; what was to be JSON is not.
    assert _read('{"msg":"a"}\nUsage: backend\n{"msg": broken}\n')[1] == 1


def test_names_of_fields_may_be_ones_own() -> None:
    (record,) = _records(
        '{"when":1735207200,"message":"no","what":"yes","how":"fatal"}',
        time="when",
        level="how",
        message=["absent", "what"],
    )
    assert (record.time, record.message, record.level) == (AT, "yes", Level.CRITICAL)


def test_what_lines_hold_becomes_harmless() -> None:
    text, escaped, keyed = _records(
        "\x1b]0;title\x07\x1b[31mERROR evil \u202etxt\n"
        '{"msg":"a\\u001b[31mb\\u202e","trace":"one\\n  two"}\n'
        '{"k\\u001b[2Jey":"v","msg":"m"}'
    )
    assert text.message == "evil txt"
    assert escaped.message == "ab"
    assert escaped.text.endswith("\ntrace:\none\n  two")
    assert keyed.fields["key"] == "v"
    (own,) = _records('a "b\\nc"', format={"regex": "(?P<quoted>.*)"})
    assert own.fields["quoted"] == 'a "b\\nc"'
    (own,) = _records('"b\\nc" "d', format={"regex": '(?P<one>"[^"]*") (?P<other>.*)'})
    assert own.fields == {"one": "b c", "other": '"d'}
    for record in (text, escaped, keyed):
        assert all(line.isprintable() for line in record.text.split("\n"))


def test_objects_too_deep_or_too_wide_are_bounded() -> None:
    deep, wide = _records(
        '{"a":' * 5_000 + "1" + "}" * 5_000
        + "\n{" + ",".join(f'"f{number}":1' for number in range(5_000)) + "}"
    )  # fmt: skip
    assert len(deep.message) <= 1_000
    assert len(wide.fields) <= 200
    both: dict[str, object] = {}
    for _ in range(3):
        both = {**{f"f{number}": 1 for number in range(150)}, "in": both}
    (wide,) = _records(json.dumps(both))
    assert len(wide.fields) == 200


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "give exactly one of files, journal"),
        ({"files": "x", "journal": "nginx"}, "give exactly one of files, journal"),
        ({"files": "x", "format": {"regex": "(?=a)"}}, "no look-around"),
        ({"files": "x", "format": {"regex": "a+"}}, "no named groups"),
        ({"files": "x", "multiline": "("}, "no regular expression"),
        ({"files": "x", "time": {"zone": "Mars"}}, "no time zone that is known here"),
        ({"files": "x", "time": {"format": "%Q"}}, "write a format of strptime"),
        ({"journal": {"matches": ["--file=x"]}}, "no match of the journal"),
        ({"journal": "-M"}, "begins with a dash"),
        ({"journal": "a", "multiline": "^a"}, "multiline is for files"),
    ],
)
def test_what_is_wrong_with_a_source_is_said(config: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        LogInput.model_validate(config)


@pytest.mark.parametrize(
    "line",
    ["x=1 " + "ev:0" * 15_000, 'a="' * 20_000, "[2024-12-26 10:00:00] p.ERROR: " + ' {"' * 20_000],
)
def test_a_line_made_to_take_long_does_not(line: str) -> None:
    for name in ("auto", "logfmt", "laravel"):
        with at_most(SECOND):
            _records(line, format=name)


@pytest.mark.parametrize(
    "time", ["9999-12-31 23:59:60", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_that_no_calendar_shows_is_none(time: str) -> None:
    """Anybody can have a line in a log; the screen must not end at it."""
    for line in (
        f"{time} ERROR x",
        f'{{"time":"{time}","msg":"x"}}',
        f"ts={time} msg=x level=info",
    ):
        (record,) = _records(line)
        assert record.time == NOW
