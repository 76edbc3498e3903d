"""Everything about one queue, and its large curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from checks.model import Status
from widgets import format as fmt
from widgets.empty import no_queues, note
from widgets.frame import Frame
from widgets.glyphs import WORDS
from widgets.listing.order import GROUP
from widgets.listing.selected import SelectedPane
from widgets.queue_list.curve import LEAST_LINES, curve_lines
from widgets.queue_list.table import totals
from widgets.queue_list.words import outlook, outlook_sentence, per_minute
from widgets.queues import expects_queues, queue_key
from widgets.text import Line, Seg, broken, groups_in, left, line, role_of, segs_width

if TYPE_CHECKING:
    from checks.views import CheckView, QueueView, Snapshot

__all__ = ["SelectedQueue", "queue_lines"]

_LABEL: Final = 12
_MOST_CURVE: Final = 24
"""Lines of a curve beyond which it says no more."""
_ROOMY: Final = 14
"""Lines from which on one is left free."""
_UNCOUNTED: Final = (
    "nothing counts what comes and goes: counters queue_enqueued_total{queue} and "
    "queue_processed_total{queue} would"
)


def _about(label: str, role: str = "dim") -> Seg:
    return Seg(f" {left(label, _LABEL)}", role)


def _told(label: str, text: str, role: str, frame: Frame, queue: QueueView) -> list[Line]:
    """A sentence behind its label, on as many lines as it takes."""
    rows = broken(text, max(8, frame.width - _LABEL - 2)) or [""]
    return [
        line(_about("" if at else label), Seg(row, role), key=label, check=queue.check)
        for at, row in enumerate(rows)
    ]


def _status(queue: QueueView, check: CheckView | None, frame: Frame) -> list[Line]:
    """The status, and the sentence of the part of the check that is about it."""
    role = role_of(queue.status)
    head = f" {frame.glyphs.status(queue.status)} {WORDS[queue.status]}"
    parts = check.parts if check else ()
    own = next((part.message for part in parts if part.name == f"queue {queue.name}"), "")
    unread = check.message if check and queue.size is None else ""
    if queue.status is Status.OK or not (own or unread):
        size = Seg(f"  {fmt.count(queue.size)} waiting", "value")
        return [line(Seg(head, role), size, key="status", check=queue.check)]
    told = Seg(f"  {own or unread}")
    if segs_width([Seg(head), told]) <= frame.width:
        return [line(Seg(head, role), told, key="status", check=queue.check)]
    rows = broken(own or unread, max(8, frame.width - 3))
    return [
        line(Seg(head, role), key="status", check=queue.check),
        *(line("   ", Seg(row), key="status", check=queue.check) for row in rows),
    ]


def _figures(queue: QueueView, frame: Frame) -> Line:
    """What is in hand, due later, failed, and who works on it."""
    told = (
        ("waiting", queue.size), ("processing", queue.processing), ("failed", queue.failed),
        ("due later", queue.delayed), ("workers", queue.workers),
    )  # fmt: skip
    groups = [
        [
            Seg(f"{name} ", "dim"),
            Seg(fmt.count(value), "high" if name == "failed" and value else "value"),
        ]
        for name, value in told
        if value is not None or name not in ("due later", "workers")
    ]
    return line(" ", *groups_in(groups, frame.width - 1)[0], key="figures", check=queue.check)


def queue_lines(queue: QueueView, snapshot: Snapshot, frame: Frame) -> list[Line]:
    """Everything about ``queue``; the curve has the lines that the rest leaves."""
    lines = _status(queue, snapshot.check(queue.check), frame)
    lines.append(_figures(queue, frame))
    _, role = outlook(queue)
    lines += _told("outlook", outlook_sentence(queue), role, frame, queue)
    shade = "value" if queue.oldest is not None else "dim"
    lines += _told("oldest item", _aged(queue), shade, frame, queue)
    after = _more(queue, frame)
    most = min(_MOST_CURVE, frame.height // 2)
    room = min(most, frame.height - len(lines) - 1 - len(after))
    drawn = curve_lines(queue, Frame(frame.width, max(LEAST_LINES + 1, room), frame.glyphs))
    apart = [line()] if drawn and frame.height >= _ROOMY else []
    return [*lines, *apart, *drawn, *after]


def _aged(queue: QueueView) -> str:
    """How old its oldest item is, or why that is not known."""
    if queue.oldest is not None:
        return fmt.coarse(queue.oldest)
    if queue.size is None:
        return f"{fmt.DASH} the queue cannot be read"
    return f"{fmt.DASH} {queue.ageless if queue.size else 'nothing waits'}"


def _more(queue: QueueView, frame: Frame) -> list[Line]:
    """Its bounds, and what comes and goes, or what would tell."""
    lines: list[Line] = []
    bounds = [
        f"{name} above {bound:,.0f}"
        for name, bound in (("warning", queue.warning), ("critical", queue.critical))
        if bound is not None
    ]
    if bounds:
        lines += _told("bounds", ", ".join(bounds), "label", frame, queue)
    if queue.arriving is None and queue.leaving is None:
        return lines + _told("in and out", f"{fmt.DASH} {_UNCOUNTED}", "dim", frame, queue)
    through = f"{per_minute(queue.arriving)} in, {per_minute(queue.leaving)} out"
    return lines + _told("in and out", through, "value", frame, queue)


class SelectedQueue(SelectedPane):
    """The queue under the table's cursor, or those of the group there together."""

    @property
    def _queue(self) -> QueueView | None:
        queues = self.snapshot.queues if self.snapshot else ()
        return next((queue for queue in queues if queue_key(queue) == self.subject), None)

    def heading(self) -> Sequence[Seg]:
        queue = self._queue
        if queue is not None:
            return [Seg(queue.name, "title"), Seg(f" of {queue.check}", "dim")]
        name = self.subject.removeprefix(GROUP)
        return [Seg(f"Queues of {name}" if self.members else "Selected", "title")]

    def build(self, width: int, height: int) -> list[Line]:
        snapshot, queue = self.snapshot, self._queue
        if snapshot is not None and not snapshot.queues and not expects_queues(snapshot):
            return no_queues(width, brief=True)
        if snapshot is None or not self.subject:
            return note("nothing is selected", width)
        if queue is not None:
            return queue_lines(queue, snapshot, self.frame(width, height))
        wanted = set(self.members)
        found = [one for one in snapshot.queues if queue_key(one) in wanted]
        if not found:
            return note("it is not read any more", width)
        return [totals(found, width)]

    def inputs(self) -> tuple[object, ...]:
        queue = self._queue
        check = self.snapshot.check(queue.check) if self.snapshot and queue else None
        return (queue or self.snapshot, check, self.subject, self.members)
