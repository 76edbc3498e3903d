"""Rules beside the checks of a running engine: what users see of them, and what they outlive."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.alerts.model import State
from checks.clock import FakeClock
from checks.config import EngineConfig, RulesConfig
from checks.engine import Engine
from checks.live import _look_again
from checks.model import Part, Result, Status
from checks.probe import Target
from checks.rules import live, work
from checks.rules.picture import group_view
from checks.rules.retaining import LONGEST, Longer
from checks.rules.views import GroupView, RuleHealth
from checks.store.store import Store
from tests.checks.fakes import PLAYED, config, down, ok, settle, spec
from tests.checks.rules.kit import group_of, samples
from tests.checks.rules.scene import configured, playing
from tests.checks.test_lanes import no_threads

HIGH = "{alert: High, expr: played_value > 10, for: 10s, labels: {severity: critical}, "
HIGH += "annotations: {summary: '{{ $labels.instance }} has {{ $value }}'}}"
OF_PAGE = "{alert: High, expr: 'max by (job, instance) (played_value) > 10', for: 10s}"
SUM = "{alert: High, expr: 'sum(played_value) > 10', for: 10s}"


async def test_a_rule_fires_and_is_resolved() -> None:
    PLAYED["one"] = ok(50)
    async with playing(configured(HIGH, spec("one"))) as scene:
        assert scene.states("High") == [State.PENDING]
        (pending,) = scene.engine.snapshot().alerts
        assert (pending.firing, pending.sentence) == (False, "one:1 has 50")
        picture = await scene.after(16)
        (alert,) = picture.alerts
        assert (alert.name, alert.check, alert.status) == ("High", "one", Status.CRITICAL)
        assert alert.firing
        assert any(
            text.startswith("High firing: one:1 has 50: it has been there for 1")
            and text.endswith('; played_value{instance="one:1", job="one"} is 50, > 10')
            for text in scene.told
        )
        PLAYED["one"] = ok(5)
        picture = await scene.after(11)
        assert picture.alerts == ()
        assert scene.states("High") == [State.RESOLVED]
        assert scene.alerts("High")[0].evidence.value == 5
        assert any(" resolved: the expression returns it no more" in one for one in scene.told)


async def test_an_event_tells_the_state_and_the_sentence_before_the_labels() -> None:
    PLAYED["one"] = ok(50)
    labelled = HIGH.replace("severity: critical", "severity: critical, team: shop")
    async with playing(configured(labelled, spec("one"))) as scene:
        await scene.after(16)
        (fires,) = (one for one in scene.told if one.startswith("High"))
        assert fires.startswith("High firing: one:1 has 50: it has been there for 1")
        assert fires.endswith('; {team="shop"}')
        PLAYED["one"] = ok(5)
        await scene.after(11)
        assert scene.told[-1].startswith('High {team="shop"} resolved: ')


async def test_rules_begin_once_there_is_a_thread_for_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("checks.lanes.AGAIN", 0.01)
    PLAYED["one"], clock = ok(50), FakeClock()
    engine = Engine(configured(HIGH, spec("one"), memory=tmp_path / "alerts.json"), clock)
    assert engine.rules is not None
    working = asyncio.create_task(engine.rules.run())
    with no_threads():
        await clock.advance(5)
        await settle()
        await asyncio.sleep(0.1)
        assert engine.rules._work is None
        assert not working.done()
    while engine.rules._work is None:
        await asyncio.sleep(0.01)
    (told,) = (
        event.text for event in engine.snapshot().events if "not evaluated yet" in event.text
    )
    assert told.startswith("the rules are not evaluated yet: the system gives onwatch no more")
    working.cancel()
    await engine.close()


async def test_a_rule_whose_sides_are_of_different_checks_is_dead_until_they_match() -> None:
    PLAYED["one"], PLAYED["two"] = ok(9), ok(10)
    rules = """
    {alert: Apart, expr: 'played_value{job="one"} / played_value{job="two"} > 0.5'}
    {alert: Any, expr: 'up > 1 or played_value{job="one"} / played_value{job="two"}'}
    {alert: Mended, expr: 'played_value{job="one"} / on () played_value{job="two"} > 0.5'}
    """
    async with playing(configured(rules, spec("one"), spec("two"))) as scene:
        await scene.after(6)
        apart = scene.rule("Apart")
        assert apart.health is RuleHealth.DEAD
        assert apart.sentence == (
            'the operator / returns nothing: instance is "one:1" on its left and "two:1" on its'
            " right; leave them out with ignoring(instance, job), or name what is to match in on()"
        )
        assert scene.rule("Any").health is RuleHealth.OK
        assert scene.states("Mended") == [State.FIRING]


async def test_a_metric_that_comes_later_is_named_to_the_rule_that_means_it() -> None:
    found = {"played_value": 1.0}

    async def told(target: Target) -> Result:
        builder = target.sampler.builder()
        for name, value in found.items():
            builder.add(name, value)
        return Result(Status.OK, "well", samples=builder.build())

    PLAYED["one"] = told
    rule = "{alert: Errors, expr: 'rate(failures_of_late_total[10s]) > 0'}"
    async with playing(configured(rule, spec("one"))) as scene:
        await scene.after(12)
        assert scene.rule("Errors").sentence == "there is no metric failures_of_late_total"
        # An application counts errors from the first one on.
        found["failures_of_late"] = 1.0
        await scene.after(12)
        assert scene.rule("Errors").near == "failures_of_late"


async def test_a_target_that_dies_resolves_nothing() -> None:
    PLAYED["one"] = ok(50)
    async with playing(configured(HIGH, spec("one"))) as scene:
        await scene.after(16)
        PLAYED["one"] = down()
        picture = await scene.after(60)
        assert scene.states("High") == [State.FIRING]
        ill, alert = picture.alerts
        assert (ill.name, ill.rule) == ("one down", "")
        assert alert.no_data_since is not None
        assert any("no data: played_value" in text for text in scene.told)
        PLAYED["one"] = ok(5)
        picture = await scene.after(16)
        assert picture.alerts == ()


async def test_what_a_check_has_no_more_of_is_over_unless_it_cannot_judge() -> None:
    slots, status = {"s1": 1.0}, Status.OK

    async def told(target: Target) -> Result:
        builder = target.sampler.builder()
        for slot, broken in slots.items():
            builder.add("slot_broken", broken, {"slot": slot})
        return Result(status, "slots", samples=builder.build())

    PLAYED["one"] = told
    rule = "{alert: Broken, expr: slot_broken == 1}"
    async with playing(configured(rule, spec("one"))) as scene:
        await scene.after(12)
        assert scene.states("Broken") == [State.FIRING]
        slots.clear()
        status = Status.UNKNOWN
        await scene.after(12)
        assert scene.states("Broken") == [State.FIRING]
        assert scene.alerts("Broken")[0].no_data_since is not None
        status = Status.WARNING
        await scene.after(12)
        assert scene.states("Broken") == [State.RESOLVED]


async def test_what_a_check_says_itself_is_not_told_twice() -> None:
    PLAYED["one"] = down()
    text = "{alert: TargetDown, expr: up == 0, labels: {severity: critical}}"
    async with playing(configured(text, spec("one"))) as scene:
        picture = await scene.after(6)
        first, second = picture.alerts
        assert (first.name, first.cause) == ("one down", "")
        assert (second.name, second.cause) == ("TargetDown", "one")


async def test_nor_after_a_restart_which_remembers_the_alert_alone(tmp_path: Path) -> None:
    PLAYED["one"] = down()
    text = "{alert: TargetDown, expr: up == 0, labels: {severity: critical}}"
    clock, memory = FakeClock(), tmp_path / "alerts.json"
    for _ in range(2):
        async with playing(configured(text, spec("one"), memory=memory), clock) as scene:
            picture = await scene.after(60)
            assert [(one.name, one.cause) for one in picture.alerts] == [
                ("one down", ""),
                ("TargetDown", "one"),
            ]
        await clock.advance(300)


async def test_what_a_check_that_answers_says_itself_hides_nothing_else() -> None:
    async def full(target: Target) -> Result:
        builder = target.sampler.builder()
        for mount in ("/", "/var"):
            builder.add("played_value", 95, {"mountpoint": mount})
        parts = (Part("/var", Status.WARNING, "95 % full"), Part("/", Status.OK, "fine"))
        text = "queue of 95 items"
        return Result(Status.WARNING, text, parts=parts, samples=builder.build())

    PLAYED["one"] = full
    text = """
        {alert: DiskFull, expr: played_value > 90, labels: {severity: warning}}
        {alert: DiskFullSoon, expr: played_value > 94, labels: {severity: critical}}
        {alert: QueueLong, expr: max by (job) (played_value) > 90, labels: {severity: warning}}
    """
    async with playing(configured(text, spec("one"))) as scene:
        await scene.after(6)
        follows = {
            (one.name, dict(one.labels).get("mountpoint", "")): bool(one.cause)
            for rule in scene.rules.rules
            for one in rule.alerts
        }
        assert follows == {
            ("DiskFull", "/var"): True,
            ("DiskFull", "/"): False,
            ("DiskFullSoon", "/var"): False,
            ("DiskFullSoon", "/"): False,
            ("QueueLong", ""): True,
        }


async def test_an_alert_does_not_follow_from_what_may_become_one() -> None:
    PLAYED["db"], PLAYED["web"] = ok(95), ok(95)
    specs = (spec("db"), spec("web", depends_on=("db",)))
    text = """
        {alert: DbHigh, expr: 'played_value{job="db"} > 90', for: 30s, labels: {severity: warning}}
        {alert: WebHigh, expr: 'played_value{job="web"} > 90', labels: {severity: warning}}
    """
    async with playing(configured(text, *specs)) as scene:
        await scene.after(12)
        assert scene.states("DbHigh") == [State.PENDING]
        (web,) = scene.alerts("WebHigh")
        assert web.cause == ""
        await scene.after(30)
        assert scene.states("DbHigh") == [State.FIRING]
        (web,) = scene.alerts("WebHigh")
        assert web.cause == "db"


async def test_an_alert_follows_from_what_its_check_depends_on() -> None:
    PLAYED.update(db=down(), web=ok(50))
    specs = (spec("db"), spec("web", depends_on=("db",)))
    async with playing(configured(HIGH, *specs)) as scene:
        picture = await scene.after(16)
        assert [(one.name, one.cause) for one in picture.alerts] == [
            ("db down", ""),
            ("High", "db"),
        ]


async def test_of_several_thresholds_the_worst_speaks() -> None:
    PLAYED["one"] = ok(95)
    text = """
        {alert: ValueHigh, expr: played_value > 80, labels: {severity: warning}}
        {alert: ValueHigh, expr: played_value > 90, labels: {severity: critical}}
        {alert: ValueWarning, expr: played_value >= 80, labels: {severity: warning}}
        {alert: Other, expr: played_value * 2 > 10, labels: {severity: warning}}
    """
    async with playing(configured(text, spec("one"))) as scene:
        picture = await scene.after(6)
        assert [(one.name, one.status) for one in picture.alerts] == [
            ("ValueHigh", Status.CRITICAL),
            ("Other", Status.WARNING),
        ]
        assert scene.rules.firing == 4, "all of them fire all the same"
        PLAYED["one"] = ok(85)
        picture = await scene.after(11)
        assert picture.alerts[0].status is Status.WARNING


@pytest.mark.parametrize(
    ("lesser", "worse", "tied"),
    [
        ("App1Down", "App2Down", False),
        ("HTTP1", "HTTP2", False),
        ("PageErrors", "Errors", False),
        ("TicketBacklog", "Backlog", False),
        ("InfoSchemaBig", "SchemaBig", False),
        ("LogWarnings", "Logs", False),
        ("DiskFullWarning", "DiskFullCritical", True),
        ("disk_full_p3", "disk_full_p1", True),
        ("CPUHigh", "CPUVeryHighCritical", False),
        ("CPUHighWarning", "CPUVeryHighCritical", True),
        ("WarningDiskFull", "DiskFullPage", True),
        ("HostWarningLoad", "HostCriticalLoad", True),
    ],
)
async def test_names_that_differ_in_a_degree_alone_are_of_one_thing(
    lesser: str, worse: str, tied: bool
) -> None:
    PLAYED["one"] = ok(95)
    text = f"""
        {{alert: {lesser}, expr: played_value > 80, labels: {{severity: warning}}}}
        {{alert: {worse}, expr: played_value * 2 > 90, labels: {{severity: critical}}}}
    """
    async with playing(configured(text, spec("one"))) as scene:
        picture = await scene.after(6)
        shown = [one.name for one in picture.alerts]
        assert shown == ([worse] if tied else [worse, lesser])


async def test_information_is_no_warning() -> None:
    PLAYED["one"] = ok(95)
    text = "{alert: Busy, expr: played_value > 80, labels: {severity: info}}"
    async with playing(configured(text, spec("one"))) as scene:
        (alert,) = (await scene.after(6)).alerts
        assert alert.status is Status.OK


async def test_dead_rules_errors_and_too_little_history_are_told_apart() -> None:
    PLAYED["one"] = ok(95)
    text = """
        {alert: Dead, expr: plaid_value > 80}
        {alert: Nobody, expr: 'played_value{job="two"} > 80'}
        {alert: Twice, expr: '{job="one"}'}
        {alert: Long, expr: 'delta(played_value[5m]) > 0'}
        {record: 'job:value', expr: played_value}
        {alert: Right, expr: 'job:value > 100'}
    """
    async with playing(configured(text, spec("one"))) as scene:
        await scene.after(12)
        assert scene.rule("Dead").health is RuleHealth.DEAD
        assert scene.rule("Dead").near == "played_value"
        assert scene.rule("Dead").sentence == (
            "there is no metric plaid_value; the nearest metric is played_value"
        )
        assert scene.rule("Nobody").sentence.startswith('played_value{job="two"} matches nothing')
        assert scene.rule("Long").health is RuleHealth.NO_HISTORY
        assert scene.rule("Right").health is RuleHealth.OK
        assert scene.rule("Twice").health is RuleHealth.ERROR
        assert "same labelset" in scene.rule("Twice").sentence
        counts = scene.rules
        assert (counts.dead, counts.no_history, counts.errors) == (2, 1, 1)
        await scene.after(330)
        assert scene.rule("Long").health is RuleHealth.OK


async def test_a_built_in_rule_for_what_is_not_watched_is_not_dead() -> None:
    PLAYED["one"] = ok(95)
    chosen = replace(config(spec("one")), rules=RulesConfig(packs=("redis",)))
    async with playing(chosen) as scene:
        await scene.after(20)
        assert {rule.health for rule in scene.rules.rules if not rule.records} == {RuleHealth.IDLE}
        assert scene.rules.dead == 0


async def test_disabled_rules_do_not_run() -> None:
    PLAYED["one"] = ok(50)
    chosen = configured(f"{HIGH}\n{{alert: Other, expr: up}}", spec("one"))
    assert chosen.rules is not None
    async with playing(replace(chosen, rules=replace(chosen.rules, disable=("High",)))) as scene:
        assert [rule.name for rule in scene.rules.rules] == ["Other"]


async def test_a_reload_keeps_the_alerts_of_rules_that_are_the_same() -> None:
    PLAYED["one"] = ok(50)
    clock = FakeClock()
    async with playing(configured(HIGH, spec("one")), clock) as scene:
        await scene.after(6)
        (before,) = scene.alerts("High")
        assert before.state is State.PENDING
        old = scene.engine
    longer = f"{{alert: Other, expr: up == 0}}\n{HIGH}"
    async with playing(configured(longer, spec("one")), clock, follows=old) as scene:
        (after,) = scene.alerts("High")
        assert after.active_at == before.active_at
        await scene.after(10)
        assert scene.states("High") == [State.FIRING]
        assert any("firing" in one.after for one in scene.rules.transitions)
        old = scene.engine
    async with playing(
        configured("{alert: Other, expr: up == 0}", spec("one")), clock, follows=old
    ) as scene:
        picture = await scene.after(6)
        assert picture.alerts == ()
        assert scene.rules.firing == 0


async def test_rules_that_come_with_a_reload_read_what_was_collected_before() -> None:
    PLAYED["one"] = ok(50)
    clock = FakeClock()
    old = Engine(config(spec("one")), clock)
    await old.scheduler.once()
    await old.close()
    async with playing(configured(HIGH, spec("one")), clock, follows=old) as scene:
        await scene.after(16)
        assert scene.states("High") == [State.FIRING]


async def test_alerts_of_a_check_that_is_taken_away_end() -> None:
    PLAYED.update(one=ok(50), two=ok(50))
    clock = FakeClock()
    async with playing(configured(HIGH, spec("one"), spec("two")), clock) as scene:
        await scene.after(16)
        assert scene.states("High") == [State.FIRING] * 2
        old = scene.engine
    async with playing(configured(HIGH, spec("one")), clock, follows=old) as scene:
        picture = await scene.after(6)
        assert [alert.check for alert in picture.alerts] == ["one"]
        assert any("not watched any more" in text for text in scene.told)


class Looking:
    """A finder that finds nothing; it is sure once it has looked again, which is when asked to."""

    def __init__(self) -> None:
        self.again = asyncio.Event()
        self.looks = 0

    async def look(self, config: EngineConfig) -> EngineConfig:
        self.looks += 1
        return config

    @property
    def sure(self) -> bool:
        return self.looks > 0

    async def rest(self) -> None:
        await self.again.wait()
        self.again.clear()

    def forget(self, name: str) -> None:
        """Nothing was found."""

    def close(self) -> None:
        """Nothing has begun."""


@pytest.mark.parametrize("finder", [None, Looking()])
async def test_alerts_of_a_check_that_was_taken_away_meanwhile_end_unless_it_may_be_found(
    tmp_path: Path, finder: Looking | None
) -> None:
    PLAYED.update(one=ok(50), two=ok(50))
    clock, memory = FakeClock(), tmp_path / "alerts.json"
    text = "{alert: High, expr: played_value > 10}"
    async with playing(configured(text, spec("one"), spec("two"), memory=memory), clock) as scene:
        await scene.after(16)
        assert scene.states("High") == [State.FIRING] * 2
    await clock.advance(60)
    again = replace(configured(text, spec("one"), memory=memory), finder=finder)
    async with playing(again, clock) as scene:
        await scene.after(6)
        other = State.FIRING if finder else State.RESOLVED
        assert scene.states("High") == [State.FIRING, other]
        assert any("not watched any more" in one for one in scene.told) is (finder is None)


@pytest.mark.parametrize("text", [one.replace(", for: 10s", "") for one in (HIGH, SUM)])
async def test_what_is_not_found_again_ends_its_alerts_once_everything_was_looked_for(
    tmp_path: Path, text: str
) -> None:
    """``two`` was looked for and is not there; ``one`` answers and has nothing any more."""

    async def nothing(target: Target) -> Result:
        del target
        return Result(Status.OK, "fine")

    PLAYED.update(one=ok(50), two=ok(50))
    clock, memory, finder = FakeClock(), tmp_path / "alerts.json", Looking()
    async with playing(configured(text, spec("one"), spec("two"), memory=memory), clock) as scene:
        await scene.after(16)
        assert set(scene.states("High")) == {State.FIRING}
    await clock.advance(60)
    PLAYED["one"] = nothing
    again = replace(configured(text, spec("one"), memory=memory), finder=finder)
    async with playing(again, clock) as scene:
        assert isinstance(scene.engine, Engine)
        looking = asyncio.create_task(_look_again(scene.engine))
        await scene.after(400)
        assert State.FIRING in scene.states("High")
        finder.again.set()
        await scene.after(16)
        assert State.FIRING not in scene.states("High")
        looking.cancel()


async def test_what_is_not_found_again_ends_no_alert_that_others_give_too(tmp_path: Path) -> None:
    PLAYED.update(one=ok(50), two=ok(50))
    clock, memory = FakeClock(), tmp_path / "alerts.json"
    text = SUM.replace(", for: 10s", "")
    async with playing(configured(text, spec("two"), memory=memory), clock) as scene:
        await scene.after(16)
        assert scene.states("High") == [State.FIRING]
    await clock.advance(60)
    async with playing(configured(text, spec("one"), memory=memory), clock) as scene:
        await scene.after(16)
        assert scene.states("High") == [State.FIRING]
        assert not any("not watched any more" in one for one in scene.told)


def watching_db(text: str, name: str, memory: Path | None = None) -> EngineConfig:
    """A check ``name`` of one and the same target, with the rules of ``text``."""
    return configured(text, replace(spec("one"), name=name, job="db"), memory=memory)


@pytest.mark.parametrize("text", [OF_PAGE, SUM])
async def test_an_alert_goes_on_firing_when_its_check_gets_another_name(text: str) -> None:
    PLAYED["one"], clock = ok(50), FakeClock()
    async with playing(watching_db(text, "one"), clock) as scene:
        await scene.after(16)
        assert scene.states("High") == [State.FIRING]
        old = scene.engine
    async with playing(watching_db(text, "two"), clock, follows=old) as scene:
        await scene.after(6)
        assert scene.states("High") == [State.FIRING]
        assert not any("not watched any more" in one for one in scene.told)
        PLAYED["one"] = ok(5)
        await scene.after(6)
        assert scene.states("High") == [State.RESOLVED]


async def test_nor_does_it_end_when_the_name_was_changed_while_onwatch_did_not_run(
    tmp_path: Path,
) -> None:
    PLAYED["one"], clock, memory = ok(50), FakeClock(), tmp_path / "alerts.json"
    text = OF_PAGE.replace(", for: 10s", "")
    async with playing(watching_db(text, "one", memory), clock) as scene:
        await scene.after(16)
        assert scene.states("High") == [State.FIRING]
    await clock.advance(60)
    async with playing(watching_db(text, "two", memory), clock) as scene:
        await scene.after(6)
        assert scene.states("High") == [State.FIRING]
        assert not any("not watched any more" in one for one in scene.told)


async def test_a_restart_goes_on_with_a_pending_alert(tmp_path: Path) -> None:
    PLAYED["one"] = ok(50)
    clock = FakeClock()
    memory = tmp_path / "alerts.json"
    text = HIGH.replace("for: 10s", "for: 60s")
    async with playing(configured(text, spec("one"), memory=memory), clock) as scene:
        await scene.after(40)
        assert scene.states("High") == [State.PENDING]
    await clock.advance(300)
    async with playing(configured(text, spec("one"), memory=memory), clock) as scene:
        assert scene.states("High") == [State.PENDING], "the pause does not count"
        await scene.after(15)
        assert scene.states("High") == [State.PENDING]
        await scene.after(20)
        assert scene.states("High") == [State.FIRING]
    async with playing(configured(text, spec("one"), memory=memory), clock) as scene:
        assert scene.states("High") == [State.FIRING]


async def test_a_memory_that_is_broken_is_told_and_the_rules_run(tmp_path: Path) -> None:
    PLAYED["one"] = ok(50)
    memory = tmp_path / "alerts.json"
    memory.write_text("{")
    memory.chmod(0o600)
    async with playing(configured(HIGH, spec("one"), memory=memory)) as scene:
        await scene.after(16)
        assert scene.states("High") == [State.FIRING]
        assert any("was broken" in text for text in scene.told)
        assert any("was broken" in text for text in scene.rules.problems)


async def test_a_folder_that_hangs_holds_up_no_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PLAYED["one"] = ok(50)
    monkeypatch.setattr(live, "PATIENCE", 0.05)
    memory = tmp_path / "alerts.json"
    os.mkfifo(memory, 0o600)  # opening it blocks, as a mount does whose server is gone
    try:
        async with playing(configured(HIGH, spec("one"), memory=memory)) as scene:
            await scene.after(16)
            assert scene.states("High") == [State.FIRING]
            assert "does not answer" in scene.rules.problems[-1]
    finally:
        os.close(os.open(memory, os.O_RDWR | os.O_NONBLOCK))


async def test_what_never_had_an_alert_leaves_no_file(tmp_path: Path) -> None:
    PLAYED["one"] = ok(5)
    memory = tmp_path / "alerts.json"
    async with playing(configured(HIGH, spec("one"), memory=memory)) as scene:
        await scene.after(16)
    assert not memory.exists()


async def test_the_alerts_are_saved_soon_after_they_change(tmp_path: Path) -> None:
    PLAYED["one"] = ok(50)
    memory = tmp_path / "alerts.json"
    async with playing(configured(HIGH, spec("one"), memory=memory)) as scene:
        await scene.after(20)
        for _ in range(500):
            if memory.exists() and '"firing"' in memory.read_text():
                return
            await asyncio.sleep(0.01)
            await scene.after(0.5)
        raise AssertionError("what fires is not on the disk")


async def test_moments_that_pass_meanwhile_are_left_out_and_counted() -> None:
    PLAYED["one"] = ok(50)
    async with playing(configured(HIGH, spec("one"))) as scene:
        await scene.after(6)
        assert scene.rules.missed == 0
        await scene.clock.stand_still(60)
        await settle()
        picture = await scene.after(6)
        assert picture.health.missed == scene.rules.missed
        assert 9 <= scene.rules.missed <= 11
        (group,) = scene.rules.groups
        assert (group.name, group.rules, group.interval) == ("g", 1, 5.0)
        assert group.missed == scene.rules.missed
        assert group.evaluated is not None
        assert picture.time - 5.5 < group.evaluated <= picture.time
        assert scene.rules.group(scene.rule("High")) is group


async def test_a_fault_inside_ends_no_check(monkeypatch: pytest.MonkeyPatch) -> None:
    PLAYED["one"] = ok(50)

    async def broken(_: work.Work) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(work.Work, "go_on", broken)
    async with playing(configured(HIGH, spec("one"))) as scene:
        picture = await scene.after(20)
        assert picture.checks[0].last_run is not None
        assert scene.clock.now() - picture.checks[0].last_run < 6
        assert scene.rules.problems[-1].startswith("the rules ended by an error of their own")


async def test_a_picture_of_rules_that_fails_is_told_once_and_is_right_with_the_next(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    PLAYED["one"] = ok(50)
    fails = False

    def breaking(*args: Any) -> GroupView:
        if fails:
            raise RuntimeError("broken")
        return group_view(*args)

    monkeypatch.setattr("checks.rules.showing.group_view", breaking)
    async with playing(configured(HIGH, spec("one"))) as scene:
        assert scene.states("High") == [State.PENDING]
        fails = True
        await scene.after(16)
        said = "the picture of the rules failed inside: RuntimeError; "
        said += "what is shown of them is of before"
        view = scene.rules
        assert (view.problems, view.complete) == ((said,), False)
        assert scene.states("High") == [State.PENDING]
        assert scene.rules is view
        assert scene.told.count(said) == 1
        assert len(caplog.records) == 1
        fails = False
        await scene.after(0.5)
        assert scene.states("High") == [State.FIRING]
        assert (scene.rules.problems, scene.rules.complete) == ((), True)


async def test_rules_that_cannot_begin_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(live.LiveRules, "_made", broken)
    PLAYED["one"], clock = ok(50), FakeClock()
    engine = Engine(configured(HIGH, spec("one")), clock)
    assert engine.rules is not None
    before = engine.snapshot().rules
    assert before is not None
    assert before.loading
    working = asyncio.create_task(engine.rules.run())
    await clock.advance(5)
    await asyncio.wait_for(working, 10)
    view = engine.snapshot().rules
    assert view is not None
    assert view.problems == ("the rules ended by an error of their own: RuntimeError",)
    assert (view.loading, view.complete) == (False, False)
    await engine.close()


async def test_many_alerts_at_once_make_few_events() -> None:
    async def many(target: Target) -> Result:
        builder = target.sampler.builder()
        for number in range(700):
            builder.add("played_value", 50, {"queue": f"q{number}"})
        return Result(Status.OK, "fine", samples=builder.build())

    PLAYED["one"] = many
    text = "{alert: High, expr: played_value > 10}"
    async with playing(configured(text, spec("one"))) as scene:
        await scene.after(6)
        assert scene.rules.firing == 700
        assert len(scene.alerts("High")) == 500
        assert scene.rule("High").sentence == "500 of its 700 alerts are shown"
        assert sum("High" in one for one in scene.told) == 6
        assert "High: 695 more of its alerts changed at once" in scene.told


def test_what_a_rule_looks_back_on_is_kept_longer() -> None:
    store = Store()
    looks_back = group_of("{alert: Long, expr: 'delta(played_value{job=\"one\"}[2h]) > 0'}")
    longer = Longer([looks_back, group_of("{alert: Short, expr: 'delta(up[55m]) > 0'}")], 3600)
    for minute in range(600):
        for name in ("one", "two"):
            row = samples({f"played_value{{job={name}}}": minute, f"up{{job={name}}}": 1})
            store.append(name, 60, minute * 60, row)
    store.longer = longer.blocks(store)
    assert store.longer == {"one": 7260.0}
    store.expire(600 * 60)
    assert [_oldest(store, name) // 60_000 for name in ("one", "two")] == [360, 480]


def test_no_rule_keeps_anything_for_more_than_a_day() -> None:
    store = Store()
    store.append("one", 60, 0, samples({"up{job=one}": 1}))
    longer = Longer([group_of("{alert: Long, expr: 'delta(up[30d]) > 0'}")], 3600)
    assert longer.blocks(store) == {"one": LONGEST}


def _oldest(store: Store, name: str) -> int:
    block = store.block(name)
    assert block is not None
    oldest = block.oldest()
    assert oldest is not None
    return oldest


def test_only_what_was_there_before_is_gone() -> None:
    before = [("a", "job", "a:1"), ("b", "job", "b:1"), ("c", "c", "c:1"), ("d", "d", "d:1")]
    gone = live.watched_no_more(before, [("a", "job", "a:1"), ("d", "d", "d:2")])
    assert gone.holds({"job": "job", "instance": "b:1"})
    assert gone.holds({"job": "c", "instance": "whatever the page says"})
    assert gone.holds({"instance": "c:1"})
    assert gone.holds({"job": "d", "instance": "d:1"}), "it has another address now"
    assert not gone.holds({"job": "job", "instance": "a:1"})
    assert not gone.holds({"job": "job", "instance": "of a page of metrics"})
    assert not gone.holds({"job": "job"})
    assert not gone.holds({})


def test_a_check_that_is_renamed_and_keeps_its_target_is_not_gone() -> None:
    before = [("web", "db", "a"), ("ping", "db", "a"), ("b", "db", "b")]
    gone = live.watched_no_more(before, [("web-new", "db", "a"), ("ping", "db", "a")])
    assert not gone.holds({"job": "db", "instance": "a"}, ("web",))
    assert gone.left(("web", "b", "ping")) == ("web-new", "ping")
    assert gone.holds({"job": "db", "instance": "b"}, ("b",))
    gone = live.watched_no_more(before, [("ping", "db", "a"), ("b", "db", "b")])
    assert gone.holds({"job": "db", "instance": "a"}, ("web",)), "ping gave something else"
    gone = live.watched_no_more(before, [("b", "db", "a"), ("ping", "db", "a")])
    assert gone.left(("web",)) == ("b",), "its name was that of another one"


async def test_rules_begin_although_a_check_never_answers() -> None:
    clock = FakeClock()

    async def silent(target: Target) -> Result:
        del target
        await clock.sleep_until(clock.now() + 1e6)
        return Result(Status.OK, "at last")

    PLAYED.update(one=ok(50), two=silent)
    chosen = configured(HIGH, spec("one"), spec("two", timeout=2e6, interval=3e6))
    async with playing(chosen, clock) as scene:
        assert isinstance(scene.engine, Engine)
        await scene.after(16)
        assert scene.states("High") == [State.FIRING]
