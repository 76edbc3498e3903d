"""The panes of the disks and of the network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len

from widgets import format as fmt
from widgets.empty import note, nothing_matches
from widgets.figures import aligned
from widgets.frame import Frame
from widgets.glyphs import Glyphs
from widgets.host_screen.pane import HostScreenPane, figured, labelled, level
from widgets.spark import spark
from widgets.text import Line, Seg, fit, groups_in, left, line, right

if TYPE_CHECKING:
    from checks.hosts.model import DiskView, HostDetail, InterfaceView, SocketsView
    from checks.views import HostView

__all__ = ["DisksPane", "NetworkPane"]

_SLOW: Final = 0.05
"""Seconds of a request from which on it stands out."""
_QUIET: Final = 1.0
"""Bytes or events a second below which a figure is as good as none."""


def _rate(value: float | None, width: int, unit: str = "B", role: str = "value") -> list[Seg]:
    quiet = value is not None and value < _QUIET
    return aligned(fmt.rate(value, unit), width, "dim" if quiet else role)


def _total(*values: float | None) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _curve(points: Sequence[float], room: int, least: float, glyphs: Glyphs) -> list[Seg]:
    return [Seg(f" {spark(points, room, least, glyphs)}", "spark")] if room >= 5 else []


def _disk(disk: DiskView, names: int, frame: Frame) -> Line:
    width = frame.width
    segs = [
        Seg(f" {left(disk.device, names)} ", "name"),
        *aligned(fmt.percent(disk.busy), 6, level(disk.busy)),
        *_rate(disk.read, 10),
        *_rate(disk.written, 10),
    ]
    if width >= 54:
        slow = disk.wait is not None and disk.wait >= _SLOW
        segs += aligned(fmt.duration(disk.wait), 8, "high" if slow else "label")
    if width >= 66:
        segs += [*_rate(_total(disk.reads, disk.writes), 8, "", "label")]
        queue = fmt.DASH if disk.queue is None else f"{disk.queue:.1f}"
        segs += aligned(queue, 7, "label")
    room = width - sum(cell_len(seg.text) for seg in segs) - 2
    return line(*segs, *_curve(disk.history, min(room, 60), 1.0, frame.glyphs), key=disk.device)


def _disk_names(names: int, width: int) -> Line:
    text = f" {left('disk', names)} {right('busy', 6)}{right('read', 10)}{right('written', 10)}"
    if width >= 54:
        text += right("wait", 8)
    if width >= 66:
        text += f"{right('requests', 8)}{right('queue', 7)}"
    return line(Seg(text, "dim"))


class DisksPane(HostScreenPane):
    """What the disks do, and how long they take for it."""

    title: ClassVar[str] = "Disks"

    def summary(self, detail: HostDetail, host: HostView) -> Sequence[Seg]:
        del host
        if not detail.disks:
            return [Seg("none that is told of", "dim")]
        first = detail.disks[0]
        segs = [*labelled(first.device, fmt.percent(first.busy), level(first.busy))]
        segs.append(Seg(" busy", "dim"))
        if first.wait is not None:
            slow = "high" if first.wait >= _SLOW else "label"
            segs += [Seg(" "), *labelled("wait", fmt.duration(first.wait), slow)]
        segs += [Seg(" "), *labelled("read", fmt.rate(first.read, "B"))]
        return [*segs, Seg(" "), *labelled("written", fmt.rate(first.written, "B"))]

    def build_host(self, detail: HostDetail, host: HostView, frame: Frame) -> list[Line]:
        del host
        disks = [disk for disk in detail.disks if frame.wants(disk.device)]
        if not disks:
            text = "this machine tells of no disk: a container often sees none of its host's"
            if detail.disks:
                return nothing_matches(frame.filter_text, frame.width)
            return note(text, frame.width)
        names = min(14, max(4, *(cell_len(disk.device) for disk in disks)))
        self.pin(_disk_names(names, frame.width))
        return [_disk(disk, names, frame) for disk in disks]

    def whole(self, key: str) -> Sequence[tuple[str, str]]:
        detail = self.detail
        disk = next((d for d in detail.disks if d.device == key), None) if detail else None
        if disk is None:
            return ()
        queue = fmt.DASH if disk.queue is None else f"{disk.queue:.2f} requests on average"
        return [
            ("disk", disk.device),
            ("busy", f"{fmt.percent(disk.busy)} of the time since the last run"),
            ("read", f"{fmt.rate(disk.read, 'B')}, {fmt.rate(disk.reads)} requests"),
            ("written", f"{fmt.rate(disk.written, 'B')}, {fmt.rate(disk.writes)} requests"),
            ("wait", f"{fmt.duration(disk.wait)} a request, with its time in the queue"),
            ("queue", queue),
        ]


def _state(one: InterfaceView, glyphs: Glyphs) -> tuple[str, str]:
    """The sign of its link and its role; none where the system does not tell."""
    if one.up is None:
        return " ", "dim"
    return (glyphs.statuses[0], "ok") if one.up else (glyphs.statuses[5], "dim")


def _trouble(one: InterfaceView) -> str:
    parts = []
    if one.errors:
        parts.append(f"errors {fmt.rate(one.errors)}")
    if one.drops:
        parts.append(f"drops {fmt.rate(one.drops)}")
    return " ".join(parts)


def _used(one: InterfaceView) -> float | None:
    """The share of its speed that is in use, in the direction that is used more."""
    busiest = max(one.received or 0.0, one.sent or 0.0)
    return busiest / one.speed if one.speed else None


def _interface(one: InterfaceView, names: int, frame: Frame) -> Line:
    width, glyphs = frame.width, frame.glyphs
    sign, role = _state(one, glyphs)
    segs = [
        Seg(f" {sign} ", role),
        Seg(f"{left(one.device, names)} ", "name" if one.up is not False else "dim"),
        Seg(glyphs.down, "dim"),
        *_rate(one.received, 10),
        Seg(f" {glyphs.up}", "dim"),
        *_rate(one.sent, 10),
    ]
    tail: list[Seg] = []
    if width >= 60:
        used = _used(one)
        speed = "" if one.speed is None else f"{fmt.size(one.speed * 8)[:-1]}bit/s"
        tail += [Seg(f" {right(speed, 10)}", "dim")]
        if used is not None and used >= 0.5:
            tail += [*aligned(fmt.percent(used), 6, level(used, 0.8))]
    wrong = _trouble(one)
    if wrong:
        tail.append(Seg(f"  {wrong}", "high"))
    elif one.up is False:
        tail.append(Seg("  down", "dim"))
    room = width - sum(cell_len(seg.text) for seg in (*segs, *tail)) - 2
    both = _added(one.received_history, one.sent_history)
    return line(*segs, *_curve(both, min(40, room), 1000.0, glyphs), *tail, key=one.device)


def _added(one: Sequence[float], other: Sequence[float]) -> list[float]:
    count = min(len(one), len(other))
    return [
        a + b for a, b in zip(one[len(one) - count :], other[len(other) - count :], strict=True)
    ]


def _sockets(sockets: SocketsView, width: int) -> list[Line]:
    groups = []
    for name, value in (
        ("established", sockets.established),
        ("closing", sockets.waiting),
        ("orphans", sockets.orphans),
    ):
        if value is not None and (value or name == "established"):
            groups.append(labelled(name, fmt.count(value)))
    if sockets.opened is not None:
        groups.append(labelled("opened", fmt.rate(sockets.opened)))
    for name, rate, bad in (
        ("sent again", sockets.retransmitted, 20.0),
        ("reset", sockets.reset, 100.0),
        ("queue overflows", sockets.overflowed, 0.0),
    ):
        if rate is not None and rate > bad:
            groups.insert(0, labelled(name, fmt.rate(rate), "high"))
        elif rate is not None and (rate > 0 or name == "sent again"):
            groups.append(labelled(name, fmt.rate(rate)))
    if not groups:
        return []
    kept, _ = groups_in(groups, width - 7)
    return [line(Seg("   TCP ", "dim"), *kept)]


class NetworkPane(HostScreenPane):
    """What goes through the interfaces, and how the connections fare."""

    title: ClassVar[str] = "Network"

    def summary(self, detail: HostDetail, host: HostView) -> Sequence[Seg]:
        del host
        outward = [one for one in detail.interfaces if one.device != "lo"]
        if not outward:
            return [Seg("none but loopback", "dim")]
        first = outward[0]
        segs = [Seg(f"{fit(first.device, 14)} ", "dim"), Seg(self.glyphs.down, "dim")]
        segs += [*figured(fmt.rate(first.received, "B")), Seg(f" {self.glyphs.up}", "dim")]
        segs += figured(fmt.rate(first.sent, "B"))
        wrong = [text for one in outward if (text := _trouble(one))]
        return [*segs, Seg(f" {wrong[0]}", "high")] if wrong else segs

    def build_host(self, detail: HostDetail, host: HostView, frame: Frame) -> list[Line]:
        del host
        shown = [one for one in detail.interfaces if frame.wants(one.device)]
        if not shown and detail.interfaces:
            return nothing_matches(frame.filter_text, frame.width)
        if not shown:
            return note("no interface is told of", frame.width)
        names = min(16, max(4, *(cell_len(one.device) for one in shown)))
        lines = [_interface(one, names, frame) for one in shown]
        return [*lines, *_sockets(detail.sockets, frame.width)]

    def whole(self, key: str) -> Sequence[tuple[str, str]]:
        detail = self.detail
        one = next((i for i in detail.interfaces if i.device == key), None) if detail else None
        if one is None:
            return ()
        states = {True: "up", False: "down: no link", None: "not told"}
        peak = max((v for v in _added(one.received_history, one.sent_history)
                    if math.isfinite(v)), default=None)  # fmt: skip
        return [
            ("interface", one.device),
            ("link", states[one.up]),
            ("speed", "not told" if one.speed is None else f"{fmt.size(one.speed * 8)[:-1]}bit/s"),
            ("in", fmt.rate(one.received, "B")),
            ("out", fmt.rate(one.sent, "B")),
            ("most of late", f"{fmt.rate(peak, 'B')} in both directions"),
            ("errors", fmt.rate(one.errors)),
            ("drops", fmt.rate(one.drops)),
        ]
