"""From a rule file to groups of rules, with one sentence for each thing wrong in it.

What Prometheus refuses is refused, with the line and the key. A rule that is wrong is left out
and told; the others go on. (Prometheus refuses the whole file, and all others with it.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from checks.alerts.durations import parse_duration
from checks.documents.document import Document, parse
from checks.documents.document import Path as Where
from checks.documents.keys import unknown_key
from checks.documents.reading import read_text
from checks.errors import ConfigError, ConfigProblem
from checks.model import clean
from checks.rules.language import Language, Mistake
from checks.rules.model import AlertRule, Pairs, RecordRule, Rule, RuleFile, RuleGroup

__all__ = ["read_rule_file", "rules_of_text"]

_GROUP: Final = frozenset({"name", "interval", "query_offset", "limit", "labels", "rules"})
_RULE: Final = frozenset(
    {"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"}
)
_ALSO_CALLED: Final = {
    "alert": ("alertname", "alert_name", "name"),
    "annotations": ("annotation", "summary", "description", "runbook_url"),
    "expr": ("expression", "query", "promql"),
    "for": ("duration", "hold", "pending"),
    "groups": ("rule_groups", "rulegroups"),
    "interval": ("evaluation_interval", "every"),
    "keep_firing_for": ("keep", "keepfiringfor", "resolve_after"),
    "labels": ("severity", "tags"),
    "limit": ("max", "alerts_limit"),
    "query_offset": ("evaluation_delay", "offset"),
    "record": ("recording", "metric"),
}
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LITERAL = re.compile(r":\s*(?:[&!]\S+\s+)*\|[-+0-9]*\s*(?:#.*)?$")
"""The end of a line beneath which a value stands line by line."""
_BARE = re.compile(r":\s+\{\{")
_INTEGER = re.compile(r"[-+]?\d{1,18}", re.ASCII)
_POWER: Final = "decides what alarms there are"
_SPLIT: Final = "split it into several"


def read_rule_file(
    path: Path, language: Language, *, trusted: bool = False, shown: str = ""
) -> RuleFile:
    """The rules in the file at ``path``; ``shown`` is the name that messages use.

    A file that belongs to somebody else, or that others can write to, is refused unless
    ``trusted`` says that the user named it. Whatever is wrong is among the file's problems.
    """
    name = shown or str(path)
    try:
        text, warning = read_text(
            path, trusted=trusted, shown=Path(name), power=_POWER, split=_SPLIT
        )
    except ConfigError as error:
        return RuleFile(name, problems=error.problems)
    read = rules_of_text(name, text, language)
    return replace(read, doubt=warning.partition(": ")[2]) if warning else read


def rules_of_text(name: str, text: str, language: Language) -> RuleFile:
    """The rules in ``text``, which messages call ``name``."""
    lines = text.splitlines()
    try:
        document = parse(name, text, needs="", texts=True)
    except ConfigError as error:
        return RuleFile(name, problems=tuple(_of_braces(one, lines) for one in error.problems))
    reader = _Reader(document, lines, language)
    groups = tuple(reader.groups())
    return RuleFile(name, groups, tuple(reader.problems), reader.broken)


def _of_braces(problem: ConfigProblem, lines: list[str]) -> ConfigProblem:
    """The mistake that YAML has no words for: a template without quotes."""
    if not 0 < problem.line <= len(lines) or not _BARE.search(lines[problem.line - 1]):
        return problem
    return replace(problem, text="a text that begins with {{ must stand in quotes")


class _Reader:
    """Goes through one document; problems are gathered on the way."""

    def __init__(self, document: Document, lines: list[str], language: Language) -> None:
        self._document = document
        self._lines = lines
        self._language = language
        self.problems: list[ConfigProblem] = []
        self.broken = 0

    def groups(self) -> Iterator[RuleGroup]:
        data = self._document.data
        self._refuse_unknown((), data, {"groups"})
        names: dict[str, int] = {}
        for where, entry in self._items(("groups",), data.get("groups")):
            if not isinstance(entry, dict):
                self._add(where, "expected a group: keys and values")
                continue
            name = self._text((*where, "name"), entry.get("name"))
            line = self._document.line(where)
            if not name:
                self._add((*where, "name"), "is missing: a group needs a name")
            elif name in names:
                text = f'a group "{name}" stands in line {names[name]} already'
                self._add((*where, "name"), text)
                self._leave_out(entry)
                continue
            names[name] = line
            yield self._group(where, name, line, entry)

    def _group(self, where: Where, name: str, line: int, entry: dict[str, Any]) -> RuleGroup:
        self._refuse_unknown(where, entry, _GROUP)
        labels = self._pairs((*where, "labels"), entry.get("labels"), "label")
        interval = self._duration(where, entry, "interval")
        offset = self._duration(where, entry, "query_offset")
        limit = self._integer((*where, "limit"), entry.get("limit"))
        rules: list[Rule] = []
        for at, one in self._items((*where, "rules"), entry.get("rules")):
            before = len(self.problems)
            rule = self._rule(at, one, labels) if isinstance(one, dict) else None
            if not isinstance(one, dict):
                self._add(at, "expected a rule: keys and values")
            if rule is not None and len(self.problems) == before:
                rules.append(rule)
            else:
                self.broken += 1
        return RuleGroup(name, self._document.name, tuple(rules), interval, limit, offset, line)

    def _rule(self, where: Where, entry: dict[str, Any], group: Pairs) -> Rule | None:
        self._refuse_unknown(where, entry, _RULE)
        alert = self._text((*where, "alert"), entry.get("alert"))
        record = self._text((*where, "record"), entry.get("record"))
        if alert and record:
            self._add((*where, "record"), "a rule has either `record` or `alert`, not both")
        elif not alert and not record:
            self._add(where, "a rule needs `alert` with a name, or `record` with a metric's name")
        expression = self._expression(where, entry)
        own = self._pairs((*where, "labels"), entry.get("labels"), "label")
        annotations = self._pairs((*where, "annotations"), entry.get("annotations"), "annotation")
        hold = self._duration(where, entry, "for")
        keep = self._duration(where, entry, "keep_firing_for")
        labels = tuple(sorted({**dict(group), **dict(own)}.items()))
        line = self._document.line(where)
        if record:
            self._refuse_of_records(where, record, hold, keep, annotations)
            return RecordRule(record, expression, labels, line) if expression else None
        self._templates((*where, "labels"), own)
        self._templates((*where, "annotations"), annotations)
        if not expression:
            return None
        return AlertRule(alert, expression, hold, keep, labels, annotations, line)

    def _refuse_of_records(
        self, where: Where, name: str, hold: int, keep: int, annotations: Pairs
    ) -> None:
        for key, given in (
            ("for", hold),
            ("keep_firing_for", keep),
            ("annotations", annotations),
        ):
            if given:
                self._add((*where, key), "belongs to an alert; a recording rule has none")
        if "{" in name or "}" in name:
            self._add((*where, "record"), "has braces; an expression belongs into `expr`")
        elif not _METRIC.fullmatch(name):
            self._add(
                (*where, "record"),
                "expected a metric name: letters, digits, _ and :, no digit first",
            )

    def _expression(self, where: Where, entry: dict[str, Any]) -> Any:
        here = (*where, "expr")
        text = self._text(here, entry.get("expr"))
        if not text:
            if not isinstance(entry.get("expr"), list | dict):
                self._add(here, "is missing: a rule needs an expression")
            return None
        try:
            return self._language.expression(text)
        except Mistake as mistake:
            line = self._document.line(here)
            if mistake.line and line and _LITERAL.search(self._lines[line - 1]):
                line += mistake.line
            self._add(here, mistake.sentence, line)
        return None

    def _templates(self, where: Where, pairs: Pairs) -> None:
        for name, text in pairs:
            try:
                self._language.check_template(text)
            except Mistake as mistake:
                self._add((*where, name), mistake.sentence)

    def _pairs(self, where: Where, given: Any, kind: str) -> Pairs:
        if given is None:
            return ()
        if not isinstance(given, dict):
            self._add(where, "expected keys and values")
            return ()
        for name in given:
            if not _NAME.fullmatch(name) or (kind == "label" and name == "__name__"):
                text = f"expected the name of {'a label' if kind == 'label' else 'an annotation'}"
                self._add((*where, name), f"{text}: letters, digits and _, no digit first")
        items = ((name, self._text((*where, name), value)) for name, value in given.items())
        return tuple(sorted(items))

    def _duration(self, where: Where, entry: dict[str, Any], key: str) -> int:
        if entry.get(key) is None:
            return 0
        here = (*where, key)
        if isinstance(entry[key], list | dict):
            self._add(here, "expected a duration such as 30s, 5m or 1h30m")
            return 0
        try:
            return parse_duration(entry[key])
        except ValueError as error:
            self._add(here, str(error))
        return 0

    def _integer(self, where: Where, given: Any) -> int:
        if given is None:
            return 0
        if isinstance(given, str) and _INTEGER.fullmatch(given):
            return max(0, int(given))
        self._add(where, "expected a whole number")
        return 0

    def _text(self, where: Where, given: Any) -> str:
        if isinstance(given, list | dict):
            noun = "a list" if isinstance(given, list) else "keys and values"
            hint = "; put it in quotes" if isinstance(given, dict) else ""
            self._add(where, f"expected text, not {noun}{hint}")
            return ""
        return given or ""

    def _items(self, where: Where, given: Any) -> Iterator[tuple[Where, Any]]:
        if given is None:
            return
        if not isinstance(given, list):
            self._add(where, "expected a list, each item with a dash")
            return
        for index, item in enumerate(given):
            yield (*where, index), item

    def _refuse_unknown(
        self, where: Where, entry: dict[str, Any], known: set[str] | frozenset[str]
    ) -> None:
        for key in entry:
            if key not in known:
                self._add((*where, key), unknown_key(key, known, _ALSO_CALLED))

    def _leave_out(self, entry: dict[str, Any]) -> None:
        rules = entry.get("rules")
        self.broken += len(rules) if isinstance(rules, list) else 0

    def _add(self, where: Where, text: str, line: int = 0) -> None:
        found = self._document.problem(where, text)
        place = line or found.line
        self.problems.append(ConfigProblem(found.file, place, found.key, clean(text, 400)))
