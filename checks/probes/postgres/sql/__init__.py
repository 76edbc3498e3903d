"""The statements, a file each, headed by what they cost the server.

``name.sql`` is for every version; ``name.14.sql`` takes its place from version 14 on, the
server's or, for ``statements``, the extension's.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["statement_for", "statements"]

Version = tuple[int, ...]


@cache
def statements() -> dict[str, dict[Version, str]]:
    """Every statement by its name and the version it is for, the lowest being ``()``."""
    found: dict[str, dict[Version, str]] = {}
    for path in Path(__file__).parent.glob("*.sql"):
        name, _, version = path.stem.partition(".")
        key = tuple(map(int, version.split("."))) if version else ()
        found.setdefault(name, {})[key] = path.read_text(encoding="utf-8").rstrip()
    return found


@cache
def statement_for(name: str, version: Version) -> str:
    """The text of the statement ``name`` for a server, or an extension, of ``version``."""
    variants = statements()[name]
    return variants[max(key for key in variants if key <= version)]
