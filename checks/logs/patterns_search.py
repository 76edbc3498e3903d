"""Regular expressions on log lines: RE2's, which take linear time whatever a line says."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from checks.model import clean

if TYPE_CHECKING:
    import re2

__all__ = ["BadPatternError", "octets", "regex"]

LONGEST: Final = 2_000
_MEMORY: Final = 8 << 20
"""What one expression may take, in bytes."""


class BadPatternError(ValueError):
    """The text is no expression that RE2 takes."""


@lru_cache(maxsize=256)
def regex(pattern: str) -> re2._Regexp[bytes]:
    """``pattern`` for the octets of lines: each is a line for ``^`` and ``$``, and no match
    crosses the end of one.

    Raises:
        BadPatternError: it is none.
    """
    import re2  # noqa: PLC0415 - 10 ms, and only where there is a pattern

    if len(pattern) > LONGEST:
        raise BadPatternError(f"the pattern is longer than {LONGEST:,} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.never_nl = True
    try:
        compiled: re2._Regexp[bytes] = re2.compile(f"(?m:{pattern})".encode(), options)
    except (re2.error, UnicodeEncodeError) as error:
        said = error.args[0] if error.args else "it cannot be read"
        said = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise BadPatternError(
            f"{clean(pattern, 80)} is no regular expression (RE2): {clean(said, 100)}"
        ) from None
    return compiled


def octets(text: str) -> bytes:
    """``text`` as it is searched in."""
    return text.encode("utf-8", "replace")


def is_anchored(pattern: str) -> bool:
    """Whether it asks for the very beginning or end of a text, not of a line."""
    return bool(re.search(r"\\[Az]", pattern))
