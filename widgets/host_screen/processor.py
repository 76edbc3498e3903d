"""The processor pane: all cores together, each by itself, load and the queue for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from widgets import format as fmt
from widgets.figures import aligned
from widgets.frame import Frame
from widgets.glyphs import Glyphs
from widgets.host_screen.pane import (
    HostScreenPane,
    by_share,
    figured,
    labelled,
    level,
    newest,
    stacked,
)
from widgets.spark import spark
from widgets.text import Line, Seg, groups_in, left, line, right

if TYPE_CHECKING:
    from checks.hosts.model import CoreView, HostDetail
    from checks.views import HostView

__all__ = ["ProcessorPane"]

_LABEL: Final = 9
_CORE: Final = 25
"""Cells of a core beside others, at least."""
_BARS: Final = 32
"""Cores from which on each is a single sign."""
_MODES: Final = (
    ("user", ("user", "nice"), "spark", "u"),
    ("system", ("system",), "value", "s"),
    ("irq", ("irq", "softirq"), "unknown", "i"),
    ("steal", ("steal",), "critical", "t"),
    ("iowait", ("iowait",), "high", "w"),
)
"""What time is spent with, in the order of the bar; waiting for disks last, which is not busy."""
_BAD: Final = {"steal": 0.1, "iowait": 0.2, "irq": 0.25}


def _bar(modes: Mapping[str, float], width: int, glyphs: Glyphs) -> list[Seg]:
    parts = [(by_share(modes, *names), role, letter) for _, names, role, letter in _MODES]
    return stacked(parts, width, glyphs)


def _legend(modes: Mapping[str, float]) -> list[list[Seg]]:
    """The modes by name in the colours of the bar, what is bad first; those that are nothing only
    where usual."""
    groups: list[tuple[bool, list[Seg]]] = []
    for name, names, role, _ in _MODES:
        share = by_share(modes, *names)
        if share < 0.005 and name not in ("user", "system"):
            continue
        loud = share >= _BAD.get(name, 2.0)
        figure = figured(fmt.percent(round(share, 2)), "high" if loud else "label")
        groups.append((loud, [Seg(f"{name} ", role), *figure]))
    return [group for _, group in sorted(groups, key=lambda pair: not pair[0])]


def _busy(modes: Mapping[str, float]) -> float | None:
    free = by_share(modes, "idle", "iowait")
    return min(1.0, max(0.0, sum(modes.values()) - free)) if modes else None


def _named(name: str, width: int) -> Seg:
    return Seg(f" {left(name, width)}", "label")


def _all(detail: HostDetail, host: HostView, frame: Frame) -> list[Line]:
    modes = detail.modes
    legend, _ = groups_in(_legend(modes), frame.width - _LABEL - 2)
    room = max(0, frame.width - _LABEL - 9)
    share = newest(host.cpu_history) if host.cpu_history else _busy(modes)
    lines = [
        line(
            _named("all", _LABEL),
            *aligned(fmt.percent(share), 6, level(share)),
            Seg(" "),
            *_bar(modes, room, frame.glyphs),
        )
    ]
    if legend:
        lines.append(line(_named("", _LABEL), Seg(" "), *legend))
    if room >= 6 and host.cpu_history:
        drawn = spark(host.cpu_history, room, 1.0, frame.glyphs)
        lines.append(line(_named("course", _LABEL), Seg(" " * 7), Seg(drawn, "spark")))
    return lines


def _load(detail: HostDetail, host: HostView, frame: Frame) -> Line:
    segs = [_named("load", _LABEL)]
    if host.load is None:
        return line(*segs, Seg(f" {fmt.DASH}", "dim"))
    over = host.load[0] > host.cores
    segs += [*aligned(f"{host.load[0]:.1f}", 6, "high" if over else "value")]
    cores = f"{host.cores:g} core{'' if host.cores == 1 else 's'}"
    segs.append(Seg(f" {host.load[1]:.1f} {host.load[2]:.1f}", "label"))
    segs.append(Seg(f" on {cores} ", "dim"))
    room = frame.width - sum(len(seg.text) for seg in segs) - 1
    if room >= 6 and detail.load_history:
        drawn = spark(detail.load_history, room, max(1.0, host.cores), frame.glyphs)
        segs.append(Seg(drawn, "spark"))
    return line(*segs)


def _queue(detail: HostDetail, width: int) -> Line:
    groups = []
    if detail.running is not None:
        groups.append(labelled("running", fmt.count(detail.running), "value"))
    if detail.blocked is not None:
        role = "high" if detail.blocked else "label"
        groups.append(labelled("waiting for disk", fmt.count(detail.blocked), role))
    for name, rate in (
        ("switches", detail.switches),
        ("interrupts", detail.interrupts),
        ("started", detail.forks),
    ):
        if rate is not None:
            groups.append(labelled(name, fmt.rate(rate)))
    if detail.descriptors is not None and 0 < detail.descriptors[1] < 2 * detail.descriptors[0]:
        allocated, most = detail.descriptors
        text = f"{fmt.count(allocated)} of {fmt.count(most)}"
        groups.append(labelled("files open", text, level(allocated / most)))
    return line(_named("queue", _LABEL), Seg(" "), *groups_in(groups, width - _LABEL - 2)[0])


def _container(detail: HostDetail, frame: Frame) -> list[Line]:
    if not detail.facts.container:
        return []
    segs = [Seg(f" {frame.glyphs.notice} ", "warning"), Seg(detail.facts.container, "label")]
    if detail.throttled:
        held = fmt.percent(min(1.0, detail.throttled))
        segs.append(Seg(f"; held back {held} of the time", "high"))
    return [line(*segs)]


def _each(cores: Sequence[CoreView], frame: Frame) -> list[Line]:
    """A bar a core, as many side by side as there is room for."""
    columns = max(1, min(len(cores), frame.width // _CORE, 4))
    rows = -(-len(cores) // columns)
    width = (frame.width - 1) // columns
    digits = max(len(core.name) for core in cores)
    made = []
    for row in range(rows):
        segs: list[Seg] = []
        for column in range(columns):
            place = column * rows + row
            if place < len(cores):
                core = cores[place]
                segs += [
                    Seg(f" {right(core.name, digits)} ", "dim"),
                    *aligned(fmt.percent(round(core.busy, 2)), 5, level(core.busy)),
                    Seg(" "),
                    *_bar(core.modes, width - digits - 9, frame.glyphs),
                    Seg(" "),
                ]
        made.append(line(*segs))
    return made


def _signs(cores: Sequence[CoreView], frame: Frame) -> list[Line]:
    """A sign a core, as high as it is busy, in rows."""
    room = max(8, (frame.width - _LABEL - 2) // 8 * 8)
    blocks = frame.glyphs.blocks
    made = []
    for start in range(0, len(cores), room):
        segs = [_named("cores" if not start else "", _LABEL), Seg(" ")]
        for core in cores[start : start + room]:
            sign = blocks[min(len(blocks) - 1, int(core.busy * len(blocks)))]
            segs.append(Seg(sign, "high" if core.busy >= 0.9 else "spark"))
        made.append(line(*segs))
    return made


class ProcessorPane(HostScreenPane):
    """How busy the cores are and with what, and who waits for them."""

    title: ClassVar[str] = "Processor"

    def summary(self, detail: HostDetail, host: HostView) -> Sequence[Seg]:
        share = newest(host.cpu_history)
        segs = [*figured(fmt.percent(share), level(share))]
        cores = f"{host.cores:g} core{'' if host.cores == 1 else 's'}"
        segs.append(Seg(f" of {cores}", "dim"))
        if host.load is not None:
            over = "high" if host.load[0] > host.cores else "label"
            segs += [Seg(" load ", "dim"), Seg(f"{host.load[0]:.1f}", over)]
        waits = detail.modes.get("iowait", 0.0)
        if waits >= 0.1:
            segs += [Seg(" iowait ", "dim"), *figured(fmt.percent(waits), "high")]
        return segs

    def build_host(self, detail: HostDetail, host: HostView, frame: Frame) -> list[Line]:
        lines = [
            *_all(detail, host, frame),
            _load(detail, host, frame),
            _queue(detail, frame.width),
            *_container(detail, frame),
        ]
        cores = detail.cores
        if not cores:
            return lines
        bars = _each(cores, frame) if len(cores) <= _BARS else []
        if bars and len(bars) + len(lines) <= max(frame.height, len(lines) + 1):
            return [*lines, *bars]
        return [*lines, *_signs(cores, frame)]
