"""Variables put into expressions, statements and titles, as Grafana writes them.

``$name``, ``${name}``, ``${name:format}`` and ``[[name:format]]``; of Grafana's own ones those of
the time and the steps (https://grafana.com/docs/grafana/latest/dashboards/variables/).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

__all__ = ["UnsafeValueError", "Value", "Values", "duration", "references"]

_REFERENCE: Final = re.compile(
    r"\$(?P<bare>\w+)"
    r"|\$\{(?P<braced>\w{1,100})(?:\.[\w.\[\]\"']{1,100})?(?::(?P<format>[^}]{0,100}))?\}"
    r"|\[\[(?P<old>\w{1,100})(?::(?P<old_format>\w+))?\]\]"
)
_PATTERN: Final = re.compile(r"[\\^$*+?.()|\[\]{}/\"]")
_SQL: Final = re.compile(r"[\w .:/@+\u00a0-]*")
"""What a value may consist of to stand in a statement: nothing that could end a text in it."""


class UnsafeValueError(ValueError):
    """A value that cannot stand where it is wanted; ``str()`` says which, and why."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a variable stands for.

    ``several`` says that it may have more than one value, so that it stands in patterns. ``raw``
    is written as it is, whatever the place: what the author gave for "All". ``own`` names the
    variable of Grafana's own that it stands for instead.
    """

    texts: tuple[str, ...]
    several: bool = False
    raw: bool = False
    own: str = ""


@dataclass(frozen=True, slots=True)
class Values:
    """The values of all variables of a dashboard, and the time that it is about.

    ``start`` and ``end`` are seconds since 1970, ``step`` and ``scrape`` seconds: of the grid that
    is asked for, and between two samples of what is read.
    """

    variables: Mapping[str, Value] = field(default_factory=dict)
    start: float = 0.0
    end: float = 0.0
    step: float = 15.0
    scrape: float = 15.0
    title: str = ""

    def knows(self, name: str) -> bool:
        """Whether there is a value for ``$name``."""
        return name in self.variables or self._own(name, "") is not None

    def promql(self, text: str) -> str:
        """``text`` as an expression: values that may be several stand there as patterns."""
        return self._replaced(text, _promql)

    def sql(self, text: str) -> str:
        """``text`` as a statement.

        Raises:
            UnsafeValueError: a value could be taken for more than a value.
        """
        for name in references(text) & self.variables.keys():
            value = self.variables[name]
            if not value.raw:
                _refuse_unsafe(name, value.texts)
        return self._replaced(text, _sql)

    def plain(self, text: str) -> str:
        """``text`` as people read it: a title, a legend."""
        return self._replaced(text, lambda _, value: " + ".join(value.texts))

    def _replaced(self, text: str, write: Callable[[str, Value], str]) -> str:
        if "$" not in text and "[[" not in text:
            return text

        def replaced(found: re.Match[str]) -> str:
            name = found["bare"] or found["braced"] or found["old"]
            form = found["format"] or found["old_format"] or ""
            value = self.variables.get(name)
            if value is None or value.own:
                own = self._own(value.own if value else name, form)
                return found[0] if own is None else own
            if value.raw:
                return "".join(value.texts)
            if form in _FORMATS:
                return _FORMATS[form](value.texts)
            return write(name, value)

        return _REFERENCE.sub(replaced, text)

    def _own(self, name: str, form: str) -> str | None:
        """What a variable of Grafana's own stands for; None where it is none that is known."""
        if name in ("__from", "__to"):
            return _moment(self.start if name == "__from" else self.end, form)
        length = max(1.0, self.end - self.start)
        spans = {
            "__interval": self.step,
            "__rate_interval": max(self.step + self.scrape, 4 * self.scrape),
            "__range": length,
        }
        for known, seconds in spans.items():
            if name.startswith(known):
                return _span(seconds, name.removeprefix(known))
        return self.title if name == "__dashboard" else None


def _span(seconds: float, unit: str) -> str | None:
    """A length of time as PromQL has it, in milliseconds or in seconds."""
    match unit:
        case "":
            return duration(seconds)
        case "_ms":
            return str(round(seconds * 1000))
        case "_s":
            return str(round(seconds))
        case _:
            return None


def references(text: str) -> frozenset[str]:
    """The names of all variables in ``text``."""
    names = (one["bare"] or one["braced"] or one["old"] for one in _REFERENCE.finditer(text))
    return frozenset(names)


def duration(seconds: float) -> str:
    """``seconds`` as PromQL writes a duration: ``15s``, ``500ms``."""
    if seconds < 1 or seconds != int(seconds):
        return f"{max(1, round(seconds * 1000))}ms"
    return f"{int(seconds)}s"


def _moment(at: float, form: str) -> str:
    """A moment in milliseconds, in seconds (``date:seconds``) or as a date."""
    kind, _, pattern = form.partition(":")
    if kind != "date":
        return str(round(at * 1000))
    if pattern == "seconds":
        return str(round(at))
    when = datetime.fromtimestamp(at, UTC)
    if pattern in ("", "iso"):
        return when.strftime("%Y-%m-%dT%H:%M:%SZ")
    pieces = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
    for written, ours in pieces.items():
        pattern = pattern.replace(written, ours)
    return when.strftime(pattern)


def _promql(name: str, value: Value) -> str:
    """In an expression, as Grafana's Prometheus data source has it."""
    del name
    if not value.several:
        return "".join(value.texts).replace("\\", "\\\\").replace('"', '\\"')
    # A backslash stands twice within PromQL's quotes.
    escaped = [_escaped(one).replace("\\", "\\\\") for one in value.texts]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def _sql(name: str, value: Value) -> str:
    """In a statement: one value as it is, of several each in quotes, as Grafana has it."""
    del name
    if not value.several:
        return "".join(value.texts)
    return ",".join(f"'{one}'" for one in value.texts)


def _refuse_unsafe(name: str, texts: Iterable[str]) -> None:
    """Raise UnsafeValueError for a value that could be taken for more than one."""
    for text in texts:
        if "--" in text or not _SQL.fullmatch(text):
            raise UnsafeValueError(
                f"the value of ${name} has characters that cannot stand in a statement: {text[:60]}"
            )


def _escaped(text: str) -> str:
    """``text`` as a pattern that only it matches."""
    return _PATTERN.sub(r"\\\g<0>", text)


def _regex(texts: Sequence[str]) -> str:
    escaped = [_escaped(one) for one in texts]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def _quoted(texts: Iterable[str], mark: str, escape: str) -> str:
    return ",".join(f"{mark}{one.replace(mark, escape)}{mark}" for one in texts)


_FORMATS: Final[Mapping[str, Callable[[Sequence[str]], str]]] = {
    "raw": ",".join,
    "csv": ",".join,
    "pipe": "|".join,
    "text": " + ".join,
    "regex": _regex,
    "json": lambda texts: json.dumps(texts[0] if len(texts) == 1 else list(texts)),
    "glob": lambda texts: texts[0] if len(texts) == 1 else "{" + ",".join(texts) + "}",
    "singlequote": lambda texts: _quoted(texts, "'", "\\'"),
    "doublequote": lambda texts: _quoted(texts, '"', '\\"'),
    "sqlstring": lambda texts: _quoted(texts, "'", "''"),
    "percentencode": lambda texts: quote(",".join(texts), safe=""),
}
