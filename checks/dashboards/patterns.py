"""Patterns as dashboards write them: JavaScript's, in RE2's words.

RE2 takes no longer for the worst of patterns and texts: a file from elsewhere has the patterns, and
what is watched the texts. It knows no lookahead and no references back, which few use.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re2

__all__ = ["pattern_of"]


def pattern_of(written: str) -> re2._Regexp:
    """``/pattern/flags``, or a pattern alone.

    Raises:
        ValueError: it is none, in a sentence.
    """
    import re2  # noqa: PLC0415 - only who has such a pattern pays for it

    body, flags = written, ""
    if written.startswith("/") and (end := written.rfind("/")) > 0:
        body, flags = written[1:end], written[end + 1 :]
    body = re.sub(r"\(\?<(\w+)>", r"(?P<\1>", body)
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = "i" not in flags
    try:
        return re2.compile(body, options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0] if error.args else error
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"the pattern {written[:60]} cannot be used: {text}") from None
