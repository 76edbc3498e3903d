"""What is taken out of the story's file: what is too old, and what is too much."""

from __future__ import annotations

import sqlite3
from typing import Final

from checks.longterm.tally import KEPT, MOST

__all__ = ["LONGEST", "MOST_ENTRIES", "take_out", "take_out_oldest"]

MOST_ENTRIES: Final = 50_000
MOST_FIGURES: Final = 100_000
MOST_OTHERS: Final = 5_000
"""Rows that are kept of incidents, silences, acknowledgements, and sessions, each; of what lasts
all are."""
LONGEST: Final = 90 * 86_400.0
"""Seconds that anything is kept."""


def take_out(held: sqlite3.Connection, now: float) -> None:
    """What is too old at ``now`` (seconds), or more rows than are kept; within a transaction."""
    for table, when in (
        ("entries", "at"),
        ("acknowledgements", "ended"),
        ("silences", "ends"),
        ("incidents", "ended"),
        ("sessions", "seen"),
    ):
        held.execute(f"DELETE FROM {table} WHERE {when} < ?", (now - LONGEST,))  # noqa: S608
    for table, key, most, which in (
        ("entries", "id", MOST_ENTRIES, "TRUE"),
        ("incidents", "id", MOST_OTHERS, "ended IS NOT NULL"),
        ("acknowledgements", "at", MOST_OTHERS, "ended IS NOT NULL"),
        ("silences", "ends", MOST_OTHERS, "TRUE"),
        ("sessions", "seen", MOST_OTHERS, "TRUE"),
        ("figures", "at", MOST_FIGURES, "TRUE"),
    ):
        held.execute(
            f"DELETE FROM {table} WHERE {which} AND {key} < (SELECT {key} FROM {table} "  # noqa: S608
            f"ORDER BY {key} DESC LIMIT 1 OFFSET ?)",
            (most - 1,),
        )
    held.execute("DELETE FROM figures WHERE incident NOT IN (SELECT id FROM incidents)")
    _take_out_tallies(held, now)


def _take_out_tallies(held: sqlite3.Connection, now: float) -> None:
    for step, kept in KEPT.items():
        held.execute("DELETE FROM tallies WHERE step = ? AND start < ?", (step, now - kept))
    (count,) = held.execute("SELECT count(*) FROM tallies").fetchone()
    if count > MOST:
        held.execute(
            "DELETE FROM tallies WHERE (series, step, start) IN "
            "(SELECT series, step, start FROM tallies ORDER BY start LIMIT ?)",
            (count - MOST,),
        )
    held.execute(
        "DELETE FROM tallied WHERE NOT EXISTS "
        "(SELECT 1 FROM tallies WHERE tallies.series = tallied.series)"
    )


def take_out_oldest(held: sqlite3.Connection) -> None:
    """A quarter of the entries and of the figures; within a transaction."""
    for table, key in (("entries", "id"), ("figures", "at")):
        held.execute(
            f"DELETE FROM {table} WHERE {key} <= (SELECT {key} FROM {table} ORDER BY "  # noqa: S608
            f"{key} LIMIT 1 OFFSET (SELECT count(*) / 4 FROM {table}))"
        )
