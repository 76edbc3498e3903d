"""Metrics pages."""

from __future__ import annotations

from checks.exposition.model import ExpositionError, Page
from checks.exposition.reader import Reader, parse
from checks.model import Labels
from tests.fuzz.oracle import check_line
from tests.fuzz.target import Target

__all__ = ["TARGETS"]

SEEDS = (
    b"# HELP a_total What.\n# TYPE a_total counter\na_total 1\n",
    b'http_requests_total{method="post",code="200"} 1027 1395066363000\n',
    b'msdos_file{path="C:\\\\DIR\\\\F",error="no \\"x\\"\\n"} 1.458255915e9\n',
    b"no_labels 12.47\nnan NaN\ninf +Inf\nsmall -3.5E-2\n",
    b'rpc_bucket{le="+Inf",} 2693\n rpc_sum\t1.7560473e+07 \nrpc_count 2693\n',
    b'# TYPE foo counter\n# UNIT foo seconds\nfoo_total 17.0 152087960.789 # {id="x"} 1 2\n# EOF\n',
    b'up{job="a"} 1\nup{job="a"} 0\n\n#\n# comment\n{"quoted.name", x="y"} 1\n',
)
TOKENS = (
    *(b"# HELP ", b"# TYPE ", b"# UNIT ", b"# EOF\n", b"#", b"{", b"}", b'="', b'"', b",", b"\\"),
    *(b'\\"', b"\\n", b"\n", b"\r\n", b" ", b"\t", b"NaN", b"+Inf", b"-Inf", b"1e999", b"1_0"),
    *(b"0x1", b"a", b"a 1\n", b'a{b="c"} 1\n', b'b="c",', b"counter", b"histogram", b"\xff"),
    *(b"\xe2\x80\xae", b"\x00", b" 1395066363000", b" # {} 1", b"\xc2\xa0", b"\x1c", b"_total"),
    *(b"\xd9\xa3", b"\x0c", b"\xe2\x80\xa8", b"a_bucket", b"le", b"-", b".", b"9" * 30),
)


def run(data: bytes) -> None:
    """Read at once, again, and after another page: what comes of it is the same each time."""
    for openmetrics in (False, True):
        first = _outcome(Reader(_named), data, openmetrics=openmetrics)
        if len(data) > 50_000:
            continue  # once is enough for how long it takes
        assert _whole(data, openmetrics=openmetrics) == first
        warm = Reader(_named)
        for page in (data, SEEDS[1], data):
            found = _outcome(warm, page, openmetrics=openmetrics)
        assert found == first, "what was remembered changes what is read"


def _named(name: str, labels: Labels) -> tuple[str, Labels]:
    return name, labels


def _outcome(
    reader: Reader[tuple[str, Labels]], data: bytes, *, openmetrics: bool
) -> tuple[object, ...]:
    try:
        reading = reader.open(data, openmetrics=openmetrics)
        while not reading.step():
            pass
    except ExpositionError as error:
        return _told(error, data)
    return _read(reading.page)


def _whole(data: bytes, *, openmetrics: bool) -> tuple[object, ...]:
    try:
        return _read(parse(data, openmetrics=openmetrics))
    except ExpositionError as error:
        return _told(error, data)


def _told(error: ExpositionError, data: bytes) -> tuple[object, ...]:
    assert 1 <= error.line <= data.count(b"\n") + 1
    check_line(str(error))
    return ("error", error.line, str(error))


def _read(page: Page[tuple[str, Labels]]) -> tuple[object, ...]:
    assert len(page.items) == len(page.values)
    assert all(0 <= at < len(page.items) for at in page.timestamps)
    for family in page.families.values():
        check_line(family.help, 300)
        check_line(family.unit, 30)
    return (page.items, list(map(repr, page.values)), sorted(page.timestamps.items()))


TARGETS = (Target("exposition", run, SEEDS, TOKENS),)
