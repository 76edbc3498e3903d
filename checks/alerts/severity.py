"""One order for the severities that people write: words, ``P1`` to ``P4``, ``sev1`` to ``sev4``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Final

from checks.model import Status

__all__ = ["LABEL", "Severity", "severity_of", "severity_of_word", "severity_word"]

LABEL: Final = "severity"


class Severity(IntEnum):
    """How bad, ascending: the larger wins."""

    INFO = 1
    WARNING = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def status(self) -> Status:
        """What a firing alert of this severity is among the statuses of checks."""
        return _STATUSES[self]


_STATUSES: Final = {
    Severity.INFO: Status.OK,
    Severity.WARNING: Status.WARNING,
    Severity.HIGH: Status.CRITICAL,
    Severity.CRITICAL: Status.CRITICAL,
}
_WORDS: Final = {
    Severity.CRITICAL: "critical crit fatal emergency emerg disaster page p0 p1 sev0 sev1 s1",
    Severity.HIGH: "high error err major urgent alert p2 sev2 s2",
    Severity.WARNING: "warning warn minor medium moderate average ticket p3 sev3 s3",
    Severity.INFO: "info information informational notice low debug none p4 p5 sev4 sev5 s4",
}
_KNOWN: Final = {word: severity for severity, words in _WORDS.items() for word in words.split()}
_JOINTS = re.compile(r"[\s_.-]+")


def severity_of(labels: Mapping[str, str]) -> Severity:
    """What the label ``severity`` (else ``priority``) says; WARNING where none is known.

    Upper and lower case are the same, and so are ``sev1``, ``SEV-1`` and ``severity 1``.
    """
    return severity_of_word(severity_word(labels.get(LABEL) or labels.get("priority") or ""))


@lru_cache(maxsize=256)
def severity_word(text: str) -> str:
    """``text`` as it is written once: ``sev1`` for ``SEV-1`` and ``Severity 1``."""
    return _JOINTS.sub("", text.lower()).replace("severity", "sev").replace("priority", "p")


def severity_of_word(word: str) -> Severity:
    """What a word of :func:`severity_word` means; WARNING where that is not known."""
    return _KNOWN.get(word) or _KNOWN.get(f"p{word}") or Severity.WARNING
