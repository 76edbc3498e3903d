"""The requests pane: rate, errors, duration and who has how much of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from widgets import format as fmt
from widgets.empty import WAITING, no_requests, note, nothing_matches
from widgets.figures import aligned, figure
from widgets.frame import Frame
from widgets.glyphs import UNICODE, WORDS, Glyphs
from widgets.lines import ANY_HEIGHT, LinePane
from widgets.request_charts import LEVELS, chart_lines, spark_lines
from widgets.spark import bar
from widgets.text import (
    Line,
    Seg,
    fit_segs,
    groups_in,
    left,
    line,
    name_in,
    right,
    segs_width,
    without_middle,
)

if TYPE_CHECKING:
    from checks.requests.stats import BreakdownRow, WindowStats
    from checks.views import RequestView, Snapshot

__all__ = ["RequestsPane", "fails", "request_lines", "request_summary", "worst_first"]


_BAD: Final = 0.05
"""Share of requests that fail from which on it is said in red."""
_COULD: Final = frozenset({"postgres", "mysql", "sqlite"})
"""Kinds of checks that read a request log where one is named."""
_UNFED: Final = (
    "None: request_log: of a database, requests: of a log or counters of a metrics check would "
    "tell."
)
CHARTS_FROM = 40
"""The width from which on curves may be charts of several lines."""


def worst_first(requests: Sequence[RequestView]) -> list[RequestView]:
    """Sources with most errors now first, then with most over the window; those alike as
    configured.
    """
    return sorted(requests, key=lambda view: (-_now(view), -(view.window.error_ratio or 0.0)))


def fails(view: RequestView) -> bool:
    """Whether so many of its newest requests fail that it is to be looked at."""
    return _now(view) >= _BAD


def _now(view: RequestView) -> float:
    """The share of errors over the shortest window; 0 where it cannot be read any more."""
    if view.silent_since is not None:
        return 0.0
    return view.stats.window(0.0).error_ratio or 0.0


def _is_bad(row: BreakdownRow) -> bool:
    return row.error_ratio >= _BAD


def _shares(label: str, rows: Sequence[BreakdownRow], width: int, glyphs: Glyphs) -> list[Seg]:
    """A breakdown in one line, failing values first: ``by provider  openai 61 % · local 9 %``."""
    head = Seg(f" by {label}  ", "label")
    groups = []
    for row in sorted(rows, key=_is_bad, reverse=True):
        group = [Seg(f"{row.value} ", "name"), *figure(fmt.percent(row.share))]
        if _is_bad(row):
            group.append(Seg(f" ({fmt.percent(row.error_ratio)} errors)", "critical"))
        groups.append(group)
    room = width - segs_width([head]) - 3
    segs, left_out = groups_in(groups, room, Seg(f" {glyphs.dot} ", "dim"))
    return [head, *segs, Seg(f" +{left_out}" if left_out else "", "dim")]


def _table(label: str, rows: Sequence[BreakdownRow], width: int, glyphs: Glyphs) -> list[list[Seg]]:
    """A breakdown with a line each: share, its own errors, p95 and a bar where there is room."""
    names = max(len(label) + 3, min(max(cell_len(r.value) for r in rows), 22, width // 4))
    rest = width - 3 - names - 8 - 8
    timed = rest >= 9
    room = min(24, rest - 9 - 2)
    room = room if room >= 6 else 0
    blank = " " * (room + 2 if room else 0)
    head = left(f"by {label}", names + 2) + right("share", 8) + blank + right("errors", 8)
    made = [[Seg(f" {head}{right('p95', 9) if timed else ''}", "dim")]]
    for row in rows:
        bad = _is_bad(row)
        full, free = bar(row.share, room, glyphs)
        segs = [
            Seg(f"   {left(row.value, names)}", "critical" if bad else "name"),
            *aligned(fmt.percent(row.share), 8),
            Seg("  " if room else ""),
            Seg(full, "spark"),
            Seg(free, "rule"),
            *aligned(fmt.percent(row.error_ratio), 8, "critical" if bad else "label"),
        ]
        made.append([*segs, *(aligned(fmt.duration(row.p95), 9, "label") if timed else ())])
    return made


def _totals(window: WindowStats, width: int, glyphs: Glyphs, *, durations: bool) -> list[Seg]:
    """How many requests of each class; with ``durations`` the extremes too, where they fit."""
    segs = [Seg(f" {fmt.count(window.count)}", "label")]
    segs.append(Seg(" request" if window.count == 1 else " requests", "dim"))
    classes = dict(reversed(window.by_class))
    if set(classes) == {"none"}:
        classes = {}  # no statuses are known here at all
    # Failures first: what does not fit is cut at the end.
    for name, number in classes.items():
        bad = name.startswith("5")
        segs += [Seg(f" {glyphs.dot} {'no status' if name == 'none' else name} ", "dim")]
        segs += [Seg(fmt.count(number), "critical" if bad and number else "label")]
    extremes = (("min", window.minimum), ("mean", window.mean), ("max", window.maximum))
    for name, value in extremes if durations else ():
        more = [Seg(f" {glyphs.dot} {name} ", "dim"), *figure(fmt.duration(value), "label")]
        if segs_width(segs) + segs_width(more) <= width:
            segs += more
    return segs


def _notes(view: RequestView) -> list[Seg]:
    """What limits the figures, where something does."""
    window = view.window
    if view.stats.note:
        return [Seg(f" {view.stats.note}", "warning")]
    if window.covered < window.seconds * 0.9:
        return [Seg(f" figures of the last {fmt.span(window.covered)}", "dim")]
    return []


def _silence(since: float) -> str:
    return f"no data since {fmt.clock(since)}; these are the last figures"


def _block(
    view: RequestView, width: int, height: int, glyphs: Glyphs, level: int = 1
) -> list[list[Seg]]:
    """One source in ``height`` lines at most: what matters most stays longest.

    ``level`` is how many lines each of its three curves takes.
    """
    window = view.window
    lines = (
        chart_lines(view, width, level, glyphs) if level > 1 else spark_lines(view, width, glyphs)
    )
    if view.silent_since is not None:
        lines.insert(0, [Seg(f" {_silence(view.silent_since)}", "warning")])
    notes = _notes(view)
    lines += [notes] if notes else []
    if len(lines) + bool(window.breakdown) < height:
        lines.append(_totals(window, width, glyphs, durations=level == 1))
    for label, rows in window.breakdown:
        room = height - len(lines)
        if rows and room > len(rows) and width >= 32:
            lines += _table(label, rows, width, glyphs)
        elif rows and room > 0:
            lines.append(_shares(label, rows, width, glyphs))
    if len(lines) > height and window.breakdown and window.breakdown[0][1]:
        label, rows = window.breakdown[0]
        lines = [*lines[: height - 1], _shares(label, rows, width, glyphs)]
    return lines


def _blocks(
    views: Sequence[RequestView], width: int, height: int, glyphs: Glyphs
) -> list[list[list[Seg]]] | None:
    """Every source in full, with charts as high as they fit in with: of all, else of the first.

    None where there is no room for a chart.
    """
    if width < CHARTS_FROM:
        return None
    whole = sum(len(_block(view, width, ANY_HEIGHT, glyphs)) for view in views)
    room = height - whole - 2 * (len(views) - 1)
    for charts in dict.fromkeys((len(views), 1)):
        for level in LEVELS:
            spare = room - 3 * (level - 1) * charts
            if spare >= 0:
                levels = [level if place < charts else 1 for place in range(len(views))]
                levels[0] = min(LEVELS[0], level + spare // 3)
                pairs = zip(views, levels, strict=True)
                return [_block(view, width, ANY_HEIGHT, glyphs, one) for view, one in pairs]
    return None


def _figures(view: RequestView) -> list[Seg]:
    """How many and how many of them went wrong."""
    ratio = view.window.error_ratio
    return [
        *figure(fmt.rate(view.window.rate)),
        Seg("  errors ", "dim"),
        *figure(fmt.percent(ratio), "critical" if (ratio or 0.0) >= 0.01 else "value"),
    ]


def _short(view: RequestView, name: str, width: int, glyphs: Glyphs) -> list[Seg]:
    """One source in one line."""
    window = view.window
    segs = [Seg(name, "title" if name.startswith(" Requests") else "name"), *_figures(view)]
    if view.silent_since is not None:
        return list(
            fit_segs([segs[0], Seg(_silence(view.silent_since), "warning")], width, glyphs.cut)
        )
    for label, value in (("p50", window.p50), ("p95", window.p95), ("p99", window.p99)):
        more = [Seg(f"  {label} ", "dim"), *figure(fmt.duration(value), "label")]
        if segs_width(segs) + segs_width(more) <= width:
            segs += more
    return list(fit_segs(segs, width, glyphs.cut))


def _unread(snapshot: Snapshot) -> str:
    """Who is configured to tell of requests and how they do; empty where there is nobody."""
    checks = [check for check in snapshot.checks if check.tells_requests]
    return "; ".join(f"{check.name} {WORDS[check.status]}: {check.message}" for check in checks)


def _is_unfed(snapshot: Snapshot) -> bool:
    """Whether nothing tells of requests, and there is no database that may have a log of them."""
    checks = snapshot.checks
    told = snapshot.requests or any(one.tells_requests or one.kind in _COULD for one in checks)
    return bool(checks) and not told


def _texts(view: RequestView) -> Iterator[str]:
    """Everything that a user would look for a source by."""
    yield view.check
    for label, rows in view.window.breakdown:
        yield from (label, *(row.value for row in rows))


def request_lines(snapshot: Snapshot | None, frame: Frame) -> list[Line]:
    """The worst source in full, the others too where there is room, else in a line each."""
    width, glyphs = frame.width, frame.glyphs
    if snapshot is None:
        return note(WAITING, width)
    if not snapshot.requests and (told := _unread(snapshot)):
        return note(f"No data yet: {told}", width)
    if not snapshot.requests:
        return note(_UNFED, width) if _is_unfed(snapshot) else no_requests(width, brief=True)
    views = [v for v in worst_first(snapshot.requests) if frame.wants(*_texts(v))]
    if not views:
        return nothing_matches(frame.filter_text, width)
    charted = _blocks(views, width, frame.height, glyphs)
    if charted is not None:
        return _charted(views, charted)
    lines: list[Line] = []
    for place, view in enumerate(views):
        room = frame.height - len(lines) - (len(views) - place - 1)
        if place == 0:
            rows = _block(view, width, max(3, room), glyphs)
        elif room >= 6:
            rows = [[Seg(f" {view.check}", "title")], *_block(view, width, room - 1, glyphs)]
        else:
            name = f" {name_in(view.check, min(16, max(6, width // 4)))} "
            rows = [_short(view, name, width, glyphs)]
        lines += [line(*segs, key=view.check, check=view.check) for segs in rows]
    return lines


def _charted(views: Sequence[RequestView], blocks: Sequence[list[list[Seg]]]) -> list[Line]:
    """Blocks beneath each other, all but the first under the name of their source."""
    lines: list[Line] = []
    for view, rows in zip(views, blocks, strict=True):
        if lines:
            lines += [
                line(),
                line(Seg(f" {view.check}", "title"), key=view.check, check=view.check),
            ]
        lines += [line(*segs, key=view.check, check=view.check) for segs in rows]
    return lines


def request_summary(snapshot: Snapshot | None, width: int, glyphs: Glyphs = UNICODE) -> Line:
    """The worst source in one line."""
    if snapshot is None or not snapshot.requests:
        text = WAITING if snapshot is None else _unread(snapshot)
        text = text or "none: add request_log: to a check"
        return line(Seg(" Requests ", "title"), Seg(text, "dim"))
    view, *others = _read_first(snapshot.requests)
    name = f" Requests {without_middle(view.check, 16, glyphs.cut)} " if others else " Requests "
    silent = [other for other in others if other.silent_since is not None]
    live = len(others) - len(silent)
    more = [Seg(f"  +{live} more", "dim")] if live else []
    if len(silent) == 1:
        since = silent[0].silent_since if view.silent_since is None else None
        told = "no data" if since is None else f"no data since {fmt.clock(since)}"
        more.append(Seg(f"  {without_middle(silent[0].check, 16, glyphs.cut)} {told}", "warning"))
    elif silent:
        more.append(Seg(f"  {len(silent)} logs no data", "warning"))
    room = width - segs_width(more)
    if segs_width(_figures(view)) > room - cell_len(name):
        name = " Requests "
    segs = _short(view, name, room, glyphs)
    return line(*fit_segs([*segs, *more], width, glyphs.cut), key=view.check, check=view.check)


def _read_first(requests: Sequence[RequestView]) -> list[RequestView]:
    """Sources that can be read before those that cannot, each the worst first."""
    return sorted(worst_first(requests), key=lambda view: view.silent_since is not None)


def request_digest(
    snapshot: Snapshot | None, width: int, height: int, glyphs: Glyphs = UNICODE
) -> list[Line]:
    """The worst source in one line, and its breakdowns where there are lines for them."""
    lines = [request_summary(snapshot, width, glyphs)]
    if snapshot is None or not snapshot.requests:
        return lines
    view = _read_first(snapshot.requests)[0]
    for label, rows in view.window.breakdown:
        if rows and len(lines) < height:
            lines.append(
                line(*_shares(label, rows, width, glyphs), key=view.check, check=view.check)
            )
    return lines


class RequestsPane(LinePane):
    """Rate, errors and duration of the requests that a log or a counter tells of."""

    inline_when_compact = True

    @property
    def is_unfed(self) -> bool:
        """Whether nothing tells of requests, nor may a database: a sentence is all it needs."""
        return self.snapshot is not None and _is_unfed(self.snapshot)

    def heading(self) -> Sequence[Seg]:
        segs = [Seg("Requests", "title")]
        if self.snapshot is None:
            return segs
        dot = self.glyphs.dot
        segs.append(Seg(f" {dot} {fmt.window(self.snapshot.window)}", "dim"))
        views = worst_first(self.snapshot.requests)
        if views:
            others = f" +{len(views) - 1}" if len(views) > 1 else ""
            segs.append(Seg(f" {dot} {views[0].check}{others}", "dim"))
        return segs

    def inputs(self) -> tuple[object, ...]:
        snapshot = self.snapshot
        return (*(snapshot.requests or snapshot.checks),) if snapshot else (None,)

    def build(self, width: int, height: int) -> list[Line]:
        if self.compact:
            return request_digest(self.snapshot, width, height, self.glyphs)
        return request_lines(self.snapshot, self.frame(width, height))
