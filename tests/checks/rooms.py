"""Namespaces for tests that need a network, or files in /etc, of their own."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["ROOT", "apart"]

ROOT = Path(__file__).parents[2]
"""Where ``python -m tests…`` is to be run from."""


def apart(*tools: str, mounts: bool = False) -> tuple[str, ...]:
    """The command that gives another one a network, and ``mounts``, of its own.

    As root, or as whoever may be root in a namespace. The test is skipped where that is not
    allowed or one of ``tools`` is not there.
    """
    missing = [tool for tool in ("unshare", *tools) if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    command = _allowed(mounts)
    if not command:
        pytest.skip("no namespaces are to be had here (unshare)")
    return command


@functools.cache
def _allowed(mounts: bool) -> tuple[str, ...]:
    wanted = ("-n", "-m") if mounts else ("-n",)
    for options in (wanted, ("-r", *wanted)):
        command = ("unshare", *options)
        if subprocess.run([*command, "true"], check=False, capture_output=True).returncode == 0:
            return command
    return ()
