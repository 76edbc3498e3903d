"""Text of scripts within sentences."""

from __future__ import annotations

__all__ = ["shown"]


def shown(text: str, limit: int = 60) -> str:
    """``text`` in quotes, cut where it is long."""
    return f'"{text}"' if len(text) <= limit else f'"{text[: limit - 1]}…"'
