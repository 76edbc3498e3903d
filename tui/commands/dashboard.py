"""``onwatch dashboard``: dashboards without the screen."""

from __future__ import annotations

import argparse
from importlib import import_module

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Do what ``args.action`` says; its exit code."""
    code: int = import_module(f"tui.commands.dashboard_{args.action}").run(args)
    return code
