"""Labels and series as people read them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

__all__ = ["shown_labels", "shown_series"]

_NAME = "__name__"
_LONGEST: Final = 100
"""Characters of a value up to which it is remembered how it is written."""


def shown_labels(labels: Iterable[tuple[str, str]]) -> str:
    """``{instance="web-1", job="node"}``."""
    inner = ", ".join(
        f"{name}={_short(value) if len(value) <= _LONGEST else _quoted(value)}"
        for name, value in labels
    )
    return f"{{{inner}}}"


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


_short = lru_cache(maxsize=4096)(_quoted)
"""The same labels are written again and again."""


def shown_series(labels: Iterable[tuple[str, str]]) -> str:
    """``up{job="node"}``: the name before the braces, and none of these where there is nothing."""
    rest = dict(labels)
    name = rest.pop(_NAME, "")
    return f"{name}{shown_labels(rest.items())}" if rest or not name else name
