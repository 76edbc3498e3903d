"""What is to be done after an incident, as far as its record tells. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from checks.story import telling
from checks.story.about import BEFORE
from checks.story.identities import identity, of_rule
from checks.story.model import Entry, EntryKind
from checks.story.report.material import Material, duration
from checks.story.report.notifications import root_cause

__all__ = ["follow_ups"]

_OFTEN: Final = 3
"""Times that an alert fires in one incident from which on it flaps."""
_REVIEWED: Final = timedelta(hours=48)
"""Within which a post-mortem is to be held."""


def follow_ups(material: Material) -> list[str]:
    """Sentences, what matters most first; plain text."""
    return [
        *_open_ends(material),
        *_answered(material),
        *_steps(material),
        *_alerts(material),
        *_blind(material),
        *_afterwards(material),
    ]


def _open_ends(material: Material) -> Iterator[str]:
    if material.over is None:
        yield "It still lasts: write this report again when it is over."
    for one in material.deployments:
        lead = material.incident.began - one.at
        if 0 <= lead <= BEFORE:
            about = f"{one.check}: " if one.check else ""
            yield (
                f"Find out whether a deployment was the cause: {about}{one.text}, "
                f"{duration(lead)} before it began."
            )


def _answered(material: Material) -> Iterator[str]:
    incident, target = material.incident, material.acknowledge_within
    took = incident.time_to_acknowledge
    by_hand = next((run.began for run in material.steps if run.began.at >= incident.began), None)
    if took is None and by_hand is not None and by_hand.who:
        yield (
            f"Nobody acknowledged it, though {by_hand.who} was at it after "
            f"{duration(by_hand.at - incident.began)}: who takes an alert tells the others."
        )
    elif took is None:
        yield (
            "Nobody acknowledged it: make sure that somebody is told of such alerts and knows "
            "that it is theirs."
        )
    elif target is not None and took > target:
        yield (
            f"It was acknowledged {duration(took)} after it began, {duration(took - target)} "
            f"later than {material.priority} asks for ({duration(target)}): find out why."
        )


def _steps(material: Material) -> Iterator[str]:
    for run in material.steps:
        name = run.began.name
        if run.ended is None:
            yield f"Look what the step {name} has done: nobody saw it end."
        elif run.ended.after == telling.CUT_OFF:
            yield f"Look what the step {name} has done: it was cut off."
        elif run.exit_code != 0:
            said = run.ended.text.partition(": ")[2] or "it failed"
            yield f"Mend the step {name}: {said}."
    if material.incident.acknowledged is not None and not material.steps and material.over:
        yield "No step of a runbook was run: write down what mended it, as a step if it can be one."


def _alerts(material: Material) -> Iterator[str]:
    for name, entries in material.fired.items():
        turns = sum(entry.text.startswith(telling.FIRING) for entry in entries)
        if turns >= _OFTEN or any(entry.text.startswith("flapping") for entry in entries):
            yield (
                f"{name} fired {turns} times: give it a longer `for` or a `keep_firing_for`, "
                "or a threshold further away."
            )
        book = _runbook(entries)
        if not book and of_rule(identity(entries[0].alert)):
            yield f"Write a runbook for {name}, and link it: runbook_url among its annotations."
        elif book and material.runbooks is not None and not _is_known(book, material.runbooks):
            yield f"The runbook of {name} is not there: {book}."


def _runbook(entries: list[Entry]) -> str:
    lines = (line for entry in entries for line in entry.detail.splitlines())
    told = (line.removeprefix("runbook: ") for line in lines if line.startswith("runbook: "))
    return next(told, "")


def _is_known(book: str, known: Collection[str]) -> bool:
    """Whether ``book``, a name or an address, ends in the name of a runbook."""
    return book in known or PurePosixPath(urlsplit(book).path).stem in known


def _blind(material: Material) -> Iterator[str]:
    for entry in material.entries:
        if entry.kind is EntryKind.GAP or (
            entry.kind is EntryKind.SESSION and entry.after == telling.CUT_OFF
        ):
            yield f"onwatch was blind at {material.clock(entry.at)} UTC: {entry.text}."
    for name, entries in material.fired.items():
        if any(entry.text.startswith("no data") for entry in entries):
            yield f"{name} had no data meanwhile: watch what stopped answering, too."


def _afterwards(material: Material) -> Iterator[str]:
    if not root_cause(material):
        yield (
            "Write down the root cause: w on the timeline, or "
            "onwatch note 'root cause: …'; this report takes it up."
        )
    if material.priority in {"P1", "P2"}:
        by = material.local(material.end) + _REVIEWED
        yield f"Hold the post-mortem by {by:%A, %d %B, %H:%M} (within 48 hours), without blame."
        yield "Bring the runbooks up to date with what was learnt."
