"""Our own scripts use all there is in PromQL, so that Prometheus' are not needed to trust it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checks.promql.api import Engine
from checks.promql.ast import Aggregation, Binary, Call, Negative, Node, Range, Selector, Subquery
from checks.promql.errors import PromQLError
from checks.promql.functions import FUNCTIONS
from checks.promql.reach import children
from checks.promqltest.reader import read_script
from checks.promqltest.script import Eval
from tests.checks.promqltest.skipped import OWN

AGGREGATIONS = [
    "sum",
    "avg",
    "count",
    "min",
    "max",
    "group",
    "stddev",
    "stdvar",
    "topk",
    "bottomk",
    "count_values",
    "quantile",
]
OPERATORS = [
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "atan2",
    "==",
    "!=",
    ">",
    ">=",
    "<",
    "<=",
    "and",
    "or",
    "unless",
]
COMPARISONS = ["==", "!=", ">", ">=", "<", "<="]


def evaluated() -> Iterator[tuple[Eval, Node]]:
    """Every case that has a result, with its tree."""
    engine = Engine()
    for path in sorted(OWN.glob("*.test")):
        for command in read_script(path.read_text(), path.name).commands:
            if isinstance(command, Eval) and command.expected.fail is None:
                try:
                    yield command, engine.parse(command.text).root
                except PromQLError as error:
                    pytest.fail(f"{path.name}:{command.line}: {error}")


def below(node: Node) -> Iterator[Node]:
    """``node`` and all that is in it."""
    yield node
    for child in children(node):
        yield from below(child)


@pytest.fixture(scope="module")
def nodes() -> list[Node]:
    return [node for _, root in evaluated() for node in below(root)]


def test_every_function_is_used(nodes: list[Node]) -> None:
    used = {node.function for node in nodes if isinstance(node, Call)}
    assert set(FUNCTIONS) - used == set()


def test_every_aggregation_is_used_in_both_ways(nodes: list[Node]) -> None:
    used = [node for node in nodes if isinstance(node, Aggregation)]
    assert {node.operator for node in used} == set(AGGREGATIONS)
    assert {node.without for node in used} == {True, False}


def test_every_operator_is_used_between_scalars_and_vectors(nodes: list[Node]) -> None:
    used = [node for node in nodes if isinstance(node, Binary)]
    assert {node.operator for node in used} == set(OPERATORS)
    assert {node.operator for node in used if node.bool_modifier} == set(COMPARISONS)
    assert any(isinstance(node, Negative) for node in nodes)


def test_every_way_to_match_is_used(nodes: list[Node]) -> None:
    ways = {
        (node.matching.on, node.matching.group, bool(node.matching.include))
        for node in nodes
        if isinstance(node, Binary)
    }
    assert {(True, "", False), (True, "left", False), (True, "left", True)} <= ways
    assert {(True, "right", False), (False, "left", False)} <= ways
    assert any(
        isinstance(node, Binary) and not node.matching.on and node.matching.labels for node in nodes
    )


def test_every_modifier_is_used(nodes: list[Node]) -> None:
    selectors = [node for node in nodes if isinstance(node, Selector)]
    subqueries = [node for node in nodes if isinstance(node, Subquery)]
    ranges = [node for node in nodes if isinstance(node, Range)]
    assert {matcher.op for node in selectors for matcher in node.matchers} == {
        "=",
        "!=",
        "=~",
        "!~",
    }
    assert any(node.offset > 0 for node in selectors)
    assert any(node.offset < 0 for node in selectors)
    assert any(node.selector.offset for node in ranges)
    assert any(node.offset for node in subqueries)
    assert {node.step is None for node in subqueries} == {True, False}
    for found in (selectors, subqueries):
        kinds = {node.at if isinstance(node.at, str) else type(node.at) for node in found}
        assert {"start", "end", int} <= kinds


def test_instants_and_ranges_are_asked() -> None:
    assert {case.is_range for case, _ in evaluated()} == {True, False}
