"""What numbers and dates look like as text, so that a database converts only what it can.

The patterns keep to what every server's regular expressions have in common, and hold neither
a quote nor a backslash nor a percent sign.
"""

from __future__ import annotations

from typing import Final

__all__ = ["DIGITS", "NAIVE_TIME", "NUMBER", "OFFSET", "ZONED_TIME"]

# The days of each month, and leap years by the Gregorian rule.
_LEAP_YEAR: Final = "([12][0-9](0[48]|[2468][048]|[13579][26])|(1[26]|2[048])00)"
_DATE: Final = (
    "([12][0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    "|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    f"|{_LEAP_YEAR}-02-29)"
)
_MINUTE: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
_SECOND: Final = ":[0-5][0-9]([.,][0-9]{1,12})?"

OFFSET: Final = "[-+](0[0-9]|1[0-4])(:?[0-5][0-9])?"
"""Of a zone: ``+02:00``, ``+0200``, ``+02``."""
NAIVE_TIME: Final = f"^ *{_DATE}([T ]{_MINUTE}({_SECOND})?)? *$"
"""ISO 8601 without a zone."""
ZONED_TIME: Final = f"^ *{_DATE}[T ]{_MINUTE}{_SECOND} *([Zz]|{OFFSET}) *$"
"""ISO 8601 with one."""
NUMBER: Final = "^ *[-+]?([0-9]{1,40}([.][0-9]{0,40})?|[.][0-9]{1,40})([eE][-+]?[0-9]{1,2})? *$"
DIGITS: Final = "^ *[0-9]{1,9}"
"""What a status begins with."""
