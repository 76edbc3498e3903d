"""Where reports are written."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from checks.story.model import Incident
from checks.swapping import swap_in

__all__ = ["free_of", "report_file", "sealed", "write_report"]

_SEAL: Final = "\n<!-- as onwatch wrote it: {} -->\n"
_SEALED: Final = re.compile(_SEAL.format("([0-9a-f]{32})") + r"\Z")


def report_file(incident: Incident) -> Path:
    """In the user's state directory: whatever folder onwatch was started in may be anybody's.

    Each configuration counts its incidents from 1, as each demo does: when it began is part of the
    name, so that no report takes the place of another incident's.
    """
    import platformdirs  # noqa: PLC0415 - where a report is written

    began = datetime.fromtimestamp(incident.began, UTC).astimezone()
    name = f"incident-{incident.id}-{began:%Y-%m-%d-%H%M%S}.md"
    return Path(platformdirs.user_state_dir("onwatch")) / "reports" / name


def sealed(text: str) -> str:
    """``text`` with a comment by which is seen later whether somebody has edited it."""
    return text + _SEAL.format(_digest(text))


def free_of(path: Path) -> Path:
    """``path``, or where a file is there that somebody has edited, the first such name beside it
    (``…-2.md``) of which that is not so.

    Raises:
        OSError: what is there cannot be read.
    """
    names = (path.with_stem(f"{path.stem}-{number}") for number in count(2))
    return path if _is_free(path) else next(name for name in names if _is_free(name))


def _is_free(path: Path) -> bool:
    if not path.is_file():
        return True
    text = path.read_bytes().decode("utf-8", "replace")
    seal = _SEALED.search(text)
    return seal is not None and seal[1] == _digest(text[: seal.start()])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


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
    swap_in(path, text)
