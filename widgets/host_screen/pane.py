"""What the panes about one machine have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.reactive import reactive

from widgets import format as fmt
from widgets.databases.pane import faded
from widgets.empty import WAITING, gathering, no_host, note
from widgets.figures import figure
from widgets.frame import Frame
from widgets.glyphs import Glyphs
from widgets.lines import ANY_HEIGHT, LinePane
from widgets.text import Line, Seg

if TYPE_CHECKING:
    from checks.hosts.model import HostDetail
    from checks.views import CheckView, HostView, Snapshot

__all__ = [
    "HIGH",
    "HostScreenPane",
    "by_share",
    "detail_of",
    "figured",
    "host_of",
    "labelled",
    "level",
    "newest",
    "stacked",
]

HIGH: Final = 0.9
"""From this ratio on a figure stands out; the check's own bounds decide its status."""


def detail_of(snapshot: Snapshot | None, check: str) -> HostDetail | None:
    """What ``snapshot`` holds of the machine that ``check`` watches, where it is looked at."""
    detail = snapshot.host if snapshot else None
    return detail if detail is not None and detail.check == check else None


def host_of(snapshot: Snapshot | None, check: str) -> HostView | None:
    """The figures that ``snapshot`` always holds of it."""
    hosts = snapshot.hosts if snapshot else ()
    return next((host for host in hosts if host.check == check), None)


def level(ratio: float | None, high: float = HIGH) -> str:
    """The role of a ratio: it stands out where it is high."""
    return "high" if ratio is not None and ratio >= high else "value"


def newest(points: Sequence[float]) -> float | None:
    """The newest point, None where it is not known."""
    return points[-1] if points and math.isfinite(points[-1]) else None


def labelled(name: str, text: str, role: str = "label") -> list[Seg]:
    """``name 12 %``: a quiet name and a figure."""
    return [Seg(f"{name} ", "dim"), *figure(text, role)]


def figured(text: str, role: str = "label") -> list[Seg]:
    """A figure that stands behind another one."""
    return figure(text, role)


def stacked(parts: Sequence[tuple[float, str, str]], width: int, glyphs: Glyphs) -> list[Seg]:
    """A bar of ``width`` cells: a share, role and letter for each part, the rest empty.

    A part that is there takes a cell at least, where there is one to take.
    """
    segs: list[Seg] = []
    used, total = 0, 0.0
    for share, role, letter in parts:
        total += max(0.0, share)
        end = min(width, round(min(1.0, total) * width))
        if share > 0.002 and end <= used < width:
            end = used + 1
        if end > used:
            segs.append(Seg((letter if glyphs.plain else glyphs.full) * (end - used), role))
            used = end
    return [*segs, Seg(glyphs.empty * (width - used), "rule")]


class HostScreenPane(LinePane):
    """A pane about the machine that :attr:`check` watches.

    Its title tells the most important figure, so that it says something also where there is
    room for the title alone. What is shown of a machine that cannot be read is what was read
    last: faded, and the title says for how long.
    """

    title: ClassVar[str] = ""

    check: reactive[str] = reactive("", repaint=False, layout=False)
    frozen: reactive[bool] = reactive(False, repaint=False, layout=False)
    """Whether the snapshot stays the one that it is."""

    left_out: bool = False
    """Whether the arrangement has no lines for it."""

    _names: Sequence[Line] = ()

    @property
    def detail(self) -> HostDetail | None:
        """All that is known of the machine, None until it was looked at."""
        return detail_of(self.snapshot, self.check)

    @property
    def host(self) -> HostView | None:
        """Its figures, None until the first result."""
        return host_of(self.snapshot, self.check)

    @property
    def check_view(self) -> CheckView | None:
        """The check of the machine."""
        return self.snapshot.check(self.check) if self.snapshot else None

    def allow_focus(self) -> bool:
        return super().allow_focus() and not self.left_out

    def inputs(self) -> tuple[object, ...]:
        return (self.detail or self.snapshot, self.host, self.frozen)

    def watch_frozen(self) -> None:
        self.update_lines()

    def watch_check(self, old: str, new: str) -> None:
        """Begin anew: what was selected belongs to another machine."""
        if old == new:
            return
        self.begin_anew()
        self.update_lines()

    def heading(self) -> Sequence[Seg]:
        detail, host, snapshot = self.detail, self.host, self.snapshot
        segs = [Seg(self.title, "title")]
        if detail is None or host is None or snapshot is None:
            return segs
        if detail.silent_since is not None:
            silent = fmt.coarse(max(0.0, snapshot.time - detail.silent_since))
            segs.append(Seg(f" {self.glyphs.dot} not read for {silent}", "warning"))
        summary = self.summary(detail, host)
        return [*segs, Seg(f" {self.glyphs.dot} ", "dim"), *summary] if summary else segs

    def summary(self, detail: HostDetail, host: HostView) -> Sequence[Seg]:
        """What stands beside the title: the pane in a few words."""
        del detail, host
        return ()

    def build(self, width: int, height: int) -> list[Line]:
        detail, host = self.detail, self.host
        self._names = ()
        if detail is None or host is None:
            return self.build_unread(width)
        lines = self.build_host(detail, host, self.frame(width, height))
        if detail.silent_since is None:
            return lines
        self._names = faded(self._names)
        return faded(lines)

    def build_unread(self, width: int) -> list[Line]:
        """What is said before anything is known: which lines of configuration are missing, or
        that it is waited for."""
        if self.snapshot is not None and not self.check:
            return no_host(width)
        return note(gathering(frozen=self.frozen) if self.host else WAITING, width)

    def build_host(self, detail: HostDetail, host: HostView, frame: Frame) -> list[Line]:
        """The pane's lines for the machine."""
        raise NotImplementedError

    def needs(self, detail: HostDetail, host: HostView, width: int) -> int:
        """How many lines beneath the title it could use; cheaper than to build them."""
        return len(self.build_host(detail, host, self.frame(width, ANY_HEIGHT))) + len(self._names)

    def lines_wanted(self, width: int, height: int = ANY_HEIGHT) -> int:
        del height
        told = self.detail is not None and self.host is not None
        return super().lines_wanted(width) if told else 3

    def count(self, width: int, height: int) -> int:
        detail, host = self.detail, self.host
        if detail is None or host is None:
            return super().count(width, height)
        return self.needs(detail, host, width)

    def pin(self, *lines: Line) -> None:
        """Let ``lines`` stand above those that are being built, also when these scroll."""
        self._names = lines

    def pinned(self, width: int) -> list[Line]:
        del width
        return list(self._names)

    def whole(self, key: str) -> Sequence[tuple[str, str]]:
        """The row ``key`` as names and texts, nothing cut; nothing where it has no more to say."""
        del key
        return ()

    def sentence(self, key: str) -> str:
        """The row ``key`` in a line, to be pasted into a message to a colleague."""
        rows = (" ".join(line.text.split()) for line in self._body if line.key == key)
        return next(rows, key)


def by_share(modes: Mapping[str, float], *names: str) -> float:
    """The sum of the ``names``'s shares."""
    return sum(modes.get(name, 0.0) for name in names)
