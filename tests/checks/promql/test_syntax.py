"""What is an expression, what it means, and what is said of what is none."""

from __future__ import annotations

import math
import string
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.promql.ast import (
    Aggregation,
    Binary,
    Call,
    Matching,
    Negative,
    Node,
    Number,
    Paren,
    Range,
    Selector,
    Subquery,
    Text,
)
from checks.promql.errors import PromQLError
from checks.promql.reach import reach, selectors
from checks.promql.syntax import parse


def written(node: Node) -> str:
    """``node`` with every operand in parentheses, to see how operators bind."""
    match node:
        case Binary():
            return f"({written(node.left)} {node.operator} {written(node.right)})"
        case Negative():
            return f"-({written(node.body)})"
        case Paren():
            return written(node.body)
        case Number():
            return f"{node.value:g}"
        case Selector():
            offset = f" offset {node.offset}" if node.offset else ""
            return f"{node.name}{offset}"
        case _:
            return type(node).__name__


@pytest.mark.parametrize(
    ("text", "binds"),
    [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("1 * 2 + 3", "((1 * 2) + 3)"),
        ("8 - 4 - 2", "((8 - 4) - 2)"),
        ("2 ^ 3 ^ 2", "(2 ^ (3 ^ 2))"),
        ("-2 ^ 2", "-((2 ^ 2))"),
        ("2 ^ -3 * 4", "((2 ^ -3) * 4)"),
        ("-a * b", "(-(a) * b)"),
        ("+a - -b", "(a - -(b))"),
        ("a or b and c", "(a or (b and c))"),
        ("a unless b and c", "((a unless b) and c)"),
        ("a > b + c", "(a > (b + c))"),
        ("a > b == c", "((a > b) == c)"),
        ("a % b atan2 c / d", "(((a % b) atan2 c) / d)"),
        ("a + b offset 5m", "(a + b offset 300000)"),
        ("-a offset 5m", "-(a offset 300000)"),
        ("a OR b AND c Unless d", "(a or ((b and c) unless d))"),
    ],
)
def test_operators_bind_as_in_prometheus(text: str, binds: str) -> None:
    assert written(parse(text)) == binds


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_000_000", 1e6),
        ("0x1F", 31.0),
        ("0xff_ff", 65535.0),
        ("0x1p4", 16.0),
        ("010", 8.0),
        ("08", 8.0),
        (".5e3", 500.0),
        ("5.", 5.0),
        ("1e-2", 0.01),
        ("Inf", math.inf),
        ("+iNf", math.inf),
        ("1h30m", 5400.0),
        ("1m500ms", 60.5),
        ("1y2w3d", 31_536_000.0 + 2 * 604_800 + 3 * 86_400),
    ],
)
def test_numbers_in_every_notation(text: str, value: float) -> None:
    node = parse(text)
    while isinstance(node, Paren):
        node = node.body
    assert isinstance(node, Number)
    assert node.value == value


def test_strings_with_the_escapes_of_go() -> None:
    for text, value in (
        (r'"a\n\t\"\\"', 'a\n\t"\\'),
        (r"'it\'s'", "it's"),
        (r"`raw \n`", r"raw \n"),
        (r'"\x41\101\u00e9\U0001F600"', "AA\u00e9\U0001f600"),
        (r'"\xff"', "\udcff"),
    ):
        node = parse(text)
        assert isinstance(node, Text)
        assert node.value == value


@pytest.mark.parametrize(
    ("text", "name", "matchers"),
    [
        ("a", "a", []),
        ("a:b:c", "a:b:c", []),
        ('a{b="c", d!~"e.*",}', "a", ['b="c"', 'd!~"e.*"']),
        ('{__name__="a", b="c"}', "a", ['b="c"']),
        ('{__name__=~"a|b"}', "", ['__name__=~"a|b"']),
        ('{"http.requests", "x.y"="z"}', "http.requests", ['x.y="z"']),
        ("{'été'}", "été", []),
        ("sum{on='x'}", "sum", ['on="x"']),
        ("bool", "bool", []),
        ("start", "start", []),
        ("offset", "offset", []),
        ("and{by='x'}", "and", ['by="x"']),
        ('a{inf="1"}', "a", ['inf="1"']),
        ("a{} # with a comment", "a", []),
    ],
)
def test_selectors(text: str, name: str, matchers: list[str]) -> None:
    node = parse(text)
    assert isinstance(node, Selector)
    assert (node.name, list(map(str, node.matchers))) == (name, matchers)


@pytest.mark.parametrize(
    ("text", "offset", "at"),
    [
        ("a offset 5m", 300_000, None),
        ("a offset -1m30s", -90_000, None),
        ("a offset 5", 5000, None),
        ("a offset 0.5", 500, None),
        ("a @ 10", 0, 10_000),
        ("a @ -10.5", 0, -10_500),
        ("a @ 1e3 offset 2", 2000, 1_000_000),
        ("a offset 2 @ start()", 2000, "start"),
        ("a @ end()", 0, "end"),
        ("a @ 1m", 0, 60_000),
    ],
)
def test_modifiers(text: str, offset: int, at: object) -> None:
    node = parse(text)
    assert isinstance(node, Selector)
    assert (node.offset, node.at) == (offset, at)
    ranged = parse(text.replace("a ", "a[1m] ", 1))
    assert isinstance(ranged, Range)
    assert (ranged.selector.offset, ranged.selector.at) == (offset, at)
    nested = parse(text.replace("a ", "a[1m:] ", 1))
    assert isinstance(nested, Subquery)
    assert (nested.offset, nested.at) == (offset, at)


@pytest.mark.parametrize(
    ("text", "length", "step"),
    [
        ("a[5m:1m]", 300_000, 60_000),
        ("a[5m:]", 300_000, None),
        ("a[300:.5]", 300_000, 500),
        ("a[ 5m : 1m ]", 300_000, 60_000),
        ("(a + b)[1h:5m]", 3_600_000, 300_000),
    ],
)
def test_subqueries(text: str, length: int, step: int | None) -> None:
    node = parse(text)
    assert isinstance(node, Subquery)
    assert (node.range, node.step) == (length, step)


def test_aggregations_take_their_grouping_on_either_side() -> None:
    for text in ('sum by (a, "b.c") (x)', 'sum(x) by (a, "b.c",)', 'SUM BY(a,"b.c")(x)'):
        node = parse(text)
        assert isinstance(node, Aggregation)
        assert (node.operator, node.without, node.labels) == ("sum", False, ("a", "b.c"))
    node = parse("topk without () (3, x)")
    assert isinstance(node, Aggregation)
    assert (node.operator, node.without, node.labels) == ("topk", True, ())
    assert isinstance(node.parameter, Number)


def test_matching_of_vectors() -> None:
    node = parse("a == bool on (x, y) group_left (z) b")
    assert isinstance(node, Binary)
    assert node.bool_modifier
    assert node.matching == Matching(True, ("x", "y"), "left", ("z",))
    node = parse("a / ignoring (x) group_right b")
    assert isinstance(node, Binary)
    assert node.matching == Matching(False, ("x",), "right", ())


def test_positions_are_those_of_the_text() -> None:
    text = "sum(rate(foo[5m] offset 1m)) / 2"
    node = parse(text)
    assert isinstance(node, Binary)
    assert isinstance(node.left, Aggregation)
    call = node.left.body
    assert isinstance(call, Call)
    spans = {text[one.span.start : one.span.end] for one in (node, node.left, call, call.args[0])}
    assert spans == {
        text,
        "sum(rate(foo[5m] offset 1m))",
        "rate(foo[5m] offset 1m)",
        "foo[5m] offset 1m",
    }


MISTAKES = (Path(__file__).parent / "mistakes.txt").read_text(encoding="utf-8")
"""An expression a line, a tab, and what is said of it."""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *(line.split("\t") for line in MISTAKES.splitlines()),
        ("", "1:1: parse error: no expression found in input"),
        ("a +\n  * b", "2:3: parse error: unexpected <op:*>"),
    ],
)
def test_mistakes_are_named_with_their_place(text: str, message: str) -> None:
    with pytest.raises(PromQLError) as caught:
        parse(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("limitk(3, a)", "limitk()"),
        ("limit_ratio(0.5, a)", "limit_ratio()"),
        ("a + fill(0) b", "fill()"),
        ("a + on (x) fill_left(0) b", "fill_left()"),
        ("rate(a[5m] smoothed)", "the modifier smoothed"),
        ("increase(a[5m] anchored)", "the modifier anchored"),
        ("a[5m * 2]", "an expression instead of a duration"),
        ("a[(5m)]", "an expression instead of a duration"),
        ("a[step()]", "an expression instead of a duration"),
        ("a offset min_of(1m, 2m)", "an expression instead of a duration"),
        ("info(a)", "info()"),
        ("end() - start()", "end()"),
        ("sort_by_label(a, 'b')", "sort_by_label()"),
        ("histogram_avg(a)", "histogram_avg() is for native histograms"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(text: str, feature: str) -> None:
    with pytest.raises(PromQLError) as caught:
        parse(text)
    assert caught.value.message.startswith(feature)
    assert "not supported here" in caught.value.message
    assert caught.value.feature


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3000 + "a" + ")" * 3000,
        "-" * 5000 + "a",
        "+".join(["a"] * 5000),
        "abs(-(" * 60 + "a" + "))" * 60,
        "2^" * 5000 + "2",
        'a{b=~"((x{100}){100}){100}"}',
        "a" * 200_000,
        "a{" + 'b="c",' * 10_000 + "} + " * 3,
    ],
    ids=["brackets", "signs", "sum", "calls", "powers", "pattern", "name", "matchers"],
)
def test_monstrous_expressions_are_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(PromQLError) as caught:
        parse(text)
    assert len(caught.value.message) < 200


def test_what_an_expression_reads() -> None:
    node = parse("sum(rate(a[5m] offset 1h)) / max_over_time(b[30m:1m] offset 5m) + c @ 5")
    assert [one.name for one in selectors(node)] == ["a", "b", "c"]
    assert reach(node) == 65 * 60_000
    assert reach(parse("max_over_time(rate(a[5m])[1h:])")) == 65 * 60_000
    assert reach(parse("a offset -5m")) == 0


NAMES = st.sampled_from(["a", "b:c", "sum", "rate", "x_total"])
LABELS = st.sampled_from(["job", "le", "on", "instance"])
OPERATORS = st.sampled_from(["+", "-", "*", "/", "%", "^", ">", "==", "or", "and"])
DURATIONS = st.sampled_from(["5m", "1h30m", "10s", "1d"])


def _selector(name: str, label: str, op: str, value: str) -> str:
    return f'{name}{{{label}{op}"{value}"}}'


SELECTORS = st.builds(
    _selector,
    NAMES,
    LABELS,
    st.sampled_from(["=", "!=", "=~", "!~"]),
    st.text(string.ascii_letters + ".|", max_size=5),
)
VECTORS = st.recursive(
    SELECTORS | NAMES,
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, OPERATORS, inner),
        st.builds("({})".format, inner),
        st.builds("-{}".format, inner),
        st.builds("sum by ({}) ({})".format, LABELS, inner),
        st.builds("topk({}, {})".format, st.integers(1, 9), inner),
        st.builds("{} / on (job) group_left (le) {}".format, inner, inner),
        st.builds("max_over_time(({})[{}:{}])".format, inner, DURATIONS, DURATIONS),
        st.builds("rate({}[{}] offset {})".format, SELECTORS, DURATIONS, DURATIONS),
        st.builds("abs({} == bool 5)".format, inner),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(VECTORS)
def test_it_accepts_what_a_parser_of_prometheus_grammar_accepts(text: str) -> None:
    """promql-parser is made from Prometheus' own grammar."""
    theirs: Any = promql_parser.parse(text)
    ours = parse(text)
    names = {
        "VectorSelector": Selector,
        "BinaryExpr": Binary,
        "AggregateExpr": Aggregation,
        "UnaryExpr": Negative,
        "ParenExpr": Paren,
        "Call": Call,
    }
    assert isinstance(ours, names[type(theirs).__name__])
    if isinstance(ours, Binary):
        assert ours.operator == str(theirs.op)
        for mine, other in ((ours.left, theirs.lhs), (ours.right, theirs.rhs)):
            assert isinstance(mine, names[type(other).__name__])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("ab{}()[]\"=~!<>+-*/^%@,:5m \n#_.'`sumbyonoffset"), max_size=30))
def test_any_text_is_an_expression_or_one_error(text: str) -> None:
    try:
        span = parse(text).span
    except PromQLError as error:
        span = error.span
    assert 0 <= span.start <= span.end <= len(text)
