"""What rules write themselves, and others read: whose silence says something."""

from __future__ import annotations

from checks.promql.api import Engine
from checks.rules.evaluate import Circumstances
from checks.rules.gone import Gone
from checks.rules.ruleset import RuleSet
from checks.store.store import Store
from tests.checks.rules.kit import MINUTE, START, Bench, group_of, read, samples

DOWN = {"up{job=web,instance=a}": 0.0}
UP = {"up{job=web,instance=a}": 1.0}
HERE = {"up{job=db,instance=a}": 1.0}
AWAY = {"up{job=db,instance=a}": 0.0}
QUEUE = {"queue_size{job=db,instance=a,queue=mail}": 200.0}


def bench_of(rules: str) -> Bench:
    return Bench(group_of(rules), since=START)


def test_a_record_that_its_target_gives_no_more_is_over() -> None:
    bench = bench_of("{record: waiting, expr: queue_size}\n{alert: A, expr: waiting > 100}")
    bench.minute({**HERE, **QUEUE})
    assert bench.states == ["firing"]
    assert bench.alerts[0].checks == ("web",)
    bench.minute(HERE)
    assert bench.states == ["resolved"]
    assert 'its target answers, and has no waiting{job="db",instance="a"} any more' in (
        bench.alerts[0].why
    )


def test_a_record_of_a_target_that_is_down_is_not_over_until_that_answers() -> None:
    bench = bench_of("{record: waiting, expr: queue_size}\n{alert: A, expr: waiting > 100}")
    bench.minute({**HERE, **QUEUE})
    for _ in range(10):
        bench.minute(AWAY)
        assert bench.states == ["firing"]
        assert bench.alerts[0].no_data_since == START + MINUTE
    bench.minute({**HERE, **QUEUE})
    assert (bench.states, bench.alerts[0].no_data_since) == (["firing"], None)
    bench.minute(AWAY)
    bench.minute(HERE)
    assert bench.states == ["resolved"]


def test_a_record_of_a_check_that_cannot_judge_is_not_over() -> None:
    bench = bench_of("{record: waiting, expr: queue_size}\n{alert: A, expr: waiting > 100}")
    bench.minute({**HERE, **QUEUE})
    bench.unsure = {"web"}
    bench.minute(HERE)
    assert bench.states == ["firing"]
    bench.unsure = set()
    bench.minute(HERE)
    assert bench.states == ["resolved"]


def test_a_record_that_its_rule_has_left_out_is_over_while_what_it_reads_is_there() -> None:
    bench = bench_of("{record: full, expr: used > 5}\n{alert: A, expr: full > 0}")
    bench.minute({**HERE, "used{job=db,instance=a}": 9})
    assert bench.states == ["firing"]
    bench.minute({**HERE, "used{job=db,instance=a}": 3})
    assert bench.states == ["resolved"]


def test_a_record_of_a_record_is_as_silent_as_what_that_reads() -> None:
    bench = bench_of("""\
{record: down, expr: up == 0}
{record: many, expr: count by (job) (down)}
{alert: A, expr: many > 0}""")
    bench.minute(DOWN)
    bench.minute(UP)
    assert bench.states == ["resolved"]
    bench.minute(DOWN)
    assert bench.states == ["firing"]
    for _ in range(7):
        bench.minute(None)
    assert bench.states == ["firing"]
    assert bench.alerts[0].no_data_since is not None


def test_labels_that_a_record_sets_itself_do_not_hide_what_it_reads() -> None:
    bench = bench_of("""\
{record: full, expr: used > 5, labels: {job: fleet}}
{alert: A, expr: full > 0}""")
    bench.minute({**HERE, "used{job=db,instance=a}": 9})
    bench.minute(AWAY)
    assert bench.states == ["firing"]
    bench.minute({**HERE, "used{job=db,instance=a}": 3})
    assert bench.states == ["resolved"]


def test_a_record_that_reads_itself_comes_to_an_end() -> None:
    bench = bench_of("{record: held, expr: 'held or used > 5'}\n{alert: A, expr: held > 0}")
    bench.minute({**HERE, "used{job=db,instance=a}": 9})
    assert bench.states == ["firing"]
    bench.now += 10 * MINUTE
    bench.minute({**HERE, "used{job=db,instance=a}": 3})
    assert bench.states == ["resolved"]


class Groups:
    """Groups of rules with intervals of their own over one store."""

    def __init__(self, text: str, store: Store | None = None) -> None:
        self.store = store or Store(1e12)
        self.rules = RuleSet(read(text).groups, Circumstances(Engine(), {}, since=START), START)

    def evaluate(self, now: int) -> None:
        while (turn := self.rules.turn(now)) is not None:
            turn.outcomes += turn.run.steps(self.store, turn.at)
            self.rules.note(turn)

    def scrape(self, now: int, values: dict[str, float]) -> None:
        self.store.append("web", 5.0, now / 1000, samples(values))

    def states(self, place: int) -> list[str]:
        run = self.rules.runs[place].alerts[-1]
        return [str(alert.state) for alert in run.alerts.values()]


SLOWLY = """\
groups:
- {name: alerts, interval: 5s, rules: [{alert: A, expr: waiting > 100}]}
- {name: records, interval: 1m, rules: [{record: waiting, expr: queue_size}]}
"""


def test_a_record_is_not_over_before_its_rule_has_seen_its_target_again() -> None:
    groups = Groups(SLOWLY)
    seen = set()
    for second in range(0, 600, 5):
        now = START + second * 1000
        groups.scrape(now, AWAY if 120 <= second < 200 else {**HERE, **QUEUE})
        groups.evaluate(now)
        if second > 70:
            seen |= set(groups.states(0))
    assert seen == {"firing"}


META = """\
groups:
- name: meta
  interval: 1m
  rules: [{alert: Any, expr: 'count(ALERTS{alertstate="firing",severity="critical"}) > 0'}]
- name: inner
  interval: 1m
  rules: [{alert: Down, expr: up == 0, labels: {severity: critical}}]
"""


def meta() -> Groups:
    groups = Groups(META)
    for minute in range(3):
        groups.scrape(START + minute * MINUTE, DOWN)
        groups.evaluate(START + minute * MINUTE)
    assert (groups.states(0), groups.states(1)) == (["firing"], ["firing"])
    return groups


def test_an_alert_over_alerts_is_over_once_none_of_them_is_there() -> None:
    groups = meta()
    for minute in range(3, 6):
        groups.scrape(START + minute * MINUTE, UP)
        groups.evaluate(START + minute * MINUTE)
    assert (groups.states(0), groups.states(1)) == (["resolved"], ["resolved"])
    (alert,) = groups.rules.runs[0].alerts[0].alerts.values()
    assert alert.why == "the expression returns it no more"


def test_of_alerts_those_of_the_same_target_count() -> None:
    groups = Groups(META.replace("count(", "count by (job) ("))
    both = {**DOWN, "up{job=db,instance=d}": 0.0}
    for minute in range(6):
        groups.scrape(START + minute * MINUTE, {**both, **UP} if minute > 2 else both)
        groups.evaluate(START + minute * MINUTE)
    run = groups.rules.runs[0].alerts[0]
    assert {dict(one.scope)["job"]: str(one.state) for one in run.alerts.values()} == {
        "db": "firing",
        "web": "resolved",
    }


def test_an_alert_over_alerts_that_have_no_data_goes_on_with_them() -> None:
    groups = meta()
    for minute in range(3, 20):
        groups.evaluate(START + minute * MINUTE)
    assert (groups.states(0), groups.states(1)) == (["firing"], ["firing"])


def test_after_a_reload_an_alert_over_alerts_waits_for_no_rule_that_is_the_same() -> None:
    slow = "- {name: slow, interval: 1d, rules: [{alert: Slow, expr: up == 5}]}\n"
    before = Groups(META + slow)
    for minute in range(2):
        before.scrape(START + minute * MINUTE, DOWN)
        before.evaluate(START + minute * MINUTE)
    after = Groups(META + slow, before.store)
    after.rules.adopt(before.rules, before.store, START + MINUTE)
    assert after.states(0) == ["firing"]
    for minute in range(2, 5):
        after.scrape(START + minute * MINUTE, UP)
        after.evaluate(START + minute * MINUTE)
    assert (after.states(0), after.states(1)) == (["resolved"], ["resolved"])


def test_after_a_restart_no_alerts_say_nothing_before_their_rules_were_evaluated() -> None:
    before = meta()
    after = Groups(META)
    for old, new in zip(before.rules.runs, after.rules.runs, strict=True):
        new.alerts[0].take_up(old.alerts[0].alerts.values())
    run = after.rules.runs[0]
    for outcome in run.steps(after.store, START + 3 * MINUTE):
        assert not any(one.after == "resolved" for one in outcome.transitions)
    assert after.states(0) == ["firing"]


def drained(checks: dict[str, float]) -> Bench:
    """A sum over two checks that are both gone from the store, with ``checks`` by their up."""
    bench = bench_of("{alert: A, expr: sum(q) > 100}")
    for name in ("a", "b"):
        bench.scrape({f"up{{job={name}}}": 1, f"q{{job={name}}}": 90}, check=name)
    bench.scrape({"up{job=other}": 0}, check="other")
    bench.minute(None)
    assert bench.states == ["firing"]
    assert bench.alerts[0].checks == ("a", "b")
    for name in ("a", "b"):
        bench.store.drop(name)
    for _ in range(8):
        for name, up in checks.items():
            bench.scrape({f"up{{job={name}}}": up}, check=name)
        bench.scrape({"up{job=other}": 0}, check="other")
        bench.minute(None)
    return bench


def test_a_sum_is_over_once_the_checks_that_gave_it_answer_whatever_others_do() -> None:
    assert drained({"a": 1, "b": 1}).states == ["resolved"]


def test_a_sum_is_not_over_while_one_of_its_checks_is_down_or_not_there_yet() -> None:
    assert drained({"a": 1, "b": 0}).states == ["firing"]
    assert drained({"a": 1}).states == ["firing"]


def test_a_sum_of_a_check_that_is_watched_no_more_ends_with_that() -> None:
    bench = drained({"b": 0})
    (run,) = bench.run.alerts
    assert run.release(Gone(checks=frozenset({"a"})), bench.now) == []
    assert bench.alerts[0].checks == ("b",)
    (told,) = run.release(Gone(checks=frozenset({"b"})), bench.now)
    assert (str(told.after), told.why) == ("resolved", "what it is about is not watched any more")
