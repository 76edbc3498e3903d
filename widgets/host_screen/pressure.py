"""The pressure pane: the share of time that somebody waited for a resource."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from widgets import format as fmt
from widgets.empty import note
from widgets.figures import aligned
from widgets.frame import Frame
from widgets.host_screen.pane import HostScreenPane, labelled
from widgets.spark import spark
from widgets.text import Line, Seg, left, line

if TYPE_CHECKING:
    from checks.hosts.model import HostDetail, PressureView
    from checks.views import HostView

__all__ = ["PressurePane"]

_HIGH: Final = {"cpu": 0.5, "memory": 0.1, "io": 0.3}
"""From which share on it stands out: for memory nobody should wait at all."""
_NONE: Final = (
    "the kernel tells no pressure: it takes Linux 4.20 with CONFIG_PSI, and psi=1 on its command "
    "line where the distribution leaves it off"
)


def _role(one: PressureView, value: float | None) -> str:
    return "high" if value is not None and value >= _HIGH.get(one.resource, 0.5) else "value"


def _row(one: PressureView, frame: Frame) -> Line:
    segs = [
        Seg(f" {left(one.resource, 7)}", "label"),
        Seg("some", "dim"),
        *aligned(fmt.percent(one.some), 7, _role(one, one.some)),
    ]
    if frame.width >= 44:
        segs += [Seg("  1 min", "dim"), *aligned(fmt.percent(one.minute), 7, "label")]
    if one.resource != "cpu" or one.full:
        segs += [Seg("  all", "dim"), *aligned(fmt.percent(one.full), 7, _role(one, one.full))]
    else:
        segs.append(Seg(" " * 12))
    segs.append(Seg("  "))
    room = frame.width - sum(len(seg.text) for seg in segs) - 1
    drawn = spark(one.history, room, 1.0, frame.glyphs) if room >= 6 else ""
    return line(*segs, Seg(drawn, "spark"))


class PressurePane(HostScreenPane):
    """How much of the time somebody waits for a core, for memory, for a disk."""

    title: ClassVar[str] = "Pressure"

    def summary(self, detail: HostDetail, host: HostView) -> Sequence[Seg]:
        del host
        if not detail.pressure:
            return [Seg("not told by this kernel", "dim")]
        segs: list[Seg] = []
        for one in detail.pressure:
            segs += [Seg("  " if segs else ""), *labelled(
                one.resource, fmt.percent(one.some), _role(one, one.some))]  # fmt: skip
        return segs

    def build_host(self, detail: HostDetail, host: HostView, frame: Frame) -> list[Line]:
        del host
        if not detail.pressure:
            return note(_NONE, frame.width)
        return [_row(one, frame) for one in detail.pressure]
