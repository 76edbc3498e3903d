"""What a command that runs checks itself runs: those of the configuration, or what is found."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from checks.live import found

if TYPE_CHECKING:
    from checks.config import EngineConfig

__all__ = ["found_checks"]


def found_checks(config: EngineConfig) -> EngineConfig:
    """``config`` with what it finds on this machine, where it looks for something; its warnings
    are said on standard error.
    """
    settled = asyncio.run(found(config))
    for warning in settled.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    return settled
