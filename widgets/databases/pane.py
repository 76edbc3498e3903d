"""What the panes about one database server have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.reactive import reactive

from widgets import format as fmt
from widgets.empty import WAITING, no_database, note
from widgets.frame import Frame
from widgets.lines import LinePane
from widgets.text import Line, Seg, broken, line

if TYPE_CHECKING:
    from checks.databases.model import DatabaseFacts
    from checks.views import CheckView, DatabaseView, Snapshot

__all__ = ["UNSEEN", "DatabasePane", "blind_lines", "database_of", "faded", "not_seen", "sentence"]

UNSEEN: Final = "cannot be seen"
"""Beside the title of a pane that would otherwise say that there is nothing."""


def database_of(snapshot: Snapshot | None, check: str) -> DatabaseView | None:
    """What ``snapshot`` holds of the server that ``check`` watches."""
    databases = snapshot.databases if snapshot else ()
    return next((view for view in databases if view.check == check), None)


def faded(lines: Iterable[Line]) -> list[Line]:
    """``lines`` as what was, not what is: nothing in them stands out."""
    return [
        Line(tuple(Seg(seg.text, "dim") for seg in each.segs), each.key, each.check)
        for each in lines
    ]


def not_seen(view: DatabaseView, now: float) -> str:
    """``not seen for 4 m``, ``never seen yet``; empty while the server can be seen."""
    if view.silent_since is None:
        return ""
    if view.never:
        return "never seen yet"
    return f"not seen for {fmt.coarse(max(0.0, now - view.silent_since))}"


def sentence(text: str, frame: Frame) -> list[Line]:
    """``text`` as a notice, to its end: a GRANT cut in two is of no use."""
    first, *more = broken(text, frame.width - 4) or [""]
    lines = [line(Seg(f" {frame.glyphs.notice} ", "warning"), Seg(first, "label"))]
    return lines + [line(Seg(f"   {row}", "label")) for row in more]


def blind_lines(facts: DatabaseFacts, frame: Frame) -> list[Line]:
    """Why the sessions of others cannot be seen; nothing where they can."""
    return sentence(facts.blind, frame) if facts.blind else []


class DatabasePane(LinePane):
    """A pane about the server that :attr:`check` watches.

    What is shown of a server that cannot be seen is what was seen last: faded, and the
    title says for how long.
    """

    title: ClassVar[str] = ""

    check: reactive[str] = reactive("", repaint=False, layout=False)

    @property
    def view(self) -> DatabaseView | None:
        """The server, None until the first result."""
        return database_of(self.snapshot, self.check)

    @property
    def check_view(self) -> CheckView | None:
        """The check of the server."""
        return self.snapshot.check(self.check) if self.snapshot else None

    def inputs(self) -> tuple[object, ...]:
        return (self.view or self.snapshot,)

    def watch_check(self, old: str, new: str) -> None:
        """Begin anew: what was selected belongs to another server."""
        if old == new:
            return
        self.begin_anew()
        self.update_lines()

    left_out: bool = False
    """Whether the arrangement has no lines for it."""

    def allow_focus(self) -> bool:
        return super().allow_focus() and not self.left_out

    def _keep_selection(self) -> None:
        """As every pane; but where there was nothing left, what comes is begun with anew."""
        super()._keep_selection()
        if not self.keys:
            self._lost = False

    def heading(self) -> Sequence[Seg]:
        view, snapshot = self.view, self.snapshot
        segs = [Seg(self.title, "title")]
        if view is None or snapshot is None:
            return segs
        silent = not_seen(view, snapshot.time)
        told = [Seg(f" {silent}", "warning")] if silent else []
        return [*segs, *told, *self.summary(view)]

    def summary(self, view: DatabaseView) -> Sequence[Seg]:
        """What stands beside the title."""
        del view
        return ()

    def build(self, width: int, height: int) -> list[Line]:
        view = self.view
        if view is None:
            waits = self.snapshot is None or self.check_view is not None
            return note(WAITING, width) if waits else no_database(width)
        lines = self.build_view(view, self.frame(width, height))
        return lines if view.silent_since is None else faded(lines)

    def build_view(self, view: DatabaseView, frame: Frame) -> list[Line]:
        """The pane's lines for ``view``."""
        raise NotImplementedError
