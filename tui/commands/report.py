"""``onwatch report``: the report of an incident as Markdown, ready to be sent."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.errors import ConfigError, OnwatchError

if TYPE_CHECKING:
    from checks.runbooks.audit import AuditEntry
    from checks.story.journal import Journal
    from checks.story.model import Incident
    from checks.story.report.gather import Around
    from checks.story.report.material import Material
    from tui.config import Loaded

__all__ = ["opened", "run"]


class _ReportError(OnwatchError):
    """There is no report to be made, or it cannot be written."""

    exit_code = 2


def run(args: argparse.Namespace) -> int:
    """Print the report of ``args.incident``, of the newest one by default, or a list; 0."""
    with opened(args.config) as journal:
        if journal is None:
            return _nothing(args)
        incidents = journal.incidents(5_000)
        if args.list:
            return _listed(args, incidents)
        incident = _chosen(args.incident, journal, incidents)
        if incident is None:
            return _nothing(args)
        material = _material(args, journal, incident)
    return _put(args, material)


@contextlib.contextmanager
def opened(config: str | None, *, create: bool = False) -> Iterator[Journal | None]:
    """The story of what ``config`` watches; None where there is none yet. Errors as sentences."""
    from checks.story.errors import JournalError  # noqa: PLC0415 - imports sqlite3
    from checks.story.journal import Journal  # noqa: PLC0415
    from checks.story.place import story_file  # noqa: PLC0415
    from tui.config.files import find, identity  # noqa: PLC0415

    found = find(config)
    if config and found is not None and not _is_there(found):
        raise _ReportError(f"there is no configuration {config}")
    path = story_file(socket.gethostname(), identity(found))
    if not create and not _is_there(path):
        yield None
        return
    journal = Journal(path)
    try:
        journal.open(create=create)
        yield journal
    except JournalError as error:
        raise _ReportError(str(error)) from None
    finally:
        journal.close()


def _is_there(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path's own raises where it may not look


def _nothing(args: argparse.Namespace) -> int:
    """Say that there has been no incident; an error where one was asked for."""
    if args.incident is not None:
        raise _ReportError(f"there is no incident {args.incident}: none has been recorded yet")
    if args.json:
        print("[]" if args.list else "null")
    else:
        print("no incident has been recorded yet: onwatch records them while it runs")
    return 0


def _chosen(number: int | None, journal: Journal, incidents: list[Incident]) -> Incident | None:
    if number is None:
        return incidents[0] if incidents else None
    found = journal.incident(number)
    if found is None and incidents:
        known = f"{incidents[-1].id} to {incidents[0].id}"
        if len(incidents) == 1:
            known = f"incident {incidents[0].id} alone"
        raise _ReportError(f"there is no incident {number}; known is {known} (--list)")
    return found


def _material(args: argparse.Namespace, journal: Journal, incident: Incident) -> Material:
    from checks.story.report.gather import gather  # noqa: PLC0415 - with a report to write

    return gather(journal, incident, _around(args.config), _audited(args.config, incident))


def _audited(config: str | None, incident: Incident) -> tuple[AuditEntry, ...]:
    """What the audit log knows of the incident's time; nothing where it cannot be read."""
    from checks.clock import SystemClock  # noqa: PLC0415 - with a report to write
    from checks.runbooks.audit import Audit, AuditError, audit_file  # noqa: PLC0415
    from checks.secrets import Masker  # noqa: PLC0415
    from tui.config.files import find, identity  # noqa: PLC0415

    audit = Audit(audit_file(), Masker(), SystemClock(), config=identity(find(config)))
    try:
        # So that a step of a session that was killed is told as cut off.
        audit.cut_off()
    except AuditError as error:
        _warn(str(error))
    try:
        return audit.entries(incident.began)
    except AuditError:
        return ()


def _around(config: str | None) -> Around:
    """What the configuration tells besides; one that is broken keeps nobody from their report."""
    from checks.story.report.gather import Around  # noqa: PLC0415 - with a report to write

    host, now = socket.gethostname(), time.time()
    try:
        from tui.config import load  # noqa: PLC0415 - imports pydantic

        loaded = load(config)
    except ConfigError as error:
        _warn(f"the configuration cannot be read, and the report goes without it: {error}")
        return Around(now, host)
    story = loaded.engine.story
    from checks.story.targets import Targets  # noqa: PLC0415

    targets = (story.targets if story is not None else None) or Targets()
    return Around(now, host, _runbooks(loaded), targets)


def _runbooks(loaded: Loaded) -> frozenset[str]:
    """Names of the runbooks that there are."""
    from checks.runbooks.library import Library  # noqa: PLC0415 - with a report to write

    library = Library(loaded.engine.runbooks)
    library.refresh()
    return frozenset(library.names)


def _listed(args: argparse.Namespace, incidents: list[Incident]) -> int:
    """A line for each incident, the newest first."""
    if args.json:
        from checks.story.report.data import listed  # noqa: PLC0415
        from checks.story.report.material import Material  # noqa: PLC0415

        now = time.time()
        made: list[dict[str, Any]] = [listed(Material(one, (), (), now)) for one in incidents]
        print(json.dumps(made, indent=2))
        return 0
    if not incidents:
        return _nothing(args)
    from tui.output.incidents import incident_table  # noqa: PLC0415

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(incident_table(incidents, time.time(), width))
    return 0


def _put(args: argparse.Namespace, material: Material) -> int:
    if args.json:
        from checks.story.report.data import as_data  # noqa: PLC0415

        text = json.dumps(as_data(material), indent=2, ensure_ascii=False) + "\n"
    else:
        from checks.story.report.writing import report  # noqa: PLC0415

        text = report(material)
    if args.output is None:
        sys.stdout.write(text)
        return 0
    from checks.story.report.files import write_report  # noqa: PLC0415
    from tui.config.files import expanded, homeless  # noqa: PLC0415

    path = expanded(args.output)
    try:
        if problem := homeless(path):
            raise _ReportError(problem)
        # What stands in a report by now, somebody may have written.
        if path.is_file() and not args.force:
            raise _ReportError(f"{path} is there already: --force overwrites it")
        write_report(path, text)
    except OSError as error:
        raise _ReportError(f"{path} cannot be written: {error.strerror}") from None
    print(f"the report of incident {material.incident.id} is in {path}")
    return 0


def _warn(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr)
