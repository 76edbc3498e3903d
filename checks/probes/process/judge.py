"""From figures to a status and sentences. Pure: takes values, gives findings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from checks.findings import Finding
from checks.model import Part, Status
from checks.probes.process.config import NumberBounds, ProcessConfig
from checks.probes.process.group import Figures, Member
from checks.probes.process.select import Selection, uid_of
from checks.processes.scan import Listing
from checks.wording import percent, size, span

__all__ = ["findings", "notes", "summary"]

_NAMED: Final = 3


def findings(
    config: ProcessConfig, figures: Figures, selection: Selection, listing: Listing, wall: float
) -> list[Finding]:
    """All that is not as it should be; ``wall`` is now, in seconds since 1970."""
    found = [*_count(config, figures, selection, listing)]
    if figures.members:
        found += _use(config, figures, wall)
    found += _trouble(config, figures)
    return sorted(found, key=lambda one: -one.part.status.severity)


def summary(figures: Figures, wall: float) -> str:
    """``5 processes, cpu 3 % of a core, 120 MB, 84 files open, running for 3 d``."""
    count = len(figures.members)
    if not count:
        return "no such process runs, as it should be"
    said = ["1 process" if count == 1 else f"{count} processes"]
    if figures.cpu is not None:
        said.append(f"cpu {percent(figures.cpu)} of a core")
    said.append(size(figures.memory))
    if figures.descriptors is not None:
        said.append(f"{figures.descriptors} open files")
    if figures.oldest is not None:
        said.append(f"running for {span(wall - figures.oldest)}")
    return ", ".join(said)


def notes(figures: Figures) -> Iterator[tuple[str, str]]:
    """What could not be read of whom, and who may: a fact for each figure."""
    for what in ("open descriptors", "bytes read and written"):
        closed = [one for one in figures.members if what in one.details.refused]
        if closed:
            users = sorted({one.process.user for one in closed} - {""})
            yield what, _refusal(len(closed), len(figures.members), users)


def _refusal(closed: int, count: int, users: Sequence[str]) -> str:
    whose = f" (they run as {', '.join(users[:_NAMED])})" if users else ""
    return (
        f"closed to this user for {closed} of {count}{whose}: run onwatch as that user or as root, "
        "or give it CAP_SYS_PTRACE"
    )


def _finding(name: str, status: Status, text: str, value: str, reason: str = "limit") -> Finding:
    return Finding(reason, Part(name, status, text, value))


def _count(
    config: ProcessConfig, figures: Figures, selection: Selection, listing: Listing
) -> Iterator[Finding]:
    bounds, count = config.count, len(figures.members)
    shown = str(count)
    refusal, unwanted = selection.refusal, bounds.max == 0 and not count
    if refusal is not None and (bounds.min or (unwanted and refusal.reason != "missing")):
        yield _finding("count", refusal.status, refusal.text, shown, refusal.reason)
    elif count < bounds.min or (unwanted and _may_be_hidden(config, listing)):
        yield _too_few(config, figures, listing)
    elif bounds.max is not None and count > bounds.max:
        text = f"{_many(count)} of {config.described()} run{'s' if count == 1 else ''}"
        text += f", at most {bounds.max} should: {_who(figures.members)}"
        yield _finding("count", Status.CRITICAL, text, shown, "expectation")


def _too_few(config: ProcessConfig, figures: Figures, listing: Listing) -> Finding:
    bounds, count, who = config.count, len(figures.members), config.described()
    shown = str(count)
    unknown = config.user is not None and uid_of(config.user) is None
    if unknown:
        text = f"there is no user {config.user} on this machine: correct process.user"
        return _finding("count", Status.UNKNOWN, text, shown, "config")
    if _may_be_hidden(config, listing):
        seen = (
            f"{_many(count)} of {who} {'is' if count == 1 else 'are'} seen"
            if count
            else (f"no {who} is seen")
        )
        text = f"{seen}, which says little: {listing.note}"
        return _finding("count", Status.UNKNOWN, text, shown, "permission")
    if listing.refused and not count:
        text = f"no {who} is seen, which says little: {listing.note}; run onwatch as root"
        return _finding("count", Status.UNKNOWN, text, shown, "permission")
    if count:
        text = f"only {_many(count)} of {who} run{'s' if count == 1 else ''}, expected {bounds.min}"
        return _finding("count", Status.CRITICAL, text, shown, "expectation")
    plain = config.name and not (config.command or config.pid_file or config.user)
    none = f"no process named {who} runs" if plain else f"no process runs that matches {who}"
    text = none + _last_seen(figures)
    return _finding("count", Status.CRITICAL, text, shown, "missing")


def _may_be_hidden(config: ProcessConfig, listing: Listing) -> bool:
    """Whether more of them may run as accounts whose processes are kept from us."""
    if not listing.hidden:
        return False
    return config.user is None or uid_of(config.user) != os.geteuid()


def _last_seen(figures: Figures) -> str:
    if figures.zombies:
        dead = figures.zombies[0]
        return f"; pid {dead.pid} has ended, and its parent {dead.parent} has not noticed (zombie)"
    if not figures.last_pids or figures.gone_for is None:
        return ""
    pids = ", ".join(map(str, figures.last_pids[:_NAMED]))
    return f"; pid {pids} ended {span(figures.gone_for)} ago"


def _many(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


def _who(members: Sequence[Member]) -> str:
    named = ", ".join(f"pid {m.process.pid}" for m in members[:_NAMED])
    more = len(members) - _NAMED
    return f"{named} and {more} more" if more > 0 else named


def _past(
    value: float | None, warning: float | None, critical: float | None
) -> tuple[Status, float] | None:
    """The bound that ``value`` has reached, the worse one first."""
    for status, bound in ((Status.CRITICAL, critical), (Status.WARNING, warning)):
        if value is not None and bound is not None and value >= bound:
            return status, bound
    return None


def _use(config: ProcessConfig, figures: Figures, wall: float) -> Iterator[Finding]:
    mean = None if figures.cpu_mean is None else figures.cpu_mean * 100
    if past := _past(mean, config.cpu.warning, config.cpu.critical):
        text = f"cpu {mean:.0f} % of a core over {span(figures.cpu_span)} (bound {past[1]:g} %)"
        yield _finding("cpu", past[0], text, f"{mean:.0f} %")
    memory = figures.memory
    if past := _past(memory, config.memory.warning, config.memory.critical):
        text = f"{size(memory)} of memory are resident (bound {size(past[1])})"
        yield _finding("memory", past[0], text, size(memory))
    if past := _past(figures.threads, config.threads.warning, config.threads.critical):
        text = f"{figures.threads} threads (bound {past[1]:g})"
        yield _finding("threads", past[0], text, str(figures.threads))
    age = None if figures.oldest is None else wall - figures.oldest
    if age is not None and (past := _past(age, config.age.warning, config.age.critical)):
        oldest = min(figures.members, key=lambda one: one.started).process.pid
        text = f"pid {oldest} has been running for {span(age)} (bound {span(past[1])})"
        yield _finding("age", past[0], text, span(age))
    yield from _descriptors(config, figures)


def _descriptors(config: ProcessConfig, figures: Figures) -> Iterator[Finding]:
    bounds, worst = config.descriptors, figures.fullest
    ratio = None if worst is None else worst.full
    past = _past(None if ratio is None else ratio * 100, bounds.warning, bounds.critical)
    if past and worst is not None and ratio is not None:
        open_now, limit = worst.details.descriptors, worst.details.limit
        text = (
            f"pid {worst.process.pid} has {open_now} of {limit} descriptors open "
            f"({percent(ratio)}): find the leak (ls -l /proc/{worst.process.pid}/fd) "
            "or raise its limit (LimitNOFILE=)"
        )
        yield _finding("descriptors", past[0], text, percent(ratio))
    asked = "descriptors" in config.model_fields_set
    closed = [one for one in figures.members if "open descriptors" in one.details.refused]
    if asked and closed and not past:
        users = sorted({one.process.user for one in closed} - {""})
        said = _refusal(len(closed), len(figures.members), users)
        text = f"open descriptors cannot be judged: {said}"
        yield _finding("descriptors", Status.UNKNOWN, text, "", "permission")


def _trouble(config: ProcessConfig, figures: Figures) -> Iterable[Finding]:
    bounds = config.restarts
    if past := _past(figures.recent, bounds.warning, bounds.critical):
        text = f"started anew {figures.recent} times within {span(bounds.window)}: why does it end?"
        yield _finding("restarts", past[0], text, str(figures.recent), "expectation")
    yield from _zombies(config.zombies, figures)
    stopped = [m for m in figures.members if m.process.state in "Tt"]
    if stopped:
        first = stopped[0].process
        how = "is stopped" if first.state == "T" else "is held by a debugger"
        text = f"pid {first.pid} {how} and does nothing: kill -CONT {first.pid}"
        text += f" (and {len(stopped) - 1} more)" if len(stopped) > 1 else ""
        yield _finding("stopped", Status.WARNING, text, str(len(stopped)), "expectation")
    stuck = [m for m in figures.members if config.stuck is not None and m.stuck >= config.stuck]
    if stuck:
        worst = max(stuck, key=lambda one: one.stuck)
        text = (
            f"pid {worst.process.pid} has waited for a disk for {span(worst.stuck)} (state D): "
            "does its file system or its device hang?"
        )
        yield _finding("stuck", Status.WARNING, text, str(len(stuck)), "expectation")


def _zombies(bounds: NumberBounds, figures: Figures) -> Iterator[Finding]:
    count = figures.lasting_zombies
    past = _past(count, bounds.warning, bounds.critical)
    if past and figures.zombies:
        parents = sorted({one.parent for one in figures.zombies})
        whose = ", ".join(map(str, parents[:_NAMED]))
        what = "1 of them has" if count == 1 else f"{count} of them have"
        text = f"{what} ended and not been collected by the parent, pid {whose} (zombie)"
        yield _finding("zombies", past[0], text, str(count), "expectation")
