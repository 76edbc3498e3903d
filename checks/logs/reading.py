"""The contract between what reads log lines and what is done with records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from checks.logs.model import Record
from checks.model import clean

__all__ = ["Batch", "LogReader", "SourceState", "shown_name"]


@dataclass(frozen=True, slots=True, eq=False)
class SourceState:
    """A file that is followed, or the journal: where reading stands.

    ``behind`` is bytes not read yet (0 of the journal); ``size`` bytes. ``problem`` says why it
    cannot be read, empty where it can.
    """

    name: str
    size: int = 0
    behind: int = 0
    problem: str = ""

    def __post_init__(self) -> None:
        # Whoever may make a file in a folder that is watched says what it is called.
        object.__setattr__(self, "name", shown_name(self.name))
        object.__setattr__(self, "problem", clean(self.problem, 1_000))


def shown_name(path: object) -> str:
    """The name of a file as records and sources say it: harmless to a terminal."""
    return clean(path, 1_000)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What one reading brought.

    ``records`` are in the order they were written, file by file; their ``patterns`` are empty
    yet. ``old`` of them, at the front, were there before the check began: they are shown, and
    counted by nothing. ``unreadable`` are lines that are not of the format, which are records all
    the same. ``lost`` are lines that are gone before they could be read. ``more`` says that there
    is more to be read at once. ``events`` are sentences for the timeline (rotated, truncated).
    """

    records: tuple[Record, ...] = ()
    old: int = 0
    lines: int = 0
    read: int = 0
    """Bytes."""
    unreadable: int = 0
    lost: int = 0
    more: bool = False
    sources: tuple[SourceState, ...] = ()
    events: tuple[str, ...] = ()


class LogReader(Protocol):
    """Reads on where it left off. It blocks: it belongs in a lane."""

    def read(self, now: float, most: int, seconds: float) -> Batch:
        """What was written since, of at most about ``most`` bytes and in about ``seconds``
        seconds; ``now`` stands for times that records do not tell, in seconds since 1970.
        """

    def close(self) -> None:
        """Give back its files; its journal's program ends."""
