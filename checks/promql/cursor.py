"""A place among the tokens of an expression, and the errors that can be found there."""

from __future__ import annotations

from typing import NoReturn

from checks.promql.ast import Span
from checks.promql.errors import PromQLError
from checks.promql.lexer import Token, tokens

__all__ = ["Cursor"]


class Cursor:
    """Goes through the tokens of ``text``. Every complaint is a :class:`PromQLError`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.at = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    @property
    def end(self) -> int:
        """Where the token taken last ends."""
        return self.tokens[self.at - 1].span.end

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def is_next(self, text: str) -> bool:
        """Whether the operator ``text`` is next."""
        return self.next.kind == "operator" and self.next.text == text

    def skip(self, text: str) -> bool:
        """Take the operator ``text`` if it is next."""
        found = self.is_next(text)
        self.at += found
        return found

    def expect(self, text: str, context: str, expected: str = "") -> Token:
        """Take the operator ``text``, or complain that it should be next."""
        if not self.is_next(text):
            self.unexpected(context, expected or f'"{text}"')
        return self.take()

    def unexpected(self, context: str = "", expected: str = "") -> NoReturn:
        raise self.unexpected_error(context, expected)

    def unexpected_error(self, context: str = "", expected: str = "") -> PromQLError:
        """That the next token should not be there."""
        token = self.next
        message = f"unexpected {token.described()}"
        message += f" in {context}" if context else ""
        message += f", expected {expected}" if expected else ""
        return PromQLError(message, token.span, self.text)

    def fail(self, message: str, span: Span) -> NoReturn:
        raise PromQLError(message, span, self.text)

    def native(self, what: str, span: Span) -> NoReturn:
        """Refuse ``what``, which trims native histograms."""
        message = f"{what} is for native histograms, which are not supported here"
        raise PromQLError(message, span, self.text, f"native histograms: {what}")

    def experimental(self, what: str, span: Span) -> NoReturn:
        """Refuse ``what`` by its name."""
        message = f"{what} is experimental in Prometheus and not supported here"
        raise PromQLError(message, span, self.text, f"experimental: {what}")
