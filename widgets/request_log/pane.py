"""What the panes about one request log have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.reactive import reactive

from widgets import format as fmt
from widgets.databases.pane import faded
from widgets.empty import WAITING, no_requests, note
from widgets.frame import Frame
from widgets.lines import ANY_HEIGHT, LinePane
from widgets.request_log.words import over
from widgets.text import Line, Seg

if TYPE_CHECKING:
    from checks.views import RequestView, Snapshot

__all__ = ["RequestLogPane", "requests_of"]


def requests_of(snapshot: Snapshot | None, check: str) -> RequestView | None:
    """What ``snapshot`` holds of the requests that ``check`` tells of."""
    views = snapshot.requests if snapshot else ()
    return next((view for view in views if view.check == check), None)


class RequestLogPane(LinePane):
    """A pane about the requests that :attr:`check` tells of.

    Its title says over which window. What is shown of a log that cannot be read is what was
    read last: faded, and the title says for how long.
    """

    title: ClassVar[str] = ""

    check: reactive[str] = reactive("", repaint=False, layout=False)

    _head_lines: Sequence[Line] = ()

    @property
    def view(self) -> RequestView | None:
        """The requests, None until the first result."""
        return requests_of(self.snapshot, self.check)

    def inputs(self) -> tuple[object, ...]:
        return (self.view or self.snapshot,)

    def watch_check(self) -> None:
        """Begin anew: what was selected belongs to another log."""
        self.begin_anew()
        self.update_lines()

    def heading(self) -> Sequence[Seg]:
        view, snapshot = self.view, self.snapshot
        segs = [Seg(self.title, "title")]
        if view is None or snapshot is None:
            return segs
        segs.append(Seg(f" {self.glyphs.dot} {self.over(view)}", "dim"))
        if view.silent_since is not None:
            silent = fmt.coarse(max(0.0, snapshot.time - view.silent_since))
            segs.append(Seg(f" {self.glyphs.dot} not read for {silent}", "warning"))
        summary = self.summary(view)
        return [*segs, Seg(f" {self.glyphs.dot} ", "dim"), *summary] if summary else segs

    def over(self, view: RequestView) -> str:
        """Which time the pane is about."""
        return over(view.window)

    def summary(self, view: RequestView) -> Sequence[Seg]:
        """What stands beside the title: the pane in a few words."""
        del view
        return ()

    def sentence(self, key: str) -> str:
        """The row ``key`` in a line, to be pasted into a message to a colleague."""
        rows = (" ".join(line.text.split()) for line in self._body if line.key == key)
        return next(rows, key)

    def needs(self, view: RequestView) -> int:
        """How many lines beneath the title it could use; cheaper than to build them."""
        raise NotImplementedError

    def lines_wanted(self, width: int, height: int = ANY_HEIGHT) -> int:
        del width, height
        return ANY_HEIGHT if self.view is None else self.needs(self.view) + 1

    def build(self, width: int, height: int) -> list[Line]:
        view = self.view
        self._head_lines = ()
        if view is None:
            return self.build_unread(width)
        lines = self.build_view(view, self.frame(width, height))
        if view.silent_since is None:
            return lines
        self._head_lines = faded(self._head_lines)
        return faded(lines)

    def build_unread(self, width: int) -> list[Line]:
        """What is said while nothing has been read."""
        snapshot = self.snapshot
        if snapshot is None or snapshot.check(self.check) is not None:
            return note(WAITING, width)
        return no_requests(width)

    def build_view(self, view: RequestView, frame: Frame) -> list[Line]:
        """The pane's lines for ``view``."""
        raise NotImplementedError

    def pin(self, *lines: Line) -> None:
        """Let ``lines`` stand above those that are being built, also when these scroll."""
        self._head_lines = lines

    def pinned(self, width: int) -> list[Line]:
        return list(self._head_lines)
