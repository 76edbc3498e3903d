"""Keys that a user may bind, in the spelling the terminal library knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui.config.problems import Report

__all__ = ["read_keybindings"]

_REFUSED = {
    "ctrl+i": "the terminal cannot tell it from Tab",
    "ctrl+j": "the terminal cannot tell it from Enter",
    "ctrl+m": "the terminal cannot tell it from Enter",
    "ctrl+h": "the terminal cannot tell it from Backspace",
    "ctrl+[": "the terminal cannot tell it from Escape",
    "ctrl+left_square_bracket": "the terminal cannot tell it from Escape",
    "~": "after Enter it commands ssh",
    "tilde": "after Enter it commands ssh",
}
_TAKEN = {"ctrl+a": "screen", "ctrl+b": "tmux"}
_SPELLED = {",": "comma", " ": "space", "esc": "escape", "return": "enter"}


def read_keybindings(
    report: Report, bindings: Mapping[str, Sequence[str]], warnings: list[str]
) -> dict[str, str]:
    """Action's id to its keys, joined by commas."""
    read: dict[str, str] = {}
    for action, keys in bindings.items():
        spelled = [_spell(key) for given in keys for key in _split(given)]
        path = ("keybindings", action)
        if not spelled:
            report.add(path, "names no key")
        for key in spelled:
            if key in _REFUSED:
                report.add(path, f"{key} cannot be bound: {_REFUSED[key]}")
            elif key in _TAKEN:
                text = f"{key} does not arrive inside {_TAKEN[key]}, which keeps it for itself"
                warnings.append(str(report.document.problem(path, text)))
        read[action] = ",".join(spelled)
    return read


def _split(text: str) -> list[str]:
    if text in (",", " "):
        return [text]
    return [part for part in (p.strip() for p in text.split(",")) if part]


def _spell(key: str) -> str:
    """One key: ``Ctrl-R`` and ``ctrl+r`` are the same; a lone letter keeps its case."""
    if len(key) > 1:
        key = key.lower()
        for modifier in ("ctrl", "alt", "shift", "super"):
            key = key.replace(f"{modifier}-", f"{modifier}+")
    return _SPELLED.get(key, key)
