"""The pane of what is wrong and what has changed of late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from checks.model import Status
from widgets import format as fmt
from widgets.empty import nothing_matches
from widgets.frame import Frame
from widgets.host_screen.pane import HostScreenPane
from widgets.text import Line, Seg, broken, fit, left, line, right, role_of

if TYPE_CHECKING:
    from checks.hosts.changes import Change
    from checks.hosts.model import HostDetail
    from checks.views import HostView, PartView

__all__ = ["ChangesPane"]

_WELL: Final = (Status.OK, Status.WAITING)
_TOLD: Final = 20
"""Events that are told, at most."""


def _part(part: PartView, frame: Frame) -> list[Line]:
    role = role_of(part.status)
    first, *more = broken(part.message, frame.width - 4) or [""]
    key = f"part {part.name}"
    lines = [line(Seg(f" {frame.glyphs.status(part.status)} ", role), Seg(first, role), key=key)]
    return lines + [line(Seg(f"   {row}", role), key=key) for row in more]


def _change(change: Change, now: float, frame: Frame) -> Line:
    since = "" if change.since is None else fmt.coarse(max(0.0, now - change.since))
    sign = frame.glyphs.notice if change.worse else frame.glyphs.dot
    role = "warning" if change.worse else "dim"
    words = "name" if change.worse else "label"
    room = max(0, frame.width - 10)
    return line(
        Seg(f" {sign} ", role),
        Seg(left(fit(change.text, room, frame.glyphs.cut), room), words),
        Seg(f" {right(since, 5)}", "dim"),
        key=f"change {change.text.partition(':')[0]} {change.pane}",
    )


class ChangesPane(HostScreenPane):
    """What is wrong now, which figures changed most in ten minutes, and what happened."""

    title: ClassVar[str] = "What changed"

    def inputs(self) -> tuple[object, ...]:
        return (self.detail or self.snapshot, self.host, self.frozen, self.check_view)

    def summary(self, detail: HostDetail, host: HostView) -> Sequence[Seg]:
        del host
        if self.size.height > 1:
            return [Seg("in 10 min", "dim")]
        view = self.check_view
        ill = [part for part in view.parts if part.status not in _WELL] if view else []
        if ill:
            return [Seg(ill[0].message, role_of(ill[0].status))]
        worse = [change for change in detail.changes if change.worse]
        if worse:
            return [Seg(worse[0].text, "warning")]
        return [Seg("nothing much in 10 min" if self._settled else "not known yet", "dim")]

    @property
    def _settled(self) -> bool:
        """Whether long enough was seen to say that nothing changed."""
        host = self.host
        return host is not None and len(host.cpu_history) * self._interval >= 240

    @property
    def _interval(self) -> float:
        view = self.check_view
        return view.interval if view else 5.0

    def build_host(self, detail: HostDetail, host: HostView, frame: Frame) -> list[Line]:
        del host
        snapshot, view = self.snapshot, self.check_view
        now = snapshot.time if snapshot else 0.0
        lines: list[Line] = []
        for part in view.parts if view else ():
            if part.status not in _WELL and frame.wants(part.name, part.message):
                lines += _part(part, frame)
        told = [change for change in detail.changes if frame.wants(change.text)]
        lines += [_change(change, now, frame) for change in told]
        if not lines and not frame.filter_text:
            words = (
                "no figure changed much in the last 10 min"
                if self._settled
                else "changes are told once some minutes were seen"
            )
            lines.append(line(Seg(f" {words}", "dim")))
        lines += self._happened(detail, frame)
        if not lines:
            lines += nothing_matches(frame.filter_text, frame.width)
        for text in detail.facts.notes:
            first, *more = broken(text, frame.width - 4) or [""]
            lines.append(line(Seg(f" {frame.glyphs.notice} ", "dim"), Seg(first, "dim")))
            lines += [line(Seg(f"   {row}", "dim")) for row in more]
        return lines

    def _happened(self, detail: HostDetail, frame: Frame) -> list[Line]:
        """What came and went, the newest first."""
        found = [(one.time, one.text) for one in detail.facts.happenings]
        # Those of the engine itself are told too: the clock that jumped is this machine's.
        events = list(self.snapshot.events) if self.snapshot else []
        details = self.snapshot.details if self.snapshot else None
        if details is not None and details.check == self.check:
            events = [event for event in events if not event.check] + list(details.events)
        found += [
            (event.time, event.text)
            for event in events
            if event.check in ("", self.check) and not event.answer
        ]
        found.sort(key=lambda pair: -pair[0])
        made = []
        for time, text in found[:_TOLD]:
            if not frame.wants(text):
                continue
            room = max(0, frame.width - 11)
            made.append(
                line(
                    Seg(f" {fmt.clock(time)} ", "dim"),
                    Seg(fit(text, room, frame.glyphs.cut), "label"),
                    key=f"event {time} {text[:40]}",
                )
            )
        return made

    def whole(self, key: str) -> Sequence[tuple[str, str]]:
        detail, view, snapshot = self.detail, self.check_view, self.snapshot
        kind, _, rest = key.partition(" ")
        if kind == "part" and view is not None:
            part = next((part for part in view.parts if part.name == rest), None)
            return [("what", part.name), ("sentence", part.message)] if part else ()
        if kind == "change" and detail is not None and snapshot is not None:
            for change in detail.changes:
                if f"{change.text.partition(':')[0]} {change.pane}" == rest:
                    since = "not known" if change.since is None else fmt.date_clock(change.since)
                    return [("what", change.text), ("since", since), ("see", change.pane)]
        return [("what", self.sentence(key))] if kind == "event" else ()
