"""Asking a filesystem in a process of its own.

Where the program behind a FUSE mount hangs, so does whoever asks, and the kernel lets nothing
end that: not its thread, hence not the process that has it, whose shell would wait for ever.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from functools import cache
from typing import Final

from checks.ends import Ends

__all__ = ["statvfs_apart"]

_FIGURES: Final = "%s %S %b %f %a %c %d"
"""Size of a block, of a fragment; fragments, free ones, free ones for users; inodes, free ones."""


def statvfs_apart(path: str) -> os.statvfs_result:
    """As :func:`os.statvfs`, without flags, by `stat`; where there is none, by ourselves.

    Raises:
        OSError: as :func:`os.statvfs`.
    """
    program = _program()
    if program is None:
        return os.statvfs(path)
    with Ends() as ends:
        (out, told), (err, errors) = ends.pipe(), ends.pipe()
        run = subprocess.Popen(
            [program, "-f", "-c", _FIGURES, "--", path],
            stdin=ends.null(),
            stdout=told,
            stderr=errors,
            cwd="/",
            env={"LC_ALL": "C"},
            # What ends our terminal's programs is no business of a process that cannot end.
            start_new_session=True,
        )
        run.stdout, run.stderr = ends.kept(out), ends.kept(err)
    with run:
        figures_told, said = run.communicate()
    if run.returncode:
        raise _error(said.decode("utf-8", "replace"), path)
    block, fragment, blocks, free, available, files, files_free = map(int, figures_told.split())
    figures = (block, fragment, blocks, free, available, files, files_free, files_free, 0, 255)
    return os.statvfs_result(figures)


@cache
def _program() -> str | None:
    return shutil.which("stat", path="/usr/bin:/bin")


def _error(said: str, path: str) -> OSError:
    """What `stat` complains of: ``stat: cannot … '/mnt': Permission denied``."""
    reason = said.strip().rpartition(": ")[2]
    number = next((n for n in errno.errorcode if os.strerror(n) == reason), errno.EIO)
    return OSError(number, os.strerror(number), path)
