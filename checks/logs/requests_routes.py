"""Paths without what differs from request to request: ``/users/N/orders``."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["Routes"]

_DIGIT = re.compile(r"\d|%|@")
_VERSION = re.compile(r"v\d{1,2}(?:\.\d)?")
_LONGEST: Final = 40
"""Letters of a part of a path from which on it is no name but a token."""
_PARTS: Final = 30
_REMEMBERED: Final = 5_000


class Routes:
    """Makes routes of paths; parts that stay are remembered, as there are few of them."""

    def __init__(self) -> None:
        self._kept: set[str] = {""}

    def of(self, address: str) -> str:
        """The path of ``address``, without host and query, with what holds digits as ``N``."""
        if "://" in address[:12]:
            address = f"/{address.split('://', 1)[1].partition('/')[2]}"
        if "?" in address:
            address = address[: address.index("?")]
        kept = self._kept
        parts = address.split("/", _PARTS)
        return "/".join([part if part in kept else self._part(part) for part in parts])

    def _part(self, part: str) -> str:
        part = part.partition("#")[0]
        if len(part) >= _LONGEST or (_DIGIT.search(part) and not _VERSION.fullmatch(part)):
            return "N"
        if len(self._kept) < _REMEMBERED:
            self._kept.add(part)
        return part
