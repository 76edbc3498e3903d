"""What a dashboard shows: frozen values, figures already computed, text already clean.

Times are seconds since 1970 in UTC. NaN is a point that is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from checks.dashboards.model import Panel
from checks.model import Status, Table

__all__ = [
    "ALL",
    "AUTO_INTERVAL",
    "DashboardName",
    "DashboardView",
    "PanelView",
    "SeriesView",
    "VariableView",
]

ALL: Final = "All"
"""Stands alone among the chosen values of a variable that offers all."""
AUTO_INTERVAL: Final = "auto"
"""The value of an interval's variable that stands for what suits the samples."""


@dataclass(frozen=True, slots=True)
class DashboardName:
    """A dashboard that can be shown."""

    name: str
    title: str
    place: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class SeriesView:
    """One series of a panel: its name by the legend, its value now, and its course."""

    name: str
    value: float
    status: Status | None = None
    """By the panel's thresholds; None where it has none, or the value is not known."""
    points: tuple[float, ...] = ()
    """At :attr:`PanelView.times`; empty for what is asked for now alone."""
    text: str = ""
    """What stands for the value, where the panel has words for it; else empty."""


@dataclass(frozen=True, slots=True, eq=False)
class PanelView:
    """A panel with what its queries came to.

    ``error`` says what is wrong with it, or why it is empty (a metric that nothing brings), with
    what to do; what could be shown is there all the same. ``table`` is of SQL, and of panels of
    that kind.
    """

    panel: Panel
    times: tuple[float, ...] = ()
    series: tuple[SeriesView, ...] = ()
    table: Table | None = None
    error: str = ""
    total: int = 0
    """How many series there are; ``series`` may be fewer."""


@dataclass(frozen=True, slots=True, eq=False)
class VariableView:
    """A template variable with the values it may have now, and those it has."""

    name: str
    label: str
    options: tuple[str, ...]
    chosen: tuple[str, ...]
    multi: bool = False
    offers_all: bool = False
    hidden: bool = False
    """Whether it is not for choosing."""
    free: bool = False
    """Whether any text can be given, not one of the options alone."""


@dataclass(frozen=True, slots=True, eq=False)
class DashboardView:
    """The dashboard ``name`` over the last ``span`` seconds, as of ``at``."""

    name: str
    title: str
    at: float
    span: float
    panels: tuple[PanelView, ...] = ()
    variables: tuple[VariableView, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    """Why there is none to show."""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
