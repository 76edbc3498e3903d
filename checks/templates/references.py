"""What a template names: for whoever checks a rule file without executing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from checks.templates import nodes
from checks.templates.parser import Tree

__all__ = ["References", "references_of"]

_FIELDS: Final = {
    "Labels": "$labels",
    "ExternalLabels": "$externalLabels",
    "ExternalURL": "$externalURL",
    "Value": "$value",
}
_TEXT_AND_NUMBER: Final = ("$externalURL", "$value")


@dataclass(frozen=True, slots=True)
class References:
    """``labels`` and ``external_labels`` are those named outright (also by ``index``).

    ``queries`` are the expressions written out for ``query``, with the line of each;
    ``doubts``, with their lines, are sentences on what parses and must fail when it is executed.
    """

    labels: frozenset[str]
    external_labels: frozenset[str]
    functions: frozenset[str]
    queries: tuple[tuple[int, str], ...]
    doubts: tuple[tuple[int, str], ...]


def references_of(tree: Tree, line_of: Callable[[int], int]) -> References:
    """What ``tree`` names; ``line_of`` gives the line of a node's ``at``."""
    collector = _Collector(line_of)
    collector.block(tree.root, at_root=True)
    for body in tree.defined.values():
        collector.block(body, at_root=False)
    return References(
        frozenset(collector.labels["$labels"]),
        frozenset(collector.labels["$externalLabels"]),
        frozenset(tree.functions),
        tuple(collector.queries),
        tuple(collector.doubts),
    )


class _Collector:
    def __init__(self, line_of: Callable[[int], int]) -> None:
        self._line_of = line_of
        self.labels: dict[str, set[str]] = {"$labels": set(), "$externalLabels": set()}
        self.queries: list[tuple[int, str]] = []
        self.doubts: list[tuple[int, str]] = []

    def block(self, block: nodes.Block, at_root: bool) -> None:
        """``at_root``: the cursor is the alert's data here, not what a ``with`` made it."""
        for node in block.nodes:
            if not isinstance(node, (nodes.Text, nodes.Jump)) and node.pipeline:
                self._pipeline(node.pipeline, at_root)
            if isinstance(node, nodes.Branch):
                self.block(node.body, at_root and node.keyword == "if")
                if node.otherwise:
                    self.block(node.otherwise, at_root)

    def _pipeline(self, pipeline: nodes.Pipeline, at_root: bool) -> None:
        for command in pipeline.commands:
            self._command(command, at_root)
        stages = [command.operands for command in pipeline.commands]
        for before, (first, *_) in pairwise(stages):
            if _is_function(first, "query") and len(before) == 1:
                self._query(before[0])

    def _command(self, command: nodes.Command, at_root: bool) -> None:
        first, *given = command.operands
        for operand in command.operands:
            self._operand(operand, at_root)
        if _is_function(first, "query"):
            for operand in given:
                self._query(operand)
        if _is_function(first, "index") and len(given) > 1:
            mapping, key = _path(given[0], at_root), given[1]
            if isinstance(key, nodes.Constant) and isinstance(key.value, str) and mapping:
                self._name(mapping[0], [*mapping[1:], key.value], key.at)

    def _operand(self, operand: nodes.Operand, at_root: bool) -> None:
        if isinstance(operand, nodes.Pipeline):
            self._pipeline(operand, at_root)
        elif isinstance(operand, nodes.Chain):
            self._operand(operand.operand, at_root)
        elif path := _path(operand, at_root):
            self._name(path[0], path[1:], operand.at)

    def _query(self, operand: nodes.Operand) -> None:
        if isinstance(operand, nodes.Constant) and isinstance(operand.value, str):
            self.queries.append((self._line_of(operand.at), operand.value))

    def _name(self, variable: str, names: list[str], at: int) -> None:
        if variable.startswith("."):
            known = ", ".join(f".{field}" for field in _FIELDS)
            self._doubt(at, f"{variable} is no field of an alert, which has {known}")
        elif variable in _TEXT_AND_NUMBER and names:
            self._doubt(at, f"{variable} has no field {names[0]}")
        elif variable in self.labels:
            self.labels[variable].update(names[:1])
            if len(names) > 1:
                self._doubt(at, f"a label's value is text and has no field {names[1]}")

    def _doubt(self, at: int, sentence: str) -> None:
        self.doubts.append((self._line_of(at), sentence))


def _is_function(operand: nodes.Operand, name: str) -> bool:
    return isinstance(operand, nodes.Function) and operand.name == name


def _path(operand: nodes.Operand, at_root: bool) -> list[str]:
    """Prometheus' variable that ``operand`` reads, or the unknown field; then fields of that."""
    return list(_steps(operand, at_root))


def _steps(operand: nodes.Operand, at_root: bool) -> Iterator[str]:
    if isinstance(operand, nodes.Variable) and operand.name != "$":
        yield from (operand.name, *operand.names)
    elif isinstance(operand, nodes.Variable) or (isinstance(operand, nodes.Field) and at_root):
        for first in operand.names[:1]:
            yield _FIELDS.get(first, f".{first}")
        yield from operand.names[1:]
