"""Regular expressions on the octets of log lines: RE2's, which take linear time whatever they say.

Octets, since RE2 searches in nothing else: handed text, it is made octets at every search, and
the places of what was found are counted in characters again.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from checks.model import clean

__all__ = ["BadPatternError", "groups", "octets", "regex"]

_LONGEST: Final = 2_000
_MEMORY: Final = 4 << 20
"""What one expression may take, in bytes."""
_ENDS = re.compile(r"\\([\\AzZ])")
_LINES: Final = {"A": "^", "z": "$", "Z": "$"}


class BadPatternError(ValueError):
    """The text is no expression that RE2 takes."""


@lru_cache(maxsize=256)
def regex(pattern: str) -> re.Pattern[bytes]:
    """``pattern`` for the octets of lines: each is a line for ``^`` and ``$``, and no match
    crosses the end of one.

    Raises:
        BadPatternError: it is none.
    """
    import re2  # noqa: PLC0415 - 10 ms, and only where there is a pattern

    if len(pattern) > _LONGEST:
        raise BadPatternError(f"the pattern is longer than {_LONGEST:,} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.never_nl = True
    try:
        lines = _ENDS.sub(lambda end: _LINES.get(end[1], end[0]), pattern)
        found: re.Pattern[bytes] = re2.compile(f"(?m:{lines})".encode(), options)
    except (re2.error, UnicodeEncodeError) as error:
        said = error.args[0] if error.args else "it cannot be read"
        said = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        said = said.replace(f"(?m:{lines})", pattern)
        raise BadPatternError(
            f"{clean(pattern, 80)!r} is no regular expression of RE2's ({clean(said, 100)}); "
            "it has no look-around and no back references"
        ) from None
    return found


def groups(pattern: re.Pattern[bytes]) -> dict[str, int]:
    """The numbers of the named groups of ``pattern``."""
    # RE2 names them as it got the pattern: in octets.
    named: list[tuple[str | bytes, int]] = list(pattern.groupindex.items())
    return {name.decode() if isinstance(name, bytes) else name: one for name, one in named}


def octets(text: str) -> bytes:
    """``text`` as it is searched in."""
    return text.encode("utf-8", "replace")
