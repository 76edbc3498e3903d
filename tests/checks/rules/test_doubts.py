"""What is not known is not over: silence, short records, and pure Prometheus beside it."""

from __future__ import annotations

from checks.model import Samples
from checks.rules.outcome import Health
from tests.checks.rules.kit import MINUTE, START, Bench, group_of

DOWN = {"up{job=web,instance=a}": 0.0}
UP = {"up{job=web,instance=a}": 1.0}
GONE: dict[str, float] = {}


def bench_of(rules: str, *, pure: bool = False) -> Bench:
    return Bench(group_of(rules), pure=pure, since=START)


def test_an_alert_whose_samples_are_gone_goes_on_and_says_so() -> None:
    bench = bench_of("{alert: A, expr: up == 0}")
    bench.minute(DOWN)
    bench.minute(GONE)
    (alert,) = bench.alerts
    assert (alert.state, alert.no_data_since) == ("firing", START + MINUTE)
    assert 'up{job="web",instance="a"} returns no samples any more' in alert.why
    for _ in range(20):
        bench.minute(GONE)
    assert bench.states == ["firing"]
    bench.minute(UP)
    assert bench.states == ["resolved"]


def test_prometheus_takes_that_for_resolved() -> None:
    bench = bench_of("{alert: A, expr: up == 0}", pure=True)
    bench.minute(DOWN)
    bench.minute(GONE)
    assert bench.states == ["resolved"]


def test_what_others_send_says_nothing_about_the_one_that_is_silent() -> None:
    bench = bench_of("{alert: A, expr: up == 0}")
    both = {"up{job=web,instance=b}": 1.0}
    bench.minute({**DOWN, **both})
    bench.minute(both)
    assert bench.states == ["firing"]


def test_labels_of_the_rule_do_not_hide_what_an_alert_is_about() -> None:
    bench = bench_of("{alert: A, expr: up == 0, labels: {instance: 'the {{ $labels.instance }}'}}")
    both = {"up{job=web,instance=b}": 1.0}
    bench.minute({**DOWN, **both})
    bench.minute(both)
    assert bench.states == ["firing"]
    bench.minute({**UP, **both})
    assert bench.states == ["resolved"]


def test_every_selector_counts() -> None:
    bench = bench_of("{alert: A, expr: used / limit > 0.5}")
    bench.minute({"used{instance=a}": 9, "limit{instance=a}": 10})
    bench.minute({"used{instance=a}": 9})
    assert 'limit{instance="a"} returns no samples' in bench.alerts[0].why
    bench.minute({"used{instance=a}": 1, "limit{instance=a}": 10})
    assert bench.states == ["resolved"]


def test_a_metric_without_an_instance_is_everybodys() -> None:
    bench = bench_of("{alert: A, expr: up == 0 and on() on_call == 1}")
    bench.minute({**DOWN, "on_call": 1})
    bench.minute({**DOWN})
    assert bench.states == ["firing"], "nobody knows whether somebody is on call"
    bench.minute({**DOWN, "on_call": 0})
    assert bench.states == ["resolved"]


def test_what_was_not_there_while_it_fired_cannot_be_missed() -> None:
    bench = bench_of("{alert: A, expr: up == 0 or failed > 0}")
    bench.minute(DOWN)
    bench.minute(UP)
    assert bench.states == ["resolved"]


def test_maintenance_that_ends_is_no_silence() -> None:
    bench = bench_of("{alert: A, expr: up == 0 unless on(job) quiet}")
    bench.minute({**DOWN, "quiet{job=db}": 1})
    bench.minute(UP)
    assert bench.states == ["resolved"]


def test_what_is_absent_and_comes_back_is_resolved() -> None:
    bench = bench_of("{alert: A, expr: 'absent(up{job=\"web\"})'}")
    bench.minute({"other": 1})
    assert [dict(alert.labels) for alert in bench.alerts] == [{"alertname": "A", "job": "web"}]
    bench.minute(UP)
    assert bench.states == ["resolved"]


def test_an_aggregation_is_narrowed_by_what_labels_it_has_left() -> None:
    bench = bench_of("{alert: A, expr: sum by (job) (up) < 1}")
    bench.minute({**DOWN, "up{job=db,instance=d}": 5})
    bench.minute({"up{job=db,instance=d}": 5})
    assert bench.states == ["firing"]
    bench.minute({**UP, "up{job=db,instance=d}": 5})
    assert bench.states == ["resolved"]


def test_labels_that_no_series_has_fall_back_on_what_there_is() -> None:
    bench = bench_of('{alert: A, expr: \'label_replace(up == 0, "instance", "x", "job", ".*")\'}')
    bench.minute(DOWN)
    bench.minute(GONE)
    assert bench.states == ["firing"]
    bench.minute(UP)
    assert bench.states == ["resolved"]


def test_a_range_counts_as_data_while_a_sample_is_in_it() -> None:
    bench = bench_of("{alert: A, expr: 'max_over_time(up[3m]) == 0'}")
    for _ in range(4):
        bench.minute(DOWN)
    assert bench.states == ["firing"]
    for _ in range(6):
        bench.minute(GONE)
    assert bench.states == ["firing"]
    assert bench.alerts[0].no_data_since is not None


def test_before_the_range_is_recorded_the_rule_says_so_and_does_not_fire() -> None:
    bench = bench_of("{alert: A, expr: 'min_over_time(up[5m]) == 0'}")
    for minute in range(4):
        outcome = bench.minute(DOWN)
        assert outcome.health is Health.NO_HISTORY, minute
        assert outcome.sentence == (
            f"insufficient history: it looks back 5m, and {minute + 1}m are recorded"
        )
        assert bench.alerts == []
    assert bench.minute(DOWN).health is Health.OK
    assert bench.states == ["firing"]


def test_prometheus_fires_on_what_little_there_is() -> None:
    bench = bench_of("{alert: A, expr: 'min_over_time(up[5m]) == 0'}", pure=True)
    assert bench.minute(DOWN).health is Health.OK
    assert bench.states == ["firing"]


def test_absence_over_a_time_is_not_known_before_that_has_passed() -> None:
    bench = bench_of("{alert: A, expr: 'absent_over_time(nothing[3m])'}")
    for _ in range(3):
        assert bench.minute(UP).health is Health.NO_HISTORY
        assert bench.alerts == []
    bench.minute(UP)
    assert bench.states == ["firing"]


def test_an_offset_and_a_subquery_look_back_too() -> None:
    for expression in ("up offset 3m == 0", "max_over_time(up[3m:1m]) == 0"):
        bench = bench_of(f"{{alert: A, expr: '{expression}'}}")
        for _ in range(2):
            assert bench.minute(DOWN).health is Health.NO_HISTORY
        bench.minute(DOWN)
        bench.minute(DOWN)
        assert bench.states == ["firing"], expression


def test_a_single_look_does_not_wait_and_says_what_lacks_history() -> None:
    rules = "{alert: A, expr: up == 0, for: 5m}\n{alert: B, expr: 'rate(up[5m]) > 0'}"
    bench = Bench(group_of(rules), since=START, at_once=True)
    bench.scrape(DOWN)
    first, second = bench.evaluate().rules
    assert [str(one.after) for one in first.transitions] == ["firing"]
    assert second.health is Health.NO_HISTORY


def test_what_an_earlier_rule_looks_back_counts_too() -> None:
    bench = bench_of("""\
{record: mean, expr: 'avg_over_time(up[3m])'}
{record: worst, expr: min(mean) by (job)}
{alert: A, expr: worst == 0}""")
    for _ in range(2):
        outcome = bench.minute(DOWN)
        assert outcome.health is Health.NO_HISTORY
        assert "it looks back 3m" in outcome.sentence
        assert bench.alerts == []
    bench.minute(DOWN)
    assert bench.states == ["firing"]


def test_a_record_that_was_empty_so_far_is_known_since_its_rule_runs() -> None:
    bench = bench_of("""\
{record: down, expr: up == 0}
{alert: A, expr: 'count_over_time(down[3m]) > 0'}""")
    for _ in range(4):
        bench.minute(UP)
    outcome = bench.minute(DOWN)
    assert outcome.health is Health.OK
    assert bench.states == ["firing"]


def test_rules_that_read_each_other_come_to_an_end() -> None:
    bench = bench_of("""\
{record: a, expr: 'b or up'}
{record: b, expr: a offset 1m}
{alert: A, expr: b == 0}""")
    for _ in range(5):
        bench.minute(DOWN)
    assert bench.states == ["firing"]


def test_a_target_that_is_new_waits_and_the_others_do_not() -> None:
    bench = bench_of("{alert: A, expr: 'min_over_time(up[3m]) == 0'}")
    for _ in range(5):
        bench.minute(DOWN)
    bench.scrape({"up{job=web,instance=new}": 0}, check="new")
    outcome = bench.minute(DOWN)
    assert outcome.health is Health.OK
    assert [dict(alert.labels)["instance"] for alert in bench.alerts] == ["a"]
    for _ in range(3):
        bench.scrape({"up{job=web,instance=new}": 0}, check="new")
        bench.minute(DOWN)
    assert bench.states == ["firing", "firing"]


def test_a_gap_ends_series_and_resolves_nothing() -> None:
    bench = bench_of("{alert: A, expr: 'rate(errors_total[2m]) > 0', for: 1m}")
    for minute in range(5):
        bench.minute({"errors_total{instance=a}": float(minute)})
    assert bench.states == ["firing"]
    bench.store.append("web", 60.0, bench.now / 1000, Samples())
    bench.now += 10 * MINUTE
    bench.evaluate()
    assert bench.states == ["firing"]
    assert bench.alerts[0].no_data_since == bench.now


BROKEN = {"slot_broken{job=db,instance=a,slot=s1}": 1.0}
HERE = {"up{job=db,instance=a}": 1.0}
AWAY = {"up{job=db,instance=a}": 0.0}
OTHER = {"up{job=db,instance=b}": 1.0, "slot_broken{job=db,instance=b,slot=s2}": 1.0}


def existing(expression: str = "slot_broken == 1") -> Bench:
    """An alert on a thing that is broken, and its target answers."""
    bench = bench_of(f"{{alert: A, expr: '{expression}'}}")
    bench.minute({**HERE, **BROKEN})
    assert bench.states == ["firing"]
    return bench


def test_what_a_target_that_answers_does_not_return_any_more_is_over() -> None:
    bench = existing()
    bench.minute(HERE)
    (alert,) = bench.alerts
    assert (alert.state, alert.no_data_since) == ("resolved", None)
    assert alert.why == (
        "the expression returns it no more: its target answers, and has no "
        'slot_broken{job="db",instance="a"} any more'
    )


def test_a_pending_alert_goes_when_its_thing_does() -> None:
    bench = bench_of("{alert: A, expr: slot_broken == 1, for: 5m}")
    bench.minute({**HERE, **BROKEN})
    assert bench.states == ["pending"]
    bench.minute(HERE)
    assert bench.states == []


def test_a_target_that_is_down_says_nothing_until_it_answers() -> None:
    bench = existing()
    bench.minute(AWAY)
    assert bench.states == ["firing"]
    assert bench.alerts[0].no_data_since == START + MINUTE
    bench.minute(AWAY)
    bench.minute(HERE)
    assert bench.states == ["resolved"]


def test_a_target_that_is_not_asked_any_more_says_nothing() -> None:
    bench = existing()
    for _ in range(20):
        bench.minute(None)
    assert bench.states == ["firing"]
    bench.minute(GONE)
    assert bench.states == ["firing"], "a run without up is none that answered"


def test_a_check_that_cannot_judge_says_nothing() -> None:
    bench = existing()
    bench.unsure = {"web"}
    bench.minute(HERE)
    assert bench.states == ["firing"]
    bench.unsure = set()
    bench.minute(HERE)
    assert bench.states == ["resolved"]


def test_that_another_target_answers_says_nothing() -> None:
    bench = existing()
    bench.minute({**AWAY, **OTHER})
    assert [(dict(one.labels)["instance"], str(one.state)) for one in bench.alerts] == [
        ("b", "firing"),
        ("a", "firing"),
    ]


def test_that_another_check_of_the_target_answers_says_nothing() -> None:
    bench = existing()
    bench.scrape(HERE, check="knocks")
    bench.minute(None)
    assert bench.states == ["firing"]


def test_every_check_that_had_the_series_must_have_answered() -> None:
    bench = bench_of("{alert: A, expr: sum by (job) (slot_broken) > 0}")
    both = {**HERE, **BROKEN}
    for _ in range(2):
        bench.scrape(OTHER, check="second")
        bench.minute(both)
    bench.scrape({"up{job=db,instance=b}": 0.0}, check="second")
    bench.minute(HERE)
    assert bench.states == ["firing"]
    bench.scrape({"up{job=db,instance=b}": 1.0}, check="second")
    bench.minute(HERE)
    assert bench.states == ["resolved"]


def test_a_range_without_any_sample_left_is_over_once_the_target_answers() -> None:
    bench = bench_of("{alert: A, expr: 'max_over_time(slot_broken[3m]) == 1'}")
    for _ in range(4):
        bench.minute({**HERE, **BROKEN})
    for _ in range(2):
        bench.minute(HERE)
        assert bench.states == ["firing"]
    bench.minute(HERE)
    assert bench.states == ["resolved"]


def test_one_side_that_is_gone_for_good_ends_what_compares_both() -> None:
    bench = bench_of("{alert: A, expr: slot_size / slot_limit > 0.5}")
    size, limit = ({f"slot_{name}{{job=db,instance=a}}": 9.0} for name in ("size", "limit"))
    bench.minute({**HERE, **size, **limit})
    bench.minute({**HERE, **size})
    assert bench.states == ["resolved"]
    assert 'has no slot_limit{job="db",instance="a"} any more' in bench.alerts[0].why


def test_after_a_restart_a_target_is_believed_once_it_has_answered_for_a_while() -> None:
    """What it tells only once a minute is not there yet, either."""
    before = existing()
    bench = bench_of("{alert: A, expr: slot_broken == 1}")
    bench.now = before.now
    bench.run.alerts[0].take_up(before.alerts)
    for _ in range(5):
        bench.minute(HERE)
        assert bench.states == ["firing"]
    bench.minute(HERE)
    assert bench.states == ["resolved"]
