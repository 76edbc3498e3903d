"""The expressions of a template: from tokens to pipelines, after Go's parse/parse.go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from checks.templates import nodes
from checks.templates.errors import TemplateSyntaxError
from checks.templates.lexer import Token, tokens_of
from checks.templates.numbers import parse_constant
from checks.templates.quoting import quote, unquote, unquote_char

__all__ = ["Terms"]

MAX_DEPTH: Final = 40
"""How deep actions and parentheses may nest: five frames of Python's stack a level."""

MAX_VARIABLES: Final = 100
"""How many variables may be there at a time: they are looked up one by one, as in Go."""

_OPERANDS: Final = frozenset(
    [
        *("bool", "char", "dot", "field", "identifier", "nil"),
        *("number", "open", "raw", "string", "variable"),
    ]
)
_LITERALS: Final = (nodes.Constant, nodes.Dot)


class Terms:
    """A walk over the tokens of a text that reads pipelines."""

    def __init__(self, text: str, functions: frozenset[str]) -> None:
        self._tokens = tokens_of(text)
        self._next = 0
        self._read = 0  # the furthest token read: its line is the one that Go reports
        self._known = functions
        self._functions: set[str] = set()
        self._variables = ["$"]
        self._depth = 0
        self._action_line = 0
        self._readers: dict[str, Callable[[Token], nodes.Operand]] = {
            "identifier": self._function,
            "variable": self._variable,
            "field": lambda token: nodes.Field(token.at, (token.value[1:],)),
            "dot": lambda token: nodes.Dot(token.at),
            "open": self._parenthesized,
        }

    def _take(self) -> Token:
        token = self._peek()
        self._next += 1
        return token

    def _peek(self) -> Token:
        at = min(self._next, len(self._tokens) - 1)
        self._read = max(self._read, at)
        return self._tokens[at]

    def _take_past_space(self) -> Token:
        self._peek_past_space()
        return self._take()

    def _peek_past_space(self) -> Token:
        while self._peek().kind == "space":
            self._next += 1
        return self._peek()

    def _expect(self, kinds: tuple[str, ...], context: str) -> Token:
        token = self._take_past_space()
        if token.kind not in kinds:
            raise self._unexpected(token, context)
        return token

    def _fault(self, reason: str) -> TemplateSyntaxError:
        return TemplateSyntaxError(reason, self._tokens[self._read].line)

    def _unexpected(self, token: Token, context: str) -> TemplateSyntaxError:
        if token.kind != "error":
            return self._fault(f"unexpected {token} in {context}")
        started = ""
        if self._action_line not in (0, token.line):
            started = f" in action started at line {self._action_line}"
            if token.value.endswith(" action"):
                started = started.removeprefix(" in action")
        return self._fault(f"{token}{started}")

    def _deeper(self, what: str) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._fault(f"{what} nest more than {MAX_DEPTH} deep")

    def _pipeline(self, context: str, end: str = "right") -> nodes.Pipeline:
        at = self._peek_past_space().at
        declared, assigns = self._declarations(context)
        commands: list[nodes.Command] = []
        while (token := self._peek_past_space()).kind in _OPERANDS:
            commands.append(self._command())
        self._take()
        if token.kind != end:
            raise self._unexpected(token, context)
        self._check(commands, context)
        return nodes.Pipeline(at, declared, assigns, tuple(commands))

    def _declarations(self, context: str) -> tuple[tuple[str, ...], bool]:
        """The variables before ``:=`` or ``=``, and whether it is ``=``."""
        names: list[str] = []
        while self._peek_past_space().kind == "variable":
            before = self._next
            name = self._take().value
            sign = self._peek_past_space()
            if sign.kind in ("declare", "assign"):
                self._take()
                self._declare(name)
                return (*names, name), sign.kind == "assign"
            if sign.value != ",":
                self._next = before
                break
            self._take()
            self._declare(name)
            names.append(name)
            if context != "range" or len(names) > 1:
                raise self._fault(f"too many declarations in {context}")
            if self._peek_past_space().kind not in ("variable", "right", "close"):
                raise self._fault("range can only initialize variables")
        return tuple(names), False

    def _declare(self, name: str) -> None:
        self._variables.append(name)
        if len(self._variables) > MAX_VARIABLES:
            raise self._fault(f"more than {MAX_VARIABLES} variables")

    def _check(self, commands: list[nodes.Command], context: str) -> None:
        if not commands:
            raise self._fault(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.operands[0], _LITERALS):
                raise self._fault(f"non executable command in pipeline stage {stage}")

    def _command(self) -> nodes.Command:
        at = self._peek_past_space().at
        operands: list[nodes.Operand] = []
        while True:
            self._peek_past_space()
            operand = self._operand()
            if operand is not None:
                operands.append(operand)
            token = self._peek()
            if token.kind == "space":
                continue
            if token.kind == "pipe":
                self._take()
            elif token.kind not in ("right", "close"):
                self._take()
                raise self._unexpected(token, "operand")
            break
        if not operands:
            raise self._fault("empty command")
        return nodes.Command(at, tuple(operands))

    def _operand(self) -> nodes.Operand | None:
        term = self._term()
        if term is None or self._peek().kind != "field":
            return term
        at = self._peek().at
        names: list[str] = []
        while self._peek().kind == "field":
            names.append(self._take().value[1:])
        if isinstance(term, nodes.Field):
            return nodes.Field(at, (*term.names, *names))
        if isinstance(term, nodes.Variable):
            return nodes.Variable(at, term.name, (*term.names, *names))
        if isinstance(term, _LITERALS):
            raise self._fault(f"unexpected . after term {quote(str(term))}")
        return nodes.Chain(at, term, tuple(names))

    def _term(self) -> nodes.Operand | None:
        token = self._peek_past_space()
        if token.kind not in _OPERANDS:
            return None
        self._take()
        read = self._readers.get(token.kind)
        if read is not None:
            return read(token)
        return nodes.Constant(token.at, token.value, self._constant(token))

    def _parenthesized(self, _opening: Token) -> nodes.Pipeline:
        self._deeper("parentheses")
        pipeline = self._pipeline("parenthesized pipeline", "close")
        self._depth -= 1
        return pipeline

    def _function(self, token: Token) -> nodes.Function:
        if token.value not in self._known:
            raise self._fault(f"function {quote(token.value)} not defined")
        self._functions.add(token.value)
        return nodes.Function(token.at, token.value)

    def _variable(self, token: Token) -> nodes.Variable:
        if token.value not in self._variables:
            raise self._fault(f"undefined variable {quote(token.value)}")
        return nodes.Variable(token.at, token.value, ())

    def _constant(self, token: Token) -> object:
        if token.kind == "nil":
            return None
        if token.kind == "bool":
            return token.value == "true"
        if token.kind == "number":
            return self._number(token.value)
        if token.kind == "char":
            char = unquote_char(token.value)
            if not char:
                raise self._fault("invalid syntax")
            if len(char) > 1:
                raise self._fault(f"malformed character constant: {token.value}")
            return ord(char)
        return self._string(token)

    def _number(self, text: str) -> int | float:
        try:
            number = parse_constant(text)
        except OverflowError:
            raise self._fault(f"integer overflow: {quote(text)}") from None
        if number is None:
            raise self._fault(f"illegal number syntax: {quote(text)}")
        return number

    def _string(self, token: Token) -> str:
        text = unquote(token.value)
        if text is None:
            raise self._fault("invalid syntax")
        return text
