"""The types of a tree, checked as Prometheus checks them."""

from __future__ import annotations

from typing import Final, NoReturn

from checks.promql.ast import (
    Aggregation,
    Binary,
    Call,
    Kind,
    Matching,
    Negative,
    Node,
    Number,
    Paren,
    Range,
    Selector,
    Span,
    Subquery,
    Text,
)
from checks.promql.errors import PromQLError
from checks.promql.functions import FUNCTIONS
from checks.promql.literals import quote

__all__ = ["EXPERIMENTAL_FUNCTIONS", "NATIVE_FUNCTIONS", "check", "kind_of"]

COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
SETS: Final = frozenset({"and", "or", "unless"})

EXPERIMENTAL_FUNCTIONS: Final = frozenset(
    {
        "double_exponential_smoothing",
        "end",
        "first_over_time",
        "histogram_quantiles",
        "info",
        "integral",
        "mad_over_time",
        "max_of",
        "min_of",
        "range",
        "sort_by_label",
        "sort_by_label_desc",
        "start",
        "step",
        "ts_of_first_over_time",
        "ts_of_last_over_time",
        "ts_of_max_over_time",
        "ts_of_min_over_time",
    }
)
NATIVE_FUNCTIONS: Final = frozenset(
    {
        "histogram_avg",
        "histogram_count",
        "histogram_fraction",
        "histogram_stddev",
        "histogram_stdvar",
        "histogram_sum",
    }
)


def kind_of(node: Node) -> Kind:
    """The type of a checked tree."""
    match node:
        case Call():
            return FUNCTIONS[node.function].returns
        case Paren() | Negative():
            return kind_of(node.body)
        case Binary():
            kinds = {kind_of(node.left), kind_of(node.right)}
            return Kind.SCALAR if kinds == {Kind.SCALAR} else Kind.VECTOR
    return _KINDS[type(node)]


_KINDS: Final[dict[type, Kind]] = {
    Number: Kind.SCALAR,
    Text: Kind.STRING,
    Range: Kind.MATRIX,
    Subquery: Kind.MATRIX,
    Selector: Kind.VECTOR,
    Aggregation: Kind.VECTOR,
}


def check(node: Node, text: str) -> Kind:
    """The type of ``node``, after all of it was checked.

    Raises:
        PromQLError: a type is wrong, a function unknown, an argument missing.
    """
    return _Checker(text).check(node)


class _Checker:
    def __init__(self, text: str) -> None:
        self._text = text

    def _fail(self, message: str, span: Span, feature: str = "") -> NoReturn:
        raise PromQLError(message, span, self._text, feature)

    def check(self, node: Node) -> Kind:
        match node:
            case Call():
                self._call(node)
            case Aggregation():
                self._aggregation(node)
            case Binary():
                self._binary(node)
            case Paren(plus=False):
                return self.check(node.body)
            case Paren() | Negative():
                return self._signed(node)
            case Subquery():
                kind = self.check(node.body)
                if kind is not Kind.VECTOR:
                    self._fail(
                        f"subquery is only allowed on instant vector, got {_short(kind)} instead",
                        node.span,
                    )
            case _:
                pass
        return kind_of(node)

    def _signed(self, node: Negative | Paren) -> Kind:
        kind = self.check(node.body)
        if kind not in {Kind.SCALAR, Kind.VECTOR}:
            self._fail(
                "unary expression only allowed on expressions of type scalar or instant vector,"
                f" got {quote(kind.value)}",
                node.span,
            )
        return kind

    def _expect(self, node: Node, wanted: Kind, context: str) -> None:
        kind = self.check(node)
        if kind is not wanted:
            message = f"expected type {wanted.value} in {context}, got {kind.value}"
            self._fail(message, node.span)

    def _aggregation(self, node: Aggregation) -> None:
        self._expect(node.body, Kind.VECTOR, "aggregation expression")
        if node.parameter is not None:
            wanted = Kind.STRING if node.operator == "count_values" else Kind.SCALAR
            self._expect(node.parameter, wanted, "aggregation parameter")

    def _call(self, node: Call) -> None:
        name = node.function
        function = FUNCTIONS.get(name)
        if function is None:
            if name in EXPERIMENTAL_FUNCTIONS:
                message = f"{name}() is experimental in Prometheus and not supported here"
                self._fail(message, node.span, f"experimental function {name}")
            if name in NATIVE_FUNCTIONS:
                message = f"{name}() is for native histograms, which are not supported here"
                self._fail(message, node.span, f"native histograms: {name}")
            self._fail(f"unknown function with name {quote(name)}", node.span)
        self._count(node, len(function.args), function.variadic)
        for at, arg in enumerate(node.args):
            wanted = function.args[min(at, len(function.args) - 1)]
            self._expect(arg, wanted, f"call to function {quote(name)}")

    def _count(self, node: Call, wanted: int, variadic: int) -> None:
        got, name = len(node.args), quote(node.function)
        if variadic == 0:
            if got != wanted:
                self._fail(f"expected {wanted} argument(s) in call to {name}, got {got}", node.span)
            return
        least = wanted - 1
        if got < least:
            message = f"expected at least {least} argument(s) in call to {name}, got {got}"
            self._fail(message, node.span)
        if 0 < variadic < got - least:
            most = least + variadic
            message = f"expected at most {most} argument(s) in call to {name}, got {got}"
            self._fail(message, node.span)

    def _binary(self, node: Binary) -> None:
        left, right = self.check(node.left), self.check(node.right)
        place = self._operator(node)
        if node.bool_modifier and node.operator not in COMPARISONS:
            self._fail("bool modifier can only be used on comparison operators", place)
        for side, kind in ((node.left, left), (node.right, right)):
            if kind not in {Kind.SCALAR, Kind.VECTOR}:
                self._fail(
                    "binary expression must contain only scalar and instant vector types",
                    side.span,
                )
        scalars = (left, right).count(Kind.SCALAR)
        if scalars == 2 and node.operator in COMPARISONS and not node.bool_modifier:
            self._fail("comparisons between scalars must use BOOL modifier", place)
        if scalars and node.operator in SETS:
            self._fail(
                f"set operator {quote(node.operator)} not allowed in binary scalar expression",
                node.span,
            )
        if scalars and node.matching != Matching():
            self._fail("vector matching only allowed between instant vectors", node.span)
        self._matching(node, place)

    def _operator(self, node: Binary) -> Span:
        """Where the operator and its modifiers stand."""
        between = self._text[node.left.span.end : node.right.span.start]
        start = node.left.span.end + len(between) - len(between.lstrip(" \t\r\n)"))
        return Span(start, node.right.span.start)

    def _matching(self, node: Binary, place: Span) -> None:
        matching = node.matching
        both = [one for one in matching.labels if one in matching.include]
        if matching.on and both:
            message = f"label {quote(both[0])} must not occur in ON and GROUP clause at once"
            self._fail(message, place)
        if matching.group and node.operator in SETS:
            self._fail(f"no grouping allowed for {quote(node.operator)} operation", node.span)


def _short(kind: Kind) -> str:
    return "matrix" if kind is Kind.MATRIX else kind.value.removeprefix("instant ")
