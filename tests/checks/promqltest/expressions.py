"""Expressions by chance, for comparing evaluators: of every kind, nested up to three deep.

They keep away from what Debian's Prometheus 2.42 does otherwise than Prometheus 3, which is ours:

- ranges and subqueries include their left end there: no sample and no step lies on one, and no
  subquery within a subquery, whose steps would;
- ``rate`` and its like extrapolate counters with gaps less well: of gauges there are none;
- ``stddev`` and ``stdvar`` of a single NaN are 0 there: they are asked of finite values;
- ``atan2`` with a scalar keeps the name there: it is left out;
- comparisons filter before many-to-one is judged there: they match by all labels here;
- ``predict_linear`` goes on with windows that ``@`` fixes there: it is asked without.

What no two evaluators have alike is left out as well: the order of equal values, and what
hangs on the last digits of a number: remainders, comparisons of computed values, labels made of
them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["MINUTES", "Durations", "Expressions"]


@dataclass(frozen=True, slots=True)
class Durations:
    """What ranges, offsets and subqueries are made of, fit for how far samples are apart."""

    ranges: tuple[str, ...]
    offsets: tuple[str, str, str]
    lengths: tuple[str, ...]
    """Of subqueries; none, where there are to be none."""
    steps: tuple[str, ...]


MINUTES = Durations(
    ranges=("20s", "1m", "100s", "2m", "5m"),
    offsets=("47s", "-33s", "31s"),
    lengths=("90s", "2m", "4m"),
    steps=("20s", "45s", "1m"),
)
"""For samples every 15 s."""

_COUNTERS = ("requests_total", 'requests_total{job="api"}', "latency_bucket")
_GAUGES = (
    "up",
    "queue_length",
    'queue_length{queue="mail"}',
    'queue_length{queue!~"m.*"}',
    '{__name__=~"up|queue_length"}',
    "nothing",
)
_COUNTER_FUNCTIONS = ("rate", "increase", "irate", "resets", "changes")
_WINDOW_FUNCTIONS = (
    "avg_over_time",
    "sum_over_time",
    "min_over_time",
    "max_over_time",
    "count_over_time",
    "last_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "present_over_time",
    "absent_over_time",
    "changes",
    "resets",
    "idelta",
    "deriv",
)
_FUNCTIONS = (
    "abs",
    "ceil",
    "floor",
    "round",
    "exp",
    "ln",
    "log2",
    "log10",
    "sqrt",
    "sgn",
    "deg",
    "rad",
    "sin",
    "cos",
    "tanh",
    "atan",
    "sort",
    "absent",
    "timestamp",
    "-",
    "+",
)
_DATES = ("hour", "minute", "month", "year", "day_of_week", "day_of_month", "days_in_month")
_SCALARS = ("0", "1", "2", "0.5", "-3", "1e3", "NaN", "Inf", "pi()", "time()", "scalar(sum(up))")
_AGGREGATIONS = ("sum", "avg", "min", "max", "count", "group")
_LABELS = ("job", "code", "queue", "le", "job, code", "nobody", "")
_ARITHMETIC = ("+", "-", "*", "/", "^")
_COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")


class Expressions:
    """Makes expressions. ``fixed`` is a moment in seconds for ``@``."""

    def __init__(self, seed: int, fixed: float, durations: Durations = MINUTES) -> None:
        self._chance = random.Random(seed)
        self._fixed = fixed
        self._durations = durations
        self._stepping = False

    def next(self) -> str:
        """Another one."""
        return self._vector(self._chance.randint(1, 3))

    def _of(self, words: tuple[str, ...]) -> str:
        return self._chance.choice(words)

    def _modifier(self) -> str:
        at = f" @ {self._fixed}"
        some, ahead, more = (f" offset {one}" for one in self._durations.offsets)
        ways = ("", "", "", some, ahead, at, f"{at}{more}", " @ end()")
        return self._of(ways)

    def _selector(self) -> str:
        return self._of(_COUNTERS + _GAUGES) + self._modifier()

    def _vector(self, depth: int) -> str:
        if depth == 0:
            return self._selector()
        makers = (
            self._windowed,
            self._called,
            self._aggregated,
            self._with_scalar,
            self._compared,
            self._paired,
            self._set,
            self._special,
        )
        return self._chance.choice(makers)(depth - 1)

    def _windowed(self, depth: int) -> str:
        if self._chance.random() < 0.4:
            counter = f"{self._of(_COUNTERS)}[{self._of(self._durations.ranges)}]{self._modifier()}"
            return f"{self._of(_COUNTER_FUNCTIONS)}({counter})"
        lengths, steps = self._durations.lengths, self._durations.steps
        if lengths and self._chance.random() < 0.4 and not self._stepping:
            self._stepping = True
            length, step = self._of(lengths), self._of(steps)
            inner = f"({self._vector(depth)})[{length}:{step}]"
            self._stepping = False
        else:
            inner = f"{self._of(_GAUGES)}[{self._of(self._durations.ranges)}]{self._modifier()}"
        return f"{self._of(_WINDOW_FUNCTIONS)}({inner})"

    def _called(self, depth: int) -> str:
        if self._chance.random() < 0.15:
            return f"{self._of(_DATES)}({self._of(_COUNTERS)}{self._modifier()})"
        return f"{self._of(_FUNCTIONS)}({self._vector(depth)})"

    def _grouping(self) -> str:
        return self._of(("", f" by ({self._of(_LABELS)})", f" without ({self._of(_LABELS)})"))

    def _aggregated(self, depth: int) -> str:
        kind = self._chance.randrange(5)
        if kind == 0:
            return f"{self._of(('stddev', 'stdvar'))}{self._grouping()} ({self._selector()})"
        if kind == 1:
            share = self._of(("0", "0.1", "0.5", "0.99", "1", "2", "-1"))
            return f"quantile{self._grouping()} ({share}, {self._vector(depth)})"
        if kind == 2:
            return f"{self._of(('topk', 'bottomk'))}{self._grouping()} (100, {self._selector()})"
        return f"{self._of(_AGGREGATIONS)}{self._grouping()} ({self._vector(depth)})"

    def _with_scalar(self, depth: int) -> str:
        sides = [f"({self._vector(depth)})", self._of(_SCALARS)]
        self._chance.shuffle(sides)
        return f"{sides[0]} {self._of(_ARITHMETIC)} {sides[1]}"

    def _compared(self, depth: int) -> str:
        operator = self._of(_COMPARISONS) + self._of(("", " bool"))
        if self._chance.random() < 0.6:
            return f"({self._vector(depth)}) {operator} {self._of(_SCALARS)}"
        return f"{self._selector()} {operator} {self._selector()}"

    def _paired(self, depth: int) -> str:
        labels = self._of(_LABELS)
        ways: tuple[str, ...]
        ways = ("", "", f"on ({labels})", f"ignoring ({labels})", f"on ({labels}) group_left")
        ways += (f"ignoring ({labels}) group_right", f"on ({labels}) group_left (queue)")
        left, right = self._vector(depth), self._vector(depth)
        return f"({left}) {self._of(_ARITHMETIC)} {self._of(ways)} ({right})"

    def _set(self, depth: int) -> str:
        way = self._of(("", f"on ({self._of(_LABELS)})", f"ignoring ({self._of(_LABELS)})"))
        operator = self._of(("and", "or", "unless"))
        return f"({self._vector(depth)}) {operator} {way} ({self._vector(depth)})"

    def _special(self, depth: int) -> str:
        rate = f"rate(latency_bucket[{self._durations.ranges[-2]}])"
        buckets = self._of((rate, "latency_bucket", "-latency_bucket"))
        inner = self._vector(depth)
        return self._of(
            (
                f"histogram_quantile({self._of(('0.1', '0.5', '0.9', '1'))}, {buckets})",
                f"clamp({inner}, {self._of(_SCALARS)}, {self._of(_SCALARS)})",
                f"clamp_min({inner}, {self._of(_SCALARS)})",
                f"predict_linear({self._of(_GAUGES)}[{self._of(self._durations.ranges)}], 60)",
                f"quantile_over_time(0.7, {self._of(_GAUGES)}[{self._of(self._durations.ranges)}])",
                f"vector({self._of(_SCALARS)})",
                f'label_replace({inner}, "job", "$1x", "code", "(.).*")',
                f'label_join({inner}, "joined", "-", "job", "code")',
                f"round({inner}, 0.5)",
                f'count_values("value", {self._selector()})',
            )
        )
