"""Metrics pages: what is read, as Prometheus reads it, and what is said of a broken one."""

from __future__ import annotations

import contextlib
import math
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from checks.exposition.model import ExpositionError, Labels, Page, TooManySeriesError
from checks.exposition.reader import LEFT_OUT, LeftOut, Reader, parse

PAGE = """\
# HELP http_requests_total Requests, by \\\\ and a line\\nbreak.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027
http_requests_total{method="post",code="400",} 3 1395066363000

  # a comment of no meaning
# TYPE took_seconds histogram
took_seconds_bucket{le="0.5"} 129389
took_seconds_bucket { le = "+Inf" }\t133988
took_seconds_sum 5.3423e+04
took_seconds_count 133988
path{p="C:\\\\DIR \\"x\\" {},# 1\\n"} +Inf
nothing NaN
empty{} -1
"""


def samples(page: Page[tuple[str, Labels]]) -> dict[tuple[str, Labels], float]:
    return dict(zip(page.items, page.values, strict=True))


def told(page: str | bytes, *, openmetrics: bool = False) -> str:
    """Why ``page`` cannot be read."""
    encoded = page.encode() if isinstance(page, str) else page
    with pytest.raises(ExpositionError) as caught:
        parse(encoded, openmetrics=openmetrics)
    return str(caught.value)


def test_a_page_of_the_text_format() -> None:
    page = parse(PAGE.encode())
    found = samples(page)
    assert found["http_requests_total", (("method", "post"), ("code", "200"))] == 1027
    assert found["took_seconds_bucket", (("le", "+Inf"),)] == 133988
    assert found["took_seconds_sum", ()] == 53423
    assert found["path", (("p", 'C:\\DIR "x" {},# 1\n'),)] == math.inf
    assert math.isnan(found["nothing", ()])
    assert found["empty", ()] == -1
    assert len(page.items) == 9
    assert page.timestamps == {1: 1395066363.0}
    assert page.families["http_requests_total"].type == "counter"
    assert page.families["http_requests_total"].help == "Requests, by \\ and a line break."
    assert page.families["took_seconds"].type == "histogram"


def test_a_page_of_openmetrics() -> None:
    text = (
        "# TYPE took_seconds histogram\n# UNIT took_seconds seconds\n"
        'took_seconds_bucket{le="1"} 3 # {trace_id="a # b"} 0.67 1700000000.5\n'
        'took_seconds_bucket{le="+Inf"} 4 1700000000.25\n'
        "took_seconds_count 4\ntook_seconds_created 1.6e9\n# EOF\n"
    )
    page = parse(text.encode(), openmetrics=True)
    assert page.values == [3, 4, 4, 1.6e9]
    assert page.timestamps == {1: 1700000000.25}
    assert page.exemplars == 1
    assert page.families["took_seconds"].unit == "seconds"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("<html>", 'expected a metric\'s name, found "<html>"'),
        ("9lives 1", 'expected a metric\'s name, found "9lives 1"'),
        ('{"my.metric"} 1', "names in quotes (UTF-8 names) are not understood"),
        ('{"status": "ok"}', "this is JSON, no page of metrics: is the path right?"),
        ("{", "this is JSON"),
        ('[{"a": 1}]', "this is JSON"),
        ("a", "a has no value"),
        ('a{b="c"}', "a has no value"),
        ("a one", 'the value of a, "one", is no number'),
        ("a 1_000", 'the value of a, "1_000", is no number'),
        ("a ٣", 'the value of a, "٣", is no number'),
        ("a 0x10", 'the value of a, "0x10", is no number'),
        ("a 1 soon", '"soon" after the value is no timestamp'),
        ("a 1 2 3", '"2 3" after the value is no timestamp'),
        ("a 1\r", "it ends in a carriage return; lines end in a line feed alone"),
        ('a{b="c} 1', "the value of the label b has no closing quote (is the page cut?)"),
        ("a{b=c} 1", "the value of the label b stands in no double quotes"),
        ("a{b} 1", "the label b has no value"),
        ('a{b="c" d="e"} 1', 'expected a comma or } after the label b, found "d="e"} 1"'),
        ('a{b="c",b="d"} 1', "the label b stands there twice"),
        ('a{__name__="b"} 1', "the label __name__ stands there beside the metric's own name"),
        ("a{", "expected a label's name or }, found the line's end (is the page cut?)"),
        ("# TYPE a number", '"number" is no type of a metric'),
        ('a 1 # {t="x"} 1', "exemplars need OpenMetrics' content type"),
    ],
)
def test_a_bad_line_is_named_with_its_number(line: str, why: str) -> None:
    sentence = told(f'good 1\ngood{{x="y"}} 2\n{line}\nlater 3\n')
    assert sentence.startswith("line 3: ")
    assert why in sentence


def test_a_bad_value_of_a_series_that_is_known() -> None:
    reader = Reader(lambda name, labels: (name, labels))
    lines = [f"a_{n} {n}" for n in range(3000)]
    reader.read("\n".join(lines).encode())
    for bad in ("1_0", "", "0x1", "1 2 3", "٣", "1\x0c"):
        lines[2500] = f"a_2500 {bad}"
        with pytest.raises(ExpositionError, match=r"^line 2501: "):
            reader.read("\n".join(lines).encode())
    lines[2500] = "a_2500 7"
    assert reader.read("\n".join(lines).encode()).values[2500] == 7


def test_of_two_mistakes_the_first_is_named_whatever_is_remembered() -> None:
    reader = Reader(lambda name, labels: (name, labels))
    reader.read(b"a 1\n")
    with pytest.raises(ExpositionError, match=r"^line 1: the value of a, "):
        reader.read(b"a 1x 2\nb@ 1\n")


def test_text_that_is_not_utf8() -> None:
    assert told(b'a 1\nb{c="\xff"} 2\n') == "line 2: it is not UTF-8 text"


def test_openmetrics_says_where_a_page_ends() -> None:
    assert told("a 1\nb 2\n", openmetrics=True) == (
        "line 2: the page ends without # EOF (is it cut?)"
    )
    assert told("a 1\n# EOF\nb 2\n", openmetrics=True) == "line 2: the page goes on after # EOF"
    assert parse(b"# EOF\n", openmetrics=True).items == []


def test_what_is_known_is_asked_for_once() -> None:
    asked: list[str] = []

    def make(name: str, labels: Labels) -> str | LeftOut:
        del labels
        asked.append(name)
        return LEFT_OUT if name.startswith("go_") else name

    reader = Reader(make)
    for value in range(3):
        page = reader.read(f"a {value}\ngo_x {value}\nb {value} 1700000000000\n".encode())
        assert (page.items, page.values, page.left_out) == (["a", "b"], [value, value], 1)
        assert page.timestamps == {1: 1_700_000_000.0}
        assert page.fresh == (2 if value == 0 else 0)
    assert asked == ["a", "go_x", "b"]
    with pytest.raises(ExpositionError, match=r"^line 2: .*no number"):
        reader.read(b"a 1\ngo_x one\n")


def test_series_that_are_no_longer_there_are_forgotten() -> None:
    reader = Reader(lambda name, labels: (name, labels))
    for scrape in range(50):
        lines = [f'a{{id="{scrape}-{n}"}} 1' for n in range(1000)]
        lines += [f"b_{n} 1 170000000000{n % 10}" for n in range(500)]
        reader.read("\n".join(lines).encode())
        assert len(reader.known) <= 1.25 * 1500 + 100


def test_the_bound_on_series() -> None:
    reader = Reader(lambda name, labels: (name, labels), max_series=2000)
    lines = "\n".join(f'a{{id="{n}"}} 1' for n in range(5000))
    for scrape in range(20):
        with pytest.raises(TooManySeriesError):
            reader.read(lines.replace("id", f"id{scrape}").encode())
        assert len(reader.known) <= 10_000


NAMES = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,8}", fullmatch=True)
LABELS = st.dictionaries(
    st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,6}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    max_size=3,
)
VALUES = st.floats(allow_nan=False)
TIMES = st.none() | st.integers(-(10**12), 10**13)


def written(name: str, labels: dict[str, str], value: float, time_ms: int | None) -> str:
    """A sample as an exporter writes it."""
    escaped = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
    inner = ",".join(f'{label}="{text.translate(escaped)}"' for label, text in labels.items())
    braces = f"{{{inner}}}" if inner else ""
    return f"{name}{braces} {value!r}" + ("" if time_ms is None else f" {time_ms}")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NAMES, LABELS, VALUES, TIMES), max_size=20))
def test_what_is_written_is_what_is_read(
    rows: list[tuple[str, dict[str, str], float, int | None]],
) -> None:
    page = "".join(written(*row) + "\n" for row in rows).encode()
    reader = Reader(lambda name, labels: (name, labels))
    for read in (reader.read(page), reader.read(page), parse(page)):
        assert read.items == [(name, tuple(labels.items())) for name, labels, _, _ in rows]
        assert read.values == [value for _, _, value, _ in rows]
        times = {at: row[3] / 1000 for at, row in enumerate(rows) if row[3] is not None}
        assert read.timestamps == times


LINES = st.lists(
    st.text(st.sampled_from('ab_:{}="\\, \t#1.-+eNaIinf\r\x0c٣TYPEHLOF'), max_size=24), max_size=6
)


@settings(max_examples=300, deadline=None)
@given(LINES, st.booleans())
@example(["a 1_0"], False)
@example(["# EOF", "# EOF"], True)
def test_a_page_is_read_alike_whatever_is_remembered(lines: list[str], openmetrics: bool) -> None:
    """And nothing but an :class:`ExpositionError` comes of any text."""
    page = "\n".join(lines).encode()
    reader = Reader(lambda name, labels: (name, labels))
    outcomes = []
    for _ in range(2):
        try:
            read = reader.read(page, openmetrics=openmetrics)
            outcomes.append(repr((read.items, read.values, read.timestamps)))
        except ExpositionError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_do_harm(page: bytes, openmetrics: bool) -> None:
    line = 1
    try:
        parse(page, openmetrics=openmetrics)
    except ExpositionError as error:
        line = error.line
    assert 1 <= line <= page.count(b"\n") + 1


@pytest.mark.parametrize(
    "line",
    [
        "a{" + " " * 100_000,
        "a" + " " * 100_000 + "{",
        'a{b="' + "\\" * 100_001,
        'a{b="' + '\\"' * 50_000,
        "a{" + 'b="c",' * 20_000,
        "a 1" + " \t" * 50_000 + "x",
        "a 1" + "0" * 100_000 + "x",
        "# HELP a " + "\\n" * 50_000,
        "#" + " \t" * 50_000,
        "a{" + ",".join(f'l{at}=""' for at in range(50_000)),
        "a{" + ",".join(f'l{at}=""' for at in (*range(50_000), 49_999)) + "} 1",
    ],
    ids=lambda line: f"{line[:10]}… of {len(line)}",
)
def test_no_line_takes_long(line: str) -> None:
    for openmetrics in (False, True):
        began = time.process_time()
        with contextlib.suppress(ExpositionError):
            parse(line.encode(), openmetrics=openmetrics)
        assert time.process_time() - began < 0.5
