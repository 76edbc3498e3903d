"""What a log check shows: tables for the details, facts, and the reading for the logs screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from checks.logs.counting import Top
from checks.logs.model import Level
from checks.logs.patterns import PatternCount
from checks.logs.tail import Reading
from checks.logs.views import PatternView
from checks.model import Status, Table
from checks.probes.log.config import LogConfig
from checks.probes.log.digest import Digest
from checks.probes.log.judge import gone_words, shown_rate
from checks.wording import many, percent, size, span

__all__ = ["facts", "note", "reading", "tables"]

_ROWS: Final = 15
_FILES: Final = 20


def reading(check: str, digest: Digest, now: float) -> Reading:
    """For the logs screen."""
    return Reading(
        files=tuple(source.name for source in digest.sources if not source.problem),
        rate=shown_rate(digest, now),
        window=digest.rate.window,
        note=note(digest),
        patterns=tuple(_view(pattern, check, digest, now) for pattern in digest.patterns),
        newest=digest.newest,
    )


def _view(pattern: PatternCount, check: str, digest: Digest, now: float) -> PatternView:
    view = pattern.view(check, now)
    unknown = view.status is Status.OK and not digest.readable
    return replace(view, status=Status.UNKNOWN) if unknown else view


def note(digest: Digest) -> str:
    """What is missing of what is shown, in one sentence; empty where nothing is."""
    ill = (f"{one.name}: {one.problem}" for one in digest.sources if one.problem)
    problem = next(ill, "")
    behind = sum(source.behind for source in digest.sources)
    ahead = "ahead of" if digest.skew > 0 else "behind"
    notes = (
        (not digest.sources, "no file to read"),
        (bool(problem), problem),
        (digest.losing.total > 0, f"{many(digest.losing.total, 'line')} lost in 5 min"),
        (behind > 0 and digest.more, f"{size(behind)} behind"),
        (
            digest.skew != 0,
            f"new lines lie {span(abs(digest.skew))} {ahead} now; is `time.zone` right?",
        ),
    )
    return next((text for applies, text in notes if applies), "")


def facts(config: LogConfig, digest: Digest, now: float) -> Iterator[tuple[str, str]]:
    """What does not change often."""
    held = digest.tail.held()
    if held.since is not None:
        yield "lines held", f"{len(held):,}, the oldest from {span(now - held.since)} ago"
    yield "read", f"{many(digest.lines, 'line')}, {size(digest.read)}"
    if digest.unreadable:
        so = "it is" if digest.unreadable == 1 else "they are"
        yield "not of the format", f"{many(digest.unreadable, 'line')}, held as {so}"
    if digest.lost:
        yield "lost", gone_words(digest.lost)
    for metric, made in zip(config.metrics, digest.metrics, strict=True):
        if made.capped:
            yield metric.metric, "more values of labels than are kept; the rest is `other`"
    if digest.skew:
        yield "time", note(digest)


def tables(config: LogConfig, digest: Digest, now: float) -> Iterator[Table]:
    """The most frequent errors and messages, what patterns ask for, and the files."""
    yield from _messages("top errors", digest.errors, digest.error_levels, now)
    yield from _messages("most common messages", digest.common, digest.levels_of, now)
    for pattern in digest.patterns:
        rows = pattern.by.most(_ROWS) if pattern.by is not None else ()
        if pattern.by is not None and rows:
            title = f"{pattern.name} by {pattern.field}, last {_since(pattern.by, now)}"
            counted = tuple((value, f"{count:,}") for value, count in rows)
            yield Table(title, (pattern.field, "count"), counted, frozenset({"count"}))
    yield from _files(config, digest)


def _since(top: Top, now: float) -> str:
    return span(max(1.0, now - top.since))


def _messages(title: str, top: Top, levels: Mapping[str, Level], now: float) -> Iterator[Table]:
    rows = top.most(_ROWS)
    if not rows:
        return
    total = sum(count for _, count in top.most(10_000))
    about = "about " if top.cut else ""
    yield Table(
        f"{title}, {about}last {_since(top, now)}",
        ("message", "level", "count", "share"),
        tuple(
            (
                text,
                levels[text].name.lower() if text in levels else "",
                f"{count:,}",
                percent(count / total),
            )
            for text, count in rows
        ),
        frozenset({"count", "share"}),
    )


def _files(config: LogConfig, digest: Digest) -> Iterator[Table]:
    if config.journal is not None or not digest.sources:
        return
    yield Table(
        "files",
        ("file", "size", "behind", ""),
        tuple(
            (source.name, size(source.size), size(source.behind), source.problem)
            for source in digest.sources[:_FILES]
        ),
        frozenset({"size", "behind"}),
    )
