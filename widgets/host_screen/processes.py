"""The processes pane: everything that runs, sorted, filtered, as a table or as a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len
from textual.reactive import reactive

from widgets import format as fmt
from widgets.empty import note, nothing_matches
from widgets.frame import Frame
from widgets.glyphs import Glyphs
from widgets.host_screen.order import Placed, flat, tree
from widgets.host_screen.pane import HostScreenPane
from widgets.processes import process_lines
from widgets.text import Line, Seg, fit, left, line, right

if TYPE_CHECKING:
    from checks.hosts.model import HostDetail, ProcessRow
    from checks.views import HostView

__all__ = ["STATES", "ProcessesPane", "process_pairs"]

MOST_ROWS: Final = 400
"""Rows beyond which nobody scrolls; the filter finds the others."""
_BUSY: Final = 0.5
"""Ratio of a core from which on a process stands out."""
_BIG: Final = 0.1
"""Ratio of the memory from which on it does."""
STATES: Final = {
    "R": "running",
    "S": "sleeping",
    "D": "waits for disk",
    "Z": "zombie",
    "T": "stopped",
    "t": "traced",
    "I": "idle",
    "X": "dead",
}


@dataclass(frozen=True, slots=True)
class _Columns:
    """The widths of the columns, 0 where there is no room for one."""

    pid: int
    user: int
    io: int
    threads: int
    files: int
    started: int
    state: int
    name: int
    command: int


def _columns(shown: Sequence[Placed], width: int) -> _Columns:
    pid = max(5, *(len(str(one.row.pid)) for one in shown)) if shown else 5
    longest = max((cell_len(one.row.user) for one in shown), default=4)
    user = min(12, max(6, -(-longest // 2) * 2)) if width >= 60 else 0
    io = 9 if width >= 100 else 0
    threads = 4 if width >= 88 else 0
    files = 5 if width >= 112 else 0
    started = 5 if width >= 76 else 0
    state = 1 if width < 96 else 8
    name = 16 if width >= 150 else 0
    fixed = 3 + pid + 1 + 6 + 1 + 7 + 1
    taken = fixed + sum(n + 1 for n in (user, threads, files, started, state, name) if n)
    taken += 2 * (io + 1) if io else 0
    return _Columns(pid, user, io, threads, files, started, state, name, max(0, width - taken - 1))


def _head(columns: _Columns, order: str, glyphs: Glyphs) -> Line:
    """The names of the columns; that of the order is marked."""

    def name(text: str, by: str) -> str:
        return f"{text}{glyphs.down}" if by == order else text

    text = f"   {right(name('pid', 'pid'), columns.pid)} "
    if columns.user:
        text += f"{left('user', columns.user)} "
    text += f"{right(name('cpu %', 'cpu'), 6)} {right(name('memory', 'memory'), 7)} "
    if columns.io:
        text += f"{right(name('read/s', 'io'), columns.io)} {right('written/s', columns.io)} "
    if columns.threads:
        text += f"{right(name('thr', 'threads'), columns.threads)} "
    if columns.files:
        text += f"{right(name('files', 'files'), columns.files)} "
    if columns.started:
        text += f"{right(name('for', 'newest'), columns.started)} "
    text += f"{left('state', columns.state) if columns.state > 1 else 's'} "
    if columns.name:
        text += f"{left(name('name', 'name'), columns.name)} "
        return line(Seg(text + fit("command", columns.command), "dim"))
    return line(Seg(text + fit(name("command", "name"), columns.command), "dim"))


def _cpu(one: ProcessRow) -> str:
    if one.cpu is None:
        return fmt.DASH
    share = one.cpu * 100
    return f"{share:.1f}" if share < 99.95 else f"{share:.0f}"


def _thin(value: float | None) -> str:
    """Bytes a second; nothing for nothing."""
    if value is None:
        return ""
    return fmt.rate(value, "B").removesuffix("/s") if value >= 1 else fmt.DASH


def _state(one: ProcessRow, width: int) -> str:
    if width <= 1:
        return one.state[:1]
    words = {"D": "disk", "Z": "zombie"}.get(one.state, STATES.get(one.state, one.state))
    return left(words, width)


def _started(one: ProcessRow, now: float) -> str:
    return "" if one.started is None else fmt.coarse(max(0.0, now - one.started))


def _row(placed: Placed, columns: _Columns, now: float, total: float, frame: Frame) -> Line:
    one, glyphs = placed.row, frame.glyphs
    quiet = placed.context or one.kernel or not (one.cpu or 0.0) >= 0.0005
    busy = one.cpu is not None and one.cpu >= _BUSY
    big = total > 0 and one.memory >= total * _BIG
    ill = one.state in ("D", "Z", "T")
    base = "dim" if placed.context else "label"
    segs = [Seg(f"   {right(str(one.pid), columns.pid)} ", base)]
    if columns.user:
        segs.append(Seg(f"{left(one.user, columns.user)} ", "dim"))
    segs.append(Seg(f"{right(_cpu(one), 6)} ", "high" if busy else "dim" if quiet else "value"))
    segs.append(Seg(f"{right(fmt.size(one.memory), 7)} ", "high" if big else base))
    if columns.io:
        segs += (
            Seg(f"{right(_thin(value), columns.io)} ", "value" if value else "dim")
            for value in (one.read, one.written)
        )
    if columns.threads:
        segs.append(Seg(f"{right(str(one.threads), columns.threads)} ", "dim"))
    if columns.files:
        count = "" if one.descriptors is None else str(one.descriptors)
        segs.append(Seg(f"{right(count, columns.files)} ", "dim"))
    if columns.started:
        segs.append(Seg(f"{right(_started(one, now), columns.started)} ", "dim"))
    segs.append(Seg(f"{_state(one, columns.state)} ", "high" if ill else "dim"))
    branch = f"{'  ' * (placed.depth - 1)}{glyphs.branch} " if placed.depth else ""
    room = columns.command
    if columns.name:
        shown = fit(branch + one.name, columns.name, glyphs.cut)
        segs.append(Seg(f"{left(shown, columns.name)} ", "dim" if placed.context else "name"))
    else:
        segs.append(Seg(branch, "dim"))
        room -= cell_len(branch)
    words = one.command or one.name
    role = "dim" if placed.context or one.kernel else "text" if not quiet else "label"
    segs.append(Seg(fit(words, max(0, room), glyphs.cut), role))
    return line(*segs, key=one.key)


def _note(detail: HostDetail) -> str:
    facts = detail.facts
    if facts.stuck:
        return f"reading them has been hanging for {fmt.coarse(facts.stuck)}"
    return f"every {fmt.span(facts.every)}" if facts.every > 10 else ""


def _unread(detail: HostDetail) -> str:
    """Why there will be no processes, empty where they are only not there yet."""
    return next((text for text in detail.facts.notes if "processes" in text), "")


def _known_so_far(host: HostView, width: int) -> list[Line]:
    """The few processes that the overview has, until all have been looked at. None of these rows
    can be gone to: in a moment there are others.
    """
    if host.processes is None or not host.processes.rows:
        return note("the processes are being looked at", width)
    rows = process_lines(host.processes, width, len(host.processes.rows) + 1)
    said = note("the processes are being looked at; known so far:", width)
    return [*said, *(line(*segs) for segs in rows)]


class ProcessesPane(HostScreenPane):
    """Everything that runs."""

    title: ClassVar[str] = "Processes"

    order: reactive[str] = reactive("cpu", repaint=False, layout=False)
    as_tree: reactive[bool] = reactive(False, repaint=False, layout=False)

    _found: tuple[tuple[object, ...], list[Placed]] | None = None

    def inputs(self) -> tuple[object, ...]:
        return (self.detail or self.snapshot, self.frozen, self.order, self.as_tree)

    def watch_order(self) -> None:
        self.update_lines()

    def watch_as_tree(self) -> None:
        self.update_lines()

    def placed(self, detail: HostDetail) -> list[Placed]:
        """The processes in the order of the rows; worked out once a scan."""
        rows = detail.facts.processes or ()
        asked = (rows, self.order, self.as_tree, self.filter_text)
        if self._found is None or self._found[0][0] is not rows or self._found[0][1:] != asked[1:]:
            place = tree if self.as_tree else flat
            self._found = (asked, place(rows, self.order, self.filter_text))
        return self._found[1]

    def summary(self, detail: HostDetail, host: HostView) -> Sequence[Seg]:
        del host
        facts = detail.facts
        if facts.processes is None:
            return ()
        total = fmt.count(facts.count)
        if self.filter_text:
            found = sum(not placed.context for placed in self.placed(detail))
            total = f"{fmt.count(found)} of {total} match"
        form = "as a tree, " if self.as_tree else ""
        segs = [Seg(f"{total}, {form}by {self.order}", "dim")]
        extra = _note(detail)
        return [*segs, Seg(f", {extra}", "warning" if facts.stuck else "dim")] if extra else segs

    def build_unread(self, width: int) -> list[Line]:
        host = self.host
        if host is None or host.processes is None or self.frozen:
            return super().build_unread(width)
        return _known_so_far(host, width)

    def build_host(self, detail: HostDetail, host: HostView, frame: Frame) -> list[Line]:
        facts = detail.facts
        if facts.processes is None:
            told = _unread(detail)
            return note(told, frame.width) if told else _known_so_far(host, frame.width)
        found = self.placed(detail)
        if not found:
            return nothing_matches(frame.filter_text, frame.width)
        shown = found[:MOST_ROWS]
        columns = _columns(shown, frame.width)
        now = facts.scanned or 0.0
        total = host.memory_total or 0.0
        self.pin(_head(columns, self.order, frame.glyphs))
        lines = [_row(placed, columns, now, total, frame) for placed in shown]
        more = len(found) - len(shown) + facts.left_out
        if more > 0:
            lines += note(f"and {fmt.count(more)} more: filter to find one", frame.width)
        return lines

    def needs(self, detail: HostDetail, host: HostView, width: int) -> int:
        del host, width
        rows = detail.facts.processes
        if rows is None and not _unread(detail):
            # They are coming: the panes above would move when they are there.
            return MOST_ROWS
        return min(MOST_ROWS, len(rows or ())) + 2

    def process(self, key: str) -> ProcessRow | None:
        """The process of that row."""
        rows = self.detail.facts.processes if self.detail else None
        return next((one for one in rows or () if one.key == key), None)


def process_pairs(key: str, detail: HostDetail) -> list[tuple[str, str]]:
    """Everything that is known of the process ``key``: names and texts."""
    facts = detail.facts
    rows = facts.processes or ()
    one = next((row for row in rows if row.key == key), None)
    inspected = facts.inspected if facts.inspected and facts.inspected.key == key else None
    pairs: list[tuple[str, str]] = []
    if one is not None:
        pairs += _known(one, rows, facts.scanned or 0.0)
    if inspected is None:
        pairs.append(("more", "is being read"))
    elif not inspected.gone:
        known = {name for name, _ in inspected.facts}
        pairs = [pair for pair in pairs if pair[0] not in known]
        pairs += inspected.facts
        if inspected.refused:
            what = ", ".join(inspected.refused)
            pairs.append(("not readable", f"{what}: run onwatch as root, or as its user"))
    return pairs


def _known(one: ProcessRow, rows: Sequence[ProcessRow], now: float) -> list[tuple[str, str]]:
    parent = next((row for row in rows if row.pid == one.parent), None)
    children = [row for row in rows if row.parent == one.pid]
    pairs = [("command", one.command or one.name), ("name", one.name), ("user", one.user)]
    pairs.append(("state", STATES.get(one.state, one.state)))
    if one.cpu is not None:
        pairs.append(("cpu", f"{_cpu(one)} % of a core; {fmt.span(one.time)} in all its life"))
    pairs.append(("memory", fmt.size(one.memory)))
    if one.read is not None or one.written is not None:
        io = f"reads {fmt.rate(one.read, 'B')}, writes {fmt.rate(one.written, 'B')}"
        pairs.append(("disk", io))
    pairs.append(("threads", str(one.threads)))
    if one.started is not None:
        ago = fmt.span(max(0.0, now - one.started))
        pairs.append(("started", f"{fmt.date_clock(one.started)}, {ago} ago"))
    if parent is not None:
        pairs.append(("parent", f"{parent.pid} {parent.name}"))
    if children:
        named = ", ".join(f"{child.pid} {child.name}" for child in children[:12])
        more = f" and {len(children) - 12} more" if len(children) > 12 else ""
        pairs.append(("children", f"{len(children)}: {named}{more}"))
    return pairs
