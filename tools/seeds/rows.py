"""The rows of docs/seeds/: read, and checked for their form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

__all__ = [
    "FOLDER", "LATER", "NAMES", "PLACES", "ROOT", "SYSTEMS", "Row", "checklist", "items", "rows_of",
]  # fmt: skip

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs" / "seeds"
SYSTEMS: Final = {
    "aigateway": "AIG",
    "askproai": "ASK",
    "smart-ebook-chat": "EBC",
    "xionimus": "XIO",
    "moai-flow": "MOA",
}
"""The folder in examples/ of each system, and what the ids of its guide begin with."""
NAMES: Final = {
    "aigateway": "AIGateway",
    "askproai": "AskProAI",
    "smart-ebook-chat": "Smart Ebook Chat",
    "xionimus": "Xionimus AI",
    "moai-flow": "MoAI-Flow",
}
PLACES: Final = ("check", "rule", "screen", "command", "runbook", "dashboard", "log")
"""What a row may name, each of which has to be there."""
LATER: Final = {
    "agent": "needs the headless agent",
    "notifications": "needs notifications",
    "history": "needs days of history",
}

_KEYS: Final = {*PLACES, "says", "test", "note", "later", "out"}
_ROW: Final = re.compile(r"^\| ([A-Z]{3}-\d+) \| (.*) \| ([^|]*) \| ((?:[^|]|\\\|)*) \|$", re.M)


@dataclass(frozen=True, slots=True)
class Row:
    """Where onwatch shows one thing of a guide.

    ``places`` are pairs of what is named (one of :data:`PLACES`) and its name; ``later`` is a key
    of :data:`LATER`, ``out`` the reason why it is out of scope; both are empty for what is shown.
    """

    system: str
    id: str
    places: tuple[tuple[str, str], ...]
    says: str
    tests: tuple[str, ...]
    note: str
    later: str
    out: str

    @property
    def status(self) -> str:
        """``shown``, ``later`` or ``out of scope``."""
        return "out of scope" if self.out else "later" if self.later else "shown"


def rows_of(system: str) -> list[Row]:
    """The rows of ``system``, in the order of their ids.

    Raises:
        ValueError: a row has no such form; the sentence says which.
    """
    file = FOLDER / f"{system}.yaml"
    found = yaml.load(file.read_text(encoding="utf-8"), _NoDoubles)
    tests = str(found.get("tests", ""))
    rows = [_row(system, key, value, tests) for key, value in found["rows"].items()]
    return sorted(rows, key=lambda row: int(row.id.partition("-")[2]))


def items() -> dict[str, str]:
    """What the guides say, by id."""
    text = (FOLDER / "items.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def checklist(file: Path) -> dict[str, tuple[str, str, str]]:
    """Of every id in the list of all that the guides ask for: what it says, its kind, and where
    it was expected (or why it is out of scope)."""
    found = _ROW.findall(file.read_text(encoding="utf-8"))
    return {key: (text.strip(), kind.strip(), where.strip()) for key, text, kind, where in found}


class _NoDoubles(yaml.SafeLoader):
    """A row that stands twice is a mistake, not the second one."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        doubled = {key for key in keys if keys.count(key) > 1}
        if doubled:
            raise ValueError(f"{node.start_mark}: {sorted(doubled)} more than once")
        return super().construct_mapping(node, deep)


def _row(system: str, key: str, value: dict[str, Any], file: str) -> Row:
    unknown = set(value) - _KEYS
    if unknown:
        raise ValueError(f"{key}: unknown: {', '.join(sorted(unknown))}")
    later, out = str(value.get("later", "")), str(value.get("out", ""))
    if later and later not in LATER:
        raise ValueError(f"{key}: later is one of {', '.join(LATER)}, not {later!r}")
    places = tuple((what, name) for what in PLACES for name in _list(value.get(what)))
    named = _list(value.get("test"))
    tests = tuple(name if "::" in name else f"{file}::{name}" for name in named)
    if not (later or out) and not (places and tests):
        raise ValueError(f"{key}: names no place, or no test")
    if later and out:
        raise ValueError(f"{key}: is either later or out of scope")
    says, note = str(value.get("says", "")), str(value.get("note", ""))
    return Row(system, key, places, says, tests, note, later, out)


def _list(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)
