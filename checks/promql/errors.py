"""What can be wrong with an expression, and with its evaluation."""

from __future__ import annotations

from typing import Final

from checks.errors import OnwatchError
from checks.promql.ast import Span

__all__ = ["EvaluationError", "PromQLError"]


_LONG: Final = 1000
"""Characters of a message, which may quote what is wrong with the expression."""


class PromQLError(OnwatchError):
    """An expression that cannot be run: its syntax, its types, a feature that is not there.

    ``message`` is Prometheus' where that has one; ``span`` is where in the text, and
    ``str()`` gives both, as ``line:column: message``. ``feature`` names what is left out by
    design (``experimental function limitk``, ``native histograms``); empty for a mistake. It is
    what tests of the language skip.
    """

    exit_code = 2

    def __init__(self, message: str, span: Span, text: str = "", feature: str = "") -> None:
        self.message = message = message if len(message) <= _LONG else f"{message[:_LONG]}…"
        self.feature = feature
        self.span = span
        before = text[: span.start]
        line = before.count("\n") + 1
        column = span.start - (before.rfind("\n") + 1) + 1
        super().__init__(f"{line}:{column}: parse error: {message}")


class EvaluationError(OnwatchError):
    """An evaluation that gives no result: a many-to-many match, a bound, the deadline."""
