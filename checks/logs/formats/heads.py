"""Lines of text whose beginning says when they were written and how grave they are.

Each :class:`Head` is one framework's. A log keeps to one of them mostly, so the one that fitted
the last line is tried first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from checks.logs.formats.base import MESSAGE_LENGTH, Maker, is_tidy, text_of, tidied
from checks.logs.levels import level_of
from checks.logs.model import Level, Record, Value
from checks.model import clean

__all__ = ["APACHE_ERROR", "NGINX_ERROR", "SYSLOG", "Head", "Heads"]

_ISO: Final = (
    r"(?P<time>\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?"
    r"(?: ?(?:Z|UTC|GMT|[A-Z]{3,4}(?= \[)|[+-]\d\d:?\d\d|[+-]\d\d(?= ))(?![\w]))?)"
)
_WORD: Final = (
    r"(?P<level>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|CRIT|FATAL|SEVERE|ALERT|"
    r"EMERG|PANIC|VERBOSE)"
)
_SEVERITY: Final = r"(?P<severity>Fatal error|Parse error|Warning|Notice|Deprecated)"
_ANY_CASE: Final = r"(?i:" + _WORD + r")"
_REDIS: Final = {"#": Level.WARNING, "*": Level.NOTICE, "-": Level.INFO, ".": Level.DEBUG}
_TAIL = re.compile(r', (client|server|request|upstream|host|referrer): ("(?:[^"\\]|\\.)*"|[^,"]+)')


@dataclass(frozen=True, slots=True)
class Head:
    """How lines of one kind begin.

    The groups ``time`` and ``level`` of ``pattern`` are what they say, ``message`` too where there
    is such a group (else it is the rest); others are fields. ``begins`` are the characters that
    a line may begin with, for a look that costs nothing.
    """

    name: str
    begins: str
    pattern: re.Pattern[str]
    groups: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        groups = self.pattern.groupindex
        object.__setattr__(self, "groups", tuple(sorted(groups, key=groups.__getitem__)))


def _head(name: str, begins: str, pattern: str) -> Head:
    return Head(name, begins, re.compile(pattern))


_DIGITS: Final = "0123456789"
_CAPITALS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NGINX_ERROR: Final = _head(
    "nginx error",
    _DIGITS,
    r"(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(?P<level>\w{4,6})\] "
    r"(?P<pid>\d+)#\d+: (?:\*(?P<connection>\d+) )?",
)
APACHE_ERROR: Final = _head(
    "apache error",
    "[",
    r"\[(?P<time>\w{3} \w{3} \d\d \d\d:\d\d:\d\d(?:\.\d+)? \d{4})\] \[(?:(?P<module>\w*):)?"
    r"(?P<level>[a-z]+\d?)\] (?:\[pid (?P<pid>\d+)[^\]]*\] )?(?:\[client (?P<client>[^\]]+)\] )?",
)
SYSLOG: Final = (
    _head(
        "syslog",
        _CAPITALS + "<",
        r"(?:<(?P<priority>\d{1,3})>)?(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) "
        r"(?P<host>\S+) (?P<program>[^\s\[:]+)(?:\[(?P<pid>\d+)\])?: ",
    ),
    _head(
        "syslog (ISO)",
        _DIGITS + "<",
        r"(?:<(?P<priority>\d{1,3})>(?:1 )?)?(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?"
        r"(?:Z|[+-]\d\d:\d\d)) (?P<host>\S+) (?P<program>[^\s\[:]+)(?:\[(?P<pid>\d+)\])?: ",
    ),
)
_OTHERS: Final = (
    _head("mysql", _DIGITS, _ISO + r" +(?P<thread>\d+) \[(?P<level>\w+)\] "
          r"(?:\[(?P<code>[A-Z]+-\d+)\] \[(?P<subsystem>\w+)\] )?"),
    _head("postgres", _DIGITS, _ISO + r" \[(?P<pid>\d+)(?:-\d+)?\]:? (?:(?P<user>[^@\s]*)@"
          r"(?P<database>\S*) )?(?P<level>[A-Z]+\d?): +"),
    _head("brackets", "[", r"\[" + _ISO + r"\] (?:\[(?P<pid>\d+)\] )?\[?" + _ANY_CASE
          + r"\]?[: ] ?"),
    _head("celery", "[", r"\[" + _ISO + r": " + _WORD + r"/(?P<process>[^\]]+)\] "),
    _head("bracketed time", "[", r"\[" + _ISO + r"\] "),
    _head("php", "[", r"\[(?P<time>\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?: [A-Z]{3,4})?)"
          r"(?: [A-Z]\w+/\w+)?\] (?:(?:PHP )?(?:" + _WORD + r"|" + _SEVERITY + r"):\s+)?"),
    _head("python", _DIGITS, _ISO + r" - (?P<logger>[\w.-]+) - " + _WORD + r" - "),
    _head("time and level", _DIGITS, _ISO + r"[ |\t]+(?:\[(?P<pid>[\w#-]+)\] )?[\[(]?" + _ANY_CASE
          + r"[\])]?(?![\w])[:| -]* ?(?:\d+ --- )?"),
    _head("time", _DIGITS, _ISO + r"[ \t|]+"),
    _head("redis", _DIGITS, r"(?P<pid>\d+):[XCSM] (?P<time>\d\d [A-Z][a-z]{2} \d{4} "
          r"\d\d:\d\d:\d\d\.\d{3}) (?P<level>[#*.-]) "),
    _head("level:name:", _CAPITALS, _WORD + r":(?P<logger>[\w.-]{1,100}):(?! )"),
    _head("level", _CAPITALS + "[", r"\[?" + _WORD + r"(?:\]|:| -|(?= ))\s*"),
    _head("klog", "IWEF", r"(?P<level>[IWEF])\d{4} \d\d:\d\d:\d\d\.\d+ +(?P<pid>\d+) "
          r"(?P<file>[\w./-]+:\d+)\] "),
    _head("php", _CAPITALS, r"PHP " + _SEVERITY + r":\s+"),
)  # fmt: skip
ALL: Final = (NGINX_ERROR, APACHE_ERROR, *SYSLOG, *_OTHERS)
_PHP: Final = {
    "Fatal error": Level.CRITICAL, "Parse error": Level.CRITICAL, "Warning": Level.WARNING,
    "Notice": Level.NOTICE, "Deprecated": Level.NOTICE,
}  # fmt: skip
_NO_PRIORITY: Final[dict[str, Value]] = {}


class Heads:
    """Text, with the beginnings that are usual, or ``only`` some; others have none where ``any_``
    says that every line will do.
    """

    alone = False

    def __init__(self, name: str, only: Sequence[Head] = ALL, *, any_: bool = True) -> None:
        self.name = name
        self._any = any_
        self._last = only[0]
        self._by_first: dict[str, tuple[Head, ...]] = {
            first: tuple(head for head in only if first in head.begins)
            for first in {first for head in only for first in head.begins}
        }

    def read(self, line: str, more: Sequence[str], to: Maker) -> Record | None:
        last = self._last
        found = last.pattern.match(line)
        if found is None:
            for head in self._by_first.get(line[:1], ()):
                found = head.pattern.match(line)
                if found is not None:
                    self._last = last = head
                    break
            else:
                return self._bare(line, more, to) if self._any else None
        return _record(last, found, line, more, to)

    def _bare(self, line: str, more: Sequence[str], to: Maker) -> Record:
        text = text_of(line, more)
        return to.of_parts(
            None, None, clean(line, MESSAGE_LENGTH), _NO_PRIORITY, text if more else ""
        )


def _record(head: Head, found: re.Match[str], line: str, more: Sequence[str], to: Maker) -> Record:
    fields: dict[str, Value] = {
        name: value
        for name, value in zip(head.groups, found.groups(), strict=True)
        if value is not None
    }
    when, said = fields.pop("time", None), fields.pop("level", None)
    message = line[found.end() :]
    if head is NGINX_ERROR and ", client: " in message:
        message = _taken_apart(message, fields)
    tidy = is_tidy(line)
    return to.of_parts(
        to.times.read(when, to.now) if when is not None else None,
        _level(said, fields),
        message if tidy else clean(message, MESSAGE_LENGTH),
        fields if tidy else tidied(fields),
        text_of(line, more),
    )


def _level(said: Value, fields: dict[str, Value]) -> Level | None:
    if said is not None:
        return _REDIS.get(said) if said in _REDIS and isinstance(said, str) else level_of(said)
    priority = fields.get("priority")
    if isinstance(priority, str):
        return level_of(float(int(priority) % 8))
    severity = fields.get("severity")
    return _PHP.get(severity) if isinstance(severity, str) else None


def _taken_apart(message: str, fields: dict[str, Value]) -> str:
    """nginx's error without what it says of the request, which goes into ``fields``."""
    at = message.index(", client: ")
    for name, value in _TAIL.findall(message[at:]):
        fields[name] = value.strip('"')
    return message[:at]
