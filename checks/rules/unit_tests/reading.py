"""From a file of rule tests to values; strict, as promtool is: one mistake refuses the file."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from checks.alerts.durations import parse_duration
from checks.documents.document import Document, parse
from checks.documents.document import Path as Where
from checks.documents.keys import unknown_key
from checks.documents.reading import read_text
from checks.errors import ConfigError, ConfigProblem
from checks.promqltest.series import Histogram, parse_labels, parse_series
from checks.rules.unit_tests.model import (
    AlertCase,
    ExpectedAlert,
    ExpectedSample,
    ExprCase,
    Labels,
    Series,
    TestFile,
    TestGroup,
)

__all__ = ["read_test_file"]

INTERVAL: Final = 60_000
_FILE: Final = frozenset(
    {"rule_files", "evaluation_interval", "group_eval_order", "tests", "fuzzy_compare"}
)
_TEST: Final = frozenset(
    {
        "name",
        "interval",
        "input_series",
        "alert_rule_test",
        "promql_expr_test",
        "external_labels",
        "external_url",
        "start_timestamp",
    }
)
_NATIVE: Final = "native histograms are not supported"
_TRUE: Final = {"true": True, "false": False}
_FLOAT = re.compile(r"[-+]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_HEXADECIMAL = re.compile(r"[-+]?0x[0-9a-fA-F]{1,16}")
_SAID: Final = frozenset({"inf", "nan"})
_SPECIAL: Final = {
    ".inf": math.inf,
    "+.inf": math.inf,
    "-.inf": -math.inf,
    ".nan": math.nan,
}


def read_test_file(path: Path) -> TestFile:
    """The tests in the file at ``path``.

    Raises:
        ConfigError: with every problem in it.
    """
    text, _ = read_text(path, trusted=True, split="split it into several")
    document = parse(str(path), text, needs="", texts=True)
    reader = _Reader(document)
    read = reader.file(document.data)
    if reader.problems:
        raise ConfigError(reader.problems)
    return read


class _Reader:
    def __init__(self, document: Document) -> None:
        self._document = document
        self.problems: list[ConfigProblem] = []

    def file(self, data: dict[str, Any]) -> TestFile:
        self._known((), data, _FILE)
        files = [self._text(at, one) for at, one in self._items(("rule_files",), data)]
        interval = self._duration((), data, "evaluation_interval") or INTERVAL
        order: list[str] = []
        for at, one in self._items(("group_eval_order",), data):
            name = self._text(at, one)
            if name in order:
                self._add(at, f'the group "{name}" is named twice')
            order.append(name)
        groups = [self._group(*one, interval) for one in self._mappings(("tests",), data)]
        return TestFile(
            self._document.name,
            tuple(files),
            interval,
            tuple(order),
            tuple(groups),
            self._flag(("fuzzy_compare",), data.get("fuzzy_compare")),
        )

    def _group(self, where: Where, data: dict[str, Any], interval: int) -> TestGroup:
        self._known(where, data, _TEST)
        series = [self._series(*one) for one in self._mappings((*where, "input_series"), data)]
        alerts = [self._alert(*one) for one in self._mappings((*where, "alert_rule_test"), data)]
        exprs = [self._expr(*one) for one in self._mappings((*where, "promql_expr_test"), data)]
        return TestGroup(
            self._document.line(where),
            self._text((*where, "name"), data.get("name")),
            self._duration(where, data, "interval") or interval,
            tuple(series),
            tuple(alerts),
            tuple(exprs),
            dict(self._pairs((*where, "external_labels"), data.get("external_labels"))),
            self._text((*where, "external_url"), data.get("external_url")),
            self._moment((*where, "start_timestamp"), data.get("start_timestamp")),
        )

    def _series(self, where: Where, data: dict[str, Any]) -> Series:
        self._known(where, data, frozenset({"series", "values"}))
        name = self._text((*where, "series"), data.get("series"))
        values = self._text((*where, "values"), data.get("values"))
        try:
            described = parse_series(f"{name} {values}")
        except ValueError as error:
            self._add((*where, "values" if "values" in data else "series"), str(error))
            return Series((), ())
        points: list[float | None] = []
        for point in described.points:
            if isinstance(point, Histogram):
                self._add((*where, "values"), _NATIVE)
                break
            points.append(point)
        return Series(described.labels, tuple(points))

    def _alert(self, where: Where, data: dict[str, Any]) -> AlertCase:
        self._known(where, data, frozenset({"eval_time", "alertname", "exp_alerts"}))
        name = self._text((*where, "alertname"), data.get("alertname"))
        if not name:
            self._add((*where, "alertname"), "is missing: which alerts are compared")
        expected = []
        for at, one in self._mappings((*where, "exp_alerts"), data):
            self._known(at, one, frozenset({"exp_labels", "exp_annotations"}))
            labels = dict(self._pairs((*at, "exp_labels"), one.get("exp_labels")))
            labels["alertname"] = name
            annotations = self._pairs((*at, "exp_annotations"), one.get("exp_annotations"))
            expected.append(ExpectedAlert(tuple(sorted(labels.items())), annotations))
        line, time = self._document.line(where), self._duration(where, data, "eval_time")
        return AlertCase(line, time, name, tuple(expected))

    def _expr(self, where: Where, data: dict[str, Any]) -> ExprCase:
        self._known(where, data, frozenset({"expr", "eval_time", "exp_samples"}))
        expected = []
        for at, one in self._mappings((*where, "exp_samples"), data):
            self._known(at, one, frozenset({"labels", "value", "histogram"}))
            if one.get("histogram"):
                self._add((*at, "histogram"), _NATIVE)
            value = self._number((*at, "value"), one.get("value"))
            expected.append(ExpectedSample(self._labels((*at, "labels"), one.get("labels")), value))
        text = self._text((*where, "expr"), data.get("expr"))
        line, time = self._document.line(where), self._duration(where, data, "eval_time")
        return ExprCase(line, time, text, tuple(expected))

    def _labels(self, where: Where, given: Any) -> Labels:
        text = self._text(where, given).strip()
        if not text:
            return ()
        try:
            labels, end = parse_labels(text)
        except ValueError as error:
            self._add(where, str(error))
            return ()
        if text[end:].strip():
            self._add(where, f"expected labels alone, found more: {text[end:].strip()}")
        return labels

    def _number(self, where: Where, given: Any) -> float:
        if given is None:
            return 0.0
        text = self._text(where, given)
        if text.lower() in _SPECIAL:
            return _SPECIAL[text.lower()]
        if _FLOAT.fullmatch(text):
            return float(text)
        if _HEXADECIMAL.fullmatch(text):
            return float(int(text, 16))
        hint = (
            f"; YAML writes .{text.lower().strip('+-')}"
            if text.lower().strip("+-") in _SAID
            else ""
        )
        self._add(where, f"expected a number{hint}")
        return 0.0

    def _moment(self, where: Where, given: Any) -> int:
        """Milliseconds of seconds since 1970, or of a date and time as RFC 3339 writes it."""
        text = self._text(where, given)
        if not text:
            return 0
        if _FLOAT.fullmatch(text):
            return round(float(text) * 1000)
        try:
            moment = dt.datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self._add(where, "expected seconds since 1970, or a time such as 2024-05-01T12:00:00Z")
            return 0
        return round(moment.timestamp() * 1000)

    def _duration(self, where: Where, data: dict[str, Any], key: str) -> int:
        if data.get(key) is None:
            return 0
        try:
            return parse_duration(self._text((*where, key), data[key]))
        except ValueError as error:
            self._add((*where, key), str(error))
        return 0

    def _flag(self, where: Where, given: Any) -> bool:
        text = self._text(where, given).lower()
        if text and text not in _TRUE:
            self._add(where, "expected true or false")
        return _TRUE.get(text, False)

    def _pairs(self, where: Where, given: Any) -> Labels:
        if given is None or not self._mapping(where, given):
            return ()
        items = ((name, self._text((*where, name), value)) for name, value in given.items())
        return tuple(sorted(items))

    def _text(self, where: Where, given: Any) -> str:
        if isinstance(given, list | dict):
            self._add(where, "expected text")
            return ""
        return given or ""

    def _items(self, where: Where, data: dict[str, Any]) -> Iterator[tuple[Where, Any]]:
        given = data.get(str(where[-1]))
        if given is None:
            return
        if not isinstance(given, list):
            self._add(where, "expected a list, each item with a dash")
            return
        for index, item in enumerate(given):
            yield (*where, index), item

    def _mappings(
        self, where: Where, data: dict[str, Any]
    ) -> Iterator[tuple[Where, dict[str, Any]]]:
        for at, item in self._items(where, data):
            if item is None or self._mapping(at, item):
                yield at, item or {}

    def _mapping(self, where: Where, given: Any) -> bool:
        if isinstance(given, dict):
            return True
        self._add(where, "expected keys and values")
        return False

    def _known(self, where: Where, data: dict[str, Any], known: frozenset[str]) -> None:
        for key in data:
            if key not in known:
                self._add((*where, key), unknown_key(key, known))

    def _add(self, where: Where, text: str) -> None:
        self.problems.append(self._document.problem(where, text))
