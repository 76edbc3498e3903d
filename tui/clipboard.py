"""Copying from a terminal program: asking the terminal for it, and a file beside.

A terminal answers nothing to OSC 52; many have it switched off, and tmux's default ignores it.
So what was copied always lies in a file of the user's too.
"""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from tui.multiplexers import handed_through, in_tmux

__all__ = ["MOST", "copied_file", "keep", "kept", "shown_path", "told", "written"]

MOST: Final = 74_994
"""Bytes of text that fit into the 100,000 of an OSC 52 sequence that terminals accept."""
_NO_CLIPBOARD: Final = ("linux", "vt", "ansi", "wy")
"""How the names of terminals begin that have no clipboard at all."""


_turn: Final = threading.Lock()
"""Held by whoever writes the file: one that is copied while another is written comes after it."""


def written(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """What to write to the terminal so that it copies ``text``; empty where none would."""
    data = text.encode()
    kind = environ.get("TERM", "")
    if len(data) > MOST or kind.startswith(_NO_CLIPBOARD):
        return ""
    sequence = f"\x1b]52;c;{base64.b64encode(data).decode()}\x07"
    # Taken by tmux itself (set-clipboard on), or handed through to the terminal
    # (allow-passthrough on); what it does not take it swallows.
    own = sequence if in_tmux(environ) else ""
    return own + handed_through(sequence, environ)


def kept(text: str, what: str, say: Callable[[str], object]) -> None:
    """Keep ``text`` in the file, and ``say`` the sentence about ``what`` was copied.

    Both happen in a thread of their own, as soon as the file is written: on a hung disk never.
    """

    def work() -> None:
        path = copied_file()
        with _turn:
            problem = keep(text, path)
        say(told(what, asked=bool(written(text)), path=path, problem=problem))

    threading.Thread(target=work, name="onwatch-copy", daemon=True).start()


def copied_file() -> Path:
    """Where what was copied lies."""
    import platformdirs  # noqa: PLC0415 - seldom needed

    return Path(platformdirs.user_state_dir("onwatch")) / "copied.txt"


def keep(text: str, path: Path) -> str:
    """Write ``text`` to ``path``, for the user's eyes alone; why it could not, or empty."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            # A full disk has room for its name.
            fresh.unlink(missing_ok=True)
        return error.strerror or type(error).__name__
    return ""


def shown_path(path: Path) -> str:
    """``path`` as people write it, ``~`` for their home."""
    home = Path("~").expanduser()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def told(what: str, *, asked: bool, path: Path, problem: str) -> str:
    """The sentence about ``what`` was copied; ``problem`` is why the file could not be written."""
    where = shown_path(path)
    if problem:
        failed = f"{where} could not be written: {problem}"
        return f"asked the terminal to copy {what}; {failed}" if asked else failed
    if asked:
        return f"asked the terminal to copy {what}; also in {where}"
    return f"{what}: in {where}, since the terminal cannot copy it"
