"""Scripts of tests of PromQL, and files of samples."""

from __future__ import annotations

import math
from io import BytesIO

from checks.errors import ConfigError
from checks.promqltest.reader import read_script
from checks.promqltest.script import Load
from checks.samples.openmetrics import read_stream
from checks.samples.store import store_of
from tests.fuzz.oracle import check_line
from tests.fuzz.target import Target

__all__ = ["TARGETS"]

SCRIPTS = (
    b'load 1m\n  up{job="a"} 1 0+1x5 _ _x3 stale 3-2x2 NaN -Inf\n\nclear\n',
    b'load_with_nhcb 5m\n  {"a.b", "c d"=\'e\'} {{schema:0 buckets:[1]}}x2 1x3\n',
    b"load 1m\n  a@st -1m+30sx2 @0s ^x2 *\n  a 1 2 3 4 5\n",
    b'eval instant at 50m sum by (a) (up)\n  expect ordered\n  {a="b"} 1\n  {} 0x10\n',
    b"eval range from 0 to 1h step 5m rate(up[5m])\n  expect warn msg: no\n  {} 1 2x3\n",
    b"eval instant at 1m up[1m]\n  expect range vector from 10s to 1m step 10s\n  up 1 2\n",
    b'eval instant "a"\n  expect string `a\\b`\n',
    b"eval_fail instant at 0 x\n  expected_fail_regexp a.*\n",
    b"eval instant at 0 1\n  expect fail regex: (a|b)\n\neval instant at 0 1 # one\n  0x1f\n",
)
PIECES = (
    *(b"load 1m\n", b"clear\n", b"eval instant at 1m ", b"eval range from 0 to 1m step 1s ", b"#"),
    *(b"expect fail\n", b"expect no_warn\n", b"expect info regex: ", b"expect string ", b"x9999"),
    *(
        b"{",
        b"}",
        b"{{",
        b"}}",
        b'"',
        b"'",
        b"`",
        b"\\x",
        b"=",
        b",",
        b"_",
        b"stale ",
        b"NaN ",
        b"1",
    ),
    *(
        b"+1x9 ",
        b"0x10 ",
        b"1e999 ",
        b"9" * 30,
        b"@st ",
        b"\n\n",
        b" a 1x99999\n",
        b"(a*)*",
        b"\xff",
    ),
)
FILES = (
    b'# TYPE a counter\na_total{b="c"} 1 1700000000\na_total{b="c"} 2 1700000001.5\n# EOF\n',
    b'a 1 1 # {x="y"} 1 2\na NaN 2\na +Inf 1e3\n# EOF\n',
    b'a{x="1",y="2"} 1 3\na{y="2",x="1"} 2 3\n\n# EOF\n',
)
BITS = (
    *(
        b"# EOF\n",
        b"# TYPE a ",
        b"a 1 1\n",
        b'a{b="c"} 1 1\n',
        b"{",
        b"}",
        b'"',
        b"\\",
        b" ",
        b"\t",
    ),
    *(b"1e999", b"-1", b"NaN", b"9" * 30, b"1_0", b"#", b"\n", b"\r\n", b"\xff", b"\xd9\xa3"),
)


def script(data: bytes) -> None:
    """It is read, or the first mistake is named with its line."""
    text = data.decode("utf-8", "replace")
    try:
        commands = read_script(text, "a.test").commands
    except ConfigError as error:
        (problem,) = error.problems
        assert 1 <= problem.line <= text.count("\n") + 1
        check_line(str(error))
        return
    for command in commands:
        if isinstance(command, Load):
            assert len(command.series) == len(command.lines)
            assert all(
                label == tuple(sorted(label)) for label in (one.labels for one in command.series)
            )


def samples(data: bytes) -> None:
    """Every sample is in the store, or the first mistake is named with its line."""
    try:
        found = read_stream(BytesIO(data), "a.om")
    except ConfigError as error:
        (problem,) = error.problems
        assert 0 <= problem.line <= data.count(b"\n") + 1
        check_line(str(error))
        return
    assert data.rstrip(b"\n").endswith(b"# EOF")
    held = 0
    for group in store_of(found).groups(""):
        times, values = group.rows(-math.inf, math.inf)  # type: ignore[arg-type]
        assert values.shape == (len(times), len(group.labels))
        assert all(found.first <= time <= found.last for time in times[:100].tolist())
        held += values.size
    assert held <= found.samples


TARGETS = (
    Target("promqltest", script, SCRIPTS, PIECES),
    Target("samples", samples, FILES, BITS),
)
