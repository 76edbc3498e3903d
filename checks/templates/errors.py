"""What can be wrong with a template, in Go's own words.

The texts are those of Go's text/template and of Prometheus' template/template.go, because they
are what users search for when they see one in an annotation.
"""

from __future__ import annotations

from typing import ClassVar

from checks.errors import OnwatchError

__all__ = ["CallError", "ExecutionError", "TemplateError", "TemplateSyntaxError"]


class TemplateError(OnwatchError):
    """A template cannot be parsed or executed; ``str()`` is the reason without any place.

    ``line`` counts from 1 and ``column`` from 0, in octets, as Go counts them; the column is -1
    where only the line is known.
    """

    _doing: ClassVar[str] = "parsing"

    def __init__(self, reason: str, line: int, column: int = -1) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        super().__init__(reason)

    def sentence(self, name: str) -> str:
        """What Prometheus says of it where the template is called ``name``."""
        where = self._where(name)
        return f"error {self._doing} template {name}: template: {where}: {self.reason}"

    def _where(self, name: str) -> str:
        return f"{name}:{self.line}"


class TemplateSyntaxError(TemplateError):
    """The text is no template; also an unknown function or variable, which Go finds here."""


class ExecutionError(TemplateError):
    """The template failed on the data it was given.

    ``context`` is the expression that failed, ``within`` the named template that holds it, empty
    for the outermost.
    """

    _doing = "executing"

    def __init__(self, reason: str, line: int, column: int, context: str, within: str = "") -> None:
        self.context = context
        self.within = within
        super().__init__(reason, line, column)

    def _where(self, name: str) -> str:
        within = self.within or name
        return f'{name}:{self.line}:{self.column}: executing "{within}" at <{self.context}>'


class CallError(Exception):
    """What a function of a template refuses, as a Go function returns an error."""
