"""Labels and series as people read them."""

from __future__ import annotations

import json
from collections.abc import Iterable

__all__ = ["shown_labels", "shown_series"]

_NAME = "__name__"


def shown_labels(labels: Iterable[tuple[str, str]]) -> str:
    """``{instance="web-1", job="node"}``."""
    inner = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels)
    return f"{{{inner}}}"


def shown_series(labels: Iterable[tuple[str, str]]) -> str:
    """``up{job="node"}``: the name before the braces, and none of these where there is nothing."""
    rest = dict(labels)
    name = rest.pop(_NAME, "")
    return f"{name}{shown_labels(rest.items())}" if rest or not name else name
