"""Bounds of every kind: none that leaves a status out of reach is taken."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from checks.registry import kind

UPWARDS = "warning must not be above critical"
DOWNWARDS = "warning must not be below critical: it is the time that remains"


@pytest.mark.parametrize(
    ("name", "config", "said"),
    [
        ("host", {"load": {"warning": 4, "critical": 2}}, UPWARDS),
        ("host", {"cpu": {"warning": "90%", "critical": "80%"}}, UPWARDS),
        ("host", {"full_in": {"warning": "1h", "critical": "4h"}}, DOWNWARDS),
        ("process", {"name": "x", "cpu": {"warning": "150%", "critical": "80%"}}, UPWARDS),
        ("process", {"name": "x", "restarts": {"warning": 5, "critical": 3}}, UPWARDS),
        ("ping", {"host": "x", "loss": {"warning": "60%"}}, UPWARDS),
        ("systemd", {"restarts": {"warning": 6}}, UPWARDS),
        ("sqlite", {"path": "x", "size": {"warning": "2GB", "critical": "1GB"}}, UPWARDS),
        ("redis", {"queues": [{"rq": ["a"], "warning": 200, "critical": 50}]}, UPWARDS),
        (
            "sqlite",
            {"path": "x", "queries": [{"metric": "a", "sql": "b", "warning": 1, "critical": 0}]},
            UPWARDS,
        ),
        (
            "sqlite",
            {
                "path": "x",
                "queries": [{"metric": "a", "sql": "b", "warning": 1, "warning_below": 2}],
            },
            "no value is between what it must be above and what below",
        ),
    ],
)
def test_bounds_that_leave_a_status_out_of_reach_are_refused(
    name: str, config: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        kind(name).config.model_validate(config)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("host", {"load": {"warning": None, "critical": 1}, "full_in": {"critical": "1h"}}),
        ("process", {"name": "x", "cpu": {"warning": "80%", "critical": "80%"}}),
        ("ping", {"host": "x", "loss": {"critical": None}}),
    ],
)
def test_one_of_two_may_be_missing_and_both_be_the_same(name: str, config: dict[str, Any]) -> None:
    kind(name).config.model_validate(config)
