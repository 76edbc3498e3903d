"""What one part of a check came to: a child row, and the reason the check takes from it."""

from __future__ import annotations

from dataclasses import dataclass

from checks.errors import TargetError
from checks.model import Part, Status

__all__ = ["Finding", "trouble"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A child row, and the reason the check takes from it when it is the worst."""

    reason: str
    part: Part


def trouble(name: str, text: str, error: TargetError) -> Finding:
    """A part that could not be read: WARNING where that may pass by itself."""
    passing = error.reason in ("timeout", "limit")
    status = Status.WARNING if passing else Status.UNKNOWN
    return Finding(error.reason, Part(name, status, text))
