"""What a check depends on and what depends on it, as rows that lead there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import cell_len

from checks.model import Status
from widgets.details import DetailPane
from widgets.frame import Frame
from widgets.glyphs import WORDS
from widgets.text import Line, Seg, left, line, role_of, segs_width, wrap

if TYPE_CHECKING:
    from checks.views import CheckDetails, CheckView, Snapshot

__all__ = ["RelatedPane", "related", "related_lines"]

_SAID: Final = 2
"""Lines of what another check says; Enter leads to all of it."""


def related(snapshot: Snapshot, name: str) -> list[tuple[str, CheckView]]:
    """Each check that concerns ``name``, with how it does, causes first."""
    check = snapshot.check(name)
    above = check.depends_on if check else ()
    found = [("needs", one) for one in snapshot.checks if one.name in above]
    return found + [("needed by", one) for one in snapshot.checks if name in one.depends_on]


def related_lines(snapshot: Snapshot, name: str, frame: Frame) -> list[Line]:
    """What ``name`` needs, what needs it, and what is wrong because of it; none where it is alone.

    Its own alert is no news: it stands at the top of the screen.
    """
    found = related(snapshot, name)
    named = {check.name for _, check in found}
    suffers = [a for a in snapshot.alerts if a.cause == name and a.check not in {*named, name}]
    rows = [_Row(how, one.name, one.name, one.status, one.message) for how, one in found]
    rows += [_Row("suffers", a.name, a.check, a.status, a.sentence) for a in suffers]
    return [shown for row in rows for shown in row.lines(frame)]


class _Row(NamedTuple):
    """Another check or its alert: how it concerns this one, and what it says."""

    relation: str
    name: str
    check: str
    status: Status
    message: str

    def lines(self, frame: Frame) -> list[Line]:
        """What it says beside its name where there is room, else beneath."""
        word = WORDS[self.status]
        if not frame.wants(self.relation, self.name, word, self.message):
            return []
        head = [
            Seg(f" {left(self.relation, 10)}", "dim"),
            Seg(f"{frame.glyphs.status(self.status)} {self.name} {word}", role_of(self.status)),
        ]
        if cell_len(self.message) <= frame.width - segs_width(head) - 2:
            return [self._line(*head, Seg(f"  {self.message}", "dim"))]
        said = wrap(self.message, frame.width - 12, _SAID)
        return [self._line(*head), *(self._line(" " * 11, Seg(row, "dim")) for row in said)]

    def _line(self, *segs: Seg | str) -> Line:
        return line(*segs, key=self.check, check=self.check)


class RelatedPane(DetailPane):
    """What the check needs, what needs it, and what suffers by it."""

    title = "Concerns"

    def build_details(self, details: CheckDetails, frame: Frame) -> list[Line]:
        return related_lines(self.snapshot, details.check, frame) if self.snapshot else []
