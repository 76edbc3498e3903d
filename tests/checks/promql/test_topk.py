"""Of equal values, of which not all can stay, those stay that Prometheus keeps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.promql.api import Engine
from checks.promql.labels import label_set
from checks.promql.values import LabelSet
from checks.samples.store import SeriesStore, grouped

ENGINE = Engine()


def stored(values: list[float]) -> SeriesStore:
    times = np.array([0])
    return SeriesStore(
        grouped(
            {
                label_set({"__name__": "m", "x": chr(ord("a") + at)}): (times, np.array([value]))
                for at, value in enumerate(values)
            }
        )
    )


def asked(text: str, values: list[float]) -> list[tuple[str, float]]:
    outcome = ENGINE.instant(stored(values), ENGINE.parse(text), 0)

    def place(labels: LabelSet) -> str:
        return dict(labels)["x"]

    return [(place(labels), value) for labels, value in outcome.samples()]


@pytest.mark.parametrize(
    ("text", "values", "kept"),
    [
        # The first to come stay, as long as nothing larger pushes them out.
        ("topk(2, m)", [5, 5, 5, 5], "ab"),
        ("bottomk(3, m)", [1, 1, 1, 0], "dcb"),
        # Of those that are pushed out it is the one on top of the heap that goes.
        ("topk(2, m)", [1, 1, 2], "cb"),
        ("topk(3, m)", [1, 1, 1, 2], "dcb"),
        ("topk(3, m)", [3, 1, 1, 1, 2], "aec"),
        ("topk(2, m)", [math.nan, math.nan, math.nan], "ab"),
        ("topk(2, m)", [math.nan, 1, math.nan, 1, 1], "db"),
    ],
)
def test_ties(text: str, values: list[float], kept: str) -> None:
    assert sorted(place for place, _ in asked(text, values)) == sorted(kept)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from([1.0, 2.0, 3.0, math.nan, -math.inf]), min_size=1, max_size=12),
    st.integers(1, 5),
    st.sampled_from(["topk", "bottomk"]),
)
def test_the_values_are_the_largest_or_smallest_in_order(
    values: list[float], k: int, operator: str
) -> None:
    found = [value for _, value in asked(f"{operator}({k}, m)", values)]
    known = sorted((v for v in values if not math.isnan(v)), reverse=operator == "topk")
    expected = (known + [math.nan] * (len(values) - len(known)))[:k]
    assert found == pytest.approx(expected, nan_ok=True)
