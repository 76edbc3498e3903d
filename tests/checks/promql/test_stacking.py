"""Many checks, each with timestamps of its own, come to what each of them comes to alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from checks.promql.api import Engine
from checks.promql.functions import FUNCTIONS
from checks.promql.functions.contract import Kind
from checks.promql.labels import label_set
from checks.promql.stacking import CELLS, NARROW, Stack
from checks.promql.values import Floats, LabelSet, Matrix, Times
from checks.samples.store import SeriesGroup, SeriesStore
from checks.store.block import STALE

END = 600_000
RANGED = sorted(name for name, one in FUNCTIONS.items() if Kind.MATRIX in one.args)


def checks(seed: int, gaps: float = 0.1) -> list[SeriesGroup]:
    """Twelve checks of one to three series, with resets, gaps, ends, and NaNs now and then."""
    random = np.random.default_rng(seed)
    groups = []
    for check in range(12):
        rows, width = int(random.integers(0, 40)), int(random.integers(1, 4))
        times = np.sort(random.choice(END, rows, replace=False))
        values = random.integers(0, 9, (rows, width)).astype(float).cumsum(axis=0)
        values[random.random(values.shape) < 0.08] = 0.0
        values[random.random(values.shape) < gaps] = STALE
        values[random.random(values.shape) < 0.3 * gaps] = math.nan
        labels = tuple(
            label_set({"__name__": "m_total", "check": str(check), "series": str(at)})
            for at in range(width)
        )
        groups.append(SeriesGroup(labels, times, values))
    return groups


def asked(groups: list[SeriesGroup], text: str) -> dict[LabelSet, float]:
    engine = Engine()
    return dict(engine.instant(SeriesStore(groups), engine.parse(text), END).samples())


def called(name: str) -> str:
    """A call of a function of ranges, with what it wants besides."""
    kinds = FUNCTIONS[name].args
    args = ["m_total[7m]" if kind is Kind.MATRIX else "0.3" for kind in kinds]
    return f"{name}({', '.join(args)})"


@pytest.mark.parametrize("name", [name for name in RANGED if name != "absent_over_time"])
def test_together_as_alone(name: str) -> None:
    text = called(name)
    for seed in range(4):
        groups = checks(seed)
        alone: dict[LabelSet, float] = {}
        for group in groups:
            alone |= asked([group], text)
        together = asked(groups, text)
        assert together.keys() == alone.keys()
        assert together
        for labels, value in together.items():
            assert value == pytest.approx(alone[labels], rel=1e-12, nan_ok=True)


def test_absent_is_what_none_of_them_has() -> None:
    groups = checks(1)
    assert not asked(groups, "absent_over_time(m_total[7m])")
    assert asked(groups, "absent_over_time(m_total[7m] offset 1h)") == {(): 1.0}


def test_a_stack_takes_narrow_groups_until_it_is_full() -> None:
    stack = Stack(0, END)
    labels = tuple(label_set({"n": str(at)}) for at in range(NARROW + 1))
    times = np.arange(1000)
    assert not stack.add(labels, times, np.zeros((1000, NARROW + 1)))
    added = 0
    while not stack.full:
        assert stack.add(labels[:NARROW], times, np.zeros((1000, NARROW)))
        added += NARROW
    assert CELLS < added * 1000 <= CELLS + NARROW * 1000
    (windows,) = stack.take()
    assert len(windows.labels) == added
    assert not list(stack.take())


def test_a_bare_range_shows_each_group_with_its_times() -> None:
    engine = Engine()
    groups = checks(2)
    value = engine.instant(SeriesStore(groups), engine.parse("m_total[7m]"), END).value
    assert isinstance(value, Matrix)
    assert [windows.times.ndim for windows in value] == [1] * len(list(value))


@pytest.mark.parametrize("name", ["rate", "increase", "resets", "changes"])
def test_without_holes_the_samples_before_are_in_the_row_before(name: str) -> None:
    """A shorter way than where there are some, which is what most checks take."""
    for seed in range(4):
        groups = checks(seed, gaps=0.0)
        alone: dict[LabelSet, float] = {}
        for group in groups:
            alone |= asked([group], called(name))
        holed = [SeriesGroup(one.labels, *_with_a_hole(one.times, one.values)) for one in groups]
        assert asked(groups, called(name)) == alone == asked(holed, called(name))


def _with_a_hole(times: Times, values: Floats) -> tuple[Times, Floats]:
    """The same samples, with a row in which nothing is after the first."""
    at = min(1, len(times))
    nothing = np.full((1, values.shape[1]), STALE)
    later = np.insert(times, at, times[at - 1] + 1 if at else 0)
    return later, np.concatenate((values[:at], nothing, values[at:]))
