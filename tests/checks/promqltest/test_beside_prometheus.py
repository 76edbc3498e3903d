"""Our evaluator beside Debian's Prometheus: hundreds of expressions over the same samples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.promql.answers import answer_of, ranged_answer
from checks.promql.api import Engine
from checks.promql.errors import EvaluationError, PromQLError
from checks.samples.openmetrics import read_openmetrics
from checks.samples.store import SeriesStore, store_of
from tests.checks.promqltest.expressions import Expressions
from tests.servers.prometheus_api import Api, alike, in_order, page_of_samples, serving
from tui.output.answers import as_json

END = 1_700_003_000
"""Seconds; samples stand a quarter of a second past multiples of 15 s, evaluations elsewhere."""
FIXED = END - 200.3
AT = (END - 0.377, END - 123.377)
EXPRESSIONS = 600


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("beside")


@pytest.fixture(scope="module")
def api(folder: Path) -> Iterator[Api]:
    with serving(folder, page_of_samples(200, END)) as api:
        yield api


@pytest.fixture(scope="module")
def store(api: Api, folder: Path) -> SeriesStore:
    """What the server has, too."""
    del api
    return store_of(read_openmetrics(str(folder / "samples.om")))


def ours(store: SeriesStore, text: str, start: float, end: float, step: int) -> Any:
    """Our answer as Prometheus' API gives it; ``step`` 0 seconds for an instant query."""
    engine = Engine()
    low, high = round(start * 1000), round(end * 1000)
    try:
        expression = engine.parse(text)
        if step:
            outcome = engine.range(store, expression, low, high, step * 1000)
            return json.loads(as_json(ranged_answer(outcome), (), ()))
        outcome = engine.instant(store, expression, low)
        return json.loads(as_json(answer_of(outcome), (), ()))
    except (PromQLError, EvaluationError) as error:
        return {"status": "error", "error": str(error)}


def theirs(api: Api, text: str, start: float, end: float, step: int) -> Any:
    """The server's answer, without its remarks, which Prometheus 2 has none of."""
    if step:
        times = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": str(step)}
        return api.ask("query_range", query=text, **times)
    return api.ask("query", query=text, time=f"{start:.3f}")


def compared(one: Any, other: Any) -> bool:
    """Whether both have the same result, or both none."""
    if one["status"] != other["status"]:
        return False
    return one["status"] == "error" or alike(in_order(one)["data"], in_order(other)["data"])


@pytest.mark.parametrize("step", [0, 37], ids=["instant", "range"])
def test_both_come_to_the_same(step: int, api: Api, store: SeriesStore) -> None:
    made = Expressions(11 + step, FIXED)
    different: list[tuple[str, Any, Any]] = []
    results = failures = 0
    for number in range(EXPRESSIONS):
        text, end = made.next(), AT[number % 2]
        start = end - 300 if step else end
        found, wanted = ours(store, text, start, end, step), theirs(api, text, start, end, step)
        if not compared(found, wanted):
            different.append((text, found, wanted))
        failures += wanted["status"] == "error"
        results += wanted["status"] == "success" and bool(wanted["data"]["result"])
    assert different == []
    assert results > EXPRESSIONS // 2
    assert failures > 5
