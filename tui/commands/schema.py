"""``onwatch schema``: prints the JSON Schema of the configuration."""

from __future__ import annotations

import argparse
import sys

__all__ = ["run"]


def run(_args: argparse.Namespace) -> int:
    """Print the schema; always 0."""
    from tui.config.schema import text  # noqa: PLC0415 - imports every kind's model

    sys.stdout.write(text())
    return 0
