"""Lines of logs, in each format, and as a file's bytes in pieces of any size."""

from __future__ import annotations

import itertools
import math
import os
import tempfile
from pathlib import Path

from checks.logs.assembling import Assembler
from checks.logs.formats.base import Maker
from checks.logs.formats.choose import choice
from checks.logs.inputs import FORMATS, RegexFormat
from checks.logs.model import Record
from checks.logs.opened import Opened
from checks.logs.times import Times
from tests.fuzz.oracle import check_line, check_lines
from tests.fuzz.target import Target

__all__ = ["TARGETS"]

NOW = 1_735_300_000.0
SEEDS = (
    b'{"log":"{\\"msg\\":\\"x\\"}\\n","stream":"stderr","time":"2024-12-26T10:00:00Z"}\n',
    b'{"timestamp":"2024-12-26T10:00:00Z","level":"INFO","message":"x","a":{"b":[1,2]},"c":null}\n',
    b'{"level":50,"time":1735207200123,"msg":"a\\u001b[31mb","trace":"one\\n two"}\n',
    b'1.2.3.4 - - [26/Dec/2024:10:00:00 +0000] "GET /x?y=1 HTTP/1.1" 502 157 "-" "curl" 0.1 0.2\n',
    b'2024/12/26 10:00:00 [error] 12#12: *5 open() "/x" failed, client: 1.2.3.4, server: x\n',
    b'time=2024-12-26T10:00:00Z level=warn msg="it \\"is\\" so" n=5 dur=1.5s\n',
    b'[2024-12-26 10:00:00] production.ERROR: x {"exception":"[object] (E\n#0 x\n"} {"u":1}\n',
    b'ERROR:app:failed\nTraceback (most recent call last):\n  File "x"\nValueError: boom\n',
    b"Dec 26 10:00:00 web1 sshd[1]: no\n<11>Feb 29 10:00:60 web1 app: x\n",
    b"2024-12-26 10:00:00,123 - app.db - WARNING - Query took 150ms\r\n",
    b"[26-Dec-2024 10:00:00 UTC] PHP Fatal error:  x\n1:M 26 Dec 2024 10:00:00.000 # x\n",
)
TOKENS = (
    *(b"{", b"}", b'"', b"\\", b":", b",", b"[", b"]", b" {", b'{"', b"=", b"=\"", b" ", b"\n"),
    *(b"\r\n", b"\x00", b"\x1b[31m", b"\x1b]0;x\x07", b"\xff", b"\xe2\x80\xae", b"\xef\xbb\xbf"),
    *(b"2024-12-26 10:00:00", b"9999-99-99T99:99:99Z", b"Dec 26 10:00:00", b"1e999", b"9" * 40),
    *(b"level", b"ERROR", b" ERROR: ", b"] production.ERROR: ", b"NaN", b"Infinity", b"null"),
    *(b'" 200 1 ', b" - - [26/Dec/2024:10:00:00 +0000] ", b"\t", b"#0 ", b"Traceback (most recent"),
)  # fmt: skip


def run(data: bytes) -> None:
    """What is read is harmless, bounded, and the same in whatever pieces it came."""
    whole = _lines(data, 1 << 20)
    if len(data) <= 20_000:
        assert _lines(data, 7) == whole, "what is read depends on how it came"
    for name in FORMATS:
        _check(_records(whole, choice_of=name))
    own = RegexFormat(regex=r"(?P<time>\S+) (?P<level>\w+)(?P<message>.*)")
    _check(_records(whole, choice_of=own))


def _lines(data: bytes, most: int) -> list[str]:
    with tempfile.NamedTemporaryFile() as file:
        os.write(file.fileno(), data)
        opened = Opened.at(Path(file.name))
        lines: list[str] = []
        while (chunk := opened.take(0.0, most)) is not None and (chunk.read or opened.look()):
            lines += chunk.lines
        rest = opened.rest(1e9, 0.0)
        opened.close()
    return lines + ([rest] if rest else [])


def _records(lines: list[str], choice_of: str | RegexFormat) -> list[Record]:
    maker = Maker("source", itertools.count(1), Times())
    assembler = Assembler(choice(choice_of), maker)
    records: list[Record] = []
    assembler.feed(lines, NOW, records)
    assembler.flush(records)
    assert [record.number for record in records] == list(range(1, len(records) + 1))
    return records


def _check(records: list[Record]) -> None:
    for record in records:
        assert math.isfinite(record.time)
        check_line(record.message, 1_001)
        check_lines(record.text, width=20_001)
        for name, value in record.fields.items():
            check_line(name, 2_001)
            if isinstance(value, str):
                check_line(value, 2_001)


TARGETS = (Target("log-lines", run, SEEDS, TOKENS, bound=30_000),)
