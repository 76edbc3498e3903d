"""What plugins and scripts print."""

from __future__ import annotations

import math

from checks.model import Sampler
from checks.patterns import Matcher
from checks.probes.command.config import CommandConfig
from checks.probes.command.perfdata import Datum, Range, parse_output
from checks.probes.command.report import Patterns, Run, told
from checks.probes.command.rows import child_rows
from tests.fuzz.oracle import check_finite, check_line, check_result
from tests.fuzz.target import Target

__all__ = ["TARGETS"]

SEEDS = (
    b"DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968\n/ 15272 MB (77%);\n"
    b"/boot 68 MB (69%); | /boot=68MB;88;93;0;98\n/home=69357MB;253404;253409;0;253414\n",
    b"PING OK - Packet loss = 0%, RTA = 0.80 ms|rta=0.80ms;3000;5000;0;  pl=0%;80;100;0;100",
    b"OK|'a b''c'=1c;@10:20;~:5;; users=U;10:;; t=0,5s 'x'=-1.5e3KB;;;0;nan\n",
    b"LOAD WARNING: 5.1 | load1=5.100;5.000;10.000;0; load5=3;4;6;0;\n",
)
TOKENS = (
    *(b"|", b"'", b"''", b"=", b";", b":", b"~:", b"@", b"%", b"ms", b"KB", b"MiB", b"c", b"U"),
    *(b"1", b"-1", b"0,5", b"1e308", b"1e999", b"9" * 310, b"nan", b"inf", b"\n", b"\r", b" "),
    *(b"a=1 ", b"a=1;2;3;4;5 ", b"'a'=", b"\x1b[2J", b"\xff", b"\xc2\xb5s", b"\xd9\xa3", b"\t"),
    *(b"a=1e308EB;1e308:;~:1e308;; ", b"=1", b"\xe2\x80\xa8", b"\x00", b"a|b|c"),
)
_ROWS = Matcher(r"^(?P<status>\S+) (?P<name>[^:]+)(?:: (?P<message>.*))?$")
_PLAIN = CommandConfig.model_validate({"argv": ["x"]})
_WITH_ROWS = CommandConfig.model_validate({"argv": ["x"], "rows": _ROWS.pattern, "expect": "ok"})


def run(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    output = parse_output(text)
    assert len(output.data) <= 200
    assert len(output.problems) <= 5
    for datum in output.data:
        _check(datum)
    for config in (_PLAIN, _WITH_ROWS):
        patterns = Patterns.of(config)
        for out, err, code in ((data, b"", 0), (data, data[:5_000], 2), (b"", data, -9)):
            ran = Run("x", code, out, err, 0.1, 0.1)
            result = told(ran, config, patterns, Sampler({"job": "x"}).builder())
            check_result(result)
            check_finite(result.samples.values)


def _check(datum: Datum) -> None:
    assert len(datum.label) <= 100
    check_finite([datum.value, datum.minimum, datum.maximum])
    for bounds in (datum.warning, datum.critical):
        if bounds is not None:
            _check_range(bounds)


def _check_range(bounds: Range) -> None:
    assert not math.isnan(bounds.start)
    assert not math.isnan(bounds.end)
    assert bounds.start <= bounds.end


def rows(data: bytes) -> None:
    parts = child_rows(data.decode("utf-8", "replace"), _ROWS)
    assert len(parts) <= 50
    for part in parts:
        check_line(part.name, 80)
        check_line(part.message)


ROW_SEEDS = (
    "✅ database: 3 ms\n❌ queue: 812 waiting\n⚠ disk\n".encode(),
    b"web RUNNING pid 3\nworker FATAL Exited\nOK a: b\n",
)
TARGETS = (
    Target("perfdata", run, SEEDS, TOKENS, bound=64_000),
    Target("rows", rows, ROW_SEEDS, (*TOKENS, "✅ ".encode(), b"ok ", b": "), bound=64_000),
)
