"""What logs call their levels: words of many frameworks, and numbers of three."""

from __future__ import annotations

from typing import Final

from checks.logs.model import Level, Value

__all__ = ["level_of"]

_WORDS: Final = {
    Level.TRACE: "trace verbose finest finer trc t",
    Level.DEBUG: "debug dbg fine d debug1 debug2 debug3 debug4 debug5",
    Level.INFO: "info information informational log ok i inf statement detail hint context config",
    Level.NOTICE: "notice note system n",
    Level.WARNING: "warning warn wrn w",
    Level.ERROR: "error err eror severe e",
    Level.CRITICAL: "critical crit fatal panic alert emerg emergency c f",
}
_PINO: Final = {10: 0, 20: 1, 30: 2, 40: 4, 50: 5, 60: 6}
_SYSLOG: Final = {0: 6, 1: 6, 2: 6, 3: 5, 4: 4, 5: 3, 6: 2, 7: 1}
_MONOLOG: Final = {100: 1, 200: 2, 250: 3, 300: 4, 400: 5, 500: 6, 550: 6, 600: 6}
"""Each framework's numbers, which no other of the three has (pino's levels; RFC 5424, table 2;
Monolog's)."""
_NUMBERS: Final = {
    float(number): Level(level)
    for numbers in (_PINO, _SYSLOG, _MONOLOG)
    for number, level in numbers.items()
}
_known: dict[Value, Level | None] = {
    word: level for level, words in _WORDS.items() for word in words.split()
}
_REMEMBERED: Final = 1_000


def level_of(value: Value) -> Level | None:
    """The level that ``value`` stands for, whatever its case; None where it is none."""
    if value is True or value is False:
        return None  # to Python they are numbers, which are levels of syslog's
    try:
        return _known[value]
    except KeyError:
        level = _found(value)
    if len(_known) < _REMEMBERED:
        _known[value] = level
    return level


def _found(value: Value) -> Level | None:
    if isinstance(value, str):
        word = value.strip().lower()
        return _NUMBERS.get(float(word)) if word.isascii() and word.isdigit() else _known.get(word)
    return _NUMBERS.get(value) if isinstance(value, float) else None
