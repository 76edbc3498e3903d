"""Checks that are read side by side come to what each of them comes to alone, whatever happens."""

from __future__ import annotations

import math

import numpy as np
import pytest

from checks.model import Samples, Series
from checks.promql.api import Engine
from checks.promql.functions import FUNCTIONS
from checks.promql.functions.contract import Kind
from checks.promql.values import LabelSet
from checks.store import abreast
from checks.store.chunk import CHUNK_ROWS
from checks.store.groups import Groups
from checks.store.store import Store

CHECKS = 5
INTERVAL = 5.0
RANGED = sorted(name for name, one in FUNCTIONS.items() if Kind.MATRIX in one.args)
INSTANTS = ("m_total", 'm_total{series!="1"}', "m_total offset 1m", "sum by (series) (m_total)")


class World:
    """Checks whose series come and go, in one store together, and each in one of its own."""

    def __init__(self, seed: int, *, steady: bool = False) -> None:
        self.random = np.random.default_rng(seed)
        self.steady = steady
        self.together = Store(retention=1e9)
        self.alone = [Store(retention=1e9) for _ in range(CHECKS)]
        self.totals = np.zeros((CHECKS, 4))
        self.now = 0.0

    def run(self) -> None:
        """Every check has a row more, but for those that are late."""
        self.now += INTERVAL
        for check in range(CHECKS):
            if not self.steady and self.random.random() < 0.1:
                continue
            row = self._row(check)
            time = self.now + check * 0.3
            self.together.append(f"c{check}", INTERVAL, time, row)
            self.alone[check].append(f"c{check}", INTERVAL, time, row)

    def _row(self, check: int) -> Samples:
        self.totals[check] += self.random.integers(0, 4, 4)
        if self.random.random() < 0.05:
            self.totals[check] = 0.0
        there = [at for at in range(4) if self.steady or at == 0 or self.random.random() < 0.8]
        made = [Series.of("m_total", {"check": str(check), "series": str(at)}) for at in there]
        other = Series.of("other", {"check": str(check)})
        values = self.totals[check][there].tolist()
        return Samples((other, *made), (math.nan, *values))

    def same(self, text: str, at: float) -> None:
        """``text`` comes to the same of all together as of each alone."""
        engine, moment = Engine(), round(at * 1000)
        expression = engine.parse(text)
        found = dict(engine.instant(self.together, expression, moment).samples())
        expected: dict[LabelSet, float] = {}
        for store in self.alone:
            for labels, value in engine.instant(store, expression, moment).samples():
                # What is summed over all checks has labels that more than one of them has.
                expected[labels] = expected.get(labels, 0.0) + value
        assert found.keys() == expected.keys()
        for labels, value in found.items():
            assert value == pytest.approx(expected[labels], rel=1e-12, nan_ok=True)


def called(name: str) -> str:
    kinds = FUNCTIONS[name].args
    args = ["m_total[2m]" if kind is Kind.MATRIX else "0.3" for kind in kinds]
    return f"{name}({', '.join(args)})"


def side_by_side(store: Store, name: str = "m_total") -> Groups:
    groups = store.groups(name)
    assert isinstance(groups, Groups)
    assert groups.columns is not None
    return groups


@pytest.mark.parametrize("steady", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_instants_together_as_alone(seed: int, steady: bool) -> None:
    world = World(seed, steady=steady)
    for run in range(2 * CHUNK_ROWS + 10):
        world.run()
        if run % 7 == 0:
            for text in INSTANTS:
                # Of late, between two rows, and when chunks were others.
                for back in (0.0, 2.5, 100.0, 400.0):
                    world.same(text, world.now + 2.0 - back)
    side_by_side(world.together)


@pytest.mark.parametrize("steady", [True, False])
@pytest.mark.parametrize("name", [name for name in RANGED if name != "absent_over_time"])
def test_windows_together_as_alone(name: str, steady: bool) -> None:
    world = World(7, steady=steady)
    for run in range(CHUNK_ROWS + 40):
        world.run()
        if run > CHUNK_ROWS - 20 and run % 5 == 0:
            for back in (0.0, 2.5, 150.0):
                world.same(called(name), world.now + 2.0 - back)
    side_by_side(world.together)


def test_a_row_that_comes_between_two_questions_is_seen() -> None:
    """As of a check that began before the rules did and answers while they are evaluated."""
    world = World(1, steady=True)
    at = INTERVAL * (CHUNK_ROWS + 10)
    for _ in range(CHUNK_ROWS + 5):
        world.run()
        world.same("m_total", at)
        world.same("increase(m_total[1m])", at)


def test_a_series_that_was_away_is_found_again_where_it_is_now() -> None:
    """Its column is another one than before, and nothing was told to have changed."""
    series = [Series.of("m", {"check": str(check)}) for check in range(3)]
    store, engine = Store(retention=1e9), Engine()
    last = Series.of("later", {})

    def run(time: float, *, with_it: bool) -> dict[str, float]:
        for check, one in enumerate(series):
            own = (one,) if with_it or check < 2 else (last,)
            store.append(f"c{check}", INTERVAL, time, Samples(own, (time + check,)))
        found = engine.instant(store, engine.parse("m"), round(time * 1000)).samples()
        return {dict(labels)["check"]: value for labels, value in found}

    time = 0.0
    for _ in range(CHUNK_ROWS):
        time += INTERVAL
        assert run(time, with_it=True) == {"0": time, "1": time + 1, "2": time + 2}
    # A chunk begins that knows nothing of it, and its name is as before.
    time += INTERVAL
    assert run(time, with_it=False) == {"0": time, "1": time + 1}
    time += INTERVAL
    assert run(time, with_it=True) == {"0": time, "1": time + 1, "2": time + 2}


def test_of_what_is_too_much_each_is_read_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(3)
    for _ in range(30):
        world.run()
    monkeypatch.setattr(abreast, "WIDEST", 3)
    monkeypatch.setattr(abreast, "CELLS", 3)
    columns = side_by_side(world.together).columns
    assert columns is not None
    moment = round(world.now * 1000)
    assert columns.row(moment, None) is None
    assert columns.rows(moment - 60_000, moment) is None
    world.same("m_total", world.now)
    world.same("rate(m_total[1m])", world.now)


def test_a_check_that_is_dropped_is_read_no_more() -> None:
    world = World(4, steady=True)
    for _ in range(5):
        world.run()
    world.same("m_total", world.now + 2.0)
    world.together.drop("c0")
    world.alone[0] = Store()
    world.same("m_total", world.now + 2.0)
    world.same("rate(m_total[1m])", world.now + 2.0)
