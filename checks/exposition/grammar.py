"""One line of a metrics page: a sample, or what is said of a metric. Linear in its length.

The grammar is that of Prometheus' own lexer (``model/textparse/promlex.l``): blanks may stand
between all tokens, and a comma after the last label. OpenMetrics adds fractions to
timestamps, and exemplars.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

from checks.exposition.model import Family, Labels
from checks.model import clean

__all__ = ["BadLineError", "Sample", "describe", "is_number", "labels_of", "read_sample"]

# Possessive are classes of characters alone: of groups CPython had that wrong up to 3.11.4
# (gh-106052). Each group begins with a sign of its own, so that there is little to go back over.
_BLANKS: Final = r"[ \t]*+"
_NAME: Final = r"[a-zA-Z_:][a-zA-Z0-9_:]*+"
_LABEL: Final = r"[a-zA-Z_][a-zA-Z0-9_]*+"
_INNER: Final = r'[^"\\]*+(?:\\.[^"\\]*+)*'
_PAIR: Final = rf'{_LABEL}{_BLANKS}={_BLANKS}"{_INNER}"{_BLANKS}'
_PAIRS: Final = rf"(?:{_PAIR}(?:,{_BLANKS}{_PAIR})*(?:,{_BLANKS})?)?"
_HEAD: Final = (
    rf"{_BLANKS}(?P<series>(?P<name>{_NAME})"
    rf"(?:{_BLANKS}\{{{_BLANKS}(?P<labels>{_PAIRS})\}})?)"
    rf"{_BLANKS}(?P<value>[^ \t\{{#]++)"
)
_TEXT: Final = re.compile(rf"{_HEAD}(?:[ \t]++(?P<time>-?[0-9]++))?{_BLANKS}")
_OPEN: Final = re.compile(
    rf"{_HEAD}(?:[ \t]++(?P<time>[-+0-9.eE]++))?(?:[ \t]++(?P<exemplar>#).*+)?{_BLANKS}"
)
_ONE_PAIR: Final = re.compile(rf'({_LABEL}){_BLANKS}={_BLANKS}"({_INNER})"')
_HAS_LABEL: Final = re.compile(_LABEL)
_HAS_VALUE: Final = re.compile(rf'"{_INNER}"')
_BLANK: Final = frozenset(" \t")
_NUMBER: Final = re.compile(
    r"[+-]?(?:(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:e[+-]?[0-9]++)?|inf(?:inity)?|nan)",
    re.IGNORECASE,
)
_TOLD: Final = re.compile(
    rf"#[ \t]++(?P<what>HELP|TYPE|UNIT)[ \t]++(?P<name>{_NAME})(?:[ \t]++(?P<rest>.*+))?"
)
_TYPES: Final = {
    "counter",
    "gauge",
    "gaugehistogram",
    "histogram",
    "info",
    "stateset",
    "summary",
    "unknown",
    "untyped",
}
_JSON: Final = re.compile(r'\[|\{\s*(?:$|"[^"]*"\s*:)')
_ESCAPE: Final = re.compile(r"\\([\\n\"])")
_HELP_BOUND: Final = 300
_SHOWN: Final = 30


class BadLineError(ValueError):
    """Not a line of a metrics page; the text is a clause that says why."""


class Sample(NamedTuple):
    """The parts of a sample's line as they stand there; ``time`` is seconds since 1970."""

    series: str
    name: str
    labels: str
    value: str
    time: float | None
    exemplar: bool


def read_sample(line: str, *, openmetrics: bool) -> Sample:
    """The sample that stands on ``line``. Raises BadLineError."""
    found = (_OPEN if openmetrics else _TEXT).fullmatch(line)
    if found is None or not is_number(found["value"]):
        raise BadLineError(_why(line))
    time = None
    if found["time"] is not None:
        time = _seconds(found["time"], openmetrics)
    exemplar = openmetrics and found["exemplar"] is not None
    return Sample(
        found["series"], found["name"], found["labels"] or "", found["value"], time, exemplar
    )


def _seconds(text: str, openmetrics: bool) -> float:
    if not is_number(text):
        raise BadLineError(f"{_quote(text)} is no timestamp")
    return float(text) if openmetrics else float(text) / 1000


def is_number(text: str) -> bool:
    """Whether ``text`` is a value as Go and Python read it alike."""
    return _NUMBER.fullmatch(text) is not None


def labels_of(text: str) -> Labels:
    """The labels within a sample's braces. Raises BadLineError where one stands there twice, or
    is what the metric's name is to PromQL.
    """
    pairs = _ONE_PAIR.findall(text)
    counts = Counter(name for name, _ in pairs)
    if len(counts) < len(pairs):
        twice = next(name for name, count in counts.items() if count > 1)
        raise BadLineError(f"the label {clean(twice, _SHOWN)} stands there twice")
    if "__name__" in counts:
        raise BadLineError("the label __name__ stands there beside the metric's own name")
    if "\\" in text:
        return tuple((name, _ESCAPE.sub(_unescaped, value)) for name, value in pairs)
    return tuple(pairs)


def _unescaped(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[1]


def describe(line: str, family: Callable[[str], Family]) -> None:
    """Put what a comment says of a metric into ``family`` of its name, if it says anything.

    Raises BadLineError for a type that there is not.
    """
    found = _TOLD.match(line)
    if found is None:
        return
    what, rest = found["what"], found["rest"] or ""
    if what == "TYPE":
        word = rest.strip().lower()
        if word not in _TYPES:
            raise BadLineError(f"{_quote(rest)} is no type of a metric")
        family(found["name"]).type = "unknown" if word == "untyped" else word
    elif what == "HELP":
        family(found["name"]).help = clean(_ESCAPE.sub(_unescaped, rest), _HELP_BOUND)
    else:
        family(found["name"]).unit = clean(rest.strip(), _SHOWN)


def _quote(text: str) -> str:
    return f'"{clean(text, _SHOWN)}"'


def _why(line: str) -> str:
    """What is wrong with the line: the first thing that is not as it should be."""
    text = line.strip(" \t")
    if text.endswith("\r"):
        return "it ends in a carriage return; lines end in a line feed alone"
    name = re.match(_NAME, text)
    if name is None:
        if _JSON.match(text):
            return "this is JSON, no page of metrics: is the path right? An http check reads JSON"
        if text.startswith('{"'):
            return "names in quotes (UTF-8 names) are not understood"
        return f"expected a metric's name, found {_quote(text)}"
    rest = text[name.end() :].lstrip(" \t")
    if rest.startswith("{"):
        rest, wrong = _after_labels(rest)
        if wrong:
            return wrong
    return _wrong_after(clean(name[0], 60), rest.lstrip(" \t"))


def _wrong_after(name: str, text: str) -> str:
    """What is wrong with value and timestamp."""
    value, _, more = text.replace("\t", " ").partition(" ")
    if not value:
        return f"{name} has no value"
    if not is_number(value):
        return f"the value of {name}, {_quote(value)}, is no number"
    if "#" in more:
        return f"{_quote(more)} after the value; exemplars need OpenMetrics' content type"
    return f"{_quote(more)} after the value is no timestamp"


def _after_labels(text: str) -> tuple[str, str]:
    """What follows the labels in braces that ``text`` begins with, or what is wrong with them.

    It goes through the text by its place: there may be very many labels.
    """
    at = 1
    while not text.startswith("}", at := _past_blanks(text, at)):
        label = _HAS_LABEL.match(text, at)
        if label is None:
            what = _quote(text[at:]) if at < len(text) else "the line's end (is the page cut?)"
            return "", f"expected a label's name or }}, found {what}"
        shown = clean(label[0], _SHOWN)
        if not text.startswith("=", at := _past_blanks(text, label.end())):
            return "", f"the label {shown} has no value"
        if not text.startswith('"', at := _past_blanks(text, at + 1)):
            return "", f"the value of the label {shown} stands in no double quotes"
        value = _HAS_VALUE.match(text, at)
        if value is None:
            return "", f"the value of the label {shown} has no closing quote (is the page cut?)"
        at = _past_blanks(text, value.end())
        if text.startswith(",", at):
            at += 1
        elif not text.startswith("}", at):
            return "", f"expected a comma or }} after the label {shown}, found {_quote(text[at:])}"
    return text[at + 1 :], ""


def _past_blanks(text: str, at: int) -> int:
    while text[at : at + 1] in _BLANK:
        at += 1
    return at
