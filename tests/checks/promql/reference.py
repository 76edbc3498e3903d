"""PromQL the slow way: one step, one series, one sample at a time.

What the evaluator does with arrays is done here with dictionaries and loops, straight from
Prometheus' documentation, for the part of the language that does not consist of functions.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from checks.promql.ast import (
    Aggregation,
    Binary,
    Call,
    Negative,
    Node,
    Number,
    Paren,
    Range,
    Selector,
    Subquery,
)
from checks.promql.values import LabelSet
from checks.store.chunk import STALE, STALE_BITS

Sample = tuple[int, float]
Data = dict[LabelSet, list[Sample]]
"""Series with their samples, in the order of time."""
Vector = dict[LabelSet, float]

LOOKBACK = 300_000


class RefusedError(Exception):
    """The evaluation ends in an error."""


def stale(value: float) -> bool:
    return struct.pack("d", value) == struct.pack("q", STALE_BITS)


@dataclass
class Reference:
    """Evaluates over ``data``, without delayed removal of names."""

    data: Data
    start: int
    end: int

    def vector(self, node: Node, at: int) -> Vector:
        value = self.value(node, at)
        assert isinstance(value, dict)
        return value

    def value(self, node: Node, at: int) -> Vector | float:
        if isinstance(node, Number):
            return node.value
        if isinstance(node, Paren):
            return self.value(node.body, at)
        if isinstance(node, Binary):
            return _binary(node, self.value(node.left, at), self.value(node.right, at))
        return self._vector(node, at)

    def _vector(self, node: Node, at: int) -> Vector:
        match node:
            case Negative():
                body = self.vector(node.body, at)
                return distinct((nameless(one), -value) for one, value in body.items())
            case Selector():
                return self._instants(node, at)
            case Call():
                return self._over_time(node, at)
            case Aggregation():
                return _aggregated(node, self.vector(node.body, at))
        raise TypeError(node)

    def _moment(self, node: Selector | Subquery, at: int) -> int:
        if isinstance(node.at, str):
            return (self.start if node.at == "start" else self.end) - node.offset
        return (at if node.at is None else node.at) - node.offset

    def _selected(self, node: Selector) -> Iterable[tuple[LabelSet, list[Sample]]]:
        for labels, samples in self.data.items():
            held = dict(labels)
            if held.get("__name__", "") == node.name and all(
                one.matches(held.get(one.label, "")) for one in node.matchers
            ):
                yield labels, samples

    def _instants(self, node: Selector, at: int) -> Vector:
        moment = self._moment(node, at)
        found = {}
        for labels, samples in self._selected(node):
            near = [one for time, one in samples if moment - LOOKBACK < time <= moment]
            if near and not stale(near[-1]):
                found[labels] = near[-1]
        return found

    def _windows(self, node: Node, at: int) -> Iterable[tuple[LabelSet, list[float]]]:
        if isinstance(node, Range):
            moment = self._moment(node.selector, at)
            for labels, samples in self._selected(node.selector):
                yield (
                    labels,
                    [
                        one
                        for time, one in samples
                        if moment - node.range < time <= moment and not stale(one)
                    ],
                )
            return
        assert isinstance(node, Subquery)
        moment = self._moment(node, at)
        step = node.step or 60_000
        windows: dict[LabelSet, list[float]] = {}
        for time in range((moment - node.range) // step * step, moment + 1, step):
            if time > moment - node.range:
                for labels, value in self.vector(node.body, time).items():
                    windows.setdefault(labels, []).append(value)
        yield from windows.items()

    def _over_time(self, node: Call, at: int) -> Vector:
        def summed(values: list[float]) -> float:
            return math.fsum(values) if all(map(math.isfinite, values)) else sum(values)

        functions: dict[str, Callable[[list[float]], float]] = {
            "sum_over_time": summed,
            "count_over_time": lambda values: float(len(values)),
        }
        compute = functions[node.function]
        windows = self._windows(node.args[0], at)
        return distinct((nameless(one), compute(values)) for one, values in windows if values)


def nameless(labels: LabelSet) -> LabelSet:
    return tuple(pair for pair in labels if pair[0] != "__name__")


def distinct(samples: Iterable[tuple[LabelSet, float]]) -> Vector:
    vector: Vector = {}
    for labels, value in samples:
        if labels in vector:
            raise RefusedError("same labels")
        vector[labels] = value
    return vector


def _aggregated(node: Aggregation, vector: Vector) -> Vector:
    groups: dict[LabelSet, list[float]] = {}
    for labels, value in vector.items():
        groups.setdefault(_kept(labels, node.labels, not node.without), []).append(value)
    return {labels: _summary(node.operator, values) for labels, values in groups.items()}


def _kept(labels: LabelSet, names: tuple[str, ...], on: bool) -> LabelSet:
    if on:
        return tuple(pair for pair in labels if pair[0] in names)
    return tuple(p for p in nameless(labels) if p[0] not in names)


def _summary(operator: str, values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    total = math.fsum(values) if all(map(math.isfinite, values)) else sum(values)
    mean = total / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    return {
        "sum": total,
        "avg": mean,
        "count": float(len(values)),
        "group": 1.0,
        "min": min(known, default=math.nan),
        "max": max(known, default=math.nan),
        "stdvar": variance,
        "stddev": math.sqrt(variance),
    }[operator]


def _binary(node: Binary, left: Vector | float, right: Vector | float) -> Vector | float:
    if isinstance(left, dict) and isinstance(right, dict):
        if node.operator in {"and", "or", "unless"}:
            return _set(node, left, right)
        return _matched(node, left, right)
    if isinstance(left, dict):
        assert isinstance(right, float)
        return _scaled(node, [(one, value, value, right) for one, value in left.items()])
    if isinstance(right, dict):
        return _scaled(node, [(one, value, left, value) for one, value in right.items()])
    return float(_applied(node.operator, left, right))


def _scaled(node: Binary, rows: list[tuple[LabelSet, float, float, float]]) -> Vector:
    compares = node.operator in COMPARED
    if compares and not node.bool_modifier:
        return {one: kept for one, kept, a, b in rows if COMPARED[node.operator](a, b)}
    return distinct((nameless(one), _applied(node.operator, a, b)) for one, _, a, b in rows)


COMPARED: dict[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _applied(operator: str, a: float, b: float) -> float:
    if operator in COMPARED:
        return float(COMPARED[operator](a, b))
    if operator == "/":
        if b == 0:
            signs = math.copysign(1, a) * math.copysign(1, b)
            return math.nan if a == 0 or math.isnan(a) else math.inf * signs
        return a / b
    return {"+": a + b, "-": a - b, "*": a * b}[operator]


def _set(node: Binary, left: Vector, right: Vector) -> Vector:
    def sign(labels: LabelSet) -> LabelSet:
        return _kept(labels, node.matching.labels, node.matching.on)

    if node.operator == "or":
        taken = {sign(one) for one in left}
        rest = ((one, value) for one, value in right.items() if sign(one) not in taken)
        return distinct([*left.items(), *rest])
    there = {sign(one) for one in right}
    wanted = node.operator == "and"
    return {one: value for one, value in left.items() if (sign(one) in there) is wanted}


def _matched(node: Binary, left: Vector, right: Vector) -> Vector:
    if not left or not right:
        return {}
    matching = node.matching
    swapped = matching.group == "right"
    many, one = (right, left) if swapped else (left, right)
    ones: dict[LabelSet, tuple[LabelSet, float]] = {}
    for labels, value in one.items():
        key = _kept(labels, matching.labels, matching.on)
        if key in ones:
            raise RefusedError("many to many")
        ones[key] = labels, value
    seen: set[object] = set()
    result = []
    for labels, value in many.items():
        key = _kept(labels, matching.labels, matching.on)
        if key not in ones:
            continue
        other, second = ones[key]
        a, b = (second, value) if swapped else (value, second)
        kept = _result(node, labels, other)
        identity = (key, kept) if matching.group else key
        if identity in seen:
            raise RefusedError("multiple matches")
        seen.add(identity)
        compares = node.operator in COMPARED and not node.bool_modifier
        if not compares:
            result.append((kept, _applied(node.operator, a, b)))
        elif COMPARED[node.operator](a, b):
            result.append((kept, a))
    return distinct(result)


def _result(node: Binary, many: LabelSet, one: LabelSet) -> LabelSet:
    labels = dict(many)
    if node.operator not in COMPARED or node.bool_modifier:
        labels.pop("__name__", None)
    if not node.matching.group:
        on = node.matching.on
        labels = {k: v for k, v in labels.items() if (k in node.matching.labels) is on}
    for name in node.matching.include:
        labels.pop(name, None)
        if name in dict(one):
            labels[name] = dict(one)[name]
    return tuple(sorted(labels.items()))


__all__ = ["LOOKBACK", "STALE", "Data", "Reference", "RefusedError"]
