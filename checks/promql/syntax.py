"""From the text of a PromQL expression to its tree: Prometheus 3's classic grammar.

Our own and not the library's (promql-parser), because that gives no positions, which
annotations and errors need, and knows neither ``1_000`` nor ``{a="b" or c="d"}`` as Prometheus
does; the tests hold it against the library where both agree with Prometheus.

What is experimental in Prometheus is refused by name.
"""

from __future__ import annotations

from typing import Final, Literal

from checks.promql.ast import (
    Aggregation,
    At,
    Binary,
    Call,
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
from checks.promql.check import check
from checks.promql.cursor import Cursor
from checks.promql.errors import PromQLError
from checks.promql.lexer import AGGREGATORS, CLOCKS, NOT_NAMES, Token
from checks.promql.literals import parse_duration, parse_number, quote, unquote
from checks.promql.modifiers import with_at, with_offset
from checks.promql.reach import depth
from checks.promql.selectors import SelectorBuilder

__all__ = ["parse"]

_PRECEDENCE: Final = {
    "or": 1,
    "and": 2,
    "unless": 2,
    "==": 3,
    "!=": 3,
    "<": 3,
    "<=": 3,
    ">": 3,
    ">=": 3,
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "%": 5,
    "atan2": 5,
    "^": 6,
}
_POWER: Final = 6
_WITH_PARAMETER: Final = frozenset({"topk", "bottomk", "count_values", "quantile"})
_LONGEST: Final = 100_000
"""Characters; far beyond what anybody writes, and parsed within a second."""
_NESTED: Final = 100
"""How deep operands may nest: the parser takes up to six frames a level."""
_DEEPEST: Final = 200
"""How deep a tree may be: evaluating it takes up to three frames a level."""


def parse(text: str) -> Node:
    """The checked tree of ``text``.

    Raises:
        PromQLError: its syntax or its types are wrong, or it uses what is not supported.
    """
    if len(text) > _LONGEST:
        message = f"the expression is longer than {_LONGEST} characters"
        raise PromQLError(message, Span(0, 0), text)
    parser = _Parser(text)
    node = parser.whole()
    check(node, text)
    return node


class _Parser(Cursor):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def whole(self) -> Node:
        if self.next.kind == "end":
            self.fail("no expression found in input", self.next.span)
        node = self._expression(0)
        if self.next.kind != "end":
            self.unexpected()
        if depth(node) > _DEEPEST:
            self.fail(f"the expression is more than {_DEEPEST} levels deep", node.span)
        return node

    def _expression(self, least: int) -> Node:
        """Operators that bind at least as tightly as ``least``."""
        self._depth += 1
        if self._depth > _NESTED:
            self.fail(f"nested more than {_NESTED} levels deep", self.next.span)
        node = self._operators(self._operand(), least)
        self._depth -= 1
        return node

    def _operators(self, left: Node, least: int) -> Node:
        while True:
            token = self.next
            operator = token.word or (token.text if token.kind == "operator" else "")
            binds = _PRECEDENCE.get(operator, -1)
            if binds < max(least, 1):
                return left
            self.take()
            if operator in {"<", ">"} and self.is_next("/"):
                self.native(f"the operator {operator}/", token.span)
            bool_modifier, matching = self._matching()
            # Only the power is right-associative.
            right = self._expression(binds if binds == _POWER else binds + 1)
            span = Span(_start(left), _end(right))
            left = Binary(operator, left, right, bool_modifier, matching, span)

    def _operand(self) -> Node:
        token = self.next
        if token.kind == "operator" and token.text in {"-", "+"}:
            return self._signed()
        return self._postfix(self._primary())

    def _signed(self) -> Node:
        """A unary sign binds as ``*`` does: ``-2^2`` is ``-(2^2)``."""
        sign = self.take()
        body = self._expression(_POWER)
        span = Span(sign.span.start, _end(body))
        if isinstance(body, Number):
            return Number(body.value if sign.text == "+" else -body.value, span)
        if sign.text == "+":
            return Paren(body, span, plus=True)
        return Negative(body, span)

    def _primary(self) -> Node:
        token = self.next
        match token.kind:
            case "number" | "duration":
                return Number(self._number(), token.span)
            case "string":
                return Text(self._string(), token.span)
            case "word":
                return self._word()
        if self.is_next("{"):
            return self._selector(None)
        if self.skip("("):
            body = self._expression(0)
            closing = self.expect(")", "", "")
            return Paren(body, Span(token.span.start, closing.span.end))
        raise self.unexpected_error()

    def _word(self) -> Node:
        token = self.take()
        word = token.word
        if word in AGGREGATORS and (self.is_next("(") or self.next.word in {"by", "without"}):
            return self._aggregation(token)
        if (not word or word in CLOCKS) and self.is_next("(") and ":" not in token.text:
            return self._call(token)
        if word in NOT_NAMES:
            self.at -= 1
            self.unexpected()
        return self._selector(token)

    def _number(self) -> float:
        token = self.take()
        try:
            if token.kind == "duration":
                return parse_duration(token.text) / 1000
            return parse_number(token.text)
        except ValueError as error:
            self.fail(f"error parsing number: {error}", token.span)

    def _string(self) -> str:
        token = self.take()
        try:
            return unquote(token.text)
        except ValueError as error:
            self.fail(f"error unquoting string {quote(token.text)}: {error}", token.span)

    def _call(self, name: Token) -> Call:
        args, end = self._arguments("function call")
        return Call(name.word or name.text, args, Span(name.span.start, end))

    def _arguments(self, context: str) -> tuple[tuple[Node, ...], int]:
        self.expect("(", context, "")
        args: list[Node] = []
        while not self.is_next(")"):
            if args:
                comma = self.expect(",", context, '"," or ")"')
                if self.is_next(")"):
                    self.fail("trailing commas not allowed in function call args", comma.span)
            args.append(self._expression(0))
        return tuple(args), self.take().span.end

    def _aggregation(self, name: Token) -> Aggregation:
        operator = name.word
        if operator in {"limitk", "limit_ratio"}:
            self.experimental(f"{operator}()", name.span)
        modifier = self._grouping()
        args, end = self._arguments("aggregation")
        if modifier is None and self.next.word in {"by", "without"}:
            modifier = self._grouping()
            end = self.tokens[self.at - 1].span.end
        without, labels = modifier or (False, ())
        span = Span(name.span.start, end)
        wanted = 2 if operator in _WITH_PARAMETER else 1
        if not args:
            self.fail("no arguments for aggregate expression provided", span)
        if len(args) != wanted:
            self.fail(
                "wrong number of arguments for aggregate expression provided,"
                f" expected {wanted}, got {len(args)}",
                span,
            )
        parameter = args[0] if wanted == 2 else None
        return Aggregation(operator, args[-1], parameter, without, labels, span)

    def _grouping(self) -> tuple[bool, tuple[str, ...]] | None:
        if self.next.word not in {"by", "without"}:
            return None
        without = self.take().word == "without"
        return without, self._labels()

    def _labels(self) -> tuple[str, ...]:
        """``(a, b, "c.d")``."""
        self.expect("(", "grouping opts")
        labels: list[str] = []
        while not self.skip(")"):
            if labels:
                self.expect(",", "grouping opts", '"," or ")"')
                if self.skip(")"):
                    break
            token = self.next
            if token.kind == "string":
                labels.append(self._string())
            elif token.text.lower() in {"inf", "nan"} or (
                token.kind == "word" and ":" not in token.text
            ):
                labels.append(self.take().text)
            else:
                self.unexpected("grouping opts", "label")
        return tuple(dict.fromkeys(labels))

    def _matching(self) -> tuple[bool, Matching]:
        bool_modifier = self.next.word == "bool"
        self.at += bool_modifier
        matching = Matching()
        if self.next.word in {"on", "ignoring"}:
            on = self.take().word == "on"
            labels = self._labels()
            group: Literal["", "left", "right"] = ""
            include: tuple[str, ...] = ()
            if self.next.word in {"group_left", "group_right"}:
                group = "left" if self.take().word == "group_left" else "right"
                include = self._labels() if self.is_next("(") else ()
            matching = Matching(on, labels, group, include)
        if self.next.word in {"fill", "fill_left", "fill_right"}:
            after = self.tokens[self.at + 1]
            if after.text == "(":
                self.experimental(f"{self.next.word}()", self.next.span)
        return bool_modifier, matching

    def _selector(self, name: Token | None) -> Selector:
        builder = SelectorBuilder(self.text, name)
        end = name.span.end if name is not None else self.next.span.start
        start = name.span.start if name is not None else end
        if self.skip("{"):
            while not self.is_next("}"):
                self._matcher(builder)
                if not self.skip(",") and not self.is_next("}"):
                    self.unexpected("label matching", '"," or "}"')
            end = self.take().span.end
        return builder.build(Span(start, end))

    def _matcher(self, builder: SelectorBuilder) -> None:
        token = self.next
        quoted = token.kind == "string"
        if not quoted and (token.kind != "word" and token.text.lower() not in {"inf", "nan"}):
            self.unexpected("label matching", 'identifier or "}"')
        label = self._string() if quoted else self.take().text
        if not quoted and ":" in label:
            self.fail(f"unexpected character inside braces: '{':'}'", token.span)
        if quoted and (self.is_next(",") or self.is_next("}")):
            builder.quoted_name(label, token.span)
            return
        operator = self.next
        if operator.kind != "operator" or operator.text not in {"=", "!=", "=~", "!~"}:
            self.unexpected("label matching", "label matching operator")
        self.take()
        if self.next.kind != "string":
            self.unexpected("label matching", "string")
        end = self.next.span.end
        builder.add(label, operator.text, self._string(), Span(token.span.start, end))

    def _postfix(self, node: Node) -> Node:
        """Ranges, subqueries, ``offset`` and ``@`` behind an operand."""
        while True:
            if self.is_next("["):
                node = self._bracket(node)
            elif self.is_next("@"):
                node = self._at_modifier(node)
            elif self.next.word == "offset":
                self.take()
                negative = self._sign()
                node = with_offset(node, self._duration("offset", negative), self.end, self.text)
            elif self.next.word in {"anchored", "smoothed"}:
                self.experimental(f"the modifier {self.next.word}", self.next.span)
            else:
                return node

    def _sign(self) -> bool:
        negative = self.skip("-")
        if not negative:
            self.skip("+")
        return negative

    def _duration(self, context: str, negative: bool = False) -> int:
        """Milliseconds; Prometheus 3 takes a number of seconds as well."""
        token = self.next
        if token.kind not in {"number", "duration"}:
            self._refuse_arithmetic(context)
            self.unexpected(context, "number or duration")
        value = self._number() * 1000
        if not abs(value) < 2**63 / 1_000_000:
            self.fail("duration out of range", token.span)
        self._refuse_arithmetic(context, after=True)
        return -round(value) if negative else round(value)

    def _refuse_arithmetic(self, context: str, *, after: bool = False) -> None:
        """Durations that are computed: ``[5m * 2]``, ``[step()]``, ``offset (5m)``."""
        token = self.next
        named = token.kind == "word" and self.tokens[self.at + 1].text == "("
        marks = "+-*/%^" if after else "+-("
        sign = token.kind == "operator" and token.text in marks
        # Behind an offset's duration comes the operator of the expression around it.
        if (named and not after) or (sign and not (after and context == "offset")):
            self.experimental("an expression instead of a duration", token.span)

    def _bracket(self, node: Node) -> Node:
        opening = self.take()
        if self.is_next("-") and self.tokens[self.at + 2].text in {"]", ":"}:
            self.fail("duration must be greater than 0", self.next.span)
        length = self._duration("subquery or range")
        if length <= 0:
            self.fail("duration must be greater than 0", opening.span)
        if self.next.kind == "colon":
            return self._subquery(node, length)
        closing = self.expect("]", "subquery or range", '":" or "]"')
        span = Span(opening.span.start, closing.span.end)
        if not isinstance(node, Selector):
            self.fail("ranges only allowed for vector selectors", span)
        if node.offset:
            self.fail("no offset modifiers allowed before range", span)
        if node.at is not None:
            self.fail("no @ modifiers allowed before range", span)
        return Range(node, length, Span(node.span.start, closing.span.end))

    def _subquery(self, node: Node, length: int) -> Subquery:
        self.take()
        step = None
        if not self.is_next("]"):
            place = self.next.span
            step = self._duration("subquery selector")
            if step <= 0:
                self.fail("duration must be greater than 0", place)
        closing = self.expect("]", "subquery selector")
        return Subquery(node, length, step, 0, None, Span(_start(node), closing.span.end))

    def _at_modifier(self, node: Node) -> Node:
        self.take()
        token = self.next
        at: At
        if token.word in {"start", "end"}:
            self.take()
            self.expect("(", "@", '"("')
            self.expect(")", "@", '")"')
            at = "start" if token.word == "start" else "end"
        else:
            negative = self._sign()
            if self.next.kind not in {"number", "duration"}:
                self.unexpected("@", "timestamp")
            seconds = self._number() * (-1 if negative else 1)
            if not abs(seconds) * 1000 < 2**62:
                self.fail(f"timestamp out of bounds for @ modifier: {seconds:f}", token.span)
            at = round(seconds * 1000)
        return with_at(node, at, self.end, self.text)


def _start(node: Node) -> int:
    return node.span.start


def _end(node: Node) -> int:
    return node.span.end
