"""What a ``runbook_url`` or a ``runbook:`` leads to. Nothing here reads a runbook."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

__all__ = ["BUILT_IN", "Link", "built_in_names", "is_elsewhere", "link_of"]

BUILT_IN: Final = Path(__file__).parent / "builtin"
_ELSEWHERE: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """A runbook, and a step of it where it names one."""

    name: str
    step: str = ""


def built_in_names() -> tuple[str, ...]:
    """The names of the runbooks that came with onwatch, sorted."""
    return tuple(sorted(path.stem for path in BUILT_IN.glob("*.md")))


def is_elsewhere(link: str) -> bool:
    """Whether ``link`` is the address of a page, which may or may not be called as a runbook."""
    return _ELSEWHERE.match(link) is not None


@lru_cache(maxsize=1024)
def link_of(text: str) -> Link:
    """``api-down``, ``runbooks/api-down.md#restart``, ``https://wiki/runbooks/api-down``."""
    text, _, step = text.strip().partition("#")
    text = text.partition("?")[0].rstrip("/")
    return Link(text.rpartition("/")[2].removesuffix(".md"), step)
