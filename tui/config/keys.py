"""Keys that a user wants, in the spelling the terminal library knows.

Whether there is such a binding and such a key is for the monitor to say, which has both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tui.config.models import StepKey
from tui.config.problems import Report

__all__ = ["KeyJudge", "ReadKeys", "read_keybindings"]

KeyJudge = Callable[[Mapping[str, str], Iterable[str]], Mapping[str, str]]
"""Takes keys by the binding's id, and those of steps; gives by id or key why one is refused."""

_TAKEN = {"ctrl+a": "screen", "ctrl+b": "tmux"}
_SPELLED = {",": "comma", " ": "space", "esc": "escape", "return": "enter"}


@dataclass(frozen=True, slots=True, eq=False)
class ReadKeys:
    """``bindings`` are a binding's id with its keys, joined by commas; ``steps`` a key with the
    runbook and the step that it opens, which is empty where none is named."""

    bindings: dict[str, str] = field(default_factory=dict)
    steps: dict[str, tuple[str, str]] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    """The key of a step as it stands in the file."""


def read_keybindings(
    report: Report,
    bindings: Mapping[str, Sequence[str] | StepKey],
    warnings: list[str],
    judge: KeyJudge | None,
) -> ReadKeys:
    """The keys that ``bindings`` are; reports what ``judge`` refuses."""
    read = ReadKeys()
    for name, bound in bindings.items():
        given = [name] if isinstance(bound, StepKey) else bound
        spelled = [_spell(key) for each in given for key in _split(each)]
        for key in set(spelled) & _TAKEN.keys():
            text = f"{key} does not arrive inside {_TAKEN[key]}, which keeps it for itself"
            warnings.append(str(report.document.problem(("keybindings", name), text)))
        if isinstance(bound, StepKey):
            _add_step(report, read, name, spelled, bound)
        else:
            read.bindings[name] = ",".join(spelled)
    if judge is not None and (read.bindings or read.steps):
        for name, text in judge(read.bindings, read.steps).items():
            report.add(("keybindings", read.written.get(name, name)), text)
    return read


def _add_step(
    report: Report, read: ReadKeys, name: str, keys: Iterable[str], step: StepKey
) -> None:
    for key in keys:
        if key in read.steps:
            report.add(("keybindings", name), f"{key} is bound to a step twice")
        read.steps[key] = (step.runbook, step.step)
        read.written[key] = name


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
