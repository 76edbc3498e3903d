"""The replication pane: each link and slot of a server, and how far behind it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from checks.model import Status
from widgets import format as fmt
from widgets.databases.pane import DatabasePane
from widgets.empty import note, nothing_matches
from widgets.frame import Frame
from widgets.glyphs import WORDS
from widgets.text import Line, Seg, left, line, right, role_of, wrap

if TYPE_CHECKING:
    from checks.databases.model import ReplicaRow
    from checks.views import DatabaseView

__all__ = ["ReplicationPane", "lag_of", "replica_lines"]

_ROLES: Final = {"replica": "to", "upstream": "from", "slot": "slot"}


def lag_of(row: ReplicaRow) -> str:
    """``12 s``, ``3.1 MB`` or both; a dash where the server does not tell."""
    parts = []
    if row.lag is not None:
        parts.append("0 s" if row.lag == 0 else fmt.coarse(row.lag))
    if row.behind is not None:
        parts.append(fmt.size(row.behind))
    return ", ".join(parts) or fmt.DASH


def _rows(row: ReplicaRow, names: int, lags: int, view: DatabaseView, frame: Frame) -> list[Line]:
    fine = row.status is Status.OK
    role = role_of(row.status)
    key = f"{row.role}/{row.name}"
    segs = [
        Seg(f" {frame.glyphs.status(row.status)} ", role),
        Seg(f"{left(_ROLES[row.role], 4)} ", "dim"),
        Seg(left(row.name, names), "name" if fine else role),
        Seg(f" {right(lag_of(row), lags)}", "value" if fine else role),
        Seg(f"  {row.state}", "label"),
    ]
    lines = [line(*segs, key=key, check=view.check)]
    if row.message and not fine:
        told = wrap(row.message, frame.width - 4, 2)
        lines += [line(Seg(f"   {text}", "label"), key=key, check=view.check) for text in told]
    return lines


def replica_lines(view: DatabaseView, frame: Frame) -> list[Line]:
    """A row a link or slot."""
    rows = view.facts.replicas if view.facts else ()
    if not rows:
        return note("no replica, no server above, no slot", frame.width)
    wanted = [row for row in rows if frame.wants(row.name, row.state, row.message, row.role)]
    if not wanted:
        return nothing_matches(frame.filter_text, frame.width)
    names = min(max(cell_len(row.name) for row in wanted), max(8, frame.width // 3))
    lags = max(cell_len(lag_of(row)) for row in wanted)
    return [made for row in wanted for made in _rows(row, names, lags, view, frame)]


class ReplicationPane(DatabasePane):
    """Whom this server sends to or receives from."""

    title = "Replication"

    def summary(self, view: DatabaseView) -> Sequence[Seg]:
        rows = view.facts.replicas if view.facts else ()
        if not rows:
            return [Seg(" none", "dim")]
        worst = max(rows, key=lambda row: (row.status.severity, row.lag or 0.0))
        if worst.status is Status.OK:
            return [Seg(f" {len(rows)} ok, worst {lag_of(worst)}", "dim")]
        role = "dim" if view.silent_since is not None else role_of(worst.status)
        text = f"{worst.name} {WORDS[worst.status]} {lag_of(worst)}"
        return [Seg(f" {self.glyphs.status(worst.status)} {text}", role)]

    def build_view(self, view: DatabaseView, frame: Frame) -> list[Line]:
        return replica_lines(view, frame)
