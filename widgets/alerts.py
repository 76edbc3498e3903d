"""The alerts pane: what is wrong now, worst first, each in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from checks.model import Status
from widgets import format as fmt
from widgets.empty import WAITING, note, nothing_matches
from widgets.frame import Frame
from widgets.glyphs import UNICODE, WORDS, Glyphs
from widgets.lines import LinePane
from widgets.text import Line, Seg, fit, left, line, right, role_of, wrap

if TYPE_CHECKING:
    from checks.views import AlertView, Snapshot

__all__ = ["AlertsPane", "alert_counts", "alert_lines"]


def alert_counts(alerts: Sequence[AlertView], glyphs: Glyphs = UNICODE) -> list[Seg]:
    """How many there are of each severity, worst first: ``2 ✖ 1 ▲``."""
    numbers = Counter(alert.status for alert in alerts)
    worst_first = sorted(numbers, key=lambda status: -status.severity)
    return [Seg(f" {numbers[s]} {glyphs.status(s)}", role_of(s)) for s in worst_first]


def _head(alert: AlertView, now: float, width: int, glyphs: Glyphs) -> Line:
    """Glyph and name; the word and the age on the right."""
    role = role_of(alert.status)
    age = fmt.age(max(0.0, now - alert.since))
    word = f"{WORDS[alert.status]} " if width >= 30 else ""
    tail = cell_len(word) + 5
    name = alert.name if alert.check in ("", alert.name) else f"{alert.name} {alert.check}"
    return line(
        " ",
        Seg(glyphs.status(alert.status), role),
        " ",
        Seg(left(name, max(4, width - 4 - tail)), role),
        Seg(word, role),
        Seg(right(age, 5), "dim"),
        key=alert.id,
        check=alert.check,
    )


def _one_line(alert: AlertView, now: float, names: int, width: int, glyphs: Glyphs) -> Line:
    role = role_of(alert.status)
    age = right(fmt.age(max(0.0, now - alert.since)), 5)
    word = f" {right(WORDS[alert.status], 8)}" if width >= 60 else ""
    room = max(0, width - 3 - names - 1 - len(word) - 6)
    return line(
        " ",
        Seg(glyphs.status(alert.status), role),
        " ",
        Seg(left(alert.name, names), role),
        " ",
        Seg(left(alert.sentence, room), "label"),
        Seg(word, role),
        Seg(f" {age}", "dim"),
        key=alert.id,
        check=alert.check,
    )


def _body(alert: AlertView, width: int, limit: int, glyphs: Glyphs) -> list[Line]:
    """The sentence, and what it follows from."""
    key, check = alert.id, alert.check
    sentence = wrap(alert.sentence, width - 4, limit)
    lines = [line("   ", Seg(one, "label"), key=key, check=check) for one in sentence]
    if alert.cause:
        text = f"{glyphs.follows} follows from {alert.cause}"
        lines.append(line("   ", Seg(fit(text, width - 4), "dim"), key=key, check=check))
    return lines


def alert_lines(snapshot: Snapshot | None, frame: Frame) -> list[Line]:
    """The pane's rows: two lines each and up to three where there is room, or one."""
    width, glyphs = frame.width, frame.glyphs
    if snapshot is None:
        return note(WAITING, width)
    if not snapshot.alerts:
        return _quiet(snapshot, width, glyphs)
    alerts = [
        a for a in snapshot.alerts if frame.wants(a.name, a.check, WORDS[a.status], a.sentence)
    ]
    if not alerts:
        return nothing_matches(frame.filter_text, width)
    if frame.compact:
        names = min(max(cell_len(alert.name) for alert in alerts), 20, width // 3)
        return [_one_line(alert, snapshot.time, names, width, glyphs) for alert in alerts]
    lines: list[Line] = []
    for limit in (3, 2, 1):
        lines = []
        for alert in alerts:
            lines.append(_head(alert, snapshot.time, width, glyphs))
            lines.extend(_body(alert, width, limit, glyphs))
        if len(lines) <= frame.height:
            break
    return lines


def _quiet(snapshot: Snapshot, width: int, glyphs: Glyphs) -> list[Line]:
    checks = snapshot.checks
    if not checks:
        return note("Nothing is watched yet: a check that is not OK is an alert.", width)
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
        alerts = self.snapshot.alerts if self.snapshot else ()
        return [Seg("Alerts", "title"), *alert_counts(alerts, self.glyphs)]

    def build(self, width: int, height: int) -> list[Line]:
        return alert_lines(self.snapshot, self.frame(width, height))
