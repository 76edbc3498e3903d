"""The memory pane: who has it, what can be had back, swapping, and what grew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from widgets import format as fmt
from widgets.figures import aligned
from widgets.frame import Frame
from widgets.host_screen.pane import HostScreenPane, figured, labelled, level, stacked
from widgets.spark import bar, spark
from widgets.text import Line, Seg, groups_in, left, line

if TYPE_CHECKING:
    from checks.hosts.model import HostDetail, MemoryView
    from checks.views import HostView

__all__ = ["MemoryPane"]

_LABEL: Final = 9
_WORTH: Final = 20e6
"""Bytes of growth from which on it is told here."""
_SWAPPING: Final = 1e6
"""Bytes a second from which on swapping stands out."""


def _named(name: str) -> Seg:
    return Seg(f" {left(name, _LABEL)}", "label")


def _parts(memory: MemoryView, frame: Frame) -> list[Line]:
    """A bar of who has the memory, and its legend."""
    if not memory.total or memory.used is None:
        return []
    kinds = (
        ("used", memory.used, "value", "u"),
        ("cached", memory.cached, "spark", "c"),
        ("buffers", memory.buffers, "unknown", "b"),
    )
    parts = [(value / memory.total, role, mark) for _, value, role, mark in kinds if value]
    room = max(0, frame.width - _LABEL - 9)
    drawn = line(_named("total"), *aligned(fmt.size(memory.total), 6, "label"), Seg(" "),
                 *stacked(parts, room, frame.glyphs))  # fmt: skip
    groups = [
        [Seg(f"{name} ", role), *figured(fmt.size(value))]
        for name, value, role, _ in kinds
        if value is not None
    ]
    groups.append(labelled("free", fmt.size(memory.free)))
    if memory.dirty is not None and memory.dirty >= 1e6:
        groups.append(labelled("dirty", fmt.size(memory.dirty)))
    return [drawn, line(_named(""), Seg(" "), *groups_in(groups, frame.width - _LABEL - 2)[0])]


def _course(host: HostView, frame: Frame) -> Line:
    segs = [_named("in use"), *aligned(fmt.percent(host.memory), 6, level(host.memory)), Seg(" ")]
    tail = [Seg("  "), *labelled("available", fmt.size(host.memory_available), "label")]
    room = frame.width - _LABEL - 9 - sum(len(seg.text) for seg in tail)
    drawn = spark(host.memory_history, room, 1.0, frame.glyphs) if room >= 6 else ""
    return line(*segs, Seg(drawn, "spark"), *tail)


def _swap(memory: MemoryView, frame: Frame) -> list[Line]:
    if memory.swap_total is None:
        return []
    if not memory.swap_total:
        return [line(_named("swap"), Seg("   none", "dim"))]
    used = (memory.swap_used or 0.0) / memory.swap_total
    groups = []
    for name, rate in (("in", memory.swapped_in), ("out", memory.swapped_out)):
        if rate is not None:
            loud = "high" if rate >= _SWAPPING else "label"
            groups.append(labelled(name, fmt.rate(rate, "B"), loud))
    if memory.faults:
        groups.append(labelled("faults", fmt.rate(memory.faults)))
    tail, _ = groups_in(groups, frame.width - _LABEL - 20)
    room = frame.width - _LABEL - 11 - sum(len(seg.text) for seg in tail)
    full, rest = bar(used, min(40, room), frame.glyphs) if room >= 4 else ("", "")
    return [
        line(
            _named("swap"),
            *aligned(fmt.percent(used), 6, level(used, 0.8)),
            Seg(" "),
            Seg(full, "high" if used >= 0.8 else "spark"),
            Seg(rest, "rule"),
            Seg("  "),
            *tail,
        )
    ]


def _grew(detail: HostDetail, width: int) -> list[Line]:
    """Whose memory grew, and shrank, in the last ten minutes."""
    groups = []
    for one in detail.facts.growth:
        by = one.now - one.then
        if abs(by) < _WORTH:
            continue
        sign, role = ("+", "value") if by > 0 else ("-", "label")
        groups.append([Seg(f"{one.name} ", "name"), Seg(f"{sign}{fmt.size(abs(by))}", role)])
    if not groups:
        return []
    ago = max(one.ago for one in detail.facts.growth)
    name = f"in {max(1, round(ago / 60))} min"
    return [line(_named(name), Seg(" "), *groups_in(groups, width - _LABEL - 2)[0])]


class MemoryPane(HostScreenPane):
    """Who has the memory, what can be had back, and what grew."""

    title: ClassVar[str] = "Memory"

    def summary(self, detail: HostDetail, host: HostView) -> Sequence[Seg]:
        segs = [*figured(fmt.percent(host.memory), level(host.memory))]
        segs += [Seg(" of ", "dim"), *figured(fmt.size(host.memory_total))]
        segs += [Seg(" ", "dim"), *labelled("available", fmt.size(host.memory_available))]
        memory = detail.memory
        busy = max(memory.swapped_in or 0.0, memory.swapped_out or 0.0)
        if busy >= _SWAPPING:
            segs += [Seg(" swapping ", "dim"), *figured(fmt.rate(busy, "B"), "high")]
        elif host.swap:
            segs += [Seg(" "), *labelled("swap", fmt.percent(host.swap), level(host.swap, 0.8))]
        return segs

    def build_host(self, detail: HostDetail, host: HostView, frame: Frame) -> list[Line]:
        memory = detail.memory
        lines = [_course(host, frame), *_parts(memory, frame), *_swap(memory, frame)]
        if frame.width >= 40 and any(value > 0 for value in memory.swapped_out_history):
            room = frame.width - _LABEL - 9
            drawn = spark(memory.swapped_out_history, room, _SWAPPING, frame.glyphs)
            lines.append(line(_named("out"), Seg(" " * 7), Seg(drawn, "spark")))
        return [*lines, *_grew(detail, frame.width)]
