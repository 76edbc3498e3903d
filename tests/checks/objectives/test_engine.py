"""Objectives beside a running engine: in the pictures, in the store, as alerts with their check."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from checks.clock import FakeClock
from checks.config import RulesConfig, StoryConfig
from checks.engine import Engine
from checks.longterm.live import LiveLongTerm
from checks.model import Status
from checks.objectives.model import Objective, OfCheck
from checks.rules.views import RuleHealth
from tests.checks.fakes import PLAYED, config, down, ok, spec
from tests.checks.rules.scene import Scene, playing

UP = Objective("one is there", 0.999, 30 * 86_400.0, OfCheck("probe", "one"), labels={"team": "a"})


async def looking_far(scene: Scene) -> LiveLongTerm:
    """Once what it takes is imported, which a thread of the machine's own time does."""
    for _ in range(1_000):
        far = scene.engine.longterm
        if far is not None and far.live is not None:
            return far.live
        await scene.clock.advance(0.1)
        await asyncio.sleep(0.01)
    raise AssertionError("objectives were not begun")


async def test_an_outage_burns_the_budget_and_raises_an_alert_of_its_check() -> None:
    PLAYED["one"] = ok()
    chosen = replace(
        config(spec("one")), rules=RulesConfig(packs=("slo", "capacity")), objectives=(UP,)
    )
    async with playing(chosen) as scene:
        far = await looking_far(scene)
        (buckets,) = far.objectives.buckets
        now = scene.clock.now()
        for minute in range(1, 61):
            buckets.add(now - 60 * minute, 60, 60, 60)
        picture = await scene.after(30)
        (view,) = picture.objectives
        assert (view.check, view.status, view.remaining) == ("one", Status.OK, 1.0)
        assert scene.rule("SloBurn").health is RuleHealth.OK
        assert picture.alerts == ()
        PLAYED["one"] = down()
        picture = await scene.after(90)
        burning = next(one for one in picture.alerts if one.name == "SloBurn")
        assert (burning.check, burning.status) == ("one", Status.CRITICAL)
        assert dict(burning.labels)["team"] == "a"
        assert burning.value is not None
        assert burning.value > 14.4
        assert "the budget for errors goes" in burning.sentence
        assert dict(burning.annotations)["runbook_url"] == "runbooks/slo-burn"
        (view,) = picture.objectives
        assert view.status is Status.CRITICAL
        assert view.remaining is not None
        assert view.remaining < 0


async def test_what_was_counted_before_a_restart_is_told_within_seconds(tmp_path: Path) -> None:
    PLAYED["one"] = ok()
    story = StoryConfig(memory=tmp_path / "story" / "story.db")
    chosen = replace(
        config(spec("one")), rules=RulesConfig(packs=()), objectives=(UP,), story=story
    )
    clock = FakeClock()
    async with playing(chosen, clock) as scene:
        far = await looking_far(scene)
        far.objectives.buckets[0].add(clock.now() - 7200, 1800, 3600, 3600)
        for _ in range(200):
            await scene.after(5)
            await asyncio.sleep(0.02)
            if far.objectives.buckets[0].recalled:
                break
    await clock.advance(60)
    async with playing(chosen, clock) as scene:
        far = await looking_far(scene)
        for _ in range(12):
            picture = await scene.after(1)
            await asyncio.sleep(0.2)
            if picture.objectives and picture.objectives[0].bad:
                break
        assert picture.objectives[0].bad == pytest.approx(1800)


async def test_a_reload_shows_what_was_counted_from_its_first_picture_on() -> None:
    PLAYED["one"] = ok()
    chosen = replace(config(spec("one")), objectives=(UP,))
    async with playing(replace(chosen, rules=RulesConfig(packs=()))) as scene:
        await looking_far(scene)
        before = (await scene.after(40)).objectives[0]
        following = Engine(replace(chosen, objectives=(replace(UP, target=0.9),)), scene.clock)
        following.follow(scene.engine)
        assert following.snapshot().objectives[0].total == before.total > 0
        assert following.longterm is not None
        made = following.longterm.begin()
        made.look(scene.clock.now())
        assert made.objectives.views[0].target == 0.9
        assert made.objectives.views[0].total >= before.total
