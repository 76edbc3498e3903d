"""What screens and boxes ask of the app about alerts that somebody deals with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from checks.story.model import Silence
    from checks.views import AlertView, Snapshot

__all__ = ["Acknowledges", "Expires", "Silences", "TakesBack", "alert_of", "may_annotate"]


class Acknowledges(Message):
    """Somebody takes ``alert``."""

    def __init__(self, alert: AlertView, note: str) -> None:
        self.alert = alert
        self.note = note
        super().__init__()


class TakesBack(Message):
    """Somebody leaves ``alert`` to others again."""

    def __init__(self, alert: AlertView) -> None:
        self.alert = alert
        super().__init__()


class Silences(Message):
    """``silence`` is to be set, or the one with its id to end at another time."""

    def __init__(self, silence: Silence) -> None:
        self.silence = silence
        super().__init__()


class Expires(Message):
    """``silence`` is to end now."""

    def __init__(self, silence: Silence) -> None:
        self.silence = silence
        super().__init__()


def may_annotate(snapshot: Snapshot | None) -> bool:
    """Whether alerts can be acknowledged and silenced here."""
    return snapshot is not None and snapshot.story is not None and snapshot.story.may_annotate


def alert_of(snapshot: Snapshot | None, alert: str) -> AlertView | None:
    """The alert with this id; None where it is over."""
    alerts = snapshot.alerts if snapshot is not None else ()
    return next((one for one in alerts if one.id == alert), None)
