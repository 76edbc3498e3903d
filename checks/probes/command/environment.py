"""What a command finds in its environment: little, and the same everywhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Final

__all__ = ["minimal"]

_KEPT: Final = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG")
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def minimal(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The few variables of ours that every command gets.

    ``LC_NUMERIC`` is C, so that a plugin writes 0.5 and not 0,5 whatever its language.
    """
    kept = {name: environ[name] for name in _KEPT if environ.get(name)}
    kept.setdefault("PATH", _PATH)
    kept.setdefault("LANG", "C.UTF-8" if sys.platform == "linux" else "C")
    return {**kept, "LC_NUMERIC": "C"}
