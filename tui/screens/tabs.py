"""What the screens have in common that show one of several checks, a tab each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.reactive import reactive

from tui import keymap
from tui.screens.opened import NumberedScreen
from tui.screens.standing import Standing

if TYPE_CHECKING:
    from checks.views import Snapshot

__all__ = ["TabbedScreen"]


class TabbedScreen(NumberedScreen):
    """Shows :attr:`check`, one of its :meth:`subjects`; left and right change it.

    Of the checks that are wanted the first that is among its subjects and :meth:`may_begin` is
    shown, else what :meth:`first` says. It is empty while there are no subjects. What is wanted
    most and has no result yet is shown as soon as it has one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.TABS]
    check: reactive[str] = reactive("", repaint=False)

    def subjects(self, snapshot: Snapshot) -> Sequence[str]:
        """The names of the checks that have a tab, in the order of the tabs."""
        raise NotImplementedError

    def first(self, snapshot: Snapshot) -> str:
        """Which of the subjects to begin with where none was asked for: the worst."""
        names = self.subjects(snapshot)
        return next((view.name for view in snapshot.checks if view.name in names), names[0])

    def may_begin(self, snapshot: Snapshot, name: str) -> bool:
        """Whether to begin with the subject ``name``, which nobody has named."""
        del snapshot, name
        return True

    def begin(self, standing: Standing) -> None:
        super().begin(standing)
        self.set_reactive(TabbedScreen.check, self._shown_of(standing.shown))

    def come_back(self, wanted: Sequence[str], standing: Standing) -> None:
        self.set_reactive(TabbedScreen.check, "")
        super().come_back(wanted, standing)
        self.check = self._shown_of(standing.shown)

    @property
    def attends(self) -> str | None:
        return self.check or None

    @property
    def chosen(self) -> str:
        return self.check

    @property
    def bare(self) -> bool:
        return self.snapshot is not None and not self.check

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        del old
        self.check = self._shown_of(new)

    def _shown_of(self, snapshot: Snapshot | None) -> str:
        """The check that is shown, or the one to go to where it is no longer there."""
        names = self.subjects(snapshot) if snapshot else ()
        if snapshot is None:
            return self.check
        wanted = [name for name in self.wanted if name in names]
        if wanted:
            # Once it was there, or something was chosen by hand, nothing is wanted any more.
            self.wanted = ()
        for name in wanted:
            if name == self.pointed or self.may_begin(snapshot, name):
                return name
        if self.check in names:
            return self.check
        return self.first(snapshot) if names else ""

    def watch_check(self, old: str, new: str) -> None:
        if old != new:
            self.post_message(self.Attends())
            self.refresh_bindings()

    def action_tab(self, step: int) -> None:
        """Show the subject ``step`` tabs further; the first follows the last."""
        names = list(self.subjects(self.snapshot)) if self.snapshot else []
        if self.check in names:
            self.wanted = ()
            self.check = names[(names.index(self.check) + step) % len(names)]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "tab":
            return self.snapshot is not None and len(self.subjects(self.snapshot)) > 1
        return super().check_action(action, parameters)
