"""What panes and commands show of objectives. Loads nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass

from checks.model import Status

__all__ = ["Burn", "ObjectiveView"]


@dataclass(frozen=True, slots=True)
class Burn:
    """How fast the budget went over the last ``window`` seconds: 1 uses it up in its window.

    ``known`` are the seconds of it that something is known of; ``rate`` is None where that is too
    little. ``few`` says that there were too few events for an alert.
    """

    window: float
    rate: float | None
    known: float
    total: float
    bad: float
    few: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ObjectiveView:
    """One objective: ``target`` of what happens over ``window`` seconds is to go well.

    Attributes:
        source: what it is of, in words.
        check: the check that it is of; empty where its counters name none.
        timed: whether ``total`` and ``bad`` are seconds, not events.
        sli: the ratio that went well, of what is known of the window; None where nothing is.
        remaining: the ratio of the budget that is left; below 0 where more was used.
        known: seconds of the window that something is known of.
        latency: seconds that a request may take, of an objective for that; None of others.
        sentence: how it stands, for people.
        note: what limits the figures; empty where nothing does.
    """

    name: str
    target: float
    window: float
    source: str
    check: str
    timed: bool
    sli: float | None
    remaining: float | None
    known: float
    total: float
    bad: float
    burns: tuple[Burn, ...]
    status: Status
    sentence: str
    latency: float | None = None
    note: str = ""

    @property
    def covered(self) -> float:
        """The ratio of the window that something is known of."""
        return min(1.0, self.known / self.window)

    def burn(self, window: float) -> Burn | None:
        """The burn rate over ``window`` seconds; None where it is not told."""
        return next((one for one in self.burns if one.window == window), None)
