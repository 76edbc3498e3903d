"""The shop's backup: a job that has pg_dump write all of it, packed, into the folder ``backups``.

It writes under the dump's final name, as such jobs mostly do: what is cut off stays there.
"""

from __future__ import annotations

import asyncio
import os
import resource
import time
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Final

from tui.demo import passwords
from tui.demo.applog import AppLog
from tui.demo.leash import Faults
from tui.demo.postgres_programs import find, with_libraries
from tui.demo.schedule import DAY
from tui.demo.shop.database import BACKUP, Shop
from tui.demo.shop.server import BACKUPS, DATABASE

__all__ = ["Backups"]

_LOOK_EVERY: Final = 0.2
_AGAIN_AFTER: Final = 60.0
_KEPT: Final = 5
_QUOTA: Final = 64 * 1024
"""Bytes that a dump may take where a quota is set; the whole one takes some five times as much."""
_LOCK_WITHIN: Final = "10s"


class Backups:
    """Dumps the shop at the start, once a day of the demo's, and when its quota is changed."""

    def __init__(self, shop: Shop, faults: Faults, log: AppLog) -> None:
        self._shop = shop
        self._faults = faults
        self._log = log
        self._folder = shop.folder / BACKUPS
        self._program = find() / "pg_dump"

    async def run(self) -> None:
        """Until cancelled."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        while True:
            limited = self._faults.backup_quota
            done = await self._dump(limited=limited)
            self._forget()
            await self._nap(DAY if done else _AGAIN_AFTER, limited=limited)

    async def _nap(self, seconds: float, *, limited: bool) -> None:
        due = time.monotonic() + seconds
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            if time.monotonic() > due or self._faults.backup_quota is not limited:
                return

    async def _dump(self, *, limited: bool) -> bool:
        """Whether that went well."""
        begun = time.monotonic()
        target = self._folder / time.strftime("shop-%Y%m%d-%H%M%S.sql.gz")
        process = await asyncio.create_subprocess_exec(
            *self._command(target),
            env={**os.environ, "PGPASSWORD": passwords.password(self._shop.folder, BACKUP.role)},
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
            preexec_fn=_within_quota if limited else None,
            # Python ignores the signal for files that become too large. So does pg_dump then, and
            # says what is wrong.
            restore_signals=False,
        )
        _, complaint = await process.communicate()
        took = time.monotonic() - begun
        if process.returncode != 0:
            self._log.say("error", f"backup failed: {_last_line(complaint)}")
            return False
        size = target.stat().st_size
        said = f"backup: {target.name}, {size:,} bytes in {took:.1f} s"
        self._log.say("info", said, bytes=size)
        return True

    def _command(self, target: Path) -> list[str]:
        where = ("--host=127.0.0.1", f"--port={self._shop.port}", f"--username={BACKUP.role}")
        how = ("--compress=1", f"--lock-wait-timeout={_LOCK_WITHIN}", f"--file={target}")
        programs = with_libraries(self._program.parent)
        return [*programs, str(self._program), *where, *how, DATABASE]

    def _forget(self) -> None:
        for old in sorted(self._folder.glob("*.sql.gz"))[:-_KEPT]:
            old.unlink()


def _within_quota() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (_QUOTA, _QUOTA))


def _last_line(complaint: bytes) -> str:
    lines = complaint.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "pg_dump said nothing"
