"""Logging of the commands without a screen: to standard error, credentials masked."""

from __future__ import annotations

import logging
import re
import sys
from typing import Final

from checks.model import clean
from checks.secrets import MASK, mask_known

__all__ = ["MaskingFormatter", "configure"]

_LEVELS: Final = (logging.WARNING, logging.INFO, logging.DEBUG)
_DRIVERS: Final = ("httpx", "httpcore", "redis", "asyncio")
_HEADER = re.compile(
    r"(?P<name>\b(?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]*(?:key|token)|api-key)"
    r"(?P<between>['\"]?\s*[:,=]\s*b?)(?P<value>'[^']*'|\"[^\"]*\"|[^\r\n]+)",
    re.IGNORECASE,
)
_AUTH = re.compile(r"\b(?P<command>AUTH|requirepass|masterauth)(?P<rest>[\s,'\"b]+\S.*)")


class MaskingFormatter(logging.Formatter):
    """One clean line a record (a traceback follows on its own), with credentials masked.

    Masked are the credentials of the checks that run, passwords and secret-like query
    values of any URL, headers that carry credentials, and what follows Redis' AUTH.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return clean(_masked(super().formatMessage(record)), 2_000)

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's name
        return _masked(super().formatException(ei))  # type: ignore[arg-type]


def configure(verbosity: int) -> None:
    """Log warnings; with ``verbosity`` 1 what happens too, with 2 details of the drivers.

    Drivers say less than we do: at 1 they are held to warnings.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(MaskingFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    level = _LEVELS[min(verbosity, 2)]
    root.setLevel(level)
    for name in _DRIVERS:
        logging.getLogger(name).setLevel(level if verbosity > 1 else logging.WARNING)


def _masked(text: str) -> str:
    text = mask_known(text)
    text = _HEADER.sub(rf"\g<name>\g<between>{MASK}", text)
    return _AUTH.sub(rf"\g<command> {MASK}", text)
