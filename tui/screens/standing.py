"""How a screen's picture stands to the present, and what a screen asks of the source meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from checks.views import Snapshot

__all__ = ["Board", "Query", "Standing"]


class Query(NamedTuple):
    """An expression to evaluate, how many seconds its curves go back, and, where that is given,
    the labels of the series whose curve is wanted.
    """

    text: str
    seconds: float
    about: tuple[tuple[str, str], ...] = ()


class Board(NamedTuple):
    """The dashboard ``name`` over the last ``span`` seconds (its own where 0), with the values
    ``chosen`` for its variables.
    """

    name: str
    span: float
    chosen: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """The picture to show, and how it stands to the present.

    ``silence`` is seconds since the newest picture where that is too long, else 0. ``outdated``
    says that the configuration's file is not the one in force, and the notice of that put away.
    """

    shown: Snapshot | None
    newest: Snapshot | None
    frozen: bool
    silence: float
    outdated: bool = False

    @property
    def notice(self) -> str:
        """What the engine has to say of itself."""
        return self.shown.health.notice if self.shown else ""

    def sentence(self, thaw: str = "") -> str:
        """What the user must know about the picture; empty where it is live and well.

        ``thaw`` is the key that makes it live again, empty where there is none.
        """
        if self.silence:
            return f"no picture from the engine for {self.silence:.0f} s: what you see is old"
        if self.frozen and self.shown and self.newest:
            age = max(0.0, self.newest.time - self.shown.time)
            hint = f" ({thaw}: live again)" if thaw else ""
            return f"FROZEN, {_age(age)} old; checks go on running{hint}"
        return ""


def _age(seconds: float) -> str:
    """``seconds`` in steps that rarely change, so that the line is rarely sent."""
    if seconds < 60:
        return "less than a minute"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
