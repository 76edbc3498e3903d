"""Keys that open a step of a runbook: which of them cannot be had, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.binding import Binding

from tui.keymap import APART, key_name
from tui.keynames import normal, split, why_not

__all__ = ["refused_step_keys"]


def refused_step_keys(
    keys: Iterable[str], keymap: Mapping[str, str], bindings: Iterable[Binding]
) -> dict[str, str]:
    """By the key why a step cannot have it.

    ``keymap`` are keys that the user gave to actions, by their id; the other ``bindings`` have
    their own. A step's key works on every screen, so that it must be free on all of them.
    """
    taken: dict[str, str] = {}
    for binding in bindings:
        if binding.id and binding.id.partition(".")[0] not in APART:
            for key in split(keymap.get(binding.id, binding.key)):
                taken.setdefault(key, binding.id)
    refused = {}
    for key in keys:
        name = normal(key)
        if why := why_not(name):
            refused[key] = f"{key_name(name)} {why}"
        elif name in taken:
            refused[key] = (
                f"{key_name(name)} is taken by {taken[name]}; choose another, or move that"
            )
    return refused
