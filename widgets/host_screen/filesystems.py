"""The filesystems pane: how full each is, when it will be, and which hang."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len

from widgets import format as fmt
from widgets.empty import nothing_matches
from widgets.figures import aligned
from widgets.frame import Frame
from widgets.glyphs import Glyphs
from widgets.host_screen.pane import HostScreenPane, level
from widgets.promises import going
from widgets.spark import bar
from widgets.text import Line, Seg, broken, fit, left, line

if TYPE_CHECKING:
    from checks.capacity.views import CapacityView
    from checks.hosts.model import HostDetail, MountView, Outlook
    from checks.views import HostView

__all__ = ["FilesystemsPane", "outlook_words"]

_SOON: Final = 86_400.0
"""Seconds: what is full sooner stands out."""
_FAR: Final = 90 * 86_400.0
"""Seconds beyond which what is full then is not told by its trend of days."""
_SCARCE: Final = 0.8
"""Share of the inodes from which on they are told wherever there is room."""
_OUTLOOK: Final = 12
_WIDE: Final = 56
"""Cells of a line from which on each has its outlook, and times have a second unit."""


def outlook_words(outlook: Outlook, *, brief: bool = False) -> str:
    """``full in 3 h 10 m``, ``not filling``, ``unknown yet``; ``brief`` is ``full in 3 h``."""
    if outlook.outcome == "filling" and outlook.seconds is not None:
        return _full_in(outlook.seconds, brief=brief)
    if outlook.outcome == "steady":
        return "not filling"
    return "unknown yet"


def _full_in(seconds: float, *, brief: bool) -> str:
    return f"full in {fmt.coarse(seconds) if brief else fmt.until(seconds)}"


def _soon(mount: MountView) -> bool:
    seconds = mount.fact.outlook.seconds
    return seconds is not None and seconds < _SOON


def _rank(mount: MountView) -> tuple[object, ...]:
    """What does not answer first, then what fills soonest, then the fullest."""
    fact = mount.fact
    soon = fact.outlook.seconds if _soon(mount) else None
    full = max(mount.used or 0.0, mount.inodes_used or 0.0)
    return (not fact.error, soon is None, soon or 0.0, -round(full, 2), fact.point)


def in_order(detail: HostDetail) -> list[MountView]:
    """The filesystems, first the one that needs looking after."""
    return sorted(detail.mounts, key=_rank)


def _silent(mount: MountView, names: int, frame: Frame, *, told: bool) -> list[Line]:
    """One that gives no answer: hung, never missing; its sentence where it is ``told``."""
    fact, glyphs = mount.fact, frame.glyphs
    word = "hangs" if fact.hung else "no figures"
    sign = glyphs.statuses[5] if fact.hung else glyphs.statuses[4]
    role = "critical" if fact.hung else "unknown"
    first = line(
        Seg(f" {left(fact.point, names)} ", "name"),
        Seg(f"{sign} {word}", role),
        Seg(f"  {fact.type} {fact.device}", "dim"),
        key=fact.point,
    )
    rows = broken(fact.error, frame.width - 4) if told else []
    return [first, *(line(Seg(f"   {row}", "label"), key=fact.point) for row in rows)]


def _outlook(mount: MountView, days: float | None, *, brief: bool) -> tuple[str, str]:
    """What becomes of it, and how loud that is: whatever fills is said at any width.

    ``days`` are the seconds until it is full by the trend of days, of which the last hour need
    not tell.
    """
    if mount.readonly:
        return "read-only", "warning"
    if _soon(mount):
        return outlook_words(mount.fact.outlook, brief=brief), "high"
    filling = mount.fact.outlook.outcome == "filling"
    if not filling and days is not None and days < _FAR:
        return _full_in(days, brief=brief), "label"
    return outlook_words(mount.fact.outlook, brief=brief), "label" if filling else "dim"


def _words_wide(mount: MountView, days: float | None, frame: Frame) -> int:
    return len(_outlook(mount, days, brief=frame.width < _WIDE)[0])


def _tail(mount: MountView, room: int, days: float | None, column: int, *, wide: bool) -> list[Seg]:
    """What stands behind the bar, in ``room`` cells: when it is full before all else."""
    words, role = _outlook(mount, days, brief=not wide)
    # As wide in each line, so that what stands before it does so beneath each other.
    outlook = [Seg(f"  {left(words, column)}", role)] if wide or role != "dim" else []
    room -= sum(cell_len(seg.text) for seg in outlook)
    free = [*aligned(fmt.size(mount.available), 8, "label"), Seg(" free", "dim")]
    size = [Seg(" of", "dim"), *aligned(fmt.size(mount.size), 8, "label")]
    inodes: list[Seg] = []
    if mount.inodes_used is not None:
        figure = aligned(fmt.percent(mount.inodes_used), 6, level(mount.inodes_used))
        inodes = [Seg("  inodes", "dim"), *figure]
    scarce = mount.inodes_used is not None and mount.inodes_used >= _SCARCE
    kept: list[list[Seg]] = []
    for least, segs in ((0 if scarce else 52, inodes), (0, free), (26, size)):
        needed = sum(cell_len(seg.text) for seg in segs)
        if room >= max(needed, least):
            kept.append(segs)
            room -= needed
    shown = [seg for segs in (free, size, inodes) if segs in kept for seg in segs]
    return [*shown, *outlook]


def _row(mount: MountView, names: int, frame: Frame, days: float | None, column: int) -> Line:
    width = frame.width
    segs = [
        Seg(f" {left(mount.fact.point, names)} ", "name"),
        *aligned(fmt.percent(mount.used), 6, level(mount.used)),
        Seg(" "),
    ]
    left_over = width - sum(cell_len(seg.text) for seg in segs)
    tail = _tail(mount, left_over, days, column, wide=width >= _WIDE)
    used = sum(cell_len(seg.text) for seg in (*segs, *tail))
    room = min(30, width - used - 1)
    full, rest = bar(mount.used, room, frame.glyphs) if room >= 4 else ("", "")
    loud = level(mount.used) == "high"
    meter = [Seg(full, "high" if loud else "spark"), Seg(rest, "rule")]
    return line(*segs, *meter, *tail, key=mount.fact.point)


def _full_at(outlook: Outlook, now: float) -> str:
    """When it will be full, in words."""
    if outlook.outcome == "filling" and outlook.seconds is not None:
        rate = f"{fmt.size(outlook.rate * 3600)}/h" if outlook.rate < 1e6 else (
            fmt.rate(outlook.rate, "B"))  # fmt: skip
        at = fmt.date_clock(now + outlook.seconds)[:16] if outlook.seconds < 3.2e7 else ""
        when = f", at {at}" if at else ""
        return f"full in {fmt.span(outlook.seconds)}{when}, if it goes on to fill by {rate}"
    if outlook.outcome == "steady":
        return f"not filling, as far as the last {fmt.window(max(1800.0, outlook.known))} tell"
    needed = fmt.window(outlook.needed or 1800.0)
    return f"unknown yet: {fmt.span(outlook.known)} have been seen, and it takes {needed} to tell"


def _said(mount: MountView, glyphs: Glyphs) -> str:
    fact = mount.fact
    if fact.error:
        return f"{fact.point} {'hangs' if fact.hung else 'gives no figures'}"
    words = outlook_words(fact.outlook) if fact.outlook.outcome == "filling" else ""
    used = fmt.percent(mount.used)
    return f"{fact.point} {used}" + (f" {glyphs.dot} {words}" if words else "")


class FilesystemsPane(HostScreenPane):
    """How full the filesystems are, and when they will be."""

    title: ClassVar[str] = "Filesystems"

    def summary(self, detail: HostDetail, host: HostView) -> Sequence[Seg]:
        del host
        order = in_order(detail)
        if not order:
            return [Seg("none", "dim")]
        first = order[0]
        hung = sum(mount.fact.hung for mount in order)
        loud = bool(first.fact.error) or _soon(first) or level(first.used) == "high"
        segs = [Seg(_said(first, self.glyphs), "high" if loud else "label")]
        return [*segs, Seg(f" +{hung - 1} hang", "high")] if hung > 1 else segs

    def build_host(self, detail: HostDetail, host: HostView, frame: Frame) -> list[Line]:
        del host
        order = [m for m in in_order(detail) if frame.wants(m.fact.point, m.fact.device)]
        if not order and frame.filter_text:
            return nothing_matches(frame.filter_text, frame.width)
        if not order:
            return [line(Seg(" none that is watched", "dim"))]
        longest = max(cell_len(fit(mount.fact.point, 40)) for mount in order)
        names = min(longest, max(8, frame.width // 3))
        sentences = sum(len(broken(m.fact.error, frame.width - 4)) for m in order)
        told = len(order) + sentences <= frame.height
        days = {point: one.seconds for point, one in self._courses().items()}
        column = max(_OUTLOOK, *(_words_wide(m, days.get(m.fact.point), frame) for m in order))
        lines: list[Line] = []
        for mount in order:
            if mount.fact.error:
                lines += _silent(mount, names, frame, told=told)
            else:
                lines.append(_row(mount, names, frame, days.get(mount.fact.point), column))
        return lines

    def needs(self, detail: HostDetail, host: HostView, width: int) -> int:
        """A line each: the sentences stand among what is wrong, and here where room is left."""
        del host, width
        return max(1, len(detail.mounts))

    def whole(self, key: str) -> Sequence[tuple[str, str]]:
        detail, snapshot = self.detail, self.snapshot
        found = next((m for m in detail.mounts if m.fact.point == key), None) if detail else None
        if found is None or snapshot is None:
            return ()
        fact = found.fact
        pairs = [("mounted on", fact.point), ("device", fact.device), ("type", fact.type)]
        if fact.error:
            return [*pairs, ("state", fact.error)]
        inodes = fmt.percent(found.inodes_used) if found.inodes_used is not None else "not counted"
        left_over = "" if found.inodes_free is None else f", {fmt.count(found.inodes_free)} free"
        return [
            *pairs,
            ("size", fmt.size(found.size)),
            ("in use", fmt.percent(found.used)),
            ("available", f"{fmt.size(found.available)} to who is not root"),
            ("inodes", f"{inodes}{left_over}"),
            ("state", "read-only" if found.readonly else "writable"),
            ("outlook", _full_at(fact.outlook, snapshot.time)),
            *self._trend(key),
        ]

    def _trend(self, point: str) -> list[tuple[str, str]]:
        """Where it has been going for a day or more, which the last hour does not tell."""
        found = self._courses().get(point)
        return [] if found is None else [("over a day", found.sentence)]

    def _courses(self) -> dict[str, CapacityView]:
        """The course of each filesystem by where it is mounted."""
        return {
            dict(one.labels).get("mountpoint", ""): one
            for one in going(self.snapshot, self.check_view)
            if one.name == "filesystem" and one.built_in
        }
