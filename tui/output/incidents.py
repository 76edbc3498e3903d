"""Incidents as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len

from checks.story.model import Incident
from widgets.format import span
from widgets.text import fit, left

__all__ = ["incident_table"]

_HEAD = ("id", "severity", "began", "lasted", "acknowledged", "what")


def incident_table(incidents: Sequence[Incident], now: float, width: int | None) -> str:
    """A line for each, the newest first; times are local, ``width`` None for any length."""
    rows = [_HEAD, *(_row(one, now) for one in incidents)]
    wide = [max(cell_len(row[at]) for row in rows) for at in range(len(_HEAD) - 1)]
    lines = []
    for row in rows:
        cells = [left(text, cells) for text, cells in zip(row, wide, strict=False)]
        text = "  ".join([*cells, row[-1]])
        lines.append((text if width is None else fit(text, width)).rstrip())
    return "\n".join(lines)


def _row(one: Incident, now: float) -> tuple[str, ...]:
    began = datetime.fromtimestamp(one.began).astimezone()
    over = one.ended or one.quiet
    lasted = span((over or now) - one.began)
    took = one.time_to_acknowledge
    return (
        str(one.id),
        one.severity or one.status.value,
        f"{began:%Y-%m-%d %H:%M}",
        lasted if over is not None else f"{lasted} so far",
        "not" if took is None else f"after {span(took)}",
        one.title,
    )
