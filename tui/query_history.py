"""What was asked in PromQL, kept over sessions: a short file that its user alone can read."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

__all__ = ["MOST", "QueryHistory", "state_file"]

MOST: Final = 200
"""Expressions that are kept, the newest ones."""
_LONGEST: Final = 1000
"""Characters of one; a longer line is none of ours."""
_BYTES: Final = 1 << 20
"""Of a file that is read at most: one that somebody else has put there may be of any size."""


def state_file() -> Path:
    """Where it is kept: in the user's state directory."""
    import platformdirs  # noqa: PLC0415 - not for the first frame

    return Path(platformdirs.user_state_dir("onwatch")) / "queries"


class QueryHistory:
    """The expressions asked, oldest first, each once; in the file that ``path`` names.

    Files are read and written in threads of their own, one after the other: a home may hang, and
    then nothing is remembered, and nobody waits. Without a ``path`` it lasts as long as the app.
    """

    def __init__(self, path: Callable[[], Path] | None = None) -> None:
        self._path = path
        self._turn = threading.Lock()

    def load(self, take: Callable[[list[str]], object]) -> None:
        """Hand what is kept to ``take``, from another thread; nothing where that is nothing."""

        def work(path: Path) -> None:
            if kept := _read(path):
                take(kept)

        self._begin(work)

    def add(self, text: str) -> None:
        """Keep ``text`` as the newest, with what other sessions have kept meanwhile."""

        def work(path: Path) -> None:
            with contextlib.suppress(OSError):  # it is remembered in this session all the same
                _write(path, with_newest(_read(path), text))

        if _is_one(text):
            self._begin(work)

    def _begin(self, work: Callable[[Path], None]) -> None:
        path = self._path
        if path is None:
            return

        def run() -> None:
            with self._turn:
                work(path())

        threading.Thread(target=run, name="onwatch-queries", daemon=True).start()


def with_newest(kept: Iterable[str], text: str) -> list[str]:
    """``kept`` and ``text`` behind it, each once, no more than :data:`MOST`."""
    return [*(one for one in kept if one != text), text][-MOST:]


def _is_one(text: str) -> bool:
    return bool(text.strip()) and len(text) <= _LONGEST and text.isprintable()


def _read(path: Path) -> list[str]:
    """The lines that can be expressions; none where the file cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(_BYTES)
    except OSError:
        return []
    lines = data.decode("utf-8", "replace").splitlines()
    return list(dict.fromkeys(line for line in lines if _is_one(line)))[-MOST:]


def _write(path: Path, lines: Iterable[str]) -> None:
    """All of it at once: who reads meanwhile reads what was before."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made for its user alone, whatever the umask says.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
