"""The host pane: how busy this machine is, and what runs short."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from checks.model import Status
from widgets import format as fmt
from widgets.empty import WAITING, no_host, note, nothing_matches
from widgets.figures import aligned, figure
from widgets.frame import Frame
from widgets.glyphs import UNICODE, WORDS, Glyphs
from widgets.lines import LinePane
from widgets.processes import process_lines
from widgets.spark import bar, spark
from widgets.text import Line, Seg, fit_segs, groups_in, left, line, role_of, segs_width

if TYPE_CHECKING:
    from checks.views import FilesystemView, HostView, Snapshot

__all__ = ["HostPane", "host_lines", "host_summary"]

NEARLY_FULL = 0.9
"""From this ratio on a figure stands out; the check's own bounds decide its status."""

_NARROW: Final = 66
"""Cells of a machine's one line below which not everything has room."""
PROCESSES_FROM = 4
"""Lines that must be left before processes are listed."""


def _role(ratio: float | None) -> str:
    return "high" if ratio is not None and ratio >= NEARLY_FULL else "value"


def _number(value: float) -> str:
    """A load or a number of cores: ``3.1``, ``2``."""
    return f"{value:.1f}".removesuffix(".0") if value < 100 else f"{value:.0f}"


def _load(host: HostView, places: int = 1) -> list[Seg]:
    """Load against the cores there are: ``3.1/2``."""
    if host.load is None:
        return [Seg(fmt.DASH, "dim")]
    over = host.load[0] > host.cores
    segs = [Seg(f"{host.load[0]:.1f}", "high" if over else "value")]
    segs += [Seg(f" {value:.1f}", "label") for value in host.load[1:places]]
    if places > 1:
        return [*segs, Seg(" on ", "dim"), Seg(_number(host.cores), "label"), Seg(" cores", "dim")]
    return [*segs, Seg(f"/{_number(host.cores)}", "dim")]


def _network(host: HostView, glyphs: Glyphs) -> list[Seg]:
    segs = [Seg(glyphs.down, "dim"), *figure(fmt.rate(host.received, "B"))]
    segs += [Seg(f" {glyphs.up}", "dim"), *figure(fmt.rate(host.sent, "B"))]
    if host.network_errors:
        segs += [Seg(" errors ", "dim"), Seg(fmt.rate(host.network_errors), "high")]
    return segs


def _filesystem(fs: FilesystemView) -> list[Seg]:
    """``/var 91 %``, and what is wrong with it besides."""
    segs = [Seg(f"{fs.mount} ", "label"), *figure(fmt.percent(fs.used), _role(fs.used))]
    for trouble in _troubles(fs):
        segs += [Seg(" "), *trouble]
    return segs


def _troubles(fs: FilesystemView) -> list[list[Seg]]:
    groups = [[Seg("read-only", "high")]] if fs.readonly else []
    if fs.inodes_used is not None and fs.inodes_used >= NEARLY_FULL:
        groups.append([Seg("inodes ", "dim"), *figure(fmt.percent(fs.inodes_used), "high")])
    return groups


def _fullest(host: HostView) -> list[FilesystemView]:
    return sorted(host.filesystems, key=lambda fs: -max(fs.used, fs.inodes_used or 0.0))


def _filesystems(host: HostView, width: int) -> list[Seg]:
    """As many filesystems as there is room for, the fullest surely among them."""
    segs, left_out = groups_in([_filesystem(fs) for fs in _fullest(host)], width - 3)
    return [*segs, Seg(f" +{left_out}", "dim")] if left_out else segs


def _pressure(host: HostView, width: int) -> list[Seg]:
    groups = [
        [Seg(f"{name} ", "dim"), *figure(fmt.percent(share), "high" if share >= 0.2 else "label")]
        for name, share in host.pressure.items()
    ]
    return groups_in(groups, width)[0]


def _small(host: HostView, width: int, glyphs: Glyphs) -> list[list[Seg]]:
    """The machine in two lines, as the overview shows it where room is scarce."""
    load = [Seg("  load ", "label"), *_load(host)]
    fixed = 2 * (1 + 4 + 6 + 2) + segs_width(load)
    room = max(0, min(24, (width - fixed) // 2))
    first = [Seg(" ")]
    for name, ratio, points in (
        ("cpu", host.cpu, host.cpu_history),
        ("mem", host.memory, host.memory_history),
    ):
        first += [Seg(f"{name} ", "label"), *aligned(fmt.percent(ratio), 5, _role(ratio))]
        drawn = spark(points, room, 1.0, glyphs) if room >= 3 else ""
        first += [Seg(f" {drawn}" if drawn else "", "spark")]
        first += [Seg("  ")] if name == "cpu" else []
    net = [Seg("  net ", "label"), *_network(host, glyphs)]
    disks = _filesystems(host, width - 1 - segs_width(net) - 4)
    return [[*first, *load], [Seg(" "), *disks, *net]]


def _meters(host: HostView, frame: Frame) -> list[list[Seg]]:
    """Processor and memory: a percentage, its history, and as much of its parts as fits."""
    rows = (
        ("cpu", host.cpu, host.cpu_history, _modes(host)),
        ("mem", host.memory, host.memory_history, _memory(host)),
    )
    tails = [groups_in(parts, frame.width - 31)[0] for *_, parts in rows]
    room = min(60, frame.width - 18 - max(segs_width(tail) for tail in tails))
    made = []
    for (label, ratio, points, _), tail in zip(rows, tails, strict=True):
        segs = [Seg(f" {left(label, 5)}", "label"), *aligned(fmt.percent(ratio), 7, _role(ratio))]
        drawn = spark(points, room, 1.0, frame.glyphs) if room >= 6 else ""
        made.append([*segs, Seg(f"  {drawn}" if drawn else "", "spark"), Seg("  "), *tail])
    return made


def _modes(host: HostView) -> list[list[Seg]]:
    """The modes that matter and are not nothing."""
    groups = []
    for mode in ("user", "system", "iowait", "steal"):
        share = host.modes.get(mode, 0.0)
        if share >= 0.005:
            role = "high" if mode in ("iowait", "steal") and share >= 0.2 else "label"
            groups.append([Seg(f"{mode} ", "dim"), Seg(f"{share * 100:.0f}", role)])
    return groups


def _memory(host: HostView) -> list[list[Seg]]:
    free = [*figure(fmt.size(host.memory_available), "label"), Seg(" free of ", "dim")]
    groups = [[*free, *figure(fmt.size(host.memory_total), "label")]]
    if host.swap:
        groups.append([Seg("swap ", "dim"), *figure(fmt.percent(host.swap), "label")])
    return groups


def _tall(host: HostView, frame: Frame, now: float) -> list[list[Seg]]:
    """The machine with a line for each of its resources."""
    width, glyphs = frame.width, frame.glyphs
    since = host.boot_time
    up = [] if since is None else [[Seg("up ", "dim"), *figure(fmt.age(now - since), "label")]]
    load = [Seg(f" {left('load', 5)}", "label"), Seg("  ")]
    load += groups_in([_load(host, 3), *up], width - 9)[0]
    lines = [
        *_meters(host, frame),
        load,
        [Seg(f" {left('net', 5)}", "label"), Seg("  "), *_network(host, glyphs)],
    ]
    read, written = ("read", "written") if width >= 42 else ("r", "w")
    io = [Seg(f" {left('disk', 5)}", "label"), Seg(f"  {read} ", "dim")]
    io += [*figure(fmt.rate(host.disk_read, "B"), "label"), Seg(f"  {written} ", "dim")]
    lines.append([*io, *figure(fmt.rate(host.disk_written, "B"), "label")])
    if host.pressure:
        lines.append([Seg(f" {left('wait', 5)}", "label"), Seg("  "), *_pressure(host, width - 9)])
    room = frame.height - len(lines)
    if host.filesystems and room >= len(host.filesystems):
        lines += _disk_bars(host, width, glyphs)
    else:
        lines.insert(
            2, [Seg(f" {left('full', 5)}", "label"), Seg("  "), *_filesystems(host, width - 9)]
        )
    room = frame.height - len(lines) - 1
    if host.processes is not None and room >= PROCESSES_FROM:
        lines += [[], *process_lines(host.processes, width, room)]
    return lines


def _disk_bars(host: HostView, width: int, glyphs: Glyphs) -> list[list[Seg]]:
    names = min(max(cell_len(fs.mount) for fs in host.filesystems), max(6, width // 3))
    made = []
    for fs in host.filesystems:
        segs = [Seg(f" {left(fs.mount, names)} ", "label")]
        segs += [*aligned(fmt.percent(fs.used), 6, _role(fs.used)), Seg("  ")]
        free = [*figure(fmt.size(fs.available), "label"), Seg(" free", "dim")]
        troubles = _troubles(fs)
        tail, _ = groups_in([*troubles, free], width - segs_width(segs) - 9)
        room = min(40, width - segs_width(segs) - segs_width(tail) - 3)
        full, rest = bar(fs.used, room, glyphs) if room >= 6 else ("", "")
        made.append(
            [
                *segs,
                Seg(full, "high" if _role(fs.used) == "high" else "spark"),
                Seg(rest, "rule"),
                Seg("  "),
                *tail,
            ]
        )
    return made


def _cpu_now(host: HostView) -> float | None:
    """The newest point of its history, the figure that its check tells too."""
    newest = host.cpu_history[-1] if host.cpu_history else math.nan
    return newest if math.isfinite(newest) else None


def _brief(host: HostView, cpu: float | None, name: Seg, width: int, glyphs: Glyphs) -> list[Seg]:
    """As much of a machine as there is room for, whole figures, a disk that is full before load."""
    meters = (("cpu", cpu), ("mem", host.memory))
    groups = [[Seg(f"{label} ", "label"), *figure(fmt.percent(x), _role(x))] for label, x in meters]
    disks = [_filesystem(fs) for fs in _fullest(host)[:1]]
    load = [[Seg("load ", "label"), *_load(host)]]
    full = any(_role(fs.used) == "high" or _troubles(fs) for fs in _fullest(host)[:1])
    segs = [name, *groups[0]]
    for group in (*groups[1:], *(disks + load if full else load + disks)):
        if segs_width(segs) + 2 + segs_width(group) <= width:
            segs += [Seg("  "), *group]
    return list(fit_segs(segs, width, glyphs.cut))


def _short(host: HostView, cpu: float | None, name: str, width: int, glyphs: Glyphs) -> list[Seg]:
    """One machine in one line, ``cpu`` the ratio of its processor in use."""
    fine = host.status in (Status.OK, Status.WAITING)
    titled = name.startswith(" Host")
    role = "title" if titled else "name" if fine else role_of(host.status)
    if width < _NARROW:
        return _brief(host, cpu, Seg(name, role), width, glyphs)
    segs = [Seg(name, role), Seg("cpu ", "label")]
    segs += [*figure(fmt.percent(cpu), _role(cpu)), Seg("  mem ", "label")]
    segs += [*figure(fmt.percent(host.memory), _role(host.memory)), Seg("  load ", "label")]
    segs += [*_load(host), Seg("  ")]
    disks = _filesystems(host, max(0, width - segs_width(segs) - 24))
    net = [Seg("  net ", "label"), *_network(host, glyphs)]
    if segs_width(segs) + segs_width(disks) + segs_width(net) <= width:
        disks += net
    return list(fit_segs([*segs, *disks], width, glyphs.cut))


def _expects(snapshot: Snapshot) -> bool:
    """Whether there is a machine, which has told nothing yet."""
    return any(check.kind == "host" for check in snapshot.checks)


def host_lines(snapshot: Snapshot | None, frame: Frame) -> list[Line]:
    """The worst machine in full, the others in a line each."""
    width, glyphs = frame.width, frame.glyphs
    if snapshot is None:
        return note(WAITING, width)
    if not snapshot.hosts and _expects(snapshot):
        return note(WAITING, width)
    if not snapshot.hosts:
        return no_host(width)
    hosts = [h for h in snapshot.hosts if frame.wants(h.name, h.check, WORDS[h.status])]
    if not hosts:
        return nothing_matches(frame.filter_text, width)
    hosts.sort(key=lambda host: -host.status.severity)
    first, others = hosts[0], hosts[1:]
    room = frame.height - len(others)
    tall = Frame(width, room, glyphs)
    block = _tall(first, tall, snapshot.time) if room >= 6 else _small(first, width, glyphs)
    if 3 <= room < 6 and first.pressure:
        block.append([Seg(" wait  ", "label"), *_pressure(first, width - 8)])
    lines = [line(*segs, key=first.check, check=first.check) for segs in block]
    for host in others:
        segs = _short(host, host.cpu, f" {left(host.name, 10)} ", width, glyphs)
        lines.append(line(*segs, key=host.check, check=host.check))
    return lines


def host_summary(snapshot: Snapshot | None, width: int, glyphs: Glyphs = UNICODE) -> Line:
    """The worst machine in one line."""
    if snapshot is None or not snapshot.hosts:
        waits = snapshot is None or _expects(snapshot)
        text = WAITING if waits else "none: add {name: this host, host: {}}"
        return line(Seg(" Host     ", "title"), Seg(text, "dim"))
    host = max(snapshot.hosts, key=lambda one: one.status.severity)
    segs = _short(host, _cpu_now(host), " Host     ", width, glyphs)
    return line(*segs, key=host.check, check=host.check)


class HostPane(LinePane):
    """Processor, memory, load, filesystems and network of a machine."""

    inline_when_compact = True

    def heading(self) -> Sequence[Seg]:
        hosts = self.snapshot.hosts if self.snapshot else ()
        segs = [Seg("Host", "title")]
        if hosts:
            name = max(hosts, key=lambda one: one.status.severity).name
            segs.append(Seg(f" {self.glyphs.dot} {name}", "dim"))
        if hosts and self.snapshot:
            text = f"rates over {fmt.window(self.snapshot.window)}"
            segs.append(Seg(f" {self.glyphs.dot} {text}", "dim"))
        return segs

    def inputs(self) -> tuple[object, ...]:
        snapshot = self.snapshot
        if snapshot is None or not snapshot.hosts:
            return super().inputs()
        now, since = snapshot.time, (host.boot_time for host in snapshot.hosts)
        return (*snapshot.hosts, *(fmt.age(now - at) for at in since if at is not None))

    def build(self, width: int, height: int) -> list[Line]:
        if self.compact:
            return [host_summary(self.snapshot, width, self.glyphs)]
        return host_lines(self.snapshot, self.frame(width, height))
