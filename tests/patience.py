"""How long tests wait for what should come at once."""

from __future__ import annotations

from typing import Final

__all__ = ["PATIENCE"]

PATIENCE: Final = 45.0
"""Seconds, whatever else the machine has to do: what comes sooner is waited for no longer, and a
test that fails for a busy machine says nothing of the code."""
