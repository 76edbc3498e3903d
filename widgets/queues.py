"""The queues pane: how long each is, where it is going, and what failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from checks.model import Status
from widgets import format as fmt
from widgets.empty import WAITING, no_queues, note, nothing_matches
from widgets.frame import Frame
from widgets.glyphs import UNICODE, WORDS, Glyphs
from widgets.lines import LinePane
from widgets.spark import area
from widgets.text import Line, Seg, fit_segs, left, line, name_in, right, role_of, segs_width

if TYPE_CHECKING:
    from checks.views import QueueView, Snapshot

__all__ = [
    "LEAST_ITEMS",
    "QueuesPane",
    "expects_queues",
    "queue_key",
    "queue_lines",
    "queue_summary",
]

LEAST_ITEMS = 10.0
"""Items that a full block stands for at least."""
MOST_LINES = 3
"""Lines that the curve of one queue takes at most."""


def queue_key(queue: QueueView) -> str:
    """The identity of the queue's row."""
    return f"{queue.check}/{queue.name}"


def _tail(queue: QueueView) -> list[Seg]:
    """Growth, failed and in hand, in the order in which they matter."""
    rising = queue.growth is not None and queue.growth > 0
    segs = [Seg(right(fmt.growth(queue.growth), 9), "value" if rising else "dim")]
    failed = queue.failed or 0
    segs += [
        Seg("  failed ", "dim"),
        Seg(left(fmt.count(queue.failed), 4), "high" if failed else "dim"),
        Seg(" busy ", "dim"),
        Seg(left(fmt.count(queue.processing), 4), "label"),
    ]
    return segs


def _rows(queue: QueueView, names: int, width: int, level: int, glyphs: Glyphs) -> list[Line]:
    """One queue; its curve is ``level`` lines high."""
    fine = queue.status is Status.OK
    role = role_of(queue.status)
    head = [
        Seg(" "),
        Seg(glyphs.status(queue.status), role),
        Seg(" "),
        Seg(name_in(queue.name, names), "name" if fine else role),
        Seg(" "),
        Seg(right(fmt.count(queue.size), 7), "value" if fine else role),
        Seg(" "),
    ]
    tail = _tail(queue)
    while len(tail) > 1 and segs_width(head) + segs_width(tail) + 7 > width:
        tail = tail[: 1 if len(tail) == 3 else 3]
    room = min(40, width - segs_width(head) - segs_width(tail) - 1)
    if room < 4:
        return [line(*head, *tail, key=queue_key(queue), check=queue.check)]
    drawn = area(queue.history, room, level, LEAST_ITEMS, glyphs)
    blank = Seg(" " * segs_width(head))
    made = []
    for place, row in enumerate(drawn):
        segs = [*([blank] if place else head), Seg(row, "spark" if fine else role)]
        made.append(line(*segs, *(() if place else tail), key=queue_key(queue), check=queue.check))
    return made


def _level(queues: int, height: int) -> int:
    """How many lines each curve takes; charts of several have a line between them."""
    level = (height + 1) // queues - 1
    return min(MOST_LINES, level) if level > 1 else 1


def expects_queues(snapshot: Snapshot) -> bool:
    """Whether there are queues, of which nobody has told yet."""
    return any(check.queues for check in snapshot.checks)


def queue_lines(snapshot: Snapshot | None, frame: Frame) -> list[Line]:
    """A row a queue, or a chart each where there is room."""
    width, glyphs = frame.width, frame.glyphs
    if snapshot is None:
        return note(WAITING, width)
    if not snapshot.queues and expects_queues(snapshot):
        return note(WAITING, width)
    if not snapshot.queues:
        return no_queues(width, brief=True)
    queues = [q for q in snapshot.queues if frame.wants(queue_key(q), WORDS[q.status])]
    if not queues:
        return nothing_matches(frame.filter_text, width)
    names = max(4, min(max(cell_len(q.name) for q in queues), 20, int(width * 0.3)))
    level = _level(len(queues), frame.height)
    lines: list[Line] = []
    for queue in queues:
        if lines and level > 1:
            lines.append(line())
        lines += _rows(queue, names, width, level, glyphs)
    return lines


def _brief(queue: QueueView, width: int, glyphs: Glyphs) -> list[Seg]:
    """Its name and size; where it is going, and what failed, where ``width`` has room for that."""
    fine = queue.status is Status.OK
    role = "value" if fine else role_of(queue.status)
    sign = "" if fine else f"{glyphs.status(queue.status)} "
    segs = [
        Seg(f"{sign}{queue.name} ", "label" if fine else role),
        Seg(fmt.count(queue.size), role),
    ]
    growth = [Seg(f" {fmt.growth(queue.growth)}", "dim")] if queue.growth else []
    failed = [Seg(" failed ", "dim"), Seg(fmt.count(queue.failed), "high")] if queue.failed else []
    for more in (growth, failed):
        if segs_width(segs) + segs_width(more) <= width:
            segs += more
    return segs


def queue_summary(snapshot: Snapshot | None, width: int, glyphs: Glyphs = UNICODE) -> Line:
    """All queues in one line, for as many as there is room; worst first, as given."""
    if snapshot is None or not snapshot.queues:
        waits = snapshot is None or expects_queues(snapshot)
        text = WAITING if waits else "none: add queues: to a redis check"
        return line(Seg(" Queues   ", "title"), Seg(text, "dim"))
    segs = [Seg(" Queues   ", "title")]
    for shown, queue in enumerate(snapshot.queues):
        left_out = len(snapshot.queues) - shown
        more = _brief(queue, width - segs_width(segs) - (5 if left_out > 1 else 2), glyphs)
        if segs_width(segs) + segs_width(more) > width - 4 and shown:
            segs.append(Seg(f"  +{left_out}", "dim"))
            break
        segs += [Seg("  " if shown else ""), *more]
    first = snapshot.queues[0]
    return line(*fit_segs(segs, width, glyphs.cut), key=queue_key(first), check=first.check)


class QueuesPane(LinePane):
    """Every queue of every check that has some."""

    inline_when_compact = True

    def heading(self) -> Sequence[Seg]:
        return [Seg("Queues", "title")]

    def inputs(self) -> tuple[object, ...]:
        snapshot = self.snapshot
        return (*(snapshot.queues or snapshot.checks),) if snapshot else (None,)

    def build(self, width: int, height: int) -> list[Line]:
        if self.compact:
            return [queue_summary(self.snapshot, width, self.glyphs)]
        return queue_lines(self.snapshot, self.frame(width, height))
