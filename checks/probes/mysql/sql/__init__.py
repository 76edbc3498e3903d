"""The statements, a file each, headed by what they cost the server.

``name.sql`` is for both; ``name.mariadb.sql`` and ``name.mysql.sql`` are for one of them, and
``name.mysql-old.sql`` for a MySQL before 8.0.22 or without performance_schema.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from checks.databases.asked import cost_of

__all__ = ["head_of", "statement_for", "statements"]


@cache
def statements() -> dict[tuple[str, str], str]:
    """Every statement by its name and what it is for, empty where for both."""
    found: dict[tuple[str, str], str] = {}
    for path in Path(__file__).parent.glob("*.sql"):
        name, _, flavour = path.stem.partition(".")
        lines = path.read_text(encoding="utf-8").splitlines()
        # What stands above is for readers; the server's process list shows the statement.
        found[name, flavour] = "\n".join(line for line in lines if not line.startswith("--"))
    return found


@cache
def _heads() -> dict[tuple[str, str], str]:
    found = {}
    for path in Path(__file__).parent.glob("*.sql"):
        name, _, flavour = path.stem.partition(".")
        found[name, flavour] = cost_of(path.read_text(encoding="utf-8"))
    return found


def head_of(name: str, flavours: Sequence[str]) -> str:
    """What stands above :func:`statement_for`: when it is asked and what it costs."""
    known = _heads()
    return next((known[name, one] for one in (*flavours, "") if (name, one) in known), "")


def statement_for(name: str, flavours: Sequence[str]) -> str:
    """The text of the statement ``name``, the first of ``flavours`` that there is."""
    known = statements()
    return next(known[name, one] for one in (*flavours, "") if (name, one) in known)
