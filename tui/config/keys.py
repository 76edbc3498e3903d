"""Keys that a user wants, in the spelling the terminal library knows.

Whether there is such a binding and such a key is for the monitor to say, which has both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tui.config.problems import Report

__all__ = ["KeyJudge", "read_keybindings"]

KeyJudge = Callable[[Mapping[str, str]], Mapping[str, str]]
"""Takes keys by the binding's id, and gives by id why some are refused."""

_TAKEN = {"ctrl+a": "screen", "ctrl+b": "tmux"}
_SPELLED = {",": "comma", " ": "space", "esc": "escape", "return": "enter"}


def read_keybindings(
    report: Report,
    bindings: Mapping[str, Sequence[str]],
    warnings: list[str],
    judge: KeyJudge | None,
) -> dict[str, str]:
    """A binding's id to its keys, joined by commas; reports what ``judge`` refuses."""
    read: dict[str, str] = {}
    for name, keys in bindings.items():
        spelled = [_spell(key) for given in keys for key in _split(given)]
        for key in set(spelled) & _TAKEN.keys():
            text = f"{key} does not arrive inside {_TAKEN[key]}, which keeps it for itself"
            warnings.append(str(report.document.problem(("keybindings", name), text)))
        read[name] = ",".join(spelled)
    if judge is not None and read:
        for name, text in judge(read).items():
            report.add(("keybindings", name), text)
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
