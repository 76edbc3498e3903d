"""What may follow in an expression that is being typed: metrics, labels, functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["AGGREGATIONS", "FUNCTIONS", "Completion", "completion", "inserted"]

MOST: Final = 50
"""Candidates, at most."""
AGGREGATIONS: Final = (
    "avg", "bottomk", "count", "count_values", "group", "max", "min", "quantile", "stddev",
    "stdvar", "sum", "topk",
)  # fmt: skip
FUNCTIONS: Final = (
    "abs", "absent", "absent_over_time", "acos", "acosh", "asin", "asinh", "atan", "atanh",
    "avg_over_time", "ceil", "changes", "clamp", "clamp_max", "clamp_min", "cos", "cosh",
    "count_over_time", "day_of_month", "day_of_week", "day_of_year", "days_in_month", "deg",
    "delta", "deriv", "exp", "floor", "histogram_quantile", "hour", "idelta", "increase", "irate",
    "label_join", "label_replace", "last_over_time", "ln", "log10", "log2", "max_over_time",
    "min_over_time", "minute", "month", "pi", "predict_linear", "present_over_time",
    "quantile_over_time", "rad", "rate", "resets", "round", "scalar", "sgn", "sin", "sinh",
    "sort", "sort_desc", "sqrt", "stddev_over_time", "stdvar_over_time", "sum_over_time", "tan",
    "tanh", "time", "timestamp", "vector", "year",
)  # fmt: skip
"""Those of the evaluator, which is imported in the engine's thread alone."""

_WORD: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_GROUPING: Final = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\Z", re.I)
_LABEL_BEGINS: Final = re.compile(r"[{,]\s*\Z")


@dataclass(frozen=True, slots=True)
class Completion:
    """From ``start`` up to the cursor stands the beginning of each of the ``candidates``."""

    start: int
    candidates: tuple[str, ...] = ()


def completion(text: str, cursor: int, metrics: Sequence[str], labels: Sequence[str]) -> Completion:
    """What may stand at ``cursor`` in ``text``, given the names that there are.

    Where labels stand, labels; within quotes and ranges nothing; else metrics, functions and
    aggregations. What begins with the word comes before what has it elsewhere.
    """
    before = text[:cursor]
    found = _WORD.search(before)
    word = found.group() if found else ""
    start = cursor - len(word)
    place = _place(before[:start])
    if place == "label":
        return Completion(start, _fitting(labels, word))
    if place or not word:
        return Completion(start)
    calls = [f"{name}(" for name in (*AGGREGATIONS, *FUNCTIONS) if name.startswith(word)]
    return Completion(start, _fitting((*metrics, *calls), word))


def inserted(text: str, cursor: int, start: int, name: str) -> tuple[str, int]:
    """``text`` with ``name`` from ``start`` up to ``cursor``, and where the cursor is then."""
    return f"{text[:start]}{name}{text[cursor:]}", start + len(name)


def _fitting(names: Iterable[str], word: str) -> tuple[str, ...]:
    wanted = word.casefold()
    begins, within = [], []
    for name in names:
        at = name.casefold().find(wanted)
        if at == 0 and name != word:
            begins.append(name)
        elif at > 0 and len(word) > 1:
            within.append(name)
    return tuple((begins + within)[:MOST])


def _place(before: str) -> str:
    """Where the end of ``before`` is: ``label`` where a label's name may follow, ``quotes``,
    ``range``, ``value`` (within braces, behind a name), or nothing of that.
    """
    stack: list[tuple[str, int]] = []
    quote, at = "", 0
    while at < len(before):
        sign = before[at]
        if quote:
            at += sign == "\\" and quote != "`"
            quote = "" if sign == quote else quote
        elif sign in "\"'`":
            quote = sign
        elif sign in "{([":
            stack.append((sign, at))
        elif sign in "})]" and stack:
            stack.pop()
        at += 1
    if quote:
        return "quotes"
    sign, opened = stack[-1] if stack else ("", 0)
    if sign == "[":
        return "range"
    if sign == "{":
        return "label" if _LABEL_BEGINS.search(before) else "value"
    return "label" if sign == "(" and _GROUPING.search(before[:opened]) else ""
