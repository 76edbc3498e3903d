"""The hardware pane: temperatures, software RAID, memory errors; only where there are any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from widgets import format as fmt
from widgets.frame import Frame
from widgets.host_screen.pane import HostScreenPane
from widgets.text import Line, Seg, groups_in, line

if TYPE_CHECKING:
    from checks.hosts.model import ArrayView, HostDetail, TemperatureView
    from checks.views import HostView

__all__ = ["HardwarePane", "has_hardware"]

_HOT: Final = 85.0
"""Degrees Celsius that are much for a sensor that gives no bound of its own."""

_DOING: Final = {"recovering": "rebuilds", "resync": "resyncs", "check": "is checked"}


def has_hardware(detail: HostDetail) -> bool:
    """Whether there is anything to show."""
    return bool(detail.temperatures or detail.arrays or detail.memory_errors)


def _hot(one: TemperatureView) -> bool:
    return one.celsius >= (one.high or _HOT)


def _degraded(one: ArrayView) -> bool:
    return one.active < one.required or one.failed > 0 or one.doing == "inactive"


def _array(one: ArrayView) -> list[Seg]:
    segs = [Seg(f"{one.device} ", "name")]
    if one.doing == "inactive":
        return [*segs, Seg("inactive: nothing can be read from it", "critical")]
    whole = one.active >= one.required
    state = "whole" if whole else f"{one.active:.0f} of {one.required:.0f} members"
    segs.append(Seg(state, "label" if whole else "critical"))
    if one.failed:
        segs.append(Seg(f", {one.failed:.0f} failed", "critical"))
    if one.doing:
        far = ", waits" if one.progress is None else f" {fmt.percent(one.progress)}"
        segs.append(Seg(f", {_DOING[one.doing]}{far}", "label" if whole else "high"))
    return segs


class HardwarePane(HostScreenPane):
    """What the machine tells of its own health."""

    title: ClassVar[str] = "Hardware"

    def summary(self, detail: HostDetail, host: HostView) -> Sequence[Seg]:
        del host
        broken = next((one for one in detail.arrays if _degraded(one)), None)
        if broken is not None:
            return _array(broken)
        if detail.memory_errors:
            return [Seg(f"{fmt.count(detail.memory_errors)} memory errors", "critical")]
        if not detail.temperatures:
            return [Seg("RAID whole", "dim")]
        first = detail.temperatures[0]
        return [Seg(f"{first.celsius:.0f} °C at most", "high" if _hot(first) else "label")]

    def build_host(self, detail: HostDetail, host: HostView, frame: Frame) -> list[Line]:
        del host
        lines = [line(Seg(" RAID  ", "dim"), *_array(one)) for one in detail.arrays]
        if detail.memory_errors:
            text = f" {fmt.count(detail.memory_errors)} memory errors that could not be corrected"
            lines.append(line(Seg(text, "critical")))
        groups = [
            [
                Seg(f"{one.name} ", "dim"),
                Seg(f"{one.celsius:.0f}", "high" if _hot(one) else "value"),
                Seg(f" °C{f' of {one.high:.0f}' if one.high else ''}", "dim"),
            ]
            for one in detail.temperatures
        ]
        while groups:
            kept, left_out = groups_in(groups, frame.width - 2)
            if not kept:
                kept, left_out = groups[0], len(groups) - 1
            lines.append(line(Seg(" "), *kept))
            groups = groups[len(groups) - left_out :] if left_out else []
        return lines
