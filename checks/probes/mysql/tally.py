"""Statements of others than us: what the server counts, less what we sent. Pure.

A run is some five statements, a login seven, the slow tier a dozen: over a second that is more
than many a server is asked by everybody else.
"""

from __future__ import annotations

from typing import Final

from checks.model import SampleBuilder

__all__ = ["STATEMENTS", "Others", "Tally"]

STATEMENTS: Final = "mysql_statements_total"


class Tally:
    """What one check has sent over all its connections.

    Attributes:
        sent: commands that the server counts as questions.
    """

    def __init__(self) -> None:
        self.sent = 0


class Others:
    """Statements of others over the runs of one check."""

    def __init__(self) -> None:
        self._total: float | None = None

    def take(self, rise: float | None) -> None:
        """They sent ``rise`` since the run before; None where there was none to compare with."""
        self._total = (self._total or 0.0) + (rise or 0.0)

    def samples(self, to: SampleBuilder) -> None:
        """Add those since the check began."""
        if self._total is not None:
            to.add(STATEMENTS, self._total)
