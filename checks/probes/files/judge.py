"""What files come to: pure, of what was found and what was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from checks.findings import Finding
from checks.model import Part, Status
from checks.probes.files.config import AgeBounds, FilesConfig
from checks.probes.files.content import Content
from checks.probes.files.scan import Item, Scan
from checks.probes.files.schedule import Schedule
from checks.wording import percent, size, span

__all__ = ["Files", "judge", "name_of", "old", "worst_of"]

_BEING_READ: Final = "it is being read"
_DAY: Final = 86_400.0
_AHEAD: Final = 300.0
"""Seconds that a file's time may be ahead of this machine's clock: a file server has its own."""


@dataclass(frozen=True, slots=True)
class Files:
    """What was found at ``now`` (seconds since 1970), and what is judged of it.

    ``newest`` is the file changed last; ``settled`` the newest that is no longer written, and
    ``before`` the one before that.
    """

    found: Scan
    now: float
    settle: float

    @property
    def newest(self) -> Item | None:
        return self.found.items[0] if self.found.items else None

    @property
    def oldest(self) -> Item | None:
        return self.found.items[-1] if self.found.items else None

    def _quiet(self) -> Iterator[Item]:
        return (item for item in self.found.items if item.changed <= self.now - self.settle)

    @property
    def settled(self) -> Item | None:
        return next(self._quiet(), None)

    @property
    def before(self) -> Item | None:
        quiet = self._quiet()
        next(quiet, None)
        return next(quiet, None)

    def age(self, item: Item) -> float:
        """Seconds; 0 of one whose time is ahead of ours."""
        return max(0.0, self.now - item.changed)

    def ahead(self, item: Item) -> float:
        """Seconds by which its time is ahead of ours, so that its age cannot be told; else 0."""
        return ahead if (ahead := item.changed - self.now) > _AHEAD else 0.0

    def told_age(self, item: Item) -> str:
        """Its age for people."""
        return f"{old(ahead)} ahead" if (ahead := self.ahead(item)) else old(self.age(item))


def name_of(item: Item) -> str:
    """The last part of its path."""
    return PurePath(item.path).name or item.path


def judge(
    config: FilesConfig, files: Files, schedule: Schedule | None, content: Content | None
) -> list[Finding]:
    """A finding for each thing that is looked at, in the order of the rows."""
    findings = [*_unseen(files.found), *_count(config, files)]
    newest = files.newest
    if newest is not None:
        findings.append(_age("newest", newest, files, config.age))
    if schedule is not None:
        findings.append(_due(schedule, files))
    if files.oldest is not None and _is_bounded(config.oldest):
        findings.append(_age("oldest", files.oldest, files, config.oldest))
    findings += [*_size(config, files), *_shrinks(config, files), *_total(config, files.found)]
    if config.readable is not None and files.settled is not None:
        findings.append(_readable(files.settled, content))
    return findings


def _is_bounded(bounds: AgeBounds) -> bool:
    return bounds.warning is not None or bounds.critical is not None


def _above(value: float, warning: float | None, critical: float | None) -> tuple[Status, float]:
    """The status of a value with rising bounds, and the bound that it passed."""
    if critical is not None and value > critical:
        return Status.CRITICAL, critical
    if warning is not None and value > warning:
        return Status.WARNING, warning
    return Status.OK, 0.0


def _reason(status: Status) -> str:
    return "ok" if status is Status.OK else "expectation"


def _unseen(found: Scan) -> Iterator[Finding]:
    """What could not be looked at."""
    if found.refused:
        more = f" and {len(found.refused) - 1:,} more" if len(found.refused) > 1 else ""
        first = found.refused[0]
        text = (
            f"may not look into {first}{more}: it needs r and x for onwatch's user (ls -ld {first})"
        )
        yield Finding("permission", Part("access", Status.UNKNOWN, text))
    if found.cut:
        text = (
            f"only {len(found.items):,} files were looked at: there are too many; name them closer"
        )
        yield Finding("limit", Part("access", Status.WARNING, text))


def _count(config: FilesConfig, files: Files) -> Iterator[Finding]:
    found, bounds = files.found, config.count
    number = len(found.items)
    if number == 0 and bounds.min > 0:
        # Where it may not look, nobody can say that nothing is there.
        if not found.refused:
            yield Finding("missing", Part("files", Status.CRITICAL, _absent(found), "none"))
        return
    if number < bounds.min and not found.refused:
        text = f"{number} of at least {bounds.min} are there"
        yield Finding("missing", Part("files", Status.CRITICAL, text, str(number)))
    elif bounds.max is not None and number > bounds.max:
        text = f"{number:,}, more than {bounds.max:,}: what should delete old ones does not"
        yield Finding("expectation", Part("files", Status.WARNING, text, f"{number:,}"))
    else:
        yield Finding("ok", Part("files", Status.OK, _many(number), f"{number:,}"))


def _many(number: int) -> str:
    return {0: "none, as it may be", 1: "one file"}.get(number, f"{number:,} files")


def _absent(found: Scan) -> str:
    if found.absent:
        return f"{found.absent[0]} is not there"
    return f"no file is called {', '.join(found.matches)}"


def old(seconds: float) -> str:
    """An age; hours up to three days, since bounds are often 26 or 50 of them."""
    return f"{seconds / 3_600:.0f} h" if _DAY <= seconds < 3 * _DAY else span(seconds)


def _dated(item: Item, files: Files) -> str:
    """That an age cannot be told; what is from the future would be the newest for ever."""
    return (
        f"{name_of(item)} is dated {old(files.ahead(item))} ahead of this machine's clock: set the "
        "clock of what writes it, or touch it"
    )


def _age(name: str, item: Item, files: Files, bounds: AgeBounds) -> Finding:
    if files.ahead(item):
        status = Status.UNKNOWN if _is_bounded(bounds) else Status.OK
        reason = "ok" if status is Status.OK else "limit"
        return Finding(reason, Part(name, status, _dated(item, files), files.told_age(item)))
    age = files.age(item)
    status, bound = _above(age, bounds.warning, bounds.critical)
    text = f"{name_of(item)} is {old(age)} old"
    if status is not Status.OK:
        text += f", older than {old(bound)}"
    return Finding(_reason(status), Part(name, status, text, old(age)))


def _due(schedule: Schedule, files: Files) -> Finding:
    when, newest = schedule.at(files.now), files.newest
    changed = newest.changed if newest is not None else None
    if when.last is not None and when.is_late(changed):
        last = f"the newest is {old(files.now - changed)} old" if changed else "there is none"
        text = f"a new one was due at {schedule.text(when.last)} and has not come: {last}"
        return Finding("missing", Part("due", Status.CRITICAL, text, "late"))
    if newest is not None and files.ahead(newest):
        text = f"whether a new one has come cannot be told: {_dated(newest, files)}"
        return Finding("limit", Part("due", Status.UNKNOWN, text))
    text = f"the next is due at {schedule.text(when.next)}"
    return Finding("ok", Part("due", Status.OK, text, "in time"))


def _from(bound: float, status: Status) -> str:
    """``10 GB or more is a warning``."""
    return f"{size(bound)} or more is {'critical' if status is Status.CRITICAL else 'a warning'}"


def _size(config: FilesConfig, files: Files) -> Iterator[Finding]:
    """Too large is told at once; too small once nobody writes to it any more."""
    bounds, newest, settled = config.size, files.newest, files.settled
    if newest is None or bounds == type(bounds)():
        return
    status, bound = _above(newest.size + 1, bounds.warning, bounds.critical)
    if status is not Status.OK:
        text = f"{name_of(newest)} has {size(newest.size)}; {_from(bound, status)}"
        yield Finding("expectation", Part("size", status, text, size(newest.size)))
        return
    if settled is None:
        return
    for status, below in (
        (Status.CRITICAL, bounds.critical_below),
        (Status.WARNING, bounds.warning_below),
    ):
        if below is not None and settled.size < below:
            text = f"{name_of(settled)} has {size(settled.size)}, less than {size(below)}"
            yield Finding("expectation", Part("size", status, text, size(settled.size)))
            return
    text = f"{name_of(settled)} has {size(settled.size)}"
    yield Finding("ok", Part("size", Status.OK, text, size(settled.size)))


def _shrinks(config: FilesConfig, files: Files) -> Iterator[Finding]:
    bounds, last, before = config.shrinks, files.settled, files.before
    if last is None or before is None or not before.size:
        return
    if bounds.warning is None and bounds.critical is None:
        return
    smaller = 1 - last.size / before.size
    status, bound = _above(100 * smaller, bounds.warning, bounds.critical)
    change = f"{size(last.size)} after {size(before.size)}"
    if status is Status.OK:
        text = f"{name_of(last)} has {change}"
    else:
        text = f"{name_of(last)} is {percent(smaller)} smaller than the one before: {change}"
        text += f"; more than {bound:g} % is too much"
    rounded = round(-100 * smaller)
    sign = f"{rounded:+} %" if rounded else "0 %"
    yield Finding(_reason(status), Part("shrinks", status, text, sign))


def _total(config: FilesConfig, found: Scan) -> Iterator[Finding]:
    bounds = config.total
    if bounds.warning is None and bounds.critical is None:
        return
    status, bound = _above(found.total + 1, bounds.warning, bounds.critical)
    text = f"all together {size(found.total)}"
    if status is not Status.OK:
        text += f"; {_from(bound, status)}"
    yield Finding(_reason(status), Part("total", status, text, size(found.total)))


def _readable(item: Item, content: Content | None) -> Finding:
    name = name_of(item)
    if item.folder:
        text = f"{name} is a folder, and is not read"
        return Finding("config", Part("readable", Status.UNKNOWN, text))
    if content is None:
        return Finding("ok", Part("readable", Status.OK, f"{name}: {_BEING_READ}", "…"))
    if content.sound is None:
        return Finding("permission", Part("readable", Status.UNKNOWN, f"{name}: {content.text}"))
    if content.sound:
        return Finding("ok", Part("readable", Status.OK, f"{name}: {content.text}", "whole"))
    text = f"{name} cannot be restored from: {content.text}"
    return Finding("protocol", Part("readable", Status.CRITICAL, text, "damaged"))


def worst_of(findings: Sequence[Finding]) -> Finding | None:
    """The first of the worst; None where all are well."""
    bad = [one for one in findings if one.part.status is not Status.OK]
    return max(bad, key=lambda one: one.part.status.severity, default=None)
