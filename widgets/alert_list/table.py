"""The table of the alerts screen: what fires, may fire or is over, and rules that cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len

from checks.model import Status
from widgets import format as fmt
from widgets.alert_list.entries import (
    DEAD,
    ERRORS,
    FIRING,
    HISTORY,
    PENDING,
    RESOLVED,
    SECTIONS,
    Entry,
    calm_rules,
    entries_of,
    severity_rank,
    severity_word,
)
from widgets.alert_list.whole import group_words
from widgets.alert_list.words import EMPTY, entry_role, marks, sign_of, value_text
from widgets.brief import name_of_check
from widgets.empty import WAITING, no_rules, note, own_rules
from widgets.frame import Frame
from widgets.handling import is_quiet, is_silenced
from widgets.listing.order import Group, arranged
from widgets.listing.pane import ListPane
from widgets.text import Line, Seg, fit, groups_in, left, line, name_in, right, role_of, segs_width

if TYPE_CHECKING:
    from checks.views import Snapshot

__all__ = ["BY_STATE", "AlertTable", "Widths", "long_sections", "widths_for"]

_STEP: Final = 4
"""Names grow in steps, so that another one rarely moves all columns."""
_WORD: Final = 9
_VALUE: Final = 9
_SINCE: Final = 6
_LEAST_TEXT: Final = 14
"""Cells below which the beginning of a sentence says nothing."""
_FEW: Final = 6
"""Rows of a section up to which it is not folded by itself."""
_ROOMY: Final = 14
"""Lines of the pane from which on sections that are empty have one, too."""
_QUIET: Final = (RESOLVED, HISTORY, DEAD)
"""Sections that are folded by themselves where they are long: nothing in them is urgent."""
BY_STATE: Final = "state"
"""The grouping by what rows are: firing, pending, and so on."""
BY_GROUP: Final = "group"
"""The grouping by groups of rules, which has a row for every rule."""


@dataclass(frozen=True, slots=True)
class Widths:
    """Cells of each column, 0 of one that is left out."""

    word: int
    name: int
    thing: int
    value: int
    since: int
    text: int


def widths_for(width: int, name: int, thing: int) -> Widths:
    """How ``width`` cells are shared; ``name`` and ``thing`` are what the longest ones need."""
    rest = width - 3
    word = _WORD if width >= 72 else 0
    value = _VALUE if width >= 60 else 0
    rest -= word + value + _SINCE
    names = min(name, max(12, rest * 2 // 5), 36)
    things = min(thing + 1, max(0, rest - names), max(10, rest * 3 // 10), 32) if thing else 0
    text = rest - names - things - 2
    if text < _LEAST_TEXT:
        things = min(thing + 1, max(0, rest - names)) if thing else 0
        names, text = max(names, min(name, rest - things)), 0
    return Widths(word, names, things, value, _SINCE, text)


def long_sections(entries: Sequence[Entry]) -> frozenset[str]:
    """The sections that are folded where nobody has said otherwise."""
    return frozenset(
        section for section in _QUIET if sum(entry.section == section for entry in entries) > _FEW
    )


class AlertTable(ListPane[Entry]):
    """A row an alert, and one a rule that cannot be evaluated or can tell nothing."""

    title = "Alerts"
    ORDERS: ClassVar[tuple[str, ...]] = (
        *("severity", "since", "name", "thing", "rule file", "slowest"),
    )

    _widths: Widths = Widths(0, 12, 0, 0, _SINCE, 0)
    _width: int = 80
    _known: tuple[tuple[object, ...], tuple[Entry, ...]] = ((), ())

    def items(self) -> Sequence[Entry]:
        """The same entries as before where neither alerts nor rules are others.

        By groups of rules every rule has a row.
        """
        snapshot = self.snapshot
        if snapshot is None:
            return ()
        reads = (snapshot.rules, snapshot.alerts, snapshot.story, self.grouping == BY_GROUP)
        before, entries = self._known
        if len(before) != len(reads) or any(a is not b for a, b in zip(reads, before, strict=True)):
            entries = entries_of(snapshot)
            if self.grouping == BY_GROUP:
                entries = (*entries, *calm_rules(snapshot))
            self._known = (reads, entries)
        return entries

    def inputs(self) -> tuple[object, ...]:
        snapshot = self.snapshot
        read = (snapshot.rules, snapshot.story) if snapshot else (None, None)
        return (*read, *super().inputs())

    def key_of(self, item: Entry) -> str:
        return item.key

    def check_of(self, item: Entry) -> str:
        return item.check

    def status_of(self, item: Entry) -> Status:
        return item.status

    def texts_of(self, item: Entry) -> tuple[str, ...]:
        told = [item.name, item.thing, item.section, severity_word(item), item.sentence, item.check]
        if item.alert is not None:
            told += [f"{name}={value}" for name, value in item.alert.labels]
        if item.handled is not None:
            told += [mark.text for mark in marks(item, 0.0)]
        if item.rule is not None:
            told += [item.rule.group, f"{item.rule.file}:{item.rule.line}", item.rule.expression]
        return tuple(told)

    # Order

    def groupings(self) -> Sequence[str]:
        return (BY_STATE, "severity", "check", BY_GROUP, "")

    def group_of(self, item: Entry) -> str:
        grouping = self.grouping
        if grouping == "severity":
            return severity_word(item)
        if grouping == "check":
            return item.check
        if grouping == BY_GROUP:
            return item.rule.group if item.rule is not None else "checks"
        return item.section

    def rank(self, item: Entry) -> tuple[object, ...]:
        order = self.order
        first = order == "severity" or self.grouping == BY_STATE
        if order == "severity" and item.section not in SECTIONS:
            by: tuple[object, ...] = (-_took(item), item.name)
        else:
            by = _ORDERS.get(order, _worst_first)(item)
        return (_PLACES.get(item.section, len(SECTIONS)), *by) if first else by

    def grouped(self, matched: Sequence[Entry]) -> list[Group[Entry]]:
        """The groups of rows; by state also the sections that have none, where there is room."""
        groups = arranged(matched, self.rank, self.group_of if self.grouping else None)
        if self.grouping != BY_STATE or self.filter_text or self.size.height < _ROOMY:
            return groups
        found = {group.name: group for group in groups}
        return [found.get(name) or Group(name, ()) for name in SECTIONS]

    def most_rows(self) -> int:
        """The lines that it could use as it is folded now."""
        items = self.items()
        if not items or self.grouping != BY_STATE:
            return super().most_rows()
        return sum(item.section not in self.folded for item in items) + len(SECTIONS) + 3

    # What is drawn

    def nothing(self, width: int) -> list[Line]:
        snapshot = self.snapshot
        if snapshot is None:
            return note(WAITING, width)
        rules = snapshot.rules
        if rules is None and any(one.status is Status.WAITING for one in snapshot.checks):
            return note(WAITING, width)
        if rules is not None and rules.fault:
            return _problems(snapshot, width)
        if rules is None or not rules.rules:
            return self._no_rules(snapshot, width)
        count, verb = len(rules.rules), "is" if len(rules.rules) == 1 else "are"
        told = f"Nothing fires, nothing is pending: {fmt.many(count, 'rule')} {verb} evaluated."
        tick = Seg(f"{self.glyphs.status(Status.OK)} ", "ok")
        head = line(" ", tick, Seg(fit(told, width - 4), "dim"))
        return [head, line(), *_problems(snapshot, width), *own_rules(width)]

    def _no_rules(self, snapshot: Snapshot, width: int) -> list[Line]:
        rules = snapshot.rules
        if rules is not None and rules.loading:
            return note("the rules are being read", width)
        return [*_problems(snapshot, width), *no_rules(width)]

    def measure(self, items: Sequence[Entry], frame: Frame) -> None:
        self._width = frame.width
        alerts = [one for one in items if one.alert is not None or one.own is not None] or items
        name = max(cell_len(one.name) for one in alerts)
        thing = max(cell_len(one.thing) for one in alerts)
        stepped = [-(-cells // _STEP) * _STEP for cells in (name, thing)]
        self._widths = widths_for(frame.width, *stepped)

    def total(self, items: Sequence[Entry]) -> Line | None:
        """How the rules do, all together; a sentence on what is wrong with their files."""
        del items
        snapshot = self.snapshot
        rules = snapshot.rules if snapshot else None
        if snapshot is None or rules is None:
            return None
        if rules.problems:
            more = len(rules.problems) - 1
            others = f" (and {more} more)" if more else ""
            text = fit(f"   {rules.problems[0]}{others}", self._width, self.glyphs.cut)
            return line(Seg(text, "warning"))
        told = [
            [Seg(f"   {fmt.many(len(rules.rules), 'rule')}", "label")],
            [Seg("evaluated in ", "dim"), Seg(fmt.duration(rules.busy), "label")],
        ]
        slowest = max(rules.rules, key=lambda one: one.duration, default=None)
        if slowest is not None and slowest.duration > 0:
            took = Seg(f" {fmt.duration(slowest.duration)}", "label")
            told.append([Seg("slowest ", "dim"), Seg(slowest.name, "label"), took])
        if rules.loading:
            told.append([Seg("more are being read", "dim")])
        if rules.missed:
            told.append([Seg(f"{fmt.many(rules.missed, 'evaluation')} left out", "high")])
        return line(*groups_in(told, self._width)[0])

    def names(self) -> Line:
        widths = self._widths
        text = " " * 3 + (left("severity", widths.word) if widths.word else "")
        text += left("alert", widths.name)
        text += left(" what", widths.thing) if widths.thing else ""
        text += right("value", widths.value) if widths.value else ""
        text += right("since", widths.since)
        return line(Seg(text, "dim"))

    def told(self, item: Entry) -> tuple[object, ...]:
        now = self.snapshot.time if self.snapshot else 0.0
        return (self._since(item), *marks(item, now))

    def _since(self, item: Entry) -> str:
        now = self.snapshot.time if self.snapshot else 0.0
        return fmt.age(max(0.0, now - item.since)) if item.since is not None else ""

    def row(self, item: Entry) -> Line:
        widths, role = self._widths, entry_role(item)
        sign = role_of(item.status) if item.section == PENDING else role
        segs = [Seg(" "), Seg(sign_of(item, self.glyphs), sign), Seg(" ")]
        if widths.word:
            segs.append(Seg(left(severity_word(item), widths.word), role))
        segs.append(Seg(left(name_of_check(item.name, item.check, widths.name), widths.name), role))
        if widths.thing:
            segs.append(Seg(f" {name_in(item.thing, widths.thing - 1)}", "label"))
        if widths.value:
            value = value_text(item.value) if item.value is not None else ""
            if self.grouping == BY_GROUP and item.alert is None and item.rule is not None:
                value = fmt.duration(item.rule.duration) if item.rule.evaluated else ""
            segs.append(Seg(right(value, widths.value), "dim" if role == "dim" else "value"))
        segs.append(Seg(right(self._since(item), widths.since), "dim"))
        if widths.text > 0:
            segs += self._texts(item, widths.text)
        return line(*segs, key=item.key, check=item.check)

    def _texts(self, item: Entry, room: int) -> list[Seg]:
        """Its marks, and as much of its sentence as there is room for."""
        now = self.snapshot.time if self.snapshot else 0.0
        role = "dim" if item.section in _QUIET else "label"
        told = [*marks(item, now), Seg(item.sentence, role)]
        joint, segs, left_over = Seg(f" {self.glyphs.dot} ", "dim"), [Seg("  ")], room
        for at, seg in enumerate(told):
            between = [joint] if at else []
            left_over -= segs_width(between)
            if left_over < min(_LEAST_TEXT // 2, cell_len(seg.text)):
                break
            segs += [*between, Seg(fit(seg.text, left_over, self.glyphs.cut), seg.role)]
            left_over -= cell_len(seg.text)
        return segs

    def _of_group(self, group: Group[Entry], width: int) -> tuple[object, ...]:
        return (*super()._of_group(group, width), self._of_rules(group))

    def _of_rules(self, group: Group[Entry]) -> str:
        """How a group of rules is evaluated; empty for what is none."""
        snapshot = self.snapshot
        rule = group.items[0].rule if self.grouping == BY_GROUP and group.items else None
        if snapshot is None or snapshot.rules is None or rule is None:
            return ""
        found = snapshot.rules.group(rule)
        return group_words(found, snapshot.time) if found is not None else ""

    def _group_row(self, group: Group[Entry], width: int) -> Line:
        if self.grouping != BY_STATE:
            row, told = super()._group_row(group, width), self._of_rules(group)
            room = width - segs_width(row.segs) - 3
            if not told or room < _LEAST_TEXT:
                return row
            return line(*row.segs, Seg(f"   {fit(told, room)}", "dim"), key=row.key)
        folded = group.name in self.folded
        sign = "+" if folded and group.items else "-" if group.items else " "
        count = len(group.items)
        role = _role_of_section(group) if count else "dim"
        head = [Seg(f" {sign} ", "key"), Seg(group.name, role), Seg(f" {count:,}", "label")]
        if not count:
            head.append(Seg(f"   {EMPTY[group.name]}", "dim"))
        elif group.name in (FIRING, PENDING):
            head += self._counts(group)
        elif folded:
            named = ", ".join(dict.fromkeys(entry.name for entry in group.items))
            head.append(Seg(f"   {named}", "dim"))
        return line(*head, key=group.key)

    def _counts(self, group: Group[Entry]) -> list[Seg]:
        """How many of each severity there are."""
        words = [severity_word(entry) for entry in group.items]
        worst_first = dict.fromkeys(
            word for _, word in sorted((severity_rank(e), severity_word(e)) for e in group.items)
        )
        role = "dim" if group.name == PENDING else "label"
        told = [Seg(f"   {words.count(word):,} {word}", role) for word in worst_first]
        taken = sum(is_quiet(e.handled) and not is_silenced(e.handled) for e in group.items)
        silenced = sum(is_silenced(entry.handled) for entry in group.items)
        for count, word in ((taken, "taken"), (silenced, "silenced")):
            told += [Seg(f"   {count:,} {word}", "dim")] if count else []
        return told

    def heading(self) -> Sequence[Seg]:
        items = self.items()
        segs = [Seg(self.title, "title")]
        if not items:
            return segs
        if self.filter_text:
            segs.append(Seg(f" {fmt.count(self._matched)} of {fmt.count(len(items))} match", "dim"))
        else:
            for section in (FIRING, PENDING, ERRORS):
                count = sum(item.section == section for item in items)
                role = {FIRING: "critical", ERRORS: "unknown"}.get(section, "label")
                word = section.removesuffix("s") if count == 1 else section
                segs.append(Seg(f" {count:,} {word}", role if count else "dim"))
        told = f" {self.glyphs.dot} by {self.order}"
        if self.grouping and self.grouping != BY_STATE:
            told += f", grouped by {self.grouping}"
        return [*segs, Seg(told, "dim")]


def _role_of_section(group: Group[Entry]) -> str:
    if group.name == FIRING:
        return role_of(max((one.status for one in group.items), key=lambda one: one.severity))
    return "unknown" if group.name == ERRORS else "title"


def _worst_first(item: Entry) -> tuple[object, ...]:
    quiet = is_silenced(item.handled) * 2 or int(is_quiet(item.handled))
    since = -(item.since or 0.0)
    return (quiet, item.place, severity_rank(item), since, item.name, item.thing)


def _took(item: Entry) -> float:
    """Seconds that the last evaluation of its rule took."""
    return item.rule.duration if item.rule is not None else 0.0


def _place_in_file(item: Entry) -> tuple[object, ...]:
    rule = item.rule
    return ("", 0, item.name) if rule is None else (rule.file, rule.line, item.thing)


_PLACES: Final = {section: place for place, section in enumerate(SECTIONS)}
_ORDERS: Final[Mapping[str, Callable[[Entry], tuple[object, ...]]]] = {
    "since": lambda one: (one.since is None, -(one.since or 0.0), *_worst_first(one)),
    "name": lambda one: (one.name.casefold(), one.thing),
    "thing": lambda one: (one.thing.casefold(), *_worst_first(one)),
    "rule file": _place_in_file,
    "slowest": lambda one: (-_took(one), *_worst_first(one)),
}
"""What rows are sorted by; by how bad they are where nothing else is said."""


def _problems(snapshot: Snapshot, width: int) -> list[Line]:
    """What is wrong with rule files, as far as anything is."""
    problems = snapshot.rules.problems if snapshot.rules is not None else ()
    return [one for text in problems for one in note(text, width, "warning")]
