"""A program that writes a log, and what rotates it, in each of the ways there are."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

from checks.logs.inputs import LogInput
from checks.logs.reading import Batch, LogReader
from checks.logs.source import open_reader

__all__ = ["Following", "Writer"]


class Writer:
    """Writes numbered lines to ``path``, each in one piece."""

    def __init__(self, path: Path, rng: random.Random) -> None:
        self.path = path
        self.written = 0
        self.kept = 4
        """Rotated files that are kept."""
        self._rng = rng
        self._descriptor = -1
        self.reopen()

    def reopen(self) -> None:
        """What SIGHUP or ``systemctl reload`` makes it do."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, count: int) -> None:
        for _ in range(count):
            filler = "x" * self._rng.randrange(60)
            line = f"2026-11-27 10:00:00 INFO line {self.written} {filler}\n"
            os.write(self._descriptor, line.encode())
            self.written += 1

    def _numbered(self) -> None:
        """``app.log.1`` becomes ``app.log.2``, and so on; the last one goes."""
        for number in range(self.kept, 0, -1):
            old = self.path.with_name(f"{self.path.name}.{number}")
            if old.exists():
                if number == self.kept:
                    old.unlink()
                else:
                    old.rename(self.path.with_name(f"{self.path.name}.{number + 1}"))

    def rename(self, *, late: bool) -> None:
        """logrotate's ``create``; ``late``: lines go to the old file until it is told."""
        self._numbered()
        self.path.rename(self.path.with_name(self.path.name + ".1"))
        if late:
            self.path.touch()
            self.write(self._rng.randrange(5))
        self.reopen()

    def copytruncate(self) -> None:
        """logrotate's ``copytruncate``."""
        self._numbered()
        shutil.copyfile(self.path, self.path.with_name(self.path.name + ".1"))
        os.truncate(self.path, 0)

    def delete(self) -> None:
        self.path.unlink()
        self.reopen()

    def close(self) -> None:
        os.close(self._descriptor)


class Following:
    """A reader with a clock of its own, and what it has read."""

    def __init__(self, *files: str | Path, **config: object) -> None:
        named = {"files": [str(one) for one in files], **config}
        self.reader: LogReader = open_reader(LogInput.model_validate(named), Path)
        self.now = 1_795_773_324.0
        self.batches: list[Batch] = []

    def look(self, later: float = 1.0, most: int = 1 << 20) -> list[str]:
        """Read on until there is no more; the messages that came."""
        self.now += later
        found: list[str] = []
        while True:
            batch = self.reader.read(self.now, most, 5.0)
            self.batches.append(batch)
            found += [record.message for record in batch.records]
            if not batch.more:
                return found

    @property
    def messages(self) -> list[str]:
        return [record.message for batch in self.batches for record in batch.records]

    @property
    def events(self) -> list[str]:
        return [event for batch in self.batches for event in batch.events]

    @property
    def problems(self) -> dict[str, str]:
        """Of the last batch: what cannot be read, and why."""
        return {one.name: one.problem for one in self.batches[-1].sources if one.problem}

    def settle(self) -> list[str]:
        """What waited is whole by now."""
        return self.look(3) + self.look(10)
