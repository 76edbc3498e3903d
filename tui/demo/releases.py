"""The releases of the demo's api."""

from __future__ import annotations

from typing import Final

__all__ = ["NEXT", "VERSION"]

VERSION: Final = "2.4.1"
NEXT: Final = "2.5.0"
"""Its answers take a second longer."""
