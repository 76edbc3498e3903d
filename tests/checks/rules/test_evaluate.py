"""Groups at work over a real store: what they record, when alerts fire, and what goes wrong."""

from __future__ import annotations

import pytest

from checks.alerts.model import State
from checks.rules.outcome import Health
from tests.checks.rules.kit import MINUTE, START, Bench, group_of

DOWN = {"up{job=web,instance=a}": 0.0}
UP = {"up{job=web,instance=a}": 1.0}


def test_a_rule_sees_what_the_one_before_it_recorded_in_the_same_evaluation() -> None:
    bench = Bench(
        group_of("""\
{record: 'job:up:sum', expr: sum by (job) (up), labels: {kind: sum}}
{record: doubled, expr: 'job:up:sum * 2'}
{alert: Low, expr: 'doubled < 3'}""")
    )
    bench.minute({"up{job=web,instance=a}": 1, "up{job=web,instance=b}": 0})
    assert bench.ask('{__name__=~"job:.*|doubled"}') == {
        "job:up:sum{job=web,kind=sum}": 1,
        "doubled{job=web,kind=sum}": 2,
    }
    assert bench.states == ["firing"]


def test_a_later_rule_is_seen_in_the_next_evaluation() -> None:
    bench = Bench(group_of("{alert: A, expr: late > 0}\n{record: late, expr: up}"))
    bench.minute(UP)
    assert bench.states == []
    bench.minute(UP)
    assert bench.states == ["firing"]


def test_what_a_rule_does_not_return_any_more_ends_at_once() -> None:
    bench = Bench(group_of("{record: down, expr: up == 0}"))
    bench.minute(DOWN)
    assert bench.ask("down") == {"down{instance=a,job=web}": 0}
    bench.minute(UP)
    assert bench.ask("down") == {}
    bench.minute(DOWN)
    assert bench.ask("count_over_time(down[10m])") == {"{instance=a,job=web}": 2}


def test_alerts_are_series_and_end_with_their_state() -> None:
    bench = Bench(group_of("{alert: Down, expr: up == 0, for: 1m, labels: {severity: page}}"))
    labels = "alertname=Down"
    rest = "instance=a,job=web,severity=page"
    bench.minute(DOWN)
    assert bench.ask("ALERTS") == {f"ALERTS{{{labels},alertstate=pending,{rest}}}": 1}
    bench.minute(DOWN)
    assert bench.ask("ALERTS") == {f"ALERTS{{{labels},alertstate=firing,{rest}}}": 1}
    assert bench.ask("ALERTS_FOR_STATE") == {f"ALERTS_FOR_STATE{{{labels},{rest}}}": START / 1000}
    bench.minute(UP)
    assert bench.ask("ALERTS or ALERTS_FOR_STATE") == {}


def test_labels_of_the_rule_go_over_those_of_the_sample_and_empty_ones_go() -> None:
    bench = Bench(
        group_of(
            "{alert: Down, expr: up == 0, labels: {instance: 'the {{ $labels.instance }}', "
            "job: '', who: '{{ $labels.nobody }}', zone: '{{ $externalLabels.zone }}', "
            "alertname: other}, annotations: {text: '{{ $labels.job }} {{ $value }}'}}"
        ),
        external_labels={"zone": "north"},
    )
    bench.minute(DOWN)
    (alert,) = bench.alerts
    assert dict(alert.labels) == {"alertname": "Down", "instance": "the a", "zone": "north"}
    assert alert.annotations == (("text", "web 0"),)


def test_two_alerts_with_one_identity_fail_the_rule_and_leave_its_alerts_alone() -> None:
    bench = Bench(group_of("{alert: A, expr: up == 0, labels: {instance: all}}"))
    bench.minute(DOWN)
    outcome = bench.minute({**DOWN, "up{job=web,instance=b}": 0})
    assert outcome.health is Health.ERROR
    assert "same labelset after applying alert labels" in outcome.sentence
    assert bench.states == ["firing"]


def test_a_query_error_is_told_and_freezes_what_there_is() -> None:
    bench = Bench(group_of("{alert: A, expr: up == on(job) group_right y, for: 1m}"))
    good = {"up{job=web}": 1, "y{job=web,i=1}": 1}
    bench.minute(good)
    bad = bench.minute({**good, "up{job=web,i=2}": 1})
    assert bad.health is Health.ERROR
    assert "many-to-many" in bad.sentence
    assert bad.transitions == ()
    assert bench.states == ["pending"]
    assert bench.alerts[0].active_at == START
    assert bench.minute(good).health is Health.OK
    assert bench.states == ["firing"]


def test_a_rule_says_since_when_it_fails() -> None:
    bench = Bench(group_of("{record: a, expr: up == on(job) group_right y}"))
    good = {"up{job=web}": 1, "y{job=web,i=1}": 1}
    bad = {**good, "up{job=web,i=2}": 1}
    since = [bench.minute(values).since for values in (good, good, bad, bad, good)]
    assert [(at - START) // MINUTE for at in since] == [0, 0, 2, 2, 4]


def test_a_rule_that_fails_stops_none_after_it() -> None:
    bench = Bench(group_of("{record: bad, expr: up + on(job) up}\n{record: good, expr: sum(up)}"))
    bench.scrape({**UP, "up{job=web,instance=b}": 1})
    first, second = bench.evaluate().rules
    assert (first.health, second.health) == (Health.ERROR, Health.OK)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("{record: a, expr: up}", "exceeded limit of 1 with 2 series"),
        ("{alert: a, expr: up}", "exceeded limit of 1 with 2 alerts"),
        ("{record: a, expr: up, labels: {instance: x}}", "vector contains metrics with the same"),
        ("{record: a, expr: '\"text\"'}", "rule result is not a vector or scalar"),
        ("{alert: a, expr: 'up[5m]'}", "rule result is not a vector or scalar"),
    ],
)
def test_what_a_rule_may_not_return(rule: str, sentence: str) -> None:
    bench = Bench(group_of(rule, "limit: 1"))
    outcome = bench.minute({**UP, "up{job=web,instance=b}": 1})
    assert outcome.health is Health.ERROR
    assert sentence in outcome.sentence
    assert bench.ask("a") == {}


def test_over_the_limit_its_alerts_are_cleared() -> None:
    bench = Bench(group_of("{alert: A, expr: up == 0}", "limit: 1"))
    bench.minute(DOWN)
    outcome = bench.minute({**DOWN, "up{job=web,instance=b}": 0})
    assert bench.alerts == []
    assert [(one.before, one.after) for one in outcome.transitions] == [
        (State.FIRING, State.INACTIVE)
    ]
    bench.minute(DOWN)
    assert bench.alerts[0].active_at == START + 2 * MINUTE


def test_a_query_offset_reads_and_writes_that_much_earlier() -> None:
    bench = Bench(
        group_of("{record: then, expr: up}\n{alert: A, expr: up == 0}", "query_offset: 1m")
    )
    bench.minute(DOWN)
    assert bench.states == []
    bench.minute(UP)
    assert bench.states == ["firing"]
    assert bench.alerts[0].active_at == START + MINUTE
    assert bench.ask("then") == {"then{instance=a,job=web}": 0}
    assert bench.ask("timestamp(then)") == {"{instance=a,job=web}": START / 1000}


def test_a_scalar_is_an_alert_without_labels_of_its_own() -> None:
    bench = Bench(group_of("{record: const, expr: 42}\n{alert: A, expr: 1}"))
    bench.minute(None)
    assert [dict(alert.labels) for alert in bench.alerts] == [{"alertname": "A"}]
    assert bench.ask("const") == {"const{}": 42}


def test_a_template_may_ask() -> None:
    bench = Bench(
        group_of(
            "{alert: A, expr: up == 0, annotations: {"
            "all: '{{ query \"count(up)\" | first | value }}', bad: '{{ query \"count(\" }}'}}"
        )
    )
    bench.minute({**DOWN, "up{job=web,instance=b}": 1})
    texts = dict(bench.alerts[0].annotations)
    assert texts["all"] == "2"
    assert texts["bad"].startswith("<error expanding template: ")


def test_evidence_is_the_value_the_threshold_and_the_series() -> None:
    bench = Bench(group_of("{alert: A, expr: '0.8 < x and y == 1'}"))
    bench.minute({"x{instance=a}": 0.93, "y{instance=a}": 1})
    bench.minute({"x{instance=a}": 0.2, "y{instance=a}": 1})
    fired, over = (one.evidence for one in bench.told)
    assert (fired.value, fired.threshold, fired.series) == (0.93, "> 0.8", 'x{instance="a"}')
    assert (over.value, over.threshold, over.series) == (0.2, "> 0.8", 'x{instance="a"}')


def test_ending_a_group_ends_its_series() -> None:
    bench = Bench(group_of("{record: a, expr: up}\n{alert: A, expr: up == 1}"))
    bench.minute(UP)
    bench.run.end(bench.store, bench.now)
    bench.now += MINUTE
    assert bench.ask('{__name__=~"a|ALERTS.*"}') == {}


def test_each_rule_says_how_long_it_took() -> None:
    ticks = iter([1.0, 1.25, 2.0, 2.5])
    bench = Bench(group_of("{record: a, expr: up}\n{record: b, expr: up}"), timer=ticks.__next__)
    outcome = bench.evaluate()
    assert (outcome.seconds, [one.seconds for one in outcome.rules]) == (0.75, [0.25, 0.5])


def test_what_rules_share_is_evaluated_anew_once_one_of_them_has_recorded() -> None:
    bench = Bench(
        group_of("""\
{alert: Few, expr: 'sum(total) < 3'}
{record: total, expr: sum(up)}
{alert: Still, expr: 'sum(total) < 3'}""")
    )
    bench.minute(UP)
    few, still = (run.alerts for run in bench.run.alerts)
    assert (len(few), len(still)) == (0, 1)


def test_texts_are_those_of_now_where_they_rest_on_more_than_the_value() -> None:
    bench = Bench(
        group_of(
            "{alert: A, expr: up == 0, annotations: {"
            "asked: '{{ query \"load\" | first | value }}', at: '{{ now }}'}}"
        )
    )
    seen = []
    for load in (1.0, 2.0):
        bench.minute({"up{job=web}": 0.0, "load": load})
        seen.append(dict(bench.alerts[0].annotations))
    assert [texts["asked"] for texts in seen] == ["1", "2"]
    assert seen[0]["at"] != seen[1]["at"]


def test_texts_of_an_alert_that_stays_are_made_again_where_its_value_changes() -> None:
    bench = Bench(group_of("{alert: A, expr: load > 1, annotations: {text: 'it is {{ $value }}'}}"))
    said = []
    for load in (2.0, 2.0, 3.0):
        bench.minute({"load{job=web}": load})
        said.append(bench.alerts[0].annotations[0][1])
    assert said == ["it is 2", "it is 2", "it is 3"]
