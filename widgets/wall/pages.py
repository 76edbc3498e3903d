"""What the wall shows in turn: a page of figures for each thing that is watched. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from checks.model import Status
from widgets import format as fmt
from widgets.glyphs import WORDS
from widgets.requests import fails, worst_first
from widgets.text import role_of
from widgets.verdict import wrong_now
from widgets.wall.figures import Figure, figure_of

if TYPE_CHECKING:
    from checks.views import AlertView, HostView, QueueView, RequestView, Snapshot

__all__ = ["Page", "in_turn", "pages"]

_ORDER: Final = (Status.CRITICAL, Status.UNKNOWN, Status.STALE, Status.WARNING)
_SOURCES: Final = 2
_QUEUES: Final = 6
_HOSTS: Final = 2
_OBJECTIVES: Final = 4
_ERRORS: Final = 0.01
"""Share of failed requests from which on it is said in red."""
_FULL: Final = 0.9


@dataclass(frozen=True, slots=True)
class Page:
    """A title and figures, and beneath them the ``alerts`` that are spoken of."""

    name: str
    title: str
    figures: tuple[Figure, ...]
    alerts: tuple[AlertView, ...] = ()


def pages(snapshot: Snapshot) -> tuple[Page, ...]:
    """Those that have something to show; the first says how it stands."""
    more = (_requests(snapshot), _queues(snapshot), _hosts(snapshot), _objectives(snapshot))
    return (_verdict(snapshot), *(page for page in more if page.figures))


def in_turn(shown: Sequence[Page]) -> tuple[str, ...]:
    """The names of ``shown`` as they are gone through: while something is wrong, what is comes
    between all others.
    """
    first, *others = (page.name for page in shown)
    if not shown[0].alerts or not others:
        return (first, *others)
    return tuple(name for other in others for name in (first, other))


def _verdict(snapshot: Snapshot) -> Page:
    wrong = tuple(wrong_now(snapshot))
    counts = Counter(one.status for one in wrong)
    figures = [
        Figure(str(counts[status]), "", WORDS[status].upper(), role=role_of(status))
        for status in _ORDER
        if counts[status]
    ]
    checks = snapshot.checks
    well = sum(check.status is Status.OK for check in checks)
    whole = well == len(checks)
    words = "" if whole else f"of {fmt.many(len(checks), 'check')}"
    figures.append(Figure(str(well), "", WORDS[Status.OK].upper(), words, "ok" if well else "dim"))
    return Page("verdict", "Now", tuple(figures), wrong)


def _requests(snapshot: Snapshot) -> Page:
    sources = worst_first(snapshot.requests)[:_SOURCES]
    several = len(snapshot.requests) > 1
    figures = tuple(one for view in sources for one in _of_requests(view, named=several))
    window = fmt.window(snapshot.window)
    return Page("requests", f"Requests, the last {window}", figures)


def _of_requests(view: RequestView, *, named: bool) -> Iterator[Figure]:
    prefix = f"{view.check}: " if named else ""
    silent = view.silent_since
    words = "" if silent is None else f"not read since {fmt.clock(silent)}"
    window, tone = view.window, "value" if silent is None else "dim"
    bad = fails(view) or (window.error_ratio or 0.0) >= _ERRORS
    yield figure_of(fmt.rate(window.rate), f"{prefix}requests", words, tone)
    errors = "critical" if bad and silent is None else tone
    yield figure_of(fmt.percent(window.error_ratio), f"{prefix}errors", words, errors)
    if window.p95 is not None:
        yield figure_of(fmt.duration(window.p95), f"{prefix}p95", words, tone)


def _queues(snapshot: Snapshot) -> Page:
    def worst(queue: QueueView) -> tuple[float, ...]:
        return (-queue.status.severity, -(queue.size or 0.0))

    first = sorted(snapshot.queues, key=worst)[:_QUEUES]
    left_out = len(snapshot.queues) - len(first)
    title = f"Queues, {left_out} more are shorter" if left_out else "Queues"
    return Page("queues", title, tuple(map(_queue, first)))


def _queue(queue: QueueView) -> Figure:
    words = [] if queue.growth is None else [fmt.growth(queue.growth)]
    words += [f"{fmt.count(queue.failed)} failed"] if queue.failed else []
    role = "value" if queue.status is Status.OK else role_of(queue.status)
    return figure_of(fmt.count(queue.size), queue.name, ", ".join(words), role)


def _hosts(snapshot: Snapshot) -> Page:
    hosts = snapshot.hosts[:_HOSTS]
    several = len(snapshot.hosts) > 1
    figures = tuple(one for host in hosts for one in _host(host, named=several))
    title = "Hosts" if several else f"Host {hosts[0].name}" if hosts else "Host"
    return Page("host", title, figures)


def _host(host: HostView, *, named: bool) -> Iterator[Figure]:
    prefix = f"{host.name}: " if named else ""
    cores = fmt.many(host.cores, "core")
    yield _share(host.cpu, f"{prefix}cpu", f"of {cores}")
    free = f"{fmt.size(host.memory_available)} free" if host.memory_available is not None else ""
    yield _share(host.memory, f"{prefix}memory", free)
    if host.load is not None:
        high = "high" if host.cores and host.load[0] > 2 * host.cores else "value"
        yield figure_of(f"{host.load[0]:.1f}", f"{prefix}load", f"on {cores}", high)
    fullest = max(host.filesystems, key=lambda one: one.used, default=None)
    if fullest is not None:
        free = f"{fmt.size(fullest.available)} free"
        yield _share(fullest.used, f"{prefix}disk {fullest.mount}", free)


def _share(ratio: float | None, label: str, words: str) -> Figure:
    role = "high" if ratio is not None and ratio >= _FULL else "value"
    return figure_of(fmt.percent(ratio), label, words, role)


def _objectives(snapshot: Snapshot) -> Page:
    known = [one for one in snapshot.objectives if one.remaining is not None]
    known.sort(key=lambda one: one.remaining or 0.0)
    figures = tuple(
        figure_of(
            fmt.percent(max(0.0, one.remaining or 0.0)),
            one.name,
            "of its budget left" if (one.remaining or 0.0) > 0 else "its budget is spent",
            "value" if one.status is Status.OK else role_of(one.status),
        )
        for one in known[:_OBJECTIVES]
    )
    return Page("objectives", "Objectives", figures)
