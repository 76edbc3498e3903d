"""What becomes of a log check's findings: child rows, a status and its sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from checks.findings import Finding
from checks.logs.reading import SourceState
from checks.model import Part, Status, worst
from checks.probes.log.config import LogConfig
from checks.probes.log.digest import Digest
from checks.wording import many, size, span

__all__ = ["findings", "gone_words", "sentence", "shown_rate"]

_MOST_SOURCES: Final = 10
_NOT_READ: Final = "nothing of the log can be read"
_FAR_BEHIND: Final = 8_000_000
"""Bytes not read yet from which on what is shown is no longer what happens."""


def findings(config: LogConfig, digest: Digest, now: float) -> list[Finding]:
    """Child rows, patterns first; those of which nothing is known last."""
    known = [Finding("limit", each.part(now, digest.since)) for each in digest.patterns]
    unknown: list[Finding] = []
    if not digest.readable:
        unknown = [_unknown(row.part.name) for row in known if row.part.status is Status.OK]
        known = [row for row in known if row.part.status is not Status.OK]
        if _is_bounded(config):
            unknown.append(_unknown("newest line"))
    quiet, sources = _quiet(config, digest, now), _sources(config, digest)
    return [*known, *quiet, *sources, *_reading(digest), *unknown]


def _unknown(name: str) -> Finding:
    """The row of what cannot be told without the log."""
    return Finding("missing", Part(name, Status.UNKNOWN, _NOT_READ, "\u2014"))


def _is_bounded(config: LogConfig) -> bool:
    """Whether it is to be told that nobody writes any more."""
    return config.quiet.warning is not None or config.quiet.critical is not None


def _quiet(config: LogConfig, digest: Digest, now: float) -> Iterator[Finding]:
    """Nobody writes any more, as far as that can be seen."""
    if not digest.readable or not _is_bounded(config):
        return
    bounds = config.quiet
    silent = now - (digest.newest if digest.newest is not None else digest.began)
    text = f"nothing was written for {span(silent)}"
    for status, bound in ((Status.CRITICAL, bounds.critical), (Status.WARNING, bounds.warning)):
        if bound is not None and silent > bound:
            told = f"{text}, expected every {span(bound)}"
            yield Finding("limit", Part("newest line", status, told, f"{span(silent)} ago"))
            return
    newest = "none yet" if digest.newest is None else f"{span(silent)} ago"
    yield Finding("ok", Part("newest line", Status.OK, "", newest))


def _sources(config: LogConfig, digest: Digest) -> Iterator[Finding]:
    """Files that cannot be read."""
    ill = [source for source in digest.sources if source.problem]
    for source in ill[:_MOST_SOURCES]:
        # Those that are left out since others were written to later are no fault.
        over = source.problem.startswith("not followed")
        status, reason = (Status.OK, "ok") if over else (Status.UNKNOWN, _reason(source))
        yield Finding(reason, Part(source.name, status, source.problem))
    if len(ill) > _MOST_SOURCES:
        text = f"{len(ill) - _MOST_SOURCES} more cannot be read"
        yield Finding("missing", Part("more files", Status.UNKNOWN, text))
    if not digest.sources and config.journal is None:
        text = f"no file matches {config.address()}: nothing is read"
        yield Finding("missing", Part("files", Status.UNKNOWN, text))


def _reason(source: SourceState) -> str:
    words = source.problem.lower()
    denied = "permission" in words or "may not" in words or "right" in words
    return "permission" if denied else "missing"


def gone_words(lines: int) -> str:
    """``1,204 lines were gone before they could be read``."""
    verb = "was gone before it" if lines == 1 else "were gone before they"
    return f"{many(lines, 'line')} {verb} could be read"


def _reading(digest: Digest) -> Iterator[Finding]:
    """What keeps onwatch from telling what is written."""
    if digest.losing.total:
        text = f"{gone_words(digest.losing.total)}, in the last 5 min"
        yield Finding("limit", Part("lost lines", Status.WARNING, text, f"{digest.losing.total:,}"))
    behind = sum(source.behind for source in digest.sources)
    if digest.readable and not digest.caught_up:
        text = f"{_still(behind)}, which counts for nothing yet"
        yield Finding("ok", Part("reading", Status.OK, text, size(behind) if behind else ""))
    elif behind > _FAR_BEHIND:
        text = f"{size(behind)} are not read yet: more is written than can be read"
        yield Finding("limit", Part("behind", Status.WARNING, text, size(behind)))


def _still(behind: int) -> str:
    left = f" {size(behind)} of" if behind else ""
    return f"still reading{left} what was there before"


def sentence(digest: Digest, rows: list[Finding], now: float) -> tuple[Status, str, str]:
    """The status of the check, the sentence, and the reason."""
    status = worst(row.part.status for row in rows)
    cause = next((row for row in rows if row.part.status is status is not Status.OK), None)
    if cause is None:
        return Status.OK, _figures(digest, now), "ok"
    ill = [row.part for row in rows if row.part.status is not Status.OK]
    others = sum(part.message != _NOT_READ for part in ill) - 1
    more = f" (and {others} more)" if others else ""
    counted = any(each.name == cause.part.name for each in digest.patterns)
    value = f"{cause.part.value}, " if counted else ""
    return status, f"{cause.part.name}: {value}{cause.part.message}{more}", cause.reason


def shown_rate(digest: Digest, now: float) -> float:
    """Records a second, over the last minute or what there was of it."""
    return digest.rate.total / max(1.0, min(digest.rate.window, now - digest.since))


def _figures(digest: Digest, now: float) -> str:
    """``12 lines/s, 3 errors in 5 min, newest 2 s ago``."""
    newest = "no line yet" if digest.caught_up else _still(sum(s.behind for s in digest.sources))
    if digest.newest is not None:
        newest = f"newest line {span(now - digest.newest)} ago"
    covered = min(digest.grave.window, now - digest.since)
    if covered < 1:
        return f"nothing counted yet, {newest}"
    errors = digest.grave.total
    counted = f"{errors:,} error{'' if errors == 1 else 's'}" if errors else "no errors"
    rate = _per_second(shown_rate(digest, now))
    return f"{rate}, {counted} in {span(covered)}, {newest}"


def _per_second(rate: float) -> str:
    """``1,204 lines/s``, or a minute where they are few."""
    if rate >= 1:
        return f"{rate:,.0f} line{'' if round(rate) == 1 else 's'}/s"
    minute = round(rate * 60)
    return f"{minute:,} line{'' if minute == 1 else 's'}/min"
