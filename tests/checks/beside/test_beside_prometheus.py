"""What expressions and rules come to, beside Debian's Prometheus scraping the same pages."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pytest

from checks.promql.answers import answer_of, ranged_answer
from checks.promql.api import Engine
from checks.promql.errors import EvaluationError, PromQLError
from checks.promql.values import Matrix
from checks.rules.evaluate import Circumstances, GroupRun
from checks.store.store import Store
from tests.checks.beside.scraped import INTERVAL, Scraped, keep, raw, scraped
from tests.checks.promqltest.expressions import Durations, Expressions
from tests.checks.rules.kit import read
from tests.servers.prometheus_api import alike, in_order
from tui.output.answers import as_json

INSTANTS, RANGES = 400, 150
DURATIONS = Durations(
    ranges=tuple(f"{count * INTERVAL}ms" for count in (2, 4, 7, 8, 20)),
    offsets=(f"{3 * INTERVAL}ms", f"-{2 * INTERVAL}ms", f"{2 * INTERVAL}ms"),
    lengths=tuple(f"{count * INTERVAL}ms" for count in (6, 8, 16)),
    steps=tuple(f"{count * INTERVAL}ms" for count in (1, 3, 4)),
)
"""Multiples of the interval between scrapes, so that a quiet moment is on no scrape with any."""
WARM_UP: Final = 2
"""Evaluations at which Prometheus writes no ALERTS yet, since it looks for older ones first."""
TWINS: Final = ("amber", "blue", "coral", "dune")
"""Groups of the same rules, which Prometheus evaluates at different times within the interval."""
GROUP: Final = """
- name: TWIN
  rules:
  - {record: evaluated, expr: vector(1), labels: {twin: TWIN}}
  - {record: seen, expr: page_number, labels: {twin: TWIN}}
  - {record: 'job:requests:rate', expr: 'sum by (job) (rate(requests_total[1s]))',
     labels: {twin: TWIN, part: requests}}
  - {record: clash, expr: 'sum by (job) (requests_total)', labels: {twin: TWIN, job: ''}}
  - {alert: Busy, expr: 'job:requests:rate{twin="TWIN"} > 60', for: 500ms,
     labels: {twin: TWIN, severity: '{{ if gt $value 90.0 }}critical{{ else }}warning{{ end }}'},
     annotations: {summary: '{{ $labels.part }} {{ $value | humanize }} {{ $value }}'}}
  - {alert: Ill, expr: up == 0, labels: {twin: TWIN},
     annotations: {summary: '{{ $labels.instance }} {{ query "count(up)" | first | value }}'}}
  - {alert: Missing, expr: 'absent(queue_length{queue="mail"})', for: 750ms, labels: {twin: TWIN}}
  - {alert: Kept, expr: 'queue_length{queue="mail"} > 1', for: 200ms, keep_firing_for: 500ms,
     labels: {twin: TWIN, queue: ''}, annotations: {summary: '{{ printf "%.2f" $value }}'}}
  - {alert: Odd, expr: odd_value != 0, labels: {twin: TWIN},
     annotations: {summary: '{{ $value }} {{ humanizeDuration $value }}'}}
  - {alert: Wrong, expr: 'page_number * on () up', labels: {twin: TWIN}}
  - {record: states, expr: 'count by (alertname, alertstate) (ALERTS{twin="TWIN"})',
     labels: {twin: TWIN}}
  - {record: seen_last, expr: page_number, labels: {twin: TWIN}}
"""
RULES = "groups:" + "".join(GROUP.replace("TWIN", twin) for twin in TWINS)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    with scraped(tmp_path_factory.mktemp("beside"), RULES) as both:
        yield both


@pytest.fixture(scope="module")
def store(both: Scraped) -> Store:
    made = Store(1e12)
    for row in both.rows:
        keep(made, row)
    return made


def ours(store: Store, text: str, start: int, end: int, step: int) -> Any:
    """Our answer as Prometheus' API gives it; all in milliseconds, ``step`` 0 for an instant."""
    engine = Engine()
    try:
        expression = engine.parse(text)
        if step:
            outcome = engine.range(store, expression, start, end, step)
            return json.loads(as_json(ranged_answer(outcome), (), ()))
        return json.loads(as_json(answer_of(engine.instant(store, expression, end)), (), ()))
    except (PromQLError, EvaluationError) as error:
        return {"status": "error", "error": str(error)}


def theirs(both: Scraped, text: str, start: int, end: int, step: int) -> Any:
    """The server's answer."""
    if not step:
        return both.api.ask("query", query=text, time=f"{end / 1000:.3f}")
    times = {"start": f"{start / 1000:.3f}", "end": f"{end / 1000:.3f}", "step": f"{step}ms"}
    return both.api.ask("query_range", query=text, **times)


def same(one: Any, other: Any) -> bool:
    """Whether both have the same result, or both none."""
    if one["status"] != other["status"]:
        return False
    return one["status"] == "error" or alike(in_order(one)["data"], in_order(other)["data"])


@pytest.mark.parametrize(
    ("count", "step"), [(INSTANTS, 0), (RANGES, 2 * INTERVAL)], ids=["instants", "ranges"]
)
def test_expressions_come_to_the_same(count: int, step: int, both: Scraped, store: Store) -> None:
    end = both.moment(both.end)
    # Within, while a target is ill, at the end, and just before and behind the look-back.
    back = [end - count * INTERVAL for count in (0, 10, 12, 20)]
    moments = (*back, both.moment(end + 297_000), both.moment(end + 299_500))
    fixed = both.moment(both.end - 11 * INTERVAL) / 1000
    # The steps of a subquery are whole intervals: a scrape at one would be on a bound.
    whole = any(row.time % INTERVAL == 0 for row in both.rows)
    made = Expressions(5 + step, fixed, replace(DURATIONS, lengths=()) if whole else DURATIONS)
    different: list[tuple[str, int, Any, Any]] = []
    results = failures = 0
    for number in range(count):
        text, at = made.next(), moments[number % len(moments)]
        asked = text, at - 16 * INTERVAL, at, step
        found, wanted = ours(store, *asked), theirs(both, *asked)
        if not same(found, wanted):
            different.append((text, at - end, found, wanted))
        failures += wanted["status"] == "error"
        results += wanted["status"] == "success" and bool(wanted["data"]["result"])
    assert different == []
    assert results > count // 2
    assert failures > 5


ODD = [f"{one}(odd_value)" for one in ("sum", "avg", "min", "max", "sgn", "ceil", "sqrt", "sort")]
ODD += ["odd_value > 0", "odd_value == odd_value", "0 * odd_value", "clamp_max(odd_value, 1)"]
ODD += ["topk(1, odd_value)", "odd_value % 2", "1 / odd_value", "count_values('x', odd_value)"]
ODD += [
    f"{one}_over_time(odd_value[{8 * INTERVAL}ms])" for one in ("sum", "avg", "min", "max", "last")
]
ODD += [f"{one}(odd_value[{8 * INTERVAL}ms])" for one in ("changes", "idelta", "deriv")]


@pytest.mark.parametrize("text", ODD)
def test_values_that_are_no_numbers(text: str, both: Scraped, store: Store) -> None:
    """Not a number, both infinities, minus zero and the greatest of all, in turns."""
    end = both.moment(both.end)
    for back in range(6, 16):
        at = end - back * INTERVAL
        found, wanted = ours(store, text, at, at, 0), theirs(both, text, at, at, 0)
        assert same(found, wanted), (found, wanted)


@pytest.mark.parametrize("age", [0, 299_000, 300_500])
def test_what_is_there_after_the_last_scrape(age: int, both: Scraped, store: Store) -> None:
    """Series that ended are gone at once, the others when the look-back has passed."""
    at = both.moment(both.end) + age
    every = '{__name__=~"requests_total|queue_length|latency_bucket|up|page_number"}'
    found, wanted = ours(store, every, at, at, 0), theirs(both, every, at, at, 0)
    assert same(found, wanted)
    count = len(wanted["data"]["result"])
    # Of the second target, which is ill, `up` alone.
    assert (count == 0) if age > 300_000 else (8 < count < 14)


@dataclass(frozen=True, slots=True, eq=False)
class Twin:
    """A group of ours at the moments at which Prometheus evaluated its own."""

    name: str
    store: Store
    run: GroupRun
    moments: list[int]


@pytest.fixture(scope="module")
def twin(both: Scraped) -> Twin:
    when = {
        dict(labels)["twin"]: [moment for moment, _ in values]
        for labels, values in raw(both.api, "evaluated").items()
    }
    # Of the twins amid whose evaluations no scrape arrived, the one whose come longest after
    # scrapes: these have arrived by then.
    scrapes = [row.time for row in both.rows]
    calm = [one for one in TWINS if _pages(both, "seen", one) == _pages(both, "seen_last", one)]
    if not calm:
        pytest.skip("each group was evaluated while a scrape arrived: this machine is too busy")
    calm.sort(key=lambda one: -min(_since(scrapes, moment) for moment in when[one]))
    # All write the same. What one of them saw of a scrape under way on a busy machine may be told
    # by neither end of it, and is no other's.
    made = [_twin(both, name, when[name]) for name in calm]
    return next((one for one in made if not _differences(both, one)), made[0])


def _twin(both: Scraped, name: str, moments: list[int]) -> Twin:
    (group,) = (group for group in read(RULES).groups if group.name == name)
    run = GroupRun(group, Circumstances(Engine(), {}, interval=INTERVAL, pure=True))
    store, rows = Store(1e12), list(both.rows)
    seen = _pages(both, "seen", name)
    for moment in moments:
        for row in [row for row in rows if row.time <= moment]:
            # What was under way yet is what the rules saw at their next evaluation.
            if moment - row.time > INTERVAL or seen.get((row.instance, moment)) == row.number:
                keep(store, row)
                rows.remove(row)
        run.evaluate(store, moment)
    return Twin(name, store, run, moments)


def _pages(both: Scraped, record: str, twin: str) -> dict[tuple[str, int], float]:
    """Which page of an instance the group ``twin`` saw when, by its rule ``record``."""
    return {
        (dict(labels)["instance"], moment): number
        for labels, values in raw(both.api, f'{record}{{twin="{twin}"}}').items()
        for moment, number in values
    }


def _since(times: list[int], moment: int) -> int:
    return min((moment - time for time in times if time <= moment), default=0)


def test_rules_write_the_same(both: Scraped, twin: Twin) -> None:
    """Recorded series, ALERTS and ALERTS_FOR_STATE: every sample with its time and value."""
    assert len(twin.moments) > 22
    assert _differences(both, twin) == []


def _differences(both: Scraped, twin: Twin) -> list[tuple[object, ...]]:
    """Each series that ``twin`` wrote otherwise than Prometheus, with what both wrote."""
    different: list[tuple[object, ...]] = []
    for name in ("seen", "job:requests:rate", "ALERTS", "ALERTS_FOR_STATE", "states"):
        selector = f'{name}{{twin="{twin.name}"}}'
        found = kept(twin, selector)
        wanted = {
            key: here
            for key, values in raw(both.api, selector).items()
            if (here := {at: value for at, value in values if at >= twin.moments[WARM_UP]})
        }
        for key in {*found, *wanted}:
            here, there = found.get(key, {}), wanted.get(key, {})
            if here != pytest.approx(there, rel=1e-9, nan_ok=True):
                different.append((name, dict(key), here, there))
    return different


def kept(twin: Twin, selector: str) -> dict[frozenset[tuple[str, str]], dict[int, float]]:
    """Every sample of the series that ``selector`` selects in our store, by their times."""
    engine = Engine()
    begin, end = twin.moments[WARM_UP], twin.moments[-1]
    expression = engine.parse(f"{selector}[{end - begin + 1}ms]")
    outcome = engine.instant(twin.store, expression, end)
    assert isinstance(outcome.value, Matrix)
    return {
        frozenset(labels): {
            int(window.times[at]): float(window.values[at, column])
            for at in np.flatnonzero(window.present[:, column]).tolist()
        }
        for window in outcome.value
        for column, labels in enumerate(window.labels)
        if window.present[:, column].any()
    }


def test_what_rules_wrote_ends_at_the_same_evaluations(both: Scraped, twin: Twin) -> None:
    text = f'{{__name__=~"ALERTS|states|seen|job:requests:rate",twin="{twin.name}"}}'
    start, end = twin.moments[WARM_UP] + 1, twin.moments[-1] + 1
    found, wanted = (
        {frozenset(row["metric"].items()): row["values"] for row in answer["data"]["result"]}
        for answer in (
            ours(twin.store, text, start, end, INTERVAL),
            theirs(both, text, start, end, INTERVAL),
        )
    )
    assert len(wanted) > 12
    assert alike(found, wanted)


def test_alerts_are_the_same(both: Scraped, twin: Twin) -> None:
    """Labels, annotations, state, since when and value, as the API shows them at the end."""
    wanted = [
        {**alert, "activeAt": _milliseconds(alert["activeAt"])}
        for alert in both.alerts["data"]["alerts"]
        if alert["labels"]["twin"] == twin.name
    ]
    found = [
        {
            "labels": dict(alert.labels),
            "annotations": dict(alert.annotations),
            "state": str(alert.state),
            "activeAt": alert.active_at,
            "value": float(alert.value),
        }
        for run in twin.run.alerts
        for alert in run.alerts.values()
        if alert.active
    ]
    wanted = [{**one, "value": float(one["value"])} for one in wanted]
    assert sorted(found, key=str) == sorted(wanted, key=str)
    assert {alert["labels"]["alertname"] for alert in wanted} >= {"Ill", "Odd"}


def _milliseconds(moment: str) -> int:
    """A moment of the API, which has up to nine digits of a second."""
    whole, _, digits = moment.rstrip("Z").partition(".")
    seconds = dt.datetime.fromisoformat(f"{whole}+00:00").timestamp()
    return round(seconds) * 1000 + int(f"{digits:0<3}"[:3])
