"""The real program, run in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.tui import forked

__all__ = ["PROGRAM", "environment", "onwatch"]

PROGRAM = Path(sys.executable).parent / "onwatch"


def environment(home: Path, **changes: str) -> dict[str, str]:
    """What the program needs of ours, without any configuration of ours."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL") if key in os.environ}
    return {**kept, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "xdg"), **changes}


def onwatch(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run ``onwatch ARGUMENTS`` in ``folder`` without a terminal.

    With variables of its own, which Python may read as it starts, it is started from nothing.
    """
    if not environ:
        return forked.run(arguments, folder, environment(folder))
    return subprocess.run(
        [str(PROGRAM), *arguments],
        cwd=folder,
        env=environment(folder, **environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
