"""What a rule is written in: expressions in PromQL, texts in Go's templates.

A seam: reading rule files needs to know what is right, not how it is evaluated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from checks.promql.api import Engine, Expression

__all__ = ["Language", "Mistake", "PrometheusLanguage"]


class Mistake(Exception):  # noqa: N818 - it is caught where it becomes a ConfigProblem
    """Something that is wrong in an expression or a template.

    ``line`` counts from 1 within the text, 0 where that is not known.
    """

    def __init__(self, sentence: str, line: int = 0) -> None:
        self.sentence = sentence
        self.line = line
        super().__init__(sentence)


class Language(Protocol):
    """Parses; raises :class:`Mistake` for what is wrong."""

    def expression(self, text: str) -> Expression: ...
    def check_template(self, text: str) -> None: ...


class PrometheusLanguage:
    """PromQL as ``engine`` has it, and the templates of alerts.

    ``templates``: whether these are parsed, to find what is wrong with them. Parsed, those of all
    packs take half a megabyte, for alerts of which most never come.
    """

    def __init__(self, engine: Engine, *, templates: bool = True) -> None:
        self._engine = engine
        self._templates = templates

    def expression(self, text: str) -> Expression:
        from checks.promql.errors import PromQLError  # noqa: PLC0415 - loaded with the engine

        try:
            return self._engine.parse(text)
        except PromQLError as error:
            before = text[: error.span.start]
            line = before.count("\n") + 1
            column = error.span.start - (before.rfind("\n") + 1) + 1
            place = f"{line}:{column}" if line > 1 else f"column {column}"
            raise Mistake(f"is no expression: {error.message} ({place})", line) from None

    def check_template(self, text: str) -> None:
        if "{{" not in text or not self._templates:
            return
        from checks.templates import TemplateError, parse  # noqa: PLC0415 - where there is one

        try:
            parse(text)
        except TemplateError as error:
            raise Mistake(f"is no template: {error}", error.line) from None
