"""``onwatch runbook``: runbooks without the screen."""

from __future__ import annotations

import argparse
from importlib import import_module

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Do what ``args.action`` says; its exit code."""
    code: int = import_module(f"tui.commands.runbook_{args.action}").run(args)
    return code
