"""An entry in full. Pure."""

from __future__ import annotations

from checks.story.model import Entry, EntryKind
from widgets import format as fmt

__all__ = ["detail_pairs", "detail_text"]


def detail_pairs(entry: Entry, began: Entry | None = None) -> list[tuple[str, str]]:
    """What is known of it, by name; ``began`` is the begin of a step that it ends."""
    took = f" (after {fmt.duration(entry.at - began.at)})" if began is not None else ""
    pairs = [("when", f"{fmt.date_clock(entry.at)}{took}")]
    if entry.kind is EntryKind.STEP:
        pairs.append(("step", entry.name))
    elif entry.alert:
        pairs.append(("alert", entry.name))
    pairs += [
        ("check", entry.check),
        ("", entry.text),
        ("who", entry.who),
        ("incident", str(entry.incident or "")),
    ]
    if entry.kind is EntryKind.TRANSITION:
        named = (line.partition(": ") for line in entry.detail.splitlines())
        pairs += [(name, text) for name, _, text in named]
        labels = ", ".join(f"{name}={value}" for name, value in entry.labels)
        pairs.append(("labels", labels))
    return [(name, text) for name, text in pairs if text]


def detail_text(entry: Entry, began: Entry | None = None) -> list[str]:
    """What stands beneath in its own lines: a step's text, and its output."""
    if entry.kind is EntryKind.TRANSITION:
        return []
    own = entry.detail.splitlines()
    before = began.detail.splitlines() if began is not None else []
    return [*before, *([""] if before and own else []), *own]
