"""What is under the cursor of the alerts screen, in full: its sentence, its value, its rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from widgets import format as fmt
from widgets.alert_list.entries import Entry, entry_at
from widgets.alert_list.whole import (
    about_lines,
    evidence_pairs,
    expression_lines,
    handled_lines,
    pair_lines,
    rule_pairs,
)
from widgets.alert_list.words import EMPTY, MEANINGS, file_of
from widgets.empty import note, own_rules
from widgets.frame import Frame
from widgets.listing.order import GROUP
from widgets.listing.selected import SelectedPane
from widgets.text import Line, Seg, line

if TYPE_CHECKING:
    from checks.views import Snapshot

__all__ = ["SelectedAlert", "selected_lines"]

_ROOMY: Final = 12
"""Lines from which on one is left free between the parts."""


def selected_lines(entry: Entry, snapshot: Snapshot, frame: Frame) -> list[Line]:
    """Everything about ``entry`` that has room beside the table; what matters most first."""
    now, rule, alert = snapshot.time, entry.rule, entry.alert
    apart = [line()] if frame.height >= _ROOMY else []
    lines = [*about_lines(entry, now, frame), *handled_lines(snapshot, entry.handled, frame)]
    if rule is None:
        return [*lines, *apart, *note("Enter tells all about its check", frame.width)]
    if alert is not None:
        own = ("value", "series", "why", "gone since", "no data since", "check", "runbook")
        pairs = [pair for pair in evidence_pairs(alert, rule, now) if pair[0] in own]
        lines += [
            *apart,
            *pair_lines(pairs, frame),
            *apart,
            *expression_lines(rule.expression, frame.width),
        ]
        labels = [pair for pair in alert.labels if pair[0] != "alertname"]
        where = [("rule", f"{file_of(rule)}, group {rule.group}")]
        return [*lines, *apart, *pair_lines(labels, frame), *apart, *pair_lines(where, frame)]
    lines += [*apart, *expression_lines(rule.expression, frame.width), *apart]
    group = snapshot.rules.group(rule) if snapshot.rules is not None else None
    return lines + pair_lines(rule_pairs(rule, now, group), frame)


class SelectedAlert(SelectedPane):
    """The row under the table's cursor."""

    _known: tuple[tuple[object, ...], Entry | None] = ((None, None, None, ""), None)

    @property
    def entry(self) -> Entry | None:
        """What is shown; the same object as before while its alert and its rule are."""
        snapshot = self.snapshot
        if snapshot is None or not self.subject:
            return None
        reads = (snapshot.rules, snapshot.alerts, snapshot.story, self.subject)
        before, entry = self._known
        if before[3] != reads[3] or any(
            a is not b for a, b in zip(before[:3], reads, strict=False)
        ):
            entry = entry_at(snapshot, self.subject)
            self._known = (reads, entry)
        return entry

    def heading(self) -> Sequence[Seg]:
        entry = self.entry
        if entry is not None:
            return [Seg(entry.name, "title"), Seg(f" {entry.thing}", "dim")]
        name = self.subject.removeprefix(GROUP)
        return [Seg(name or "Selected", "title")]

    def build(self, width: int, height: int) -> list[Line]:
        snapshot, entry = self.snapshot, self.entry
        if snapshot is not None and snapshot.rules is None and not snapshot.alerts:
            return own_rules(width)
        if snapshot is None or not self.subject:
            return note("nothing is selected", width)
        frame = Frame(width, height, self.glyphs)
        if entry is not None:
            return selected_lines(entry, snapshot, frame)
        section = self.subject.removeprefix(GROUP)
        if section == self.subject:
            return note("it is over, and not kept any more", width)
        return _of_section(section, len(self.members), width)


def _of_section(section: str, count: int, width: int) -> list[Line]:
    """What a section means."""
    if not count and section in EMPTY:
        return note(EMPTY[section], width)
    told = note(fmt.many(count, "row"), width)
    return told + note(MEANINGS.get(section, ""), width)
