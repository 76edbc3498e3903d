"""Which format a log is read with: the one that is configured, or what each line looks like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from checks.logs.formats.access import Access
from checks.logs.formats.base import Format, Maker
from checks.logs.formats.containers import Contained
from checks.logs.formats.custom import Custom
from checks.logs.formats.heads import APACHE_ERROR, NGINX_ERROR, SYSLOG, Heads
from checks.logs.formats.jsonlines import Json
from checks.logs.formats.laravel import Laravel
from checks.logs.formats.logfmt import Logfmt
from checks.logs.inputs import RegexFormat
from checks.logs.model import Record

__all__ = ["Choice", "choice"]


class Choice:
    """The formats that lines may have: ``alone`` are whole records, ``open`` may go on.

    What fitted the last line by itself is tried first. A line that is of none is a record all the
    same: :meth:`other` makes it, and counts it where the log was to have a format.
    """

    def __init__(
        self, alone: Sequence[Format], open_: Sequence[Format] = (), *, strict: bool = True
    ) -> None:
        self.joined = False
        """Whether the configuration says how records begin: then no line is one by itself."""
        self._strict = strict
        self._alone = tuple(alone)
        self._open = tuple(open_)
        self._last_alone = self._alone[0] if self._alone else None
        self._plain = Heads("plain")

    def alone(self, line: str, to: Maker) -> Record | None:
        """The record that ``line`` is by itself; None where more may belong to it."""
        last = self._last_alone
        if last is None or self.joined:
            return None
        record = last.read(line, (), to)
        if record is None:
            for each in self._alone:
                if each is not last:
                    record = each.read(line, (), to)
                    if record is not None:
                        self._last_alone = each
                        break
        return record

    def whole(self, line: str, more: Sequence[str], to: Maker) -> Record:
        """The record of ``line`` and the lines after it that belong to it."""
        if not self._strict and line[:1] == "{" and line.rstrip()[-1:] == "}":
            to.broken += 1  # it was to be JSON
        # An object over several lines is one all the same.
        joined = self.joined or (line[:1] == "{" and bool(more))
        for each in (*(self._alone if joined else ()), *self._open):
            record = each.read(line, more, to)
            if record is not None:
                return record
        return self.other(line, more, to)

    def other(self, line: str, more: Sequence[str], to: Maker) -> Record:
        """A record of a line that is of no format."""
        if self._strict:
            to.broken += 1
        record = self._plain.read(line, more, to)
        assert record is not None  # noqa: S101 - it takes any line
        return record


def choice(named: str | RegexFormat, *, joined: bool = False) -> Choice:
    """What a log's configured format comes to; of each file anew, since it remembers.

    ``joined``: the configuration says how records begin.
    """
    made = Choice((), (Custom(named.regex),)) if isinstance(named, RegexFormat) else _NAMED[named]()
    made.joined = joined
    return made


def _auto() -> Choice:
    return Choice(
        (Json(), Access(), Logfmt(), Contained()), (Laravel(), Heads("plain")), strict=False
    )


def _nginx() -> Choice:
    return Choice((Access("nginx"),), (Heads("nginx", (NGINX_ERROR,), any_=False),))


def _apache() -> Choice:
    error = Heads("apache", (APACHE_ERROR,), any_=False)
    return Choice((Access("apache", micros=True),), (error,))


_NAMED: Final[dict[str, Callable[[], Choice]]] = {
    "auto": _auto,
    "json": lambda: Choice((Json(), Contained())),
    "logfmt": lambda: Choice((Logfmt(sure=True),)),
    "nginx": _nginx,
    "apache": _apache,
    "common": lambda: Choice((Access("common"),)),
    "combined": lambda: Choice((Access("combined"),)),
    "laravel": lambda: Choice((Json(),), (Laravel(),)),
    "syslog": lambda: Choice((), (Heads("syslog", SYSLOG, any_=False),)),
    "plain": lambda: Choice((), (Heads("plain"),), strict=False),
}
