"""Matchers of silences: as Alertmanager's, on the labels of alerts.

An alert of a check has the labels ``alertname``, ``check``, ``job``, ``instance``, ``severity`` and
those that are configured; one of a rule those of the rule, and ``check`` where it is of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from checks.model import clean
from checks.store.matching import Matcher as StoreMatcher
from checks.store.matching import PatternError
from checks.story.model import Matcher

if TYPE_CHECKING:
    from checks.views import AlertView

__all__ = ["MOST", "MatcherError", "labels_of", "matches", "parse", "proposed", "refusal"]

MOST: Final = 16
"""Matchers of one silence."""
LONGEST: Final = 1_000
"""Characters of a value or a pattern."""
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,127}")
_FIRST = re.compile(r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r"[^,\s\"]+")
_ESCAPES: Final = {"n": "\n", "\\": "\\", '"': '"'}
_OPERATORS: Final = ("=", "!=", "=~", "!~")
_DIFFERING: Final = frozenset({"severity", "priority"})
"""Labels that a silence does not go by unless somebody wants it: it would end when things get
worse."""


class MatcherError(ValueError):
    """What somebody wrote is no matcher; ``str()`` says why."""


def labels_of(alert: AlertView) -> dict[str, str]:
    """What the matchers of silences see of ``alert``."""
    labels = dict(alert.labels)
    if alert.check:
        labels.setdefault("check", alert.check)
    return labels


def matches(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether all of ``matchers`` match; a label that is not there has the value ""."""
    return all(_compiled(one).matches(labels.get(one.name, "")) for one in matchers)


@lru_cache(maxsize=512)
def _compiled(one: Matcher) -> StoreMatcher:
    return StoreMatcher(one.name, one.operator, one.value)


def refusal(matchers: Sequence[Matcher]) -> str:
    """Why no silence may have these matchers; empty where one may."""
    if not matchers:
        return "a silence needs a matcher"
    if len(matchers) > MOST:
        return f"a silence has {MOST} matchers at most, not {len(matchers)}"
    wrong = next((text for one in matchers if (text := _wrong(one))), "")
    if not wrong and all(_compiled(one).matches("") for one in matchers):
        return "it would match alerts that have none of these labels: name one with a value"
    return wrong


def _wrong(one: Matcher) -> str:
    """What is wrong with a single matcher; empty where nothing is."""
    if not _NAME.fullmatch(one.name):
        return f'"{clean(one.name, 40)}" is no name of a label'
    if one.operator not in _OPERATORS:
        return f'"{clean(one.operator, 10)}" is none of = != =~ !~'
    if len(one.value) > LONGEST:
        return f"the value for {one.name} has more than {LONGEST:,} characters"
    try:
        _compiled(one)
    except PatternError as error:
        return clean(f"{one.name}: {error}", 200)
    return ""


def proposed(alert: AlertView) -> tuple[tuple[Matcher, bool], ...]:
    """A matcher for each label of ``alert``, and whether a silence of it goes by that at first;
    those by which it goes before the others.

    The alert of a check by its check alone, one of a rule by all but how bad it is.
    """
    labels = labels_of(alert)
    own = {name for name, _ in alert.labels}
    chosen = own - _DIFFERING if alert.rule else {"check"}
    names = sorted(labels, key=lambda name: (name not in chosen, name != "alertname", name))
    return tuple((Matcher(name, "=", labels[name]), name in chosen) for name in names)


def parse(text: str, *, whole: bool = True) -> tuple[Matcher, ...]:
    """``job="backup", instance=~"web.*"``; quotes may be left out around simple values.

    ``whole``: these are all matchers of a silence.

    Raises:
        MatcherError: it is something else, or none that a silence may have.
    """
    inner = text.strip()
    if inner.startswith("{"):
        # Elsewhere a brace at the end is of a pattern: ``job=~web-[0-9]{2}``.
        inner = inner[1:].removesuffix("}")
    made = tuple(_parsed(inner))
    if whole and (problem := refusal(made)):
        raise MatcherError(problem)
    return made


def _parsed(text: str) -> Iterator[Matcher]:
    rest = text.strip()
    while rest:
        head = _FIRST.match(rest)
        if head is None:
            raise MatcherError(f'expected label="value" at "{clean(rest, 30)}"')
        name, operator = head.groups()
        value, rest = _value(rest[head.end() :], name)
        yield Matcher(name, operator, value)
        rest = rest.lstrip()
        if rest and not rest.startswith(","):
            raise MatcherError(f'expected a comma at "{clean(rest, 30)}"')
        rest = rest[1:].lstrip()


def _value(text: str, name: str) -> tuple[str, str]:
    """The value at the front of ``text``, and what follows."""
    if quoted := _QUOTED.match(text):
        inner = re.sub(
            r"\\(.)",
            lambda found: _ESCAPES.get(found[1], found[0]),
            quoted[1],
            flags=re.DOTALL,
        )
        return inner, text[quoted.end() :]
    if text.startswith('"'):
        raise MatcherError(f"the quote of the value for {name} is not closed")
    bare = _BARE.match(text)
    return (bare[0], text[bare.end() :]) if bare else ("", text)
