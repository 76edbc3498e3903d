"""The top line: the worst thing in words, and whether the picture is live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.reactive import reactive

from checks.model import Status
from widgets import format as fmt
from widgets.alerts import speaks
from widgets.brief import brief
from widgets.glyphs import UNICODE, WORDS, Glyphs
from widgets.handling import due_soon, handled_of, is_quiet, is_silenced, silenced_count
from widgets.text import Line, Seg, fit, fit_segs, line, role_of, segs_width
from widgets.view import PictureView

if TYPE_CHECKING:
    from checks.views import AlertView, Snapshot

__all__ = ["VerdictLine", "state_segs", "verdict_segs", "wrong_now"]


_LIT: Final = "chip-critical"
"""How the line is written while it flashes: reversed and bold."""
_ROOMY: Final = 100
"""Cells of a line from which on it holds everything."""
_NARROW: Final = 72
"""Cells of a line below which the host's name has no room."""
_SINCE: Final = 36
"""Cells for a sentence and its age from which on the age is worth some words of it."""
_WORDS: Final = 16
"""Cells of a sentence for which the name of a rule gives way; for half of them, the word beside the
sign where the name must stay."""
_WAY: Final = 60
"""Cells from which on the line of a notice has room for the key that puts it away, and the top line
for two words in its place.
"""
_BOTH: Final = 50
"""Cells from which on it is also worth some words how many more alerts there are."""


def _chip(status: Status, glyphs: Glyphs, word: str = "") -> Seg:
    text = f" {glyphs.status(status)} {word or WORDS[status].upper()} "
    return Seg(text, f"chip-{role_of(status)}")


def _worst(snapshot: Snapshot) -> AlertView | None:
    """The alert to speak of: the first of the worst, unless it only informs, or does not fire yet.
    Of what somebody has taken already only where there is nothing else.

    The first of all may be less bad: the cause of something worse.
    """
    wrong = wrong_now(snapshot)
    waiting = [one for one in wrong if not is_quiet(handled_of(snapshot, one.id))]
    found = waiting or wrong
    known = [one for one in found if one.no_history == found[0].no_history]
    return max(known, key=lambda one: one.status.severity, default=None)


def wrong_now(snapshot: Snapshot) -> list[AlertView]:
    """The alerts that say that something is wrong now, each thing once; silenced ones do not."""
    return [one for one in _ill(snapshot) if not is_silenced(handled_of(snapshot, one.id))]


def _ill(snapshot: Snapshot) -> list[AlertView]:
    alerts = snapshot.alerts
    return [one for one in alerts if one.firing and one.status is not Status.OK and speaks(one)]


def _only_silenced(snapshot: Snapshot, silenced: list[AlertView], glyphs: Glyphs) -> list[Seg]:
    """Where all that is wrong is silenced: how much that is, and the first of it."""
    first = silenced[0]
    count = fmt.many(len(silenced), "alert")
    told = f"  nothing but {count}, silenced: {first.name}: {first.sentence}"
    return [_chip(Status.WAITING, glyphs, "SILENCED"), Seg(told, "dim")]


def _besides(snapshot: Snapshot, glyphs: Glyphs) -> list[Seg]:
    """Where nothing is wrong: what may be soon, else what somebody wants to know."""
    there = [one for one in snapshot.alerts if speaks(one)]
    pending = [one for one in there if not one.firing]
    if not there:
        return []
    first = (pending or there)[0]
    count = len(pending) or len(there)
    word = "pending" if pending else "for information"
    told = f"{first.name}: {first.sentence}" if count == 1 else first.name
    more = f" and {count - 1} more" if count > 1 else ""
    return [Seg(f" {glyphs.dot} {word}: {told}{more}", "dim")]


def _nothing_wrong(snapshot: Snapshot, glyphs: Glyphs) -> list[Seg]:
    checks = snapshot.checks
    if not checks:
        text = "  nothing to watch yet: add checks to onwatch.yaml"
        return [_chip(Status.WAITING, glyphs, "EMPTY"), Seg(text, "dim")]
    waiting = sum(check.status is Status.WAITING for check in checks)
    if waiting:
        text = f"  {len(checks) - waiting} of {len(checks)} checks have answered"
        return [_chip(Status.WAITING, glyphs), Seg(text, "dim")]
    one = len(checks) == 1
    text = f"  {'the one check is' if one else f'all {len(checks)} checks are'} fine"
    return [_chip(Status.OK, glyphs), Seg(text, "text"), *_besides(snapshot, glyphs)]


def _tails(
    snapshot: Snapshot, alert: AlertView, glyphs: Glyphs, *, short: bool = True
) -> list[list[Seg]]:
    """What may follow the sentence, from the most to the least; in ``short`` words, or in those
    that panes have.
    """
    dot = f" {glyphs.dot} "
    word = "for at least" if alert.since_start else "since"
    since = [Seg(f"{dot}{word} {fmt.age(max(0.0, snapshot.time - alert.since))}", "dim")]
    if alert.no_history:
        since = [Seg(f"{dot}not known if it lasts", "dim")]
    if alert.flapping:
        since = [*since, Seg(f"{dot}flapping", "warning")]
    follows = [Seg(f"{dot}may follow from {alert.cause}", "label")] if alert.cause else []
    others = len(wrong_now(snapshot)) - 1
    more = [Seg(f"{dot}+{others} more", "dim")] if others else []
    handled = handled_of(snapshot, alert.id)
    said = due_soon(handled, snapshot.time, short=short)
    if handled is not None and handled.acknowledged is not None:
        said = f"taken by {handled.acknowledged.who}"
    due = [Seg(f"{dot}{said}", "label")] if said else []
    hidden = silenced_count(snapshot)
    silenced = [Seg(f"{dot}{hidden} silenced", "dim")] if hidden else []
    rest = [*due, *more, *silenced]
    tails = [[*since, *follows, *rest], [*since, *rest], [*since, *due, *more]]
    tails += [[*since, *due], [*since, *more], since]
    return [tail for at, tail in enumerate(tails) if tail not in tails[:at]]


def _way_out(snapshot: Snapshot, alert: AlertView, glyphs: Glyphs, key: str) -> list[Seg]:
    """The key that opens its runbook, where there is one."""
    if not key or snapshot.runbooks is None or alert.id not in snapshot.runbooks.links:
        return []
    return [Seg(f" {glyphs.dot} ", "dim"), Seg(key, "key"), Seg(" runbook", "dim")]


def _alert_head(alert: AlertView, width: int, glyphs: Glyphs) -> list[Seg]:
    """Sign, word and name; on a narrow line as much of them as leaves some words of the sentence,
    which tells of what a rule's alert is, and of a check's does not.
    """
    chip, role = _chip(alert.status, glyphs), role_of(alert.status)
    whole = [chip, Seg(f"  {alert.name}: ", role)]
    least = _WORDS if alert.rule else _WORDS // 2
    if width - segs_width(whole) >= min(least, cell_len(alert.sentence)):
        return whole
    if alert.rule:
        return [chip, Seg(" ")]
    return [Seg(f" {glyphs.status(alert.status)} ", chip.role), Seg(f" {alert.name}: ", role)]


def _alert_segs(
    snapshot: Snapshot, alert: AlertView, width: int, glyphs: Glyphs, key: str
) -> list[Seg]:
    """Glyph, word, name and sentence; the rest only where it cuts no sentence short."""
    head = _alert_head(alert, width, glyphs)
    room = width - segs_width(head)
    tails = _tails(snapshot, alert, glyphs)
    needed = cell_len(alert.sentence)
    short = tails[-1] if room >= _SINCE else []
    tail = next((tail for tail in tails if needed + segs_width(tail) <= room), short)
    if room >= _BOTH:
        # Worth some words of the sentence, but not most of them.
        tail = next((one for one in tails if segs_width(one) <= room // 2), tail)
    way = _way_out(snapshot, alert, glyphs, key)
    longer = _tails(snapshot, alert, glyphs, short=False)[0]
    if needed + segs_width([*longer, *way]) <= room:
        tail = longer
    if needed + segs_width([*tail, *way]) <= room:
        tail = [*tail, *way]
    return [*head, Seg(brief(alert.sentence, room - segs_width(tail), glyphs.cut), "text"), *tail]


def verdict_segs(
    snapshot: Snapshot | None, width: int, glyphs: Glyphs = UNICODE, runbook: str = ""
) -> list[Seg]:
    """The left part, at most ``width`` cells; ``runbook`` is the key that opens one."""
    if snapshot is None:
        segs = [_chip(Status.WAITING, glyphs), Seg("  the first results are on their way", "dim")]
    elif (alert := _worst(snapshot)) is not None:
        segs = _alert_segs(snapshot, alert, width, glyphs, runbook)
    elif silenced := _ill(snapshot):
        segs = _only_silenced(snapshot, silenced, glyphs)
    else:
        segs = _nothing_wrong(snapshot, glyphs)
    return list(fit_segs(segs, width, glyphs.cut))


def state_segs(
    snapshot: Snapshot | None,
    frozen: bool,
    width: int,
    glyphs: Glyphs = UNICODE,
    *,
    silent: bool = False,
    outdated: bool = False,
    named: bool = True,
) -> list[Seg]:
    """The right part: host name, time, and live, frozen, past, or not live for want of pictures;
    before that whether an ``outdated`` configuration is in force.

    In less room what is wrong goes before the host's name, and that before the time. Without the
    name where it is not to be ``named``.
    """
    if frozen:
        state = Seg(f"{glyphs.frozen} frozen", "warning")
    elif snapshot is not None and snapshot.source != "live":
        state = Seg(f"{glyphs.past} {snapshot.source}", "warning")
    elif silent:
        state = Seg(f"{glyphs.notice} not live", "warning")
    else:
        state = Seg(f"{glyphs.live} live", "ok" if snapshot else "dim")
    segs = [state, Seg(" ")]
    if outdated:
        told = "old config" if width >= _WAY else "config"
        segs = [Seg(f"{glyphs.notice} {told} ", "warning"), *segs]
    if snapshot is None:
        return segs
    roomy = width >= _ROOMY
    if roomy or not snapshot.alerts:
        segs = [Seg(fmt.clock(snapshot.time), "label"), Seg(" "), *segs]
    if named and width >= _NARROW:
        most = 24 if roomy else 12
        segs = [Seg(fit(snapshot.hostname, most, glyphs.cut), "name"), Seg("  "), *segs]
    return segs


def _room(width: int, state: Sequence[Seg]) -> int:
    """The cells that ``state`` leaves to the left part, of ``width``."""
    return max(0, width - segs_width(state) - 2)


class VerdictLine(PictureView):
    """One line across the top; a second one only while the engine has something to say."""

    DEFAULT_CSS = """
    VerdictLine {
        height: 1;
        &.-notice { height: 2; }
    }
    """

    frozen: reactive[bool] = reactive(False, repaint=False, layout=False)
    silent: reactive[bool] = reactive(False, repaint=False, layout=False)
    """Whether no picture has come for too long: what is shown is then not live."""
    outdated: reactive[bool] = reactive(False, repaint=False, layout=False)
    """Whether the configuration in force is not that of the file, which no notice says any more."""
    away: reactive[str] = reactive("", repaint=False, layout=False)
    """The key that puts the notice away, empty where none does."""

    runbook: reactive[str] = reactive("", repaint=False, layout=False)
    """The key that opens the runbook of what is wrong, empty where none does."""

    lit: reactive[bool] = reactive(False, repaint=False, layout=False)
    """Whether it is reversed, to be seen from afar, also without colours."""

    class PutAway(Message):
        """Somebody has read the notice."""

    @property
    def leads_for(self) -> AlertView | None:
        """The alert that it speaks of, where that leads to a runbook."""
        snapshot = self.snapshot
        if snapshot is None or snapshot.runbooks is None:
            return None
        alert = _worst(snapshot)
        return alert if alert is not None and alert.id in snapshot.runbooks.links else None

    def compose_lines(self, width: int, height: int) -> list[Line]:
        glyphs = self.glyphs
        state = self._state(width)
        verdict = verdict_segs(self.snapshot, _room(width, state), glyphs, self.runbook)
        blank = Seg(" " * (width - segs_width(verdict) - segs_width(state)))
        return [line(*verdict, blank, *state), *self.notice_lines(width)]

    def _state(self, width: int) -> list[Seg]:
        """The right part; without the host's name where the left one then says more."""
        glyphs = self.glyphs
        whole, bare = (self.state(width, named=named) for named in (True, False))
        said, more = (
            len(verdict_segs(self.snapshot, _room(width, state), glyphs)) for state in (whole, bare)
        )
        return bare if more > said else whole

    def state(self, width: int, *, named: bool = True) -> list[Seg]:
        """The right part, with the host's name where it is to be ``named`` and has room."""
        return state_segs(
            self.snapshot,
            self.frozen,
            width,
            self.glyphs,
            silent=self.silent,
            outdated=self.outdated,
            named=named,
        )

    def _fitted(self, lines: list[Line], width: int) -> list[Line]:
        if self.lit and lines:
            first, *more = lines
            lines = [replace(first, segs=(Seg(first.text, _LIT),)), *more]
        return super()._fitted(lines, width)

    def notice_lines(self, width: int) -> list[Line]:
        """What the engine has to say of itself, and the key that puts it away."""
        if not self._notice:
            return []
        way = f"  {self.away}: put away" if self.away and width >= _WAY else ""
        said = Seg(f" {self.glyphs.notice} {self._notice}", "warning")
        segs = [*fit_segs([said], width - cell_len(way), self.glyphs.cut)]
        blank = Seg(" " * (width - cell_len(way) - segs_width(segs)))
        return [line(*segs, *((blank, Seg(way, "dim")) if way else ()))]

    @property
    def _notice(self) -> str:
        return self.snapshot.health.notice if self.snapshot else ""

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if self._notice and offset is not None and offset.y > 0:
            self.post_message(self.PutAway())

    def watch_snapshot(self) -> None:
        self.set_class(bool(self._notice), "-notice")
        self.update_lines()

    def watch_frozen(self) -> None:
        self.update_lines()

    def watch_lit(self) -> None:
        self.update_lines()

    def watch_silent(self) -> None:
        self.update_lines()

    def watch_outdated(self) -> None:
        self.update_lines()

    def watch_runbook(self) -> None:
        self.update_lines()

    def watch_away(self) -> None:
        self.update_lines()
