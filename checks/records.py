"""How good a check was, as the panes show it: windows, minutes, outages. Frozen values.

Times are seconds since 1970 in UTC, durations seconds, ratios 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["OutageView", "RecordView", "WindowRecord"]


@dataclass(frozen=True, slots=True, eq=False)
class WindowRecord:
    """How good a check was over the last ``seconds``.

    ``covered`` are the seconds of them since it was first watched, ``judged`` those in which
    it was known whether it was available. ``runs`` and ``failed`` count runs, ``outages`` rows
    of failed ones. ``availability`` is a ratio of ``judged``, None where nothing was.
    """

    seconds: float
    covered: float
    judged: float
    runs: int
    failed: int
    outages: int
    availability: float | None


@dataclass(frozen=True, slots=True, eq=False)
class OutageView:
    """A time without a run that was OK or WARNING; ``ended`` None while it lasts.

    ``message`` is the sentence of the first of the ``failed`` runs.
    """

    began: float
    ended: float | None
    failed: int
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class RecordView:
    """How good a check was up to ``at``; what was before ``since`` is not remembered.

    ``cells`` are the minutes up to that of ``at``, oldest first: the worst severity
    (:attr:`checks.model.Status.severity`) in each, -1 where nothing is known. ``outages`` are
    the last ones, newest first.
    """

    at: float
    since: float
    windows: tuple[WindowRecord, ...]
    cells: tuple[int, ...]
    outages: tuple[OutageView, ...]

    def over(self, seconds: float) -> WindowRecord:
        """The record of the window nearest to ``seconds``."""
        return min(self.windows, key=lambda one: abs(one.seconds - seconds))
