"""Access logs as nginx, Apache and what follows them write them: common, combined, and beyond.

Fields have short names: ``remote_addr remote_user method path query protocol status bytes
referer agent``; times are in seconds: ``request_time upstream_time``. What an error is is told by
the status: 5xx is one, 4xx a warning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from checks.logs.formats.base import Maker, is_tidy, text_of, tidied
from checks.logs.formats.logfmt import pairs
from checks.logs.model import Level, Record, Value

__all__ = ["Access"]

_LINE = re.compile(
    r"(?:(?P<host>[\w.-]+:\d+) )?(?P<addr>[0-9A-Za-z.:_%-]+) (?P<ident>\S+) "
    r"(?P<user>\S+|[^\[\"]{1,80}) "
    r"\[(?P<time>\d\d?/\w{3}/\d{4}:[^\]]{8,20})\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?P<bytes>\d+|-)'
    r'(?: "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?(?P<rest>.*)'
)
_REST = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_SECONDS = re.compile(r"\d{1,9}\.\d{1,6}")
_TIMED: Final = {
    "rt": "request_time", "uct": "upstream_connect_time", "uht": "upstream_header_time",
    "urt": "upstream_time", "upstream_response_time": "upstream_time",
}  # fmt: skip
"""What configurations call nginx's times."""


class Access:
    """Lines of requests. ``micros``: a whole number at the end is Apache's ``%D``, microseconds."""

    alone = True

    def __init__(self, name: str = "combined", *, micros: bool = False) -> None:
        self.name = name
        self._micros = micros

    def read(self, line: str, more: Sequence[str], to: Maker) -> Record | None:
        found = _LINE.match(line)
        if found is None:
            return None
        host, address, _, user, when, request, code, count, referer, agent, rest = found.groups("")
        tidy = is_tidy(line) and "\\" not in line
        protocol = ""
        method, _, target = request.partition(" ")
        if " HTTP/" in target:
            target, _, protocol = target.rpartition(" ")
        path, _, query = target.partition("?")
        status = float(code)
        fields: dict[str, Value] = {
            "remote_addr": address,
            "method": method,
            "path": path,
            "protocol": protocol,
            "status": status,
            "bytes": 0.0 if count == "-" else float(count),
        }
        if query:
            fields["query"] = query
        if user != "-":
            fields["remote_user"] = user
        if agent:
            fields["referer"] = "" if referer == "-" else referer
            fields["agent"] = agent
        if host:
            fields["host"] = host
        if rest:
            self._add(rest, fields)
        level = Level.INFO if status < 400 else Level.WARNING if status < 500 else Level.ERROR
        message = f"{method} {path} {code}" if tidy else text_of(f"{method} {path} {code}", ())
        return to.of_parts(
            to.times.read(when, to.now),
            level,
            message,
            fields if tidy else tidied(fields),
            text_of(line, more),
        )

    def _add(self, rest: str, fields: dict[str, Value]) -> None:
        """What configurations put after the agent: times, and who was behind a proxy."""
        if "=" in rest:
            for name, value in pairs(rest).items():
                fields.setdefault(_TIMED.get(name, name), _as_number(value))
            return
        names = iter(("request_time", "upstream_time"))
        for quoted, bare in _REST.findall(rest):
            if _SECONDS.fullmatch(quoted or bare):
                if (known := next(names, None)) is not None:
                    fields[known] = float(quoted or bare)
            elif self._micros and bare.isdigit():
                fields.setdefault("request_time", float(bare) / 1e6)
            elif quoted and quoted != "-":
                fields.setdefault("forwarded_for", quoted)


def _as_number(value: Value) -> Value:
    if isinstance(value, str) and _SECONDS.fullmatch(value):
        return float(value)
    return value
