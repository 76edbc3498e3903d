"""What a check depends on and what depends on it, as rows that lead there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from widgets.details import DetailPane
from widgets.empty import config_lines
from widgets.frame import Frame
from widgets.glyphs import WORDS
from widgets.text import Line, Seg, left, line, role_of

if TYPE_CHECKING:
    from checks.views import AlertView, CheckDetails, CheckView, Snapshot

__all__ = ["RelatedPane", "related"]

_ALONE: Final = "It is told of no check that it needs. Beside its name in onwatch.yaml:"
_CONFIG: Final = ("depends_on: [database, cache]", "runbook: api-down")


def related(snapshot: Snapshot, name: str) -> list[tuple[str, CheckView]]:
    """Each check that concerns ``name``, with how it does, causes first."""
    check = snapshot.check(name)
    above = check.depends_on if check else ()
    found = [("needs", one) for one in snapshot.checks if one.name in above]
    return found + [("needed by", one) for one in snapshot.checks if name in one.depends_on]


def _row(relation: str, check: CheckView, frame: Frame) -> Line:
    role = role_of(check.status)
    return line(
        Seg(f" {left(relation, 10)}", "dim"),
        Seg(f"{frame.glyphs.status(check.status)} {check.name} ", role),
        Seg(f"{WORDS[check.status]}  ", role),
        Seg(check.message, "dim"),
        key=check.name,
        check=check.name,
    )


def _alert_row(alert: AlertView, frame: Frame) -> Line:
    role = role_of(alert.status)
    return line(
        Seg(f" {left('alert', 10)}", "dim"),
        Seg(f"{frame.glyphs.status(alert.status)} {alert.name} ", role),
        Seg(alert.sentence, "label"),
        key=alert.id,
        check=alert.check,
    )


class RelatedPane(DetailPane):
    """The alerts of the check, what it needs and what needs it."""

    title = "Concerns"

    def build_details(self, details: CheckDetails, frame: Frame) -> list[Line]:
        snapshot = self.snapshot
        if snapshot is None:
            return []
        alerts = [a for a in snapshot.alerts if details.check in (a.check, a.cause)]
        lines = [_alert_row(alert, frame) for alert in alerts]
        lines += [_row(how, check, frame) for how, check in related(snapshot, details.check)]
        return lines or config_lines(_ALONE, _CONFIG, frame.width)
