"""What the screens have in common that name their keys in a line at the bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from rich.cells import cell_len
from textual import on
from textual.binding import ActiveBinding

from tui.screens.drawn import DrawnScreen
from tui.screens.hinting import HintSource, binding_of, hints_from
from widgets.hints import HintLine

__all__ = ["HintedScreen"]

_ROOMY: Final = 30
"""Lines from which on a note in the corner hides nothing that matters."""
_SAID: Final = 4.0
"""Seconds for which a sentence stands there."""
_OPENS: Final = ("pane.open",)


class HintedScreen(DrawnScreen, inherit_bindings=False):
    """A screen with a :class:`~widgets.hints.HintLine`, which also says what is worth a moment."""

    HINTS: ClassVar[tuple[HintSource, ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self._composed = False
        self._names_due = False

    @property
    def is_composed(self) -> bool:
        """Whether its panes are there: not while it is just being opened for the first time."""
        return self._composed

    def soon(self, work: Callable[[], None]) -> None:
        """Do ``work`` after what is being done now. What stands on a screen is closed before it:
        on one that is being closed there is nothing left to work on.
        """
        self.call_next(lambda: work() if self.is_running else None)

    def hints(self) -> tuple[HintSource, ...]:
        """The keys that are named at the bottom, as far as they work."""
        return self.HINTS

    @property
    def bare(self) -> bool:
        """Whether nothing is watched that it could show: its panes have no row then."""
        return False

    def opens(self) -> str:
        """What Enter does on a row here, for the help; empty where it opens its details."""
        return ""

    def _watch_stack_updates(self) -> None:
        # A screen that is being covered has the keys that it had.
        if self.is_active:
            self.refresh_bindings()

    def keys_changed(self, _: object) -> None:
        """Name the keys once, however often they change until then; those of a screen that is not
        seen when it comes back, which is a change too.
        """
        if not self._names_due and self.is_current:
            self._names_due = True
            self.soon(self.name_keys)

    def name_keys(self) -> None:
        """Name the keys that work now."""
        self._names_due = False
        active = list(self.active_bindings.values())
        # The key is the panes', which all have it.
        hints = (hint for hint in self.hints() if not self.bare or hint[0] != _OPENS)
        self.query_one(HintLine).hints = hints_from(map(self.now_does, hints), active)
        self.keys_named(active)

    def now_does(self, hint: HintSource) -> HintSource:
        """``hint`` as it is to be named now."""
        return hint

    def keys_named(self, active: Sequence[ActiveBinding]) -> None:
        """Called when the keys of ``active`` were named, for what names some besides."""

    def key_of(self, name: str) -> str:
        """The key of the binding ``name``, empty where it has none that works."""
        found = hints_from((((name,), ""),), self.active_bindings.values())
        return found[0][0] if found else ""

    @on(HintLine.Clicked)
    def _press(self, event: HintLine.Clicked) -> None:
        found = binding_of(event.key, self.active_bindings.values())
        if found is not None:
            self.call_later(self.app.run_action, found.binding.action, found.node)

    def say(self, text: str, seconds: float, *, over: bool = True) -> bool:
        """Say ``text`` in the line of hints; false where there is no room for it.

        Neither where there is room elsewhere, if it may lie ``over`` the panes.
        """
        beside = not over or self.size.height < _ROOMY
        fits = beside and "\n" not in text and cell_len(text) < self.size.width
        self.query_one(HintLine).say(text if fits else "", seconds)
        return fits

    def mention(self, text: str, seconds: float = _SAID) -> None:
        """Say ``text`` where there is room for it, over the panes if nowhere else."""
        if not self.say(text, seconds):
            self.notify(text, timeout=seconds, markup=False)

    def welcome(self) -> None:
        """Name the keys that lead to all others, in the place of the hints, for a while."""
        from tui.first_start import HINTS, SECONDS  # noqa: PLC0415 - once in a user's life

        if not self._composed:
            # Whoever has opened it already knows a key.
            return
        hints = hints_from(HINTS, self.active_bindings.values())
        dot = self.query_one(HintLine).glyphs.dot
        text = f" {dot} ".join(f"{keys} {text}" for keys, text in hints)
        self.query_one(HintLine).say(f"First time here?  {text}" if text else "", SECONDS)

    def welcomed(self) -> None:
        """Show the hints again."""
        if self._composed:
            self.query_one(HintLine).say("", 0)
