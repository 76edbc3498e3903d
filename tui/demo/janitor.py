"""Sweeps up after the supervisor, by whatever death it died: ``janitor GROUP FOLDER``.

Standard input is a pipe that only the supervisor holds. At its end the janitor kills the
supervisor's process group and removes the demo's folder. It is run as a file by a bare
interpreter (it imports nothing of ours), in a session of its own, so that it is light and
outlives the group it kills.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from contextlib import suppress

__all__ = ["sweep"]


def sweep(group: int, folder: str) -> None:
    """Kill the process group and remove the folder; a folder still in use is tried again."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return
        time.sleep(0.05)


def _wait_for_the_end() -> None:
    while os.read(0, 1024):
        pass


if __name__ == "__main__":
    _wait_for_the_end()
    sweep(int(sys.argv[1]), sys.argv[2])
