"""``onwatch schema``: prints the JSON Schema of the configuration."""

from __future__ import annotations

import argparse
import sys

__all__ = ["run"]


def run(_args: argparse.Namespace) -> int:
    """Print the schema, with the kinds of other packages installed here; always 0."""
    from tui.config.schema import text, usable_others  # noqa: PLC0415 - imports every kind's model

    others, complaints = usable_others()
    for complaint in complaints:
        sys.stderr.write(f"warning: {complaint}\n")
    sys.stdout.write(text(others))
    return 0
