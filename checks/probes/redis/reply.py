"""What Redis answers, as values: error replies, decoded text and numbers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Command", "ErrorReply", "as_count", "as_text", "code_of", "lookups", "parse_number"]

Command = tuple[str | int, ...]
"""A command and its arguments."""

# PHP's serialize(): i:12;  d:0.5;  b:1;  s:2:"12";
_PHP = re.compile(r'(?:[id]:(?P<number>[^;]+)|b:(?P<flag>[01])|s:\d+:"(?P<text>[^"]*)");')


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error the server answered with; ``code`` is its first word (``WRONGTYPE``)."""

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


def code_of(reply: object) -> str:
    """The code of an error reply; empty for any other."""
    return reply.code if isinstance(reply, ErrorReply) else ""


def as_text(reply: object) -> str:
    """A reply as text, whatever its bytes."""
    if isinstance(reply, bytes):
        return reply.decode("utf-8", "replace")
    return str(reply)


def as_count(reply: object) -> int | None:
    """A reply that is a whole number; None for any other."""
    return reply if isinstance(reply, int) and not isinstance(reply, bool) else None


def parse_number(text: str) -> float | None:
    """The number in ``text``: plain, JSON (also quoted), or as PHP serializes it.

    None where there is none, or one that is not finite.
    """
    text = text.strip()
    found = _PHP.fullmatch(text)
    if found is not None:
        text = found["number"] or found["flag"] or found["text"] or ""
    elif text.startswith('"'):
        try:
            text = str(json.loads(text))
        except ValueError:
            return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def lookups(replies: Sequence[object]) -> tuple[int, int]:
    """How many keyspace hits and misses the reads with these ``replies`` were.

    A monitor that reads missing keys (an empty queue is one) would else drag down the
    hit rate it shows.
    """
    counted = [reply for reply in replies if code_of(reply) in {"", "WRONGTYPE"}]
    misses = sum(reply in (0, b"", None) for reply in counted)
    return len(counted) - misses, misses
