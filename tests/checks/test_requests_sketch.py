"""The quantile sketch against exact quantiles."""

from __future__ import annotations

import numpy as np
import pytest

from checks.requests.sketch import ALPHA, BINS, HIGHEST, bins, quantile


def sketch(
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.bincount(bins(values), minlength=BINS)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("q", [0.0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999])
def test_quantiles_are_within_one_percent(seed: int, q: float) -> None:
    random = np.random.default_rng(seed)
    values = np.concatenate(
        [random.lognormal(-3, 2, 5000), random.pareto(1.2, 500), [2e-6, 0.5, 3599.0]]
    ).clip(2e-6, 3599.0)
    exact = np.sort(values)[min(int(len(values) * q), len(values) - 1)]
    assert quantile(sketch(values), q) == pytest.approx(exact, rel=ALPHA * 1.0001)


def test_merging_is_adding() -> None:
    random = np.random.default_rng(1)
    left, right = random.exponential(0.1, 999), random.exponential(3, 501)
    together = sketch(np.concatenate([left, right]))
    assert (sketch(left) + sketch(right) == together).all()


def test_zero_and_what_is_out_of_range_stay_at_the_ends() -> None:
    counts = sketch(np.array([0.0, 1e-9, 1e5]))
    assert quantile(counts, 0.0) == 0.0
    assert quantile(counts, 0.99) == HIGHEST
    assert counts.sum() == 3


def test_of_nothing_there_is_no_quantile() -> None:
    assert quantile(np.zeros(BINS, dtype=np.int64), 0.5) is None


@pytest.mark.parametrize(("count", "q", "rank"), [(1, 0.95, 0), (20, 0.5, 10), (20, 0.95, 19)])
def test_rank_is_that_of_limit_1_offset_floor(count: int, q: float, rank: int) -> None:
    values = np.arange(1.0, count + 1)
    assert quantile(sketch(values), q) == pytest.approx(values[rank], rel=ALPHA)
