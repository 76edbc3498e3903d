"""Selectors: a name and matchers, checked as Prometheus checks them."""

from __future__ import annotations

from checks.promql.ast import Selector, Span
from checks.promql.errors import PromQLError
from checks.promql.lexer import Token
from checks.promql.literals import quote
from checks.promql.values import NAME
from checks.store.matching import Matcher, PatternError

__all__ = ["SelectorBuilder"]


class SelectorBuilder:
    """Collects the matchers of one selector; ``name`` is the token before its braces, if any."""

    def __init__(self, text: str, name: Token | None) -> None:
        self._text = text
        self._name = name.text if name is not None else ""
        self._matchers: list[Matcher] = []

    def quoted_name(self, name: str, span: Span) -> None:
        """``{"foo.bar"}``: a name that is no identifier."""
        if self._name:
            self._twice(name, span)
        self._name = name

    def _twice(self, other: str, span: Span) -> None:
        message = f"metric name must not be set twice: {quote(self._name)} or {quote(other)}"
        raise PromQLError(message, span, self._text)

    def add(self, label: str, operator: str, value: str, span: Span) -> None:
        """One matcher.

        Raises:
            PromQLError: its pattern is no RE2 regular expression.
        """
        try:
            self._matchers.append(Matcher(label, operator, value))
        except PatternError as error:
            raise PromQLError(str(error), span, self._text) from None

    def build(self, span: Span) -> Selector:
        """The selector.

        Raises:
            PromQLError: two names; or nothing that an empty label would not match.
        """
        named = [one for one in self._matchers if one.label == NAME]
        if self._name:
            if named:
                self._twice(named[0].value, span)
        elif not any(not one.matches("") for one in self._matchers):
            message = "vector selector must contain at least one non-empty matcher"
            raise PromQLError(message, span, self._text)
        equal = [one for one in named if one.op == "=" and one.value]
        if equal and not self._name:
            # One ``__name__="…"`` is the name; what else there is of it stays a matcher.
            self._name = equal[0].value
            self._matchers.remove(equal[0])
        return Selector(self._name, tuple(self._matchers), 0, None, span)
