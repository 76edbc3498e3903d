"""label_replace and label_join: what they put where, and what they refuse."""

from __future__ import annotations

import re

import numpy as np
import pytest

from checks.promql.errors import EvaluationError
from checks.promql.functions.expansion import expanded
from checks.promql.labels import Memory, label, weight
from checks.promql.values import Labels, Vector
from checks.store.matching import compiled
from tests.checks.promql.functions_kit import Answer, called, named, vector

TWO = vector((named("x", src="a-1", dst="old"), [1]), (named("x", src="b-2"), [2]))


def replaced(given: Vector, *texts: str, steps: int = 1) -> Answer:
    return called('label_replace(x, "", "", "", "")', given, *texts, steps=steps)


def joined(given: Vector, *texts: str) -> Answer:
    return called('label_join(x, "", "")', given, *texts)


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (("dst", "$1", "src", "(.*)-.*"), ["a", "b"]),
        (("dst", "$1", "src", "a-(.*)"), ["1", ""]),
        # ``$2_`` is the group of that name, which there is not.
        (("dst", "$2_$1", "src", "(.*)-(.*)"), ["a", "b"]),
        (("dst", "${2}_$1", "src", "(.*)-(.*)"), ["1_a", "2_b"]),
        (("dst", "$n!", "src", "(?P<n>.).*"), ["a!", "b!"]),
        # Only a whole match counts; without one the label stays.
        (("dst", "$1", "src", "(.)"), ["old", ""]),
        (("dst", "", "src", ".*"), ["", ""]),
        (("dst", "v", "nowhere", ""), ["v", "v"]),
        (("dst", "$1", "nowhere", "(.+)"), ["old", ""]),
        # RE2's: flags within a pattern.
        (("dst", "x", "src", "(?i)A-.|B(?i:-2)"), ["x", "x"]),
    ],
)
def test_a_label_is_replaced_where_the_whole_source_matches(
    texts: tuple[str, ...], wanted: list[str]
) -> None:
    rows = list(replaced(TWO, *texts).rows())
    assert [label(one, "dst") for one in rows] == wanted
    assert all(label(one, "__name__") == "x" for one in rows)


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("$$1", "$1"),
        ("$1$", "one$"),
        ("a$-b", "a$-b"),
        ("${1}2", "one2"),
        ("$12", ""),
        ("${1", "${1"),
        ("${}", "${}"),
        ("$01", ""),
        ("$9", ""),
        ("$name.$1", "one.one"),
        ("$nameé", ""),
        ("$0", "one two"),
    ],
)
def test_references_are_gos(template: str, wanted: str) -> None:
    found = compiled("(?P<name>[^ ]+) (two)(never)?").fullmatch("one two")
    assert found is not None
    assert expanded(template, found) == wanted


def test_the_name_can_be_set_and_then_stays() -> None:
    given = Vector(TWO.labels, TWO.values, TWO.present, np.array([True, True]))
    answer = replaced(given, "__name__", "y_$1", "src", "(a).*")
    assert [label(one, "__name__") for one in answer.rows()] == ["y_a", "x"]
    assert answer.vector.drop_name.tolist() == [False, True]
    assert replaced(given, "dst", "v", "src", ".*").vector.drop_name.tolist() == [True, True]


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (("dst", "", "src", "(.*"), "invalid regular expression in label_replace(): (.*"),
        (("", "", "src", ".*"), "invalid destination label name in label_replace(): ''"),
        (("\udcff", "", "src", ".*"), "invalid destination label name in label_replace()"),
    ],
)
def test_what_label_replace_refuses(texts: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(EvaluationError, match=re.escape(sentence)):
        replaced(TWO, *texts)
    with pytest.raises(EvaluationError, match=re.escape(sentence)):
        replaced(Vector.empty(1), *texts)


def test_labels_are_joined_in_the_order_given() -> None:
    rows = joined(TWO, "dst", "/", "src", "nowhere", "dst").rows()
    assert [label(one, "dst") for one in rows] == ["a-1//old", "b-2//"]
    assert [label(one, "dst") for one in joined(TWO, "dst", "/").rows()] == ["", ""]


@pytest.mark.parametrize("texts", [("", ","), ("\udcff", ","), ("a", ",", "")])
def test_what_label_join_refuses(texts: tuple[str, ...]) -> None:
    with pytest.raises(EvaluationError, match=r"invalid .* label name in label_join"):
        joined(TWO, *texts)


def test_what_is_made_of_a_vectors_labels_is_remembered_with_them() -> None:
    texts = ("dst", "$1", "src", "(.*)-.*")
    assert replaced(TWO, *texts).vector.labels is replaced(TWO, *texts).vector.labels
    assert replaced(TWO, "dst", "$1", "src", "(.*)-1").vector.labels is not TWO.labels


def test_labels_that_would_fill_the_memory_are_refused() -> None:
    long = vector(*((named("x", src="y" * 100_000, i=str(i)), [1]) for i in range(8)))
    with pytest.raises(EvaluationError, match="more than 1,048,576 characters in all"):
        replaced(long, "dst", "$1" * 100, "src", "(.*)")
    with pytest.raises(EvaluationError, match="more than 1,048,576 characters in all"):
        joined(long, "dst", "", *["src"] * 100)


def test_what_long_labels_come_to_is_not_remembered_for_ever() -> None:
    """An expression of one series with a label of a megabyte: two label sets, and yet heavy."""
    memory = Memory(limit=50_000)
    long: Labels = ((("l", "x" * 1_000_000),),)
    nothing: Labels = ()
    sources = [((("l", f"{number}"),),) for number in range(40)]
    for source in sources:
        memory.get((memory.get((source,), "long", lambda: long, weight),), "twins", lambda: None)
    assert memory.size <= memory.limit
    assert memory.get((sources[0],), "long", lambda: nothing, weight) is nothing, "let go"
    assert memory.get((sources[-1],), "long", lambda: nothing, weight) is long
    assert weight(((("l", "x"),),) * 5000) == 5000
