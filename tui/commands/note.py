"""``onwatch note``: writes a line into the timeline, also of a moment before."""

from __future__ import annotations

import argparse
import time

from checks.errors import OnwatchError
from checks.model import clean
from tui.commands.report import opened

__all__ = ["run"]


class _NoteError(OnwatchError):
    """The note cannot be taken."""

    exit_code = 2


def run(args: argparse.Namespace) -> int:
    """Write ``args.text`` into the timeline; 0."""
    from checks.story import telling  # noqa: PLC0415 - imports the views
    from checks.story.incidents import foremost  # noqa: PLC0415
    from checks.story.model import EntryKind  # noqa: PLC0415
    from checks.story.moments import moment_of  # noqa: PLC0415
    from checks.story.person import who  # noqa: PLC0415
    from checks.story.tables import Batch  # noqa: PLC0415

    if not args.annotate:
        raise _NoteError("--no-annotate: no note is written")
    text = clean(" ".join(args.text).strip(), telling.LONGEST_NOTE)
    if not text:
        raise _NoteError("the note is empty")
    now = time.time()
    try:
        at = moment_of(args.at, now)
    except ValueError as error:
        raise _NoteError(f"--at: {error}") from None
    with opened(args.config, create=True) as journal:
        assert journal is not None  # noqa: S101 - made where there was none
        lasted = foremost(journal.incidents(200), at)
        incident = args.incident or (lasted.id if lasted is not None else 0)
        if args.incident and journal.incident(args.incident) is None:
            raise _NoteError(f"there is no incident {args.incident}; see onwatch report --list")
        entry = telling.note(text, at, who(), incident)
        journal.write(Batch(entries=[entry]))
    what = "deployment" if entry.kind is EntryKind.DEPLOYMENT else "note"
    where = f" of incident {incident}" if incident else ""
    local = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
    print(f"{what} written into the timeline{where} at {local}")
    return 0
