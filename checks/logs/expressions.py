"""Regular expressions of the user's, on lines that others write: RE2's, which take linear time."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import re

__all__ = ["compiled"]

_MEMORY: Final = 8 << 20
"""Bytes that a compiled pattern may take; RE2 refuses one that needs more."""


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """``pattern``, with the methods of ``re``.

    Raises:
        ValueError: it is no RE2 pattern, or needs too much memory; a sentence says why.
    """
    import re2  # noqa: PLC0415 - only who has such a pattern pays for it

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        found: re.Pattern[str] = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0] if error.args else error
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(
            f"{pattern!r} is no regular expression of RE2's ({text}); "
            "it has no look-around and no back references"
        ) from None
    return found
