"""Reading the whole file for damage, apart from the check's own runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from checks.errors import NoThreadsError, TargetError
from checks.findings import Finding
from checks.lanes import LaneBusyError
from checks.model import Part, SampleBuilder, Status
from checks.probe import Target
from checks.probes.sqlite.file import DatabaseFile

__all__ = ["Integrity", "IntegrityCheck"]

_LONGEST: Final = 1800.0


@dataclass(frozen=True, slots=True)
class Integrity:
    """Outcome of the last integrity check; ``at`` is sample time."""

    at: float
    sound: bool | None
    """None where the check itself did not come to an end."""
    text: str


class IntegrityCheck:
    """``PRAGMA quick_check``, now and then or on request, in a lane of its own.

    ``interval`` is in seconds, None for on request alone. ``stopped`` ends a check that
    is under way.
    """

    def __init__(
        self, path: Path, target: Target, interval: float | None, stopped: Callable[[], bool]
    ) -> None:
        self._file = DatabaseFile(path)
        self._clock = target.env.clock
        self._lanes = target.env.lanes
        self._lane = f"sqlite {target.name} integrity"
        self._interval = interval
        self._stopped = stopped
        self._last: Integrity | None = None
        self.task: asyncio.Task[None] | None = None
        """The last check that was begun by its interval."""

    async def run(self) -> Integrity:
        """Read the whole file now; where it is being read already, say so."""
        try:
            found = await self._lanes.run(self._lane, self._read)
        except LaneBusyError:
            return Integrity(self._clock.now(), None, "the previous check has not ended yet")
        except NoThreadsError as error:
            return Integrity(self._clock.now(), None, str(error))
        self._last = found
        return found

    def start_if_due(self) -> None:
        """Begin a check in the background where the last one is an interval old."""
        running = self.task is not None and not self.task.done()
        recent = self._last is not None and (
            self._clock.now() < self._last.at + (self._interval or 0.0)
        )
        if self._interval is not None and not running and not recent:
            self.task = asyncio.create_task(self._run(), name=self._lane)

    async def close(self) -> None:
        """To be called once: the file is closed in the lane, which may read it still."""
        if self.task is not None:
            self.task.cancel()
        self._lanes.drop(self._lane, self._file.close)
        if self.task is not None:
            # What went wrong in it keeps nobody from closing.
            await asyncio.wait({self.task})

    def findings(self) -> list[Finding]:
        """The last outcome as a child row; none before the first."""
        last = self._last
        if last is None:
            return []
        if last.sound:
            return [Finding("ok", Part("integrity", Status.OK, last.text, "sound"))]
        if last.sound is None:
            return [Finding("timeout", Part("integrity", Status.UNKNOWN, last.text))]
        return [Finding("protocol", Part("integrity", Status.CRITICAL, last.text, "damaged"))]

    def samples(self, to: SampleBuilder) -> None:
        """Add the last outcome, where a check came to an end."""
        if self._last is not None and self._last.sound is not None:
            to.add("sqlite_integrity_ok", self._last.sound)
            to.add("sqlite_integrity_check_timestamp_seconds", self._last.at)

    async def _run(self) -> None:
        await self.run()

    def _read(self) -> Integrity:
        """Runs in a lane: may take minutes, and ends when the probe is closed."""
        began = time.monotonic()
        try:
            with self._file.session(began + _LONGEST, self._stopped) as session:
                rows = session.rows("PRAGMA quick_check(5)")
        except TargetError as error:
            damaged = error.reason == "protocol"
            sound = False if damaged else None
            return Integrity(self._clock.now(), sound, f"integrity check: {error}")
        took = time.monotonic() - began
        if rows == [("ok",)]:
            return Integrity(self._clock.now(), sound=True, text=f"sound, read in {took:.1f} s")
        found = "; ".join(str(row[0]) for row in rows)
        text = f"{self._file.path} is damaged: {found}; restore a backup"
        return Integrity(self._clock.now(), sound=False, text=text)
