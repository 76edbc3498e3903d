"""What the shop's operators have at hand in the demo's folder: ``shopctl`` and their runbooks."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Final

__all__ = ["lay_out"]

_RUNBOOKS: Final = Path(__file__).with_name("runbooks")
_SHOPCTL: Final = Path(__file__).with_name("shopctl.py")


def lay_out(folder: Path) -> None:
    """Put them into ``folder``, whose control socket is ``control``.

    Copies: whoever tries the demo may change a runbook and see what comes of it.
    """
    words = (sys.executable, "-I", "-S", str(_SHOPCTL), str(folder / "control"))
    program = folder / "shopctl"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    program.chmod(0o700)
    (folder / "runbooks").mkdir(mode=0o700, exist_ok=True)
    for source in sorted(_RUNBOOKS.glob("*.md")):
        copy = folder / "runbooks" / source.name
        copy.write_bytes(source.read_bytes())
        copy.chmod(0o600)
