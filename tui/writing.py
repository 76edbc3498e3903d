"""What screens and boxes ask of the app about the timeline."""

from __future__ import annotations

from textual.message import Message

__all__ = ["WritesNote", "WritesReport"]


class WritesNote(Message):
    """``text`` is to stand in the timeline, at ``at`` or now, as of ``incident`` where one is
    named.
    """

    def __init__(self, text: str, incident: int = 0, at: float | None = None) -> None:
        self.text = text
        self.incident = incident
        self.at = at
        super().__init__()


class WritesReport(Message):
    """The report of ``incident`` is to be written into a file."""

    def __init__(self, incident: int) -> None:
        self.incident = incident
        super().__init__()
