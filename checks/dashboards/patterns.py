"""Patterns as dashboards write them: JavaScript's, in Python's words."""

from __future__ import annotations

import re
import warnings

__all__ = ["pattern_of"]


def pattern_of(written: str) -> re.Pattern[str]:
    """``/pattern/flags``, or a pattern alone.

    Raises:
        ValueError: it is none, in a sentence.
    """
    body, flags = written, ""
    if written.startswith("/") and (end := written.rfind("/")) > 0:
        body, flags = written[1:end], written[end + 1 :]
    body = re.sub(r"\(\?<(\w+)>", r"(?P<\1>", body)
    try:
        with warnings.catch_warnings():
            # Python may read brackets within brackets otherwise one day.
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(body, re.IGNORECASE if "i" in flags else 0)
    except (re.error, RecursionError, OverflowError) as wrong:
        raise ValueError(f"the pattern {written[:60]} is none: {wrong}") from None
