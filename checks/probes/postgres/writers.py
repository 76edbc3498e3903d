"""Slow pieces: locks by mode; the archiver, the checkpointer and the background writer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from checks.findings import Finding
from checks.model import Part, SampleBuilder, Status, Table
from checks.probes.postgres.asking import Asker
from checks.probes.postgres.pulse import ZEROS_FOR, Pulse
from checks.wording import span

__all__ = ["MODES", "WRITER_COUNTERS", "Locks", "Writers"]

MODES: Final = (
    *("accesssharelock", "rowsharelock", "rowexclusivelock", "shareupdateexclusivelock"),
    *("sharelock", "sharerowexclusivelock", "exclusivelock", "accessexclusivelock"),
    "sireadlock",
)
"""The modes of a lock; the exporter gives a figure for each, also where it is 0."""

WRITER_COUNTERS: Final = (
    *("checkpoints_timed", "checkpoints_req", "checkpoint_write_time", "checkpoint_sync_time"),
    *("buffers_checkpoint", "buffers_clean", "maxwritten_clean", "buffers_backend"),
    *("buffers_backend_fsync", "buffers_alloc"),
)


class Locks:
    """How many locks there are, by database and mode."""

    name = "locks"

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}

    async def read(self, ask: Asker, pulse: Pulse, within: float) -> bool:
        rows = await ask(self.name, within=within)
        names = [name for name in pulse.names.values() if name]
        counted = names if rows is not None and len(names) <= ZEROS_FOR else ()
        self._counts = {(name, mode): 0 for name in counted for mode in MODES}
        for row in rows or ():
            name = pulse.names.get(row["datid"], "")
            if name:
                self._counts[name, row["mode"]] = row["locks"]
        return rows is not None

    def add(self, to: SampleBuilder) -> None:
        for (name, mode), count in self._counts.items():
            to.add("pg_locks_count", count, {"datname": name, "mode": mode})

    def tables(self) -> Iterable[Table]:
        return ()

    def findings(self) -> Iterable[Finding]:
        return ()


class Writers:
    """Counters of what writes in the background."""

    name = "writers"

    def __init__(self) -> None:
        self._row: dict[str, Any] = {}

    async def read(self, ask: Asker, pulse: Pulse, within: float) -> bool:
        del pulse
        rows = await ask(self.name, within=within)
        self._row = dict(rows[0]) if rows else {}
        return rows is not None

    def add(self, to: SampleBuilder) -> None:
        row = self._row
        if not row:
            return
        for column in WRITER_COUNTERS:
            to.add(f"pg_stat_bgwriter_{column}_total", row[column])
        to.add("pg_stat_archiver_archived_count", row["archived_count"])
        to.add("pg_stat_archiver_failed_count", row["failed_count"])
        to.add("pg_stat_archiver_last_archive_age", row["archive_age"])

    def tables(self) -> Iterable[Table]:
        return ()

    def findings(self) -> Iterator[Finding]:
        archived, failed = self._row.get("archive_age"), self._row.get("failure_age")
        if failed is None or (archived is not None and archived <= failed):
            return
        since = f"the last success was {span(archived)} ago" if archived is not None else "none yet"
        text = (
            f"archiver: archive_command has been failing ({since}): the write-ahead log is kept "
            "until it succeeds and fills the disk; the server's log says why"
        )
        yield Finding("expectation", Part("archiver", Status.WARNING, text, "failing"))
