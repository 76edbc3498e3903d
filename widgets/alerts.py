"""The alerts pane: what is wrong now, worst first, each in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from checks.model import Status
from widgets import format as fmt
from widgets.brief import brief, name_of_check
from widgets.empty import WAITING, no_checks, note, nothing_matches
from widgets.frame import Frame
from widgets.glyphs import UNICODE, WORDS, Glyphs
from widgets.handling import (
    due_soon,
    handled_of,
    handled_words,
    is_quiet,
    is_silenced,
    loudest_first,
    shouts,
    silenced_count,
)
from widgets.lines import LinePane
from widgets.pending import next_of_each
from widgets.text import Line, Seg, fit, left, line, right, role_of, segs_width, wrap

if TYPE_CHECKING:
    from checks.story.views import Handled
    from checks.views import AlertView, Snapshot

__all__ = ["AlertsPane", "alert_counts", "alert_lines", "speaks"]

_INFO: Final = "i"
"""The sign of what only informs, which is neither fine nor wrong."""
_ROOMY: Final = 36
"""Cells of a line from which on what is due is worth some words of the sentence."""
_LONGEST: Final = 8
"""Lines that a sentence takes at most."""


def speaks(alert: AlertView) -> bool:
    """Whether it says something which the alert of its own check does not say already."""
    return not alert.rule or not alert.cause or alert.cause != alert.check


def alert_counts(alerts: Sequence[AlertView], glyphs: Glyphs = UNICODE) -> list[Seg]:
    """How many there are of each severity, worst first, then what is pending: ``2 ✖ 1 ▲ 1 …``."""
    numbers = Counter(_sign(alert, glyphs) for alert in alerts if speaks(alert))
    known = {_sign(alert, glyphs): alert for alert in alerts}
    worst_first = sorted(
        numbers, key=lambda sign: (not known[sign].firing, -known[sign].status.severity)
    )
    return [Seg(f" {numbers[sign]} {sign}", _role(known[sign])) for sign in worst_first]


def _sign(alert: AlertView, glyphs: Glyphs) -> str:
    if not alert.firing:
        return glyphs.status(Status.WAITING)
    return _INFO if alert.status is Status.OK else glyphs.status(alert.status)


def _role(alert: AlertView, *, quiet: bool = False) -> str:
    if quiet or not alert.firing:
        return "dim"
    return "label" if alert.status is Status.OK else role_of(alert.status)


def _word(alert: AlertView, handled: Handled | None = None) -> str:
    if is_silenced(handled):
        return "silenced"
    if handled is not None and handled.acknowledged is not None:
        return "taken"
    if not alert.firing:
        return "pending"
    return "info" if alert.status is Status.OK else WORDS[alert.status]


def _head(told: _Told, now: float, width: int, glyphs: Glyphs) -> Line:
    """Glyph and name; the word and the age on the right."""
    alert, role = told.alert, told.role
    age = fmt.age(max(0.0, now - alert.since))
    word = f"{told.word} " if width >= 30 else ""
    room = max(4, width - 10 - cell_len(word))
    name = alert.name if alert.check in alert.name else f"{alert.name} {alert.check}"
    return line(
        " ",
        Seg(_sign(alert, glyphs), role),
        " ",
        Seg(left(name_of_check(name, alert.check, room), room), role),
        Seg(f" {word}", role),
        Seg(right(age, 5), "dim"),
        key=alert.id,
        check=alert.check,
    )


def _marks(alert: AlertView) -> list[str]:
    """What keeps it from being taken at its word."""
    marks = []
    if alert.no_data_since is not None:
        marks.append(
            f"no data since {fmt.clock(alert.no_data_since)}: nothing says that it is over"
        )
    if alert.no_history:
        marks.append("insufficient history: it stays as it is")
    if alert.flapping:
        marks.append("flapping: it is held for a while")
    return marks


@dataclass(frozen=True, slots=True)
class _Told:
    """An alert and what is said of it in full, with the word for how it is, and in few words by
    when somebody is to take it.
    """

    alert: AlertView
    texts: tuple[Seg, ...]
    word: str
    role: str
    due: str = ""

    def wrapped(self, width: int, limit: int) -> list[Seg]:
        """The texts below each other, each in ``limit`` lines at most."""
        return [
            Seg(row, role) for text, role in self.texts for row in wrap(text, width, limit) or [""]
        ]


def _told(snapshot: Snapshot, alerts: Sequence[AlertView], glyphs: Glyphs) -> list[_Told]:
    """What to say of each: a symptom's sentence only where nobody has said it before."""
    said: set[str] = set()
    told = []
    for alert in alerts:
        handled = handled_of(snapshot, alert.id)
        quiet = is_quiet(handled)
        texts = [Seg(alert.sentence, "label" if alert.firing and not quiet else "dim")]
        if alert.cause:
            texts = [] if alert.sentence in said else texts
            texts.append(Seg(f"{glyphs.follows} may follow from {alert.cause}", "dim"))
        texts += [Seg(f"{glyphs.follows} {mark}", "dim") for mark in _marks(alert)]
        texts += _dealt_with(snapshot, alert, handled, glyphs)
        said.add(alert.sentence)
        role = _role(alert, quiet=quiet)
        wrong = alert.status is not Status.OK
        due = due_soon(handled, snapshot.time, short=True) if wrong else ""
        told.append(_Told(alert, tuple(texts), _word(alert, handled), role, due))
    return told


def _dealt_with(
    snapshot: Snapshot, alert: AlertView, handled: Handled | None, glyphs: Glyphs
) -> list[Seg]:
    """Who has taken or silenced it; else by when somebody is to."""
    texts = [Seg(f"{glyphs.follows} {text}", "dim") for text in handled_words(snapshot, handled)]
    due = due_soon(handled, snapshot.time) if alert.status is not Status.OK else ""
    if due:
        role = "warning" if shouts(handled, alert, snapshot.time) else "dim"
        texts.append(Seg(f"{glyphs.follows} {due}", role))
    return texts


@dataclass(frozen=True, slots=True)
class _Columns:
    """Cells for the name of an alert and for what is said of it; ``worded``: then its status."""

    name: int
    text: int
    worded: bool


def _columns(told: Sequence[_Told], width: int) -> _Columns:
    name = min(max(cell_len(one.alert.name) for one in told), 20, width // 3)
    worded = width >= 60
    return _Columns(name, max(0, width - name - 10 - 9 * worded), worded)


def _row(told: _Told, text: Sequence[Seg], columns: _Columns, now: float, glyphs: Glyphs) -> Line:
    alert, role = told.alert, told.role
    age = right(fmt.age(max(0.0, now - alert.since)), 5)
    return line(
        " ",
        Seg(_sign(alert, glyphs), role),
        " ",
        Seg(left(name_of_check(alert.name, alert.check, columns.name), columns.name), role),
        " ",
        *text,
        Seg(" " * (columns.text - segs_width(text))),
        Seg(f" {right(told.word, 8)}" if columns.worded else "", role),
        Seg(f" {age}", "dim"),
        key=alert.id,
        check=alert.check,
    )


def _shortened(told: _Told, width: int, glyphs: Glyphs) -> list[Seg]:
    """All of it in one line: a symptom ends in what it may follow from, else in its mark, or in
    what is due, unless that would cost most of a narrow line's words.
    """
    text, *more = told.texts
    named = told.alert.cause or told.due
    short = f" {glyphs.follows} {named}" if named else ""
    cut = glyphs.cut
    after = fit(short or f" {more[0].text.partition(': ')[0]}", width // 2, cut) if more else short
    narrow = width < _ROOMY and cell_len(text.text + after) > width
    if narrow and told.due and not told.alert.cause:
        after = ""
    return [Seg(brief(text.text, width - cell_len(after), cut), text.role), Seg(after, "dim")]


def _informs(alert: AlertView) -> bool:
    """Whether it is told for information alone: nothing is wrong."""
    return bool(alert.rule) and alert.firing and alert.status is Status.OK


def _infos(told: Sequence[_Told], now: float, frame: Frame, room: int) -> list[Line]:
    """What only informs, in a line each, without its sentence where lines are narrow; in one for
    all where there is no room for that.

    Whoever filters gets to see what they look for.
    """
    if not told:
        return []
    columns = _columns(told, frame.width)
    if len(told) == 1 or len(told) <= room or frame.filter_text:
        glyphs = frame.glyphs
        if not frame.compact:
            return [_head(one, now, frame.width, glyphs) for one in told]
        texts = (_shortened(one, columns.text, glyphs) for one in told)
        return [_row(*pair, columns, now, glyphs) for pair in zip(told, texts, strict=True)]
    names = ", ".join(dict.fromkeys(one.alert.name for one in told))
    text = left(f"{len(told)} info: {names}", max(0, frame.width - 9))
    age = right(fmt.age(max(0.0, now - max(one.alert.since for one in told))), 5)
    return [line(" ", Seg(_INFO, "label"), " ", Seg(text, "label"), Seg(f" {age}", "dim"))]


def _compact(told: Sequence[_Told], now: float, frame: Frame, free: int) -> list[Line]:
    """A line each; what one would cut goes on beneath it, as long as lines are ``free``."""
    glyphs = frame.glyphs
    columns = _columns(told, frame.width) if told else _Columns(0, 0, worded=False)
    lines: list[Line] = []
    for one in told:
        alert, (first, *more) = one.alert, one.wrapped(columns.text, _LONGEST)
        fits = len(more) <= free
        text = [first] if fits else _shortened(one, columns.text, glyphs)
        lines.append(_row(one, text, columns, now, glyphs))
        if fits:
            free -= len(more)
            indent = " " * (columns.name + 4)
            lines += [line(indent, row, key=alert.id, check=alert.check) for row in more]
    return lines


def _most_lines(told: Sequence[_Told], width: int, height: int) -> int:
    """How many lines each text may take, so that all fit in ``height``; at least one."""
    counts = [len(wrap(text, width, _LONGEST)) for one in told for text, _ in one.texts]
    limits = range(_LONGEST, 1, -1)
    return next((n for n in limits if sum(min(n, count) for count in counts) <= height), 1)


def alert_lines(snapshot: Snapshot | None, frame: Frame) -> list[Line]:
    """The pane's rows: a head and sentences as long as there is room for them, or one line."""
    width, glyphs = frame.width, frame.glyphs
    if snapshot is None:
        return note(WAITING, width)
    if not snapshot.alerts:
        return _quiet(snapshot, width, glyphs)
    alerts = [
        a
        for a in next_of_each(snapshot, snapshot.alerts)
        if speaks(a) and frame.wants(*_texts(a), _word(a, handled_of(snapshot, a.id)))
    ]
    if not alerts:
        # What does not speak has been said by a check, which may be well again by now.
        filtered = frame.filter_text
        return nothing_matches(filtered, width) if filtered else _quiet(snapshot, width, glyphs)
    every = _told(snapshot, loudest_first(snapshot, alerts), glyphs)
    told = [one for one in every if not _informs(one.alert)]
    least = len(told) if frame.compact else sum(1 + len(one.texts) for one in told)
    rest = [one for one in every if _informs(one.alert)]
    infos = _infos(rest, snapshot.time, frame, frame.height - least)
    height = frame.height - len(infos) - len(told)
    if frame.compact:
        return [*_compact(told, snapshot.time, frame, height), *infos]
    limit = _most_lines(told, width - 4, height)
    lines: list[Line] = []
    for one in told:
        lines.append(_head(one, snapshot.time, width, glyphs))
        key, check = one.alert.id, one.alert.check
        rows = one.wrapped(width - 4, limit)
        lines += [line("   ", row, key=key, check=check) for row in rows]
    return [*lines, *infos]


def _texts(alert: AlertView) -> tuple[str, ...]:
    labels = (value for _, value in alert.labels)
    return (alert.name, alert.check, _word(alert), alert.sentence, alert.cause, *labels)


def _quiet(snapshot: Snapshot, width: int, glyphs: Glyphs) -> list[Line]:
    checks = snapshot.checks
    if not checks:
        return no_checks(width, "Nothing is watched yet: a check that is not OK is an alert.")
    waiting = sum(check.status is Status.WAITING for check in checks)
    if waiting == len(checks):
        return note(WAITING, width)
    text = "Nothing is wrong."
    if waiting:
        text += f" {waiting} of {len(checks)} checks have yet to answer."
    return [line(" ", Seg(f"{glyphs.status(Status.OK)} ", "ok"), Seg(fit(text, width - 4), "dim"))]


class AlertsPane(LinePane):
    """What is wrong now and since when."""

    def heading(self) -> Sequence[Seg]:
        alerts = next_of_each(self.snapshot, self.snapshot.alerts) if self.snapshot else ()
        counts = alert_counts(self._loud(alerts), self.glyphs)
        hidden = silenced_count(self.snapshot) if self.snapshot else 0
        if hidden:
            counts.append(Seg(f" {hidden} silenced", "dim"))
        rules = self.snapshot.rules if self.snapshot else None
        broken = rules.errors if rules else 0
        text = f" {broken} rule{'' if broken == 1 else 's'} in error"
        failed = [Seg(text, "unknown")] if broken else []
        return [Seg("Alerts", "title"), *counts, *failed]

    def _loud(self, alerts: Sequence[AlertView]) -> list[AlertView]:
        """Those of ``alerts`` that no silence hides."""
        return [one for one in alerts if not is_silenced(handled_of(self.snapshot, one.id))]

    def build(self, width: int, height: int) -> list[Line]:
        return alert_lines(self.snapshot, self.frame(width, height))
