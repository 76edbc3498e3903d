"""What a script came to."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Failed", "Report", "Skipped"]


@dataclass(frozen=True, slots=True)
class Failed:
    """A case that came to something else than expected, and what; a clause each."""

    line: int
    text: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A case that was not judged, and why."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """The cases of one file. ``delayed_name_removal`` says how names were removed."""

    name: str
    delayed_name_removal: bool
    passed: int
    failed: tuple[Failed, ...]
    skipped: tuple[Skipped, ...]

    def __str__(self) -> str:
        """``operators.test: 90 passed, 1 failed, 4 skipped``."""
        counts = f"{self.passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped"
        return f"{self.name}: {counts}"
