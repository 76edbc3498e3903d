"""What container engines write around each line: Docker's ``json-file`` and Kubernetes' CRI logs.

``{"log":"…\\n","stream":"stderr","time":"…"}`` and ``2026-11-27T10:00:00.1Z stderr F …``; the line
within is read as it would be by itself, JSON or text, and the engine's time is the record's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from checks.logs.formats.base import Maker, is_tidy, text_of, tidied
from checks.logs.formats.heads import Heads
from checks.logs.formats.jsonlines import DOCKER, decoded, flat
from checks.logs.model import Record

__all__ = ["Contained"]

_CRI = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) [FP] (.*)"
)
_KEYS: Final = frozenset({"log", "stream", "time"})


class Contained:
    """Lines of containers, as their engines keep them."""

    name = "container"
    alone = True

    def __init__(self) -> None:
        self._text = Heads("plain")

    def read(self, line: str, more: Sequence[str], to: Maker) -> Record | None:
        found = _docker(line) if line.startswith(DOCKER) else _cri(line)
        if found is None or more:
            return None
        when, stream, text = found
        inner = decoded(text) if text.startswith("{") else None
        record: Record | None
        if inner is not None and not text[inner[1] :].strip():
            record = to.of_fields(tidied({"time": when, **flat(inner[0])}), text_of(text, ()))
        else:
            record = self._text.read(text, (), to)
        assert record is not None  # noqa: S101 - text is of any kind
        time = to.times.read(when, to.now)
        return replace(
            record,
            time=record.time if time is None else time,
            fields={**record.fields, "stream": stream},
            text=line if is_tidy(line) else text_of(text, ()),
        )


def _docker(line: str) -> tuple[str, str, str] | None:
    """When, on which stream, and the line within; None where it is an object like any other."""
    found = decoded(line)
    if found is None or not found[0].keys() >= _KEYS:
        return None
    when, stream, text = (found[0][key] for key in ("time", "stream", "log"))
    if not (isinstance(when, str) and stream in ("stdout", "stderr") and isinstance(text, str)):
        return None
    return when, stream, text.rstrip("\r\n")


def _cri(line: str) -> tuple[str, str, str] | None:
    found = _CRI.match(line) if line[4:5] == "-" else None
    return (found[1], found[2], found[3]) if found is not None else None
