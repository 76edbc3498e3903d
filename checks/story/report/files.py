"""Where reports are written."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from checks.story.model import Incident

__all__ = ["report_file", "write_report"]


def report_file(incident: Incident) -> Path:
    """In the user's state directory: whatever folder onwatch was started in may be anybody's.

    Each configuration counts its incidents from 1, as each demo does: when it began is part of the
    name, so that no report takes the place of another incident's.
    """
    import platformdirs  # noqa: PLC0415 - where a report is written

    began = datetime.fromtimestamp(incident.began, UTC).astimezone()
    name = f"incident-{incident.id}-{began:%Y-%m-%d-%H%M%S}.md"
    return Path(platformdirs.user_state_dir("onwatch")) / "reports" / name


def write_report(path: Path, text: str) -> None:
    """Write ``text`` to ``path``, for the user's eyes alone, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    if path.is_symlink() and path.lstat().st_uid not in (0, os.geteuid()):
        # In /tmp it could lead to a file of ours, which would be gone.
        raise OSError(errno.EPERM, "it is a link that belongs to somebody else")
    path = path.resolve()
    if path.exists() and not path.is_file():
        # A terminal, a pipe: nothing takes their place.
        path.write_text(text, encoding="utf-8")
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
