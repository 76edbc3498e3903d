"""What happened to alerts of late: the last transitions of all rules, with their reasons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from widgets import format as fmt
from widgets.alert_list.entries import thing_of
from widgets.alert_list.words import moved, transition_role
from widgets.empty import note, nothing_matches, own_rules
from widgets.frame import Frame
from widgets.lines import LinePane
from widgets.text import Line, Seg, line

if TYPE_CHECKING:
    from checks.rules.views import TransitionView
    from checks.views import Snapshot

__all__ = ["RecentPane", "recent_lines"]

_NAMELESS = frozenset({"alertname", "severity", "priority"})


def _key(one: TransitionView, place: int) -> str:
    """The identity of its row; those of one moment and one alert differ in their place."""
    return f"{one.time!r}/{one.alert}/{place}"


def _values(one: TransitionView) -> str:
    """What it is of, where the alert itself is kept no more."""
    return " ".join(value for name, value in one.labels if name not in _NAMELESS)


def _things(snapshot: Snapshot) -> dict[str, str]:
    """What each alert that is kept is of, by its id."""
    rules = snapshot.rules.rules if snapshot.rules is not None else ()
    instances = {check.name: check.instance for check in snapshot.checks}
    return {
        one.id: thing_of(one, rule, instance=instances.get(one.check, ""))
        for rule in rules
        for one in rule.alerts
    }


def recent_lines(snapshot: Snapshot | None, frame: Frame) -> list[Line]:
    """A line a transition, the newest first."""
    rules = snapshot.rules if snapshot is not None else None
    if snapshot is not None and rules is None:
        return own_rules(frame.width)
    arrow = "->" if frame.glyphs.plain else "→"
    lines = []
    things = _things(snapshot) if snapshot is not None else {}
    transitions = rules.transitions if rules is not None else ()
    for place, one in enumerate(transitions):
        labels = things.get(one.alert) or _values(one)
        told = moved(one.before, one.after, arrow)
        if not frame.wants(one.name, labels, told, one.why):
            continue
        role = transition_role(one)
        segs = (
            Seg(f" {fmt.clock(one.time)}  ", "dim"),
            Seg(one.name, role),
            Seg(f" {labels}", "label"),
            Seg(f"  {told}", role),
            Seg(f"  {one.why}", "dim"),
        )
        lines.append(line(*segs, key=_key(one, place)))
    if not lines and transitions:
        return nothing_matches(frame.filter_text, frame.width)
    return lines or note("no alert has changed its state since the start", frame.width)


class RecentPane(LinePane):
    """The last transitions of all rules. Enter opens all about the alert."""

    def heading(self) -> Sequence[Seg]:
        return [Seg("What happened", "title")]

    def build(self, width: int, height: int) -> list[Line]:
        return recent_lines(self.snapshot, self.frame(width, height))

    def inputs(self) -> tuple[object, ...]:
        rules = self.snapshot.rules if self.snapshot else None
        return (rules.transitions if rules is not None else None, self.snapshot is None)

    def transition(self, key: str) -> TransitionView | None:
        """What the row with the identity ``key`` is about."""
        rules = self.snapshot.rules if self.snapshot else None
        numbered = enumerate(rules.transitions if rules is not None else ())
        return next((one for place, one in numbered if _key(one, place) == key), None)
