"""Becomes a program under another account: ``as_account.py UID GID SIGNAL PROGRAM [ARGUMENT …]``.

For servers that refuse to run as root. ``SIGNAL`` reaches the program when whoever started
it dies (Linux alone knows that); the kernel forgets such a wish when the user changes, so
it is made here, after the change. Run as a file, it imports nothing of ours.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def _become(uid: int, gid: int) -> None:
    if os.geteuid() == 0 and uid != 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def main(arguments: list[str]) -> None:
    """Change over; it returns only where the program cannot be run, by an exception."""
    uid, gid, number = map(int, arguments[:3])
    parent = os.getppid()
    _become(uid, gid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            sys.exit("whoever started this is gone")
    os.execv(arguments[3], arguments[3:])  # noqa: S606 - a program of ours, without a shell


if __name__ == "__main__":
    main(sys.argv[1:])
