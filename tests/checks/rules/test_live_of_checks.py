"""What rules say of checks that are down, could not be asked, or are well again."""

from __future__ import annotations

import pytest

from checks.alerts.model import State
from checks.model import Result, Series, Status
from checks.probe import Target
from tests.checks.fakes import PLAYED, down, ok, spec
from tests.checks.rules.scene import configured, playing


@pytest.mark.parametrize(
    ("reason", "status", "told"),
    [
        ("config", Status.UNKNOWN, False),
        ("permission", Status.UNKNOWN, False),
        ("missing", Status.UNKNOWN, False),
        ("missing", Status.CRITICAL, True),
        ("timeout", Status.UNKNOWN, True),
        ("refused", Status.CRITICAL, True),
    ],
)
async def test_what_could_not_be_asked_is_no_target_that_is_down(
    reason: str, status: Status, told: bool
) -> None:
    async def answer(_: Target) -> Result:
        return Result.failed(reason, "so it is", status=status)

    PLAYED["one"] = answer
    async with playing(configured("{alert: Down, expr: up == 0}", spec("one"))) as scene:
        await scene.after(12)
        assert scene.states("Down") == [State.FIRING][:told]
        block = scene.engine.store.block("one")
        assert block is not None
        assert Series.of("probe_success", {"instance": "one:1", "job": "one"}) in block.series


async def test_what_answers_and_refuses_us_gives_nothing_and_is_told_as_prometheus_does() -> None:
    async def answer(_: Target) -> Result:
        return Result.failed("auth", "HTTP 401", status=Status.UNKNOWN, answered=True)

    PLAYED["one"] = answer
    async with playing(configured("{alert: Down, expr: up == 0}", spec("one"))) as scene:
        await scene.after(12)
        assert scene.states("Down") == [State.FIRING]


async def test_what_a_check_told_is_no_news_before_its_rule_has_looked_again() -> None:
    text = """\
{alert: Down, expr: up == 0}
{alert: High, expr: played_value > 10}"""
    PLAYED["one"] = down()
    async with playing(configured(text, spec("one", interval=1.0))) as scene:
        await scene.after(7)
        (alert,) = scene.alerts("Down")
        assert (alert.state, alert.cause) == (State.FIRING, "one")
        evaluated = scene.rule("Down").evaluated
        while scene.rule("Down").evaluated == evaluated:
            await scene.after(0.5)
        PLAYED["one"] = ok(20.0)
        await scene.after(1.5)
        (check,) = scene.engine.snapshot().checks
        (alert,) = scene.alerts("Down")
        assert (check.status, alert.state, alert.cause) == (Status.OK, State.FIRING, "one")
        assert [one.cause for one in scene.engine.snapshot().alerts] == ["one"]
        await scene.after(5)
        assert scene.states("Down") == [State.RESOLVED]
        assert [(one.state, one.cause) for one in scene.alerts("High")] == [(State.FIRING, "")]


@pytest.mark.parametrize("status", [Status.OK, Status.WARNING])
async def test_what_a_rule_says_on_of_a_check_that_is_better_is_news(status: Status) -> None:
    async def better(_: Target) -> Result:
        return Result(status, "it answers")

    PLAYED["one"] = down()
    text = "{alert: Down, expr: up == 0, keep_firing_for: 1m}"
    async with playing(configured(text, spec("one", interval=1.0))) as scene:
        await scene.after(7)
        assert [one.cause for one in scene.alerts("Down")] == ["one"]
        PLAYED["one"] = better
        await scene.after(12)
        (alert,) = scene.alerts("Down")
        assert (alert.state, alert.cause) == (State.FIRING, "")


async def test_what_is_down_is_not_resolved_by_a_credential_that_is_gone() -> None:
    result = Result.failed("refused", "nobody listens")

    async def answer(_: Target) -> Result:
        return result

    PLAYED["one"] = answer
    async with playing(configured("{alert: Down, expr: up == 0}", spec("one"))) as scene:
        await scene.after(12)
        assert scene.states("Down") == [State.FIRING]
        result = Result.failed("config", "no file", status=Status.UNKNOWN)
        await scene.after(600)
        (alert,) = scene.alerts("Down")
        assert alert.state is State.FIRING
        assert alert.no_data_since is not None
        result = Result(Status.OK, "fine")
        await scene.after(12)
        assert scene.states("Down") == [State.RESOLVED]
