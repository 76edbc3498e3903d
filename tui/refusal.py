"""What is said of an error that somebody can do something about."""

from __future__ import annotations

from typing import Final

from checks.errors import ConfigError, OnwatchError
from checks.model import clean_lines

__all__ = ["ArgumentError", "refusal"]

_LONGEST: Final = 200_000
_WIDEST: Final = 20_000
"""Characters in all and in a line: a file may have many mistakes."""


class ArgumentError(OnwatchError):
    """What stands on the command line cannot be meant: of the option ``argument``, where it is one
    whose name the ``text`` needs."""

    exit_code = 2

    def __init__(self, argument: str, text: str) -> None:
        super().__init__(f"{argument}: {text}" if argument else text)


def refusal(error: OnwatchError) -> str:
    """Its sentences, a line each, without what would be a command to the terminal: files are called
    anything.
    """
    if isinstance(error, ConfigError):
        # What is probably not meant may be why something is wrong.
        lines = [str(error), *(f"warning: {warning}" for warning in error.warnings)]
    else:
        lines = [f"onwatch: {error}"]
    return clean_lines("\n".join(lines), _LONGEST, _WIDEST)
