"""What lies beside the story in files: the audit log that is read, reports that are written.

Everything that blocks happens in a lane of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from checks.clock import Clock
from checks.config import RunbooksConfig
from checks.errors import OnwatchError
from checks.lanes import LaneBusyError, Lanes
from checks.runbooks.append_only import spare_file
from checks.story.errors import JournalError
from checks.story.model import Entry, EntryKind, Figure, Incident

if TYPE_CHECKING:
    from checks.runbooks.audit import AuditEntry
    from checks.story.report.material import Material
    from checks.story.targets import Targets

__all__ = ["Archive"]

_LANE: Final = "reports"
_BACK: Final = 86_400.0
"""Seconds back from which on steps of other sessions are looked for."""

log = logging.getLogger("onwatch.story")


class Archive:
    """Of the story in the file ``memory`` (None: in memory alone), whose steps are in the audit log
    of ``books``.
    """

    def __init__(
        self,
        memory: Path | None,
        books: RunbooksConfig,
        lanes: Lanes,
        clock: Clock,
        *,
        host: str,
        targets: Targets,
    ) -> None:
        self._memory = memory
        self._books = books
        self._lanes = lanes
        self._clock = clock
        self._host = host
        self._targets = targets

    async def missed(self, entries: Sequence[Entry]) -> list[Entry]:
        """Steps that the audit log alone knows of: their session was killed before it told them,
        or another program ran them. ``entries`` are those that are known, the newest first.
        """
        since = self._clock.now() - _BACK
        try:
            found = await self._lanes.run(_LANE, partial(self._audited, since))
        except (OnwatchError, LaneBusyError) as error:
            log.warning("the steps of before are not known: %s", error)
            return []
        from checks.story.steps import with_audit  # noqa: PLC0415 - where steps were run

        known = [one for one in entries if one.kind is EntryKind.STEP]
        return with_audit(known, found)[len(known) :]

    async def report(
        self, incident: Incident, entries: Sequence[Entry], figures: Sequence[Figure]
    ) -> tuple[str, str]:
        """Write the report of ``incident`` into a file; a sentence that says where it is, and its
        path, empty where there is none.

        ``entries`` are the latest ones, also such as are not in the file yet; ``figures`` are
        those that are in no file.
        """
        from checks.story.report.files import report_file  # noqa: PLC0415 - where one is wanted

        make = partial(self._write, incident, tuple(entries), tuple(figures))
        try:
            path = await self._lanes.run(_LANE, make)
        except LaneBusyError:
            return f"the report of incident {incident.id} is still being written", ""
        except (OnwatchError, JournalError) as error:
            return f"there is no report of incident {incident.id}: {error}", ""
        except OSError as error:
            why = error.strerror or str(error)
            return f"the report of incident {incident.id} cannot be written: {why}", ""
        said = f"the report of incident {incident.id} is in {path}"
        if path != (usual := report_file(incident)):
            said += f"; {usual.name} was edited by hand, and stays as it is"
        return said, str(path)

    # In the lane

    def _audited(self, since: float) -> tuple[AuditEntry, ...]:
        path = self._books.audit
        # Where a disk has had no room from the first step on, there is the spare one alone.
        if path is None or (_is_missing(path) and _is_missing(spare_file(path))):
            return ()
        from checks.runbooks.audit import Audit  # noqa: PLC0415 - where steps were run
        from checks.secrets import Masker  # noqa: PLC0415

        audit = Audit(path, Masker(), self._clock, config=self._books.config)
        return audit.entries(since)

    def _write(
        self, incident: Incident, entries: tuple[Entry, ...], figures: tuple[Figure, ...]
    ) -> Path:
        from checks.story.report import files  # noqa: PLC0415 - where one is wanted
        from checks.story.report.writing import report  # noqa: PLC0415

        path = files.free_of(files.report_file(incident))
        text = report(self._material(incident, entries, figures))
        files.write_report(path, files.sealed(text))
        return path

    def _material(
        self, incident: Incident, entries: tuple[Entry, ...], figures: tuple[Figure, ...]
    ) -> Material:
        from checks.runbooks.library import Library  # noqa: PLC0415 - where a report is wanted
        from checks.story.report.gather import Around, gather, put_together  # noqa: PLC0415

        library = Library(self._books)
        library.refresh()
        now = self._clock.now()
        around = Around(now, self._host, frozenset(library.names), self._targets)
        audit = self._audited(incident.began)
        if self._memory is None:
            return put_together(incident, entries, figures, around, audit)
        from checks.story.journal import Journal  # noqa: PLC0415 - imports sqlite3

        journal = Journal(self._memory)
        try:
            journal.open(create=False)
            fresh = [one for one in entries if not one.id]
            return gather(journal, incident, around, audit, fresh)
        finally:
            journal.close()


def _is_missing(path: Path) -> bool:
    """Whether there is no such file; false where that cannot be told: reading it says why."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False
