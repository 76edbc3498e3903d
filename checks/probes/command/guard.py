"""Ends what commands have started when onwatch is killed and can end nothing itself.

One small shell for all commands hangs on a pipe of ours. It is told which process groups run, and
when the pipe ends, by whatever death, it ends those that still do. Each leads a session, in which
groups of other numbers (``timeout`` makes one) are looked for then. Linux's own means for that
(``PR_SET_PDEATHSIG``) would follow the thread that started a program, and would leave alone what
the program has started.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import threading
from typing import Final

from checks.ends import Ends

__all__ = ["GUARD", "Guard"]

_SCRIPT: Final = """\
trap '' HUP INT QUIT TERM
all=' '
while read -r sign group; do
  case $sign in
    +) all="$all$group " ;;
    -) case $all in *" $group "*) all="${all%% $group *} ${all#* $group }" ;; esac ;;
  esac
done
for group in $all; do kill -s KILL -- "-$group" 2>/dev/null; done
for round in 1 2 3 4 5; do
  [ "$all" = ' ' ] && break
  again=
  for file in /proc/[0-9]*/stat; do
    read -r line 2>/dev/null <"$file" || continue
    set -- ${line##*) }
    case $1$all in
      [ZX]*) ;;
      *" $4 "*) file=${file#/proc/}; kill -s KILL "${file%/stat}" 2>/dev/null && again=1 ;;
    esac
  done
  [ "$again" ] || break
  sleep 0.05
done
"""
_PATIENCE: Final = 0.1
"""Seconds that its end is waited for."""
_LOOKS: Final = 50
"""Looks whether it has ended, within them."""


class Guard:
    """The shell, shared by all checks; it is there while one of them is and has run something.

    All but ``leave`` may be called from any thread; what goes wrong leaves programs unguarded
    and is no reason not to run them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shell: subprocess.Popen[bytes] | None = None
        self._leaving: list[subprocess.Popen[bytes]] = []
        self._users = 0

    def join(self) -> None:
        """Somebody will have programs watched."""
        with self._lock:
            self._users += 1

    def leave_at_once(self) -> None:
        """As :meth:`leave`, for those who block."""
        shell = self._left()
        if shell is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                shell.wait(_PATIENCE)

    def _left(self) -> subprocess.Popen[bytes] | None:
        """The shell, told to end, if nobody else needs it."""
        with self._lock:
            self._users -= 1
            shell = None if self._users else self._shell
            # One that takes longer than is waited for is seen off at the next occasion.
            self._leaving = [one for one in self._leaving if one.poll() is None]
            if shell is not None:
                self._shell = None
                self._leaving.append(shell)
        if shell is not None and shell.stdin is not None:
            shell.stdin.close()
        return shell

    async def leave(self) -> None:
        """The same one will no more; the last one sees the shell off."""
        shell = self._left()
        if shell is not None:
            for _ in range(_LOOKS):
                if shell.poll() is not None:
                    break
                await asyncio.sleep(_PATIENCE / _LOOKS)

    def watch(self) -> None:
        """See that the shell is there, before a program is started. Blocks."""
        with self._lock:
            if self._users and (self._shell is None or self._shell.poll() is not None):
                self._shell = _shell()

    def started(self, group: int) -> None:
        """The process group ``group`` runs from now on."""
        with self._lock:
            self._tell("+", group)

    def ended(self, group: int) -> None:
        """It does no more, and its number may soon be another's."""
        with self._lock:
            self._tell("-", group)

    def _tell(self, sign: str, group: int) -> None:
        shell = self._shell
        if shell is not None and shell.stdin is not None:
            with contextlib.suppress(OSError):
                os.write(shell.stdin.fileno(), f"{sign} {group}\n".encode())


def _shell() -> subprocess.Popen[bytes] | None:
    """None where there is no shell, or no more processes are to be had."""
    try:
        with Ends() as ends:
            reading, telling = ends.pipe()
            os.set_blocking(telling, False)
            null = ends.null()
            shell = subprocess.Popen(
                ["/bin/sh", "-c", _SCRIPT, "onwatch-guard"],
                stdin=reading,
                stdout=null,
                stderr=null,
                cwd="/",
                env={},
                start_new_session=True,
            )
            shell.stdin = ends.kept(telling, "wb")
            return shell
    except OSError:
        return None


GUARD: Final = Guard()
