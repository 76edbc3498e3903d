"""A little of ``make fuzz`` each time: the same inputs, and all that ever failed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.grammar import inputs
from tests.fuzz.keys import press
from tests.fuzz.targets import NAMES, load

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("name", NAMES)
def test_no_input_does_harm(name: str) -> None:
    target = load(name)
    for data in (b"", *target.seeds, *target.tokens):
        target.check(data)

    @settings(
        max_examples=8,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(target))
    def property_(data: bytes) -> None:
        # Large ones are for those who have the time.
        target.check(data[:20_000])

    property_()


@pytest.mark.parametrize(
    "path", sorted(CORPUS.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_what_once_failed_does_not_again(path: Path) -> None:
    load(path.parent.name).check(path.read_bytes())


async def test_keys_at_random_leave_the_app_as_it_should_be() -> None:
    done = await press(seed=4, steps=20, deadline=time.monotonic() + 60)
    assert done.steps == 20
