"""The scripts try every function; what Prometheus has besides is refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checks.promql.api import Engine
from checks.promql.errors import PromQLError
from checks.promql.functions import FUNCTIONS

SCRIPTS = Path(__file__).parents[2] / "promql"

EXPERIMENTAL = {
    "double_exponential_smoothing": "x[1m], 0.1, 0.2",
    "first_over_time": "x[1m]",
    "histogram_quantiles": 'x, "q", 0.5',
    "info": "x",
    "integral": "x[1m]",
    "mad_over_time": "x[1m]",
    "max_of": "1, 2",
    "min_of": "1, 2",
    "sort_by_label": 'x, "a"',
    "sort_by_label_desc": 'x, "a"',
    "ts_of_first_over_time": "x[1m]",
    "ts_of_last_over_time": "x[1m]",
    "ts_of_max_over_time": "x[1m]",
    "ts_of_min_over_time": "x[1m]",
}
NATIVE = [
    "histogram_avg",
    "histogram_count",
    "histogram_stddev",
    "histogram_stdvar",
    "histogram_sum",
]


def test_the_scripts_try_every_function() -> None:
    tried: set[str] = set()
    for path in SCRIPTS.glob("functions_*.test"):
        cases = [line for line in path.read_text().splitlines() if line.startswith("eval")]
        tried |= set(re.findall(r"\b([a-z0-9_]+)\(", "\n".join(cases)))
    assert set(FUNCTIONS) - tried == set()


@pytest.mark.parametrize(("name", "args"), EXPERIMENTAL.items(), ids=EXPERIMENTAL)
def test_what_is_experimental_is_refused_by_name(name: str, args: str) -> None:
    with pytest.raises(PromQLError, match=f"{name}.*experimental|experimental.*{name}") as caught:
        Engine().parse(f"1 + {name}({args})")
    assert str(caught.value).startswith("1:5: ")


@pytest.mark.parametrize("name", NATIVE)
def test_what_is_of_native_histograms_alone_is_refused_by_name(name: str) -> None:
    with pytest.raises(PromQLError, match=f"{name}.*native histogram"):
        Engine().parse(f"{name}(x)")


@pytest.mark.parametrize("name", ["holt_winters", "no_function"])
def test_what_is_no_function_of_prometheus_3_is_unknown(name: str) -> None:
    with pytest.raises(PromQLError, match=f'unknown function with name "{name}"'):
        Engine().parse(f"{name}(x[1m], 0.1, 0.2)")
