"""What a panel is drawn into, and how figures look in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from checks.model import Status
from widgets.dashboard.units import divided, shown
from widgets.format import DASH
from widgets.glyphs import WORDS, Glyphs
from widgets.text import Seg, fit, role_of

if TYPE_CHECKING:
    from checks.dashboards.model import Panel
    from checks.dashboards.views import SeriesView

__all__ = [
    "LETTERS",
    "ROLES",
    "Room",
    "Row",
    "figure",
    "letter",
    "named",
    "padded",
    "role",
    "toned",
    "worded",
    "worst",
]

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
ROLES: Final = ("curve-1", "curve-2", "curve-3", "curve-4")

Row = list[Seg]
"""A line of a panel, no wider than its room."""


@dataclass(frozen=True, slots=True)
class Room:
    """``width`` by ``height`` cells for a panel, and the ``span`` seconds up to ``at``; without
    ``legend`` where all its series are told elsewhere.
    """

    width: int
    height: int
    at: float
    span: float
    glyphs: Glyphs
    legend: bool = True


def letter(place: int, count: int = 2) -> str:
    """The letter of the curve at ``place``; a star for the only one of them, and none for those
    beyond the alphabet.
    """
    if count == 1:
        return "*"
    return LETTERS[place] if place < len(LETTERS) else " "


def role(place: int) -> str:
    """What the curve at ``place`` is drawn in; quiet beyond the alphabet."""
    return ROLES[place % len(ROLES)] if place < len(LETTERS) else "dim"


def named(series: SeriesView) -> str:
    """The name of a series; one without has none to show."""
    return series.name or "value"


def worst(series: Sequence[SeriesView]) -> Status | None:
    """The worst status among ``series``; None where none has one."""
    found = [one.status for one in series if one.status is not None]
    return max(found, key=lambda status: status.severity, default=None)


def worded(status: Status, glyphs: Glyphs) -> Seg:
    """``✖ critical``."""
    return Seg(f"{glyphs.status(status)} {WORDS[status]}", role_of(status))


def figure(series: SeriesView, panel: Panel, glyphs: Glyphs, *, signed: bool = True) -> Row:
    """What a series is now, ``signed`` with the sign of its status where that is not ok."""
    text = shown(series, panel)
    number, unit = divided(text)
    if text == DASH:
        return [Seg(text, "dim")]
    own = toned(series, "value")
    gap = " " if unit and f"{number} {unit}" == text else ""
    row = [Seg(number, own), *([Seg(gap + unit, "dim")] if unit else [])]
    if signed and series.status is not None and series.status.severity:
        row.append(Seg(f" {glyphs.status(series.status)}", own))
    return row


def toned(series: SeriesView, well: str) -> str:
    """The role of a figure: that of its status where it is not ok, else ``well``."""
    status = series.status
    return role_of(status) if status is not None and status.severity else well


def padded(text: str, width: int, cut: str) -> str:
    """``text`` cut or filled to ``width`` cells."""
    told = fit(text, width, cut)
    return told + " " * (width - cell_len(told))
