"""What goes wrong with the story's file."""

from __future__ import annotations

__all__ = ["JournalError"]


class JournalError(Exception):
    """The file cannot be used; ``str()`` says why. ``damaged``: it is broken itself."""

    def __init__(self, sentence: str, *, damaged: bool = False) -> None:
        self.damaged = damaged
        super().__init__(sentence)
