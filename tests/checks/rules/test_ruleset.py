"""Groups together: when each is due, and what goes on over a reload and a restart."""

from __future__ import annotations

from pathlib import Path

from checks.alerts.memory import AlertMemory
from checks.alerts.model import Alert, Transition
from checks.model import Samples
from checks.promql.api import Engine
from checks.rules.evaluate import AlertRun, Circumstances
from checks.rules.gone import Gone
from checks.rules.packs import read_pack
from checks.rules.picture import alert_id
from checks.rules.ruleset import RuleSet, keyed
from checks.rules.schedule import Slots
from checks.store.store import Store
from tests.checks.rules.kit import MINUTE, START, read, samples

SECOND = 1_000
RULES = """\
groups:
- name: fast
  interval: 10s
  rules:
  - {record: a, expr: up}
- name: slow
  interval: 1m
  rules:
  - {alert: Down, expr: up == 0, for: 2m, keep_firing_for: 2m}
  - {record: b, expr: up}
  - {alert: Long, expr: 'rate(up[2h]) > 1e9'}
"""
DOWN = {"up{instance=a,job=web}": 0.0}
UP = {"up{instance=a,job=web}": 1.0}


def ruleset(text: str = RULES, now: int = START, since: int = 0) -> RuleSet:
    about = Circumstances(Engine(), {}, since=since, timer=lambda: 0.0)
    return RuleSet(read(text).groups, about, now)


def scrape(store: Store, values: dict[str, float], now: int) -> None:
    store.append("web", 10.0, now / 1000, samples(values))


def evaluate(rules: RuleSet, store: Store, now: int) -> list[tuple[str, int]]:
    """Evaluate everything that is due; group and moment of each."""
    done = []
    while (turn := rules.turn(now)) is not None:
        turn.outcomes += turn.run.steps(store, turn.at)
        rules.note(turn)
        done.append((turn.outcome.key.partition(";")[2], turn.outcome.at))
    return done


def released(rules: RuleSet, job: str, now: int) -> list[Transition]:
    """What ends once nothing of ``job`` is watched any more."""
    runs = [run for group in rules.runs for run in group.alerts]
    gone = Gone(jobs=frozenset({job}))
    return [told for run in runs for told in run.release(gone, now)]


def ids(rules: RuleSet) -> list[str]:
    """What every alert is known by."""
    runs = [pair for group in rules.runs for pair in keyed(group)]
    alerts = [(key, run.alerts.values()) for key, run in runs if isinstance(run, AlertRun)]
    return [alert_id(key, alert) for key, some in alerts for alert in some]


def alert_of(rules: RuleSet) -> Alert:
    (found,) = rules.runs[1].alerts[0].alerts.values()
    return found


def test_every_group_is_due_at_once_and_then_at_its_own_moments() -> None:
    rules, store = ruleset(), Store()
    assert rules.next_due == START
    assert evaluate(rules, store, START) == [("fast", START), ("slow", START)]
    fast = Slots("rules.yml;fast", 10 * SECOND).after(START)
    assert rules.next_due == fast
    assert evaluate(rules, store, fast - 1) == []
    assert evaluate(rules, store, fast) == [("fast", fast)]


def test_built_in_groups_are_due_together() -> None:
    packs = [group for name in ("host", "mysql", "slo") for group in read_pack(name).groups]
    about = Circumstances(Engine(), {}, interval=15 * SECOND, timer=lambda: 0.0)
    rules, store = RuleSet(packs, about, START), Store()
    assert len(evaluate(rules, store, START)) == len(packs)
    first = rules.next_due
    assert first is not None
    # Those of 30 s and of a minute have their moments among those of 15 s.
    moments = {at for step in range(4) for _, at in evaluate(rules, store, first + step * 15_000)}
    assert moments == {first + step * 15_000 for step in range(4)}


def test_late_evaluations_are_of_their_moment_and_missed_ones_are_counted() -> None:
    rules, store = ruleset(), Store()
    evaluate(rules, store, START)
    fast = Slots("rules.yml;fast", 10 * SECOND).after(START)
    assert ("fast", fast) in evaluate(rules, store, fast + 3 * SECOND)
    assert rules.missed == 0
    late = evaluate(rules, store, fast + 45 * SECOND)
    assert ("fast", fast + 40 * SECOND) in late
    assert rules.missed == 3


def test_without_any_group_none_is_due() -> None:
    assert ruleset("groups: []").next_due is None


def pending(store: Store) -> RuleSet:
    rules = ruleset()
    scrape(store, DOWN, START - SECOND)
    evaluate(rules, store, START)
    assert alert_of(rules).state == "pending"
    return rules


def test_a_reload_keeps_the_alerts_of_rules_that_are_the_same() -> None:
    store = Store()
    old = pending(store)
    text = RULES.replace("- {alert: Down", "- {record: new, expr: up}\n  - {alert: Down")
    rules = ruleset(text.replace("for: 2m", "for: 3m"), START + MINUTE)
    rules.adopt(old, store, START + MINUTE)
    assert alert_of(rules).active_at == START
    assert rules.next_due == old.next_due


def test_after_a_reload_records_last_until_the_next_evaluation() -> None:
    store, engine = Store(), Engine()
    old = pending(store)
    rules = ruleset(RULES.replace("interval: 10s", "interval: 20m"), START + MINUTE)
    rules.adopt(old, store, START + MINUTE)
    for minute in range(2, 60):
        now = START + minute * MINUTE
        scrape(store, DOWN, now)
        evaluate(rules, store, now)
        assert list(engine.instant(store, engine.parse("a"), now).samples()), minute


def test_a_reload_forgets_a_rule_with_other_labels() -> None:
    store = Store()
    old = pending(store)
    rules = ruleset(RULES.replace("for: 2m", "labels: {x: y}, for: 2m"), START + MINUTE)
    rules.adopt(old, store, START + MINUTE)
    assert rules.remember() == {}


def test_series_of_rules_that_are_gone_end() -> None:
    store, engine = Store(), Engine()
    old = pending(store)
    rules = ruleset(RULES.replace("  - {record: b, expr: up}\n", ""), START + MINUTE)
    now = START + 2 * MINUTE
    scrape(store, DOWN, now - SECOND)
    rules.adopt(old, store, now)
    evaluate(rules, store, now + MINUTE)

    def there(name: str) -> bool:
        return bool(list(engine.instant(store, engine.parse(name), now + MINUTE).samples()))

    assert (there("a"), there("b"), there("ALERTS")) == (True, False, True)
    rules = ruleset("groups: []")
    rules.adopt(old, store, now + MINUTE)
    assert not there("a")


def test_alerts_of_what_is_not_watched_any_more_end() -> None:
    store = Store()
    rules = pending(store)
    told = released(rules, "web", START + SECOND)
    assert [(one.before, one.after) for one in told] == [("pending", "inactive")]
    for minute in range(1, 5):
        scrape(store, DOWN, START + minute * MINUTE)
        evaluate(rules, store, START + minute * MINUTE)
    assert alert_of(rules).state == "firing", "it is there all the same, and new"
    assert released(rules, "db", START + 5 * MINUTE) == []
    told = released(rules, "web", START + 5 * MINUTE)
    assert [(one.before, one.after) for one in told] == [("firing", "resolved")]
    assert alert_of(rules).state == "resolved"
    assert "not watched any more" in alert_of(rules).why


def test_a_restart_keeps_a_short_for(tmp_path: Path) -> None:
    memory = AlertMemory(tmp_path / "alerts.json")
    assert memory.keep(pending(Store()).remember(), START + 30 * SECOND) == ""
    now = START + 40 * SECOND
    rules, store = ruleset(now=now), Store()
    rules.restore(AlertMemory(memory.path).recall(), now)
    assert alert_of(rules).active_at == START + 10 * SECOND, "the pause does not count"
    scrape(store, DOWN, now)
    evaluate(rules, store, now)
    assert alert_of(rules).state == "pending"
    for minute in range(3):
        scrape(store, DOWN, now + minute * MINUTE)
        evaluate(rules, store, now + minute * MINUTE)
    assert alert_of(rules).state == "firing"


def test_what_fired_goes_on_after_a_restart_until_something_is_known(tmp_path: Path) -> None:
    store = Store()
    old = ruleset()
    for minute in range(4):
        scrape(store, DOWN, START + minute * MINUTE)
        evaluate(old, store, START + minute * MINUTE)
    assert alert_of(old).state == "firing"
    memory = AlertMemory(tmp_path / "alerts.json")
    memory.keep(old.remember(), START + 4 * MINUTE)
    now, store = START + 10 * MINUTE, Store()
    rules = ruleset(now=now, since=now)
    rules.restore(memory.recall(), now)
    evaluate(rules, store, now)
    assert (alert_of(rules).state, alert_of(rules).no_data_since) == ("firing", now)
    for minute in range(1, 6):
        scrape(store, UP, now + minute * MINUTE)
        evaluate(rules, store, now + minute * MINUTE)
    assert alert_of(rules).state == "resolved"


def test_a_restart_with_another_expression_still_waits_for_samples(tmp_path: Path) -> None:
    store = Store()
    old = ruleset("groups: [{name: g, rules: [{alert: A, expr: up == 0 and x}]}]")
    scrape(store, {**DOWN, "x{instance=a,job=web}": 1.0}, START)
    evaluate(old, store, START)
    memory = AlertMemory(tmp_path / "alerts.json")
    memory.keep(old.remember(), START)
    rules = ruleset("groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]", START)
    rules.restore(memory.recall(), START)
    evaluate(rules, Store(), START)
    (alert,) = rules.runs[0].alerts[0].alerts.values()
    assert (alert.state, alert.watched) == ("firing", (0,))


def test_two_rules_that_look_the_same_keep_their_own_alerts(tmp_path: Path) -> None:
    text = "groups: [{name: g, rules: [{alert: A, expr: up == 0}, {alert: A, expr: x > 1}]}]"
    store = Store()
    old = ruleset(text)
    scrape(store, {**DOWN, "x": 5.0}, START)
    evaluate(old, store, START)
    memory = AlertMemory(tmp_path / "alerts.json")
    memory.keep(old.remember(), START)
    rules = ruleset(text, START)
    rules.restore(memory.recall(), START)
    values = [[one.value for one in run.alerts.values()] for run in rules.runs[0].alerts]
    assert values == [[0.0], [5.0]]


def test_an_alert_keeps_its_name_until_it_fires_again(tmp_path: Path) -> None:
    text = "groups: [{name: g, rules: [{alert: A, expr: up == 0, labels: {severity: P1}}]}]"
    store, rules = Store(), ruleset(text)
    scrape(store, {**DOWN, "up{instance=b,job=web}": 0.0}, START)
    evaluate(rules, store, START)
    first, second = ids(rules)
    assert first != second
    memory = AlertMemory(tmp_path / "alerts.json")
    memory.keep(rules.remember(), START)
    again = ruleset(text)
    again.restore(memory.recall(), START)
    assert ids(again) == [first, second]
    for minute, values in enumerate((UP, UP, DOWN, DOWN), 1):
        scrape(store, values, START + minute * MINUTE)
        evaluate(again, store, START + minute * MINUTE)
    assert first not in ids(again)


def test_what_is_pending_keeps_its_name_over_a_restart_and_a_time_without_samples(
    tmp_path: Path,
) -> None:
    text = "groups: [{name: g, interval: 1m, rules: [{alert: A, expr: up == 0, for: 5m}]}]"
    store, rules = Store(), ruleset(text)
    scrape(store, DOWN, START)
    evaluate(rules, store, START)
    known = ids(rules)
    memory = AlertMemory(tmp_path / "alerts.json")
    memory.keep(rules.remember(), START)
    again = ruleset(text)
    again.restore(memory.recall(), START + 10 * MINUTE)
    assert ids(again) == known
    for minute in (11, 12, 21, 22, 23):
        if minute != 21:
            scrape(store, DOWN, START + minute * MINUTE)
        evaluate(again, store, START + minute * MINUTE)
    assert ids(again) == known
    memory.keep(again.remember(), START)
    third = ruleset(text)
    third.restore(memory.recall(), START)
    assert ids(third) == known


def test_what_an_alert_is_known_by_can_be_written_down() -> None:
    """Octets that are no text, in a rule's own expression."""
    told = """'label_replace(up, "path", "\\xff", "job", ".*")'"""
    rules, store = ruleset(f"groups: [{{name: g, rules: [{{alert: A, expr: {told}}}]}}]"), Store()
    scrape(store, UP, START)
    evaluate(rules, store, START)
    (found,) = ids(rules)
    assert found.encode().endswith(b'path="\\udcff"}')


def test_an_empty_run_is_no_reason_to_forget() -> None:
    store = Store()
    rules = pending(store)
    store.append("web", 10.0, (START + MINUTE) / 1000, Samples())
    evaluate(rules, store, START + 2 * MINUTE)
    assert alert_of(rules).no_data_since is not None
