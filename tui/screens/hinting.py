"""Which keys are named at the bottom: those whose bindings work now, under the names they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.binding import ActiveBinding

from tui.keymap import key_name
from widgets.hints import Hint

__all__ = ["HintSource", "binding_of", "hints_from"]

HintSource = tuple[tuple[str, ...], str]
"""Ids of bindings whose keys are named together, and what they do in a word or two."""


def binding_of(shown: str, active: Iterable[ActiveBinding]) -> ActiveBinding | None:
    """What the key that is ``shown`` so does now."""
    return next((e for e in active if e.enabled and key_name(e.binding.key) == shown), None)


def _together(keys: Sequence[str]) -> str:
    """``keys`` as they are named in a hint: digits in a row as ``1–6``."""
    rows: list[list[str]] = []
    for key in keys:
        follows = bool(rows) and key.isdecimal() and rows[-1][-1] + key in "123456789"
        if follows:
            rows[-1].append(key)
        else:
            rows.append([key])
    named = (f"{row[0]}–{row[-1]}" if len(row) > 2 else " ".join(row) for row in rows)
    return " ".join(named)


def hints_from(sources: Iterable[HintSource], active: Iterable[ActiveBinding]) -> tuple[Hint, ...]:
    """The hints of ``sources`` whose bindings work now, under the keys they have now."""
    keys: dict[str, str] = {}
    for each in active:
        if each.enabled and each.binding.id:
            keys.setdefault(each.binding.id, key_name(each.binding.key))
    return tuple(
        (_together([keys[name] for name in names]), text)
        for names, text in sources
        if all(name in keys for name in names)
    )
