"""What records are counted into: metrics, requests, and what is most frequent."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from checks.logs.counting import Course, Sliding, Top
from checks.logs.counting_columns import Columns
from checks.logs.counting_config import RecordMetric
from checks.logs.counting_metrics import VALUES_A_LABEL, RecordCounter
from checks.logs.counting_templates import template
from checks.logs.model import Record
from checks.logs.requests import RequestRecords
from checks.logs.requests_config import RecordRequests
from checks.model import Sampler
from tests.checks.log_kit import record

NOW = 1_700_000_000.0


def counter(**keys: object) -> RecordCounter:
    return RecordCounter(RecordMetric.model_validate({"metric": "m", **keys}))


def samples(made: RecordCounter | RequestRecords) -> dict[str, float]:
    to = Sampler({}).builder()
    made.samples(to)
    found = to.build()
    return {repr(series): value for series, value in zip(found.series, found.values, strict=True)}


def added(made: RecordCounter, *records: Record) -> dict[str, float]:
    made.add(Columns(records))
    return samples(made)


def test_a_counter_begins_at_zero_and_counts_what_fits() -> None:
    made = counter(metric="spawned_total", where='message ~ "spawned"')
    assert samples(made) == {"spawned_total{}": 0.0}
    assert added(made, record("Agent spawned"), record("gone"), record("spawned")) == {
        "spawned_total{}": 2.0
    }


def test_series_of_the_past_are_known_before_they_count() -> None:
    made = counter(labels=["metadata.kind"])
    made.announce(Columns([record(metadata__kind="pdf")]))
    assert samples(made) == {'m{kind="pdf"}': 0.0}
    assert added(made, record(metadata__kind="pdf"), record()) == {
        'm{kind="pdf"}': 1.0,
        'm{kind="none"}': 1.0,
    }


def test_a_counter_of_values_adds_up_and_never_falls() -> None:
    made = counter(value="bytes", labels={"to": "host"})
    assert added(
        made,
        record(bytes=5, host="a"),
        record(bytes="7.5", host="a"),
        record(bytes=-3, host="a"),
        record(bytes="many", host="a"),
    ) == {'m{to="a"}': 12.5}


def test_a_gauge_is_the_newest_value() -> None:
    made = counter(type="gauge", value={"match": r"queue holds ([\d,]+) jobs"})
    assert samples(made) == {}
    made.announce(Columns([record("queue holds 7 jobs")]))
    assert samples(made) == {"m{}": 7.0}, "it holds until a line says otherwise"
    assert added(made, record("queue holds 1,204 jobs"), record("other")) == {"m{}": 1204.0}


def test_a_histogram_has_cumulative_buckets_in_seconds() -> None:
    made = counter(
        type="histogram", value={"field": "ms", "unit": "ms"}, buckets=[0.1, 1], labels=["p"]
    )
    assert added(made, *(record(ms=ms, p="x") for ms in (100, 101, 5_000))) == {
        'm_bucket{le="0.1",p="x"}': 1.0,
        'm_bucket{le="1",p="x"}': 2.0,
        'm_bucket{le="+Inf",p="x"}': 3.0,
        'm_sum{p="x"}': pytest.approx(5.201),
        'm_count{p="x"}': 3.0,
    }


def test_values_of_a_label_are_capped() -> None:
    made = counter(labels=["user_id"])
    told = added(made, *(record(user_id=number) for number in range(1_000)))
    assert len(told) == VALUES_A_LABEL + 1
    assert told['m{user_id="other"}'] == 1_000 - VALUES_A_LABEL
    assert made.capped


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"type": "gauge"}, "a gauge wants a value"),
        ({"value": {"field": "a", "match": "(x)"}}, "give exactly one of field, match"),
        ({"value": {"match": "x"}}, "match wants exactly one group"),
        ({"type": "histogram", "value": "a", "buckets": [2, 1]}, "in ascending order"),
        ({"labels": {"le": "a"}}, "le is the label of a histogram's own buckets"),
        ({"where": "a >"}, "column 4: expected a value"),
    ],
)
def test_what_is_wrong_with_a_metric_is_said(keys: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        counter(**keys)
    assert said in str(caught.value)


def requests(**keys: object) -> RequestRecords:
    return RequestRecords(RecordRequests.model_validate(keys), NOW)


def test_lines_of_an_access_log_are_requests_by_route() -> None:
    made = requests()
    made.recall(Columns([]), NOW - 600, NOW)
    made.add(
        Columns(
            [
                record(path="/users/81/orders?x=1", status=200, request_time=0.02, time=NOW),
                record(path="/users/7/orders", status=502, request_time=1.5, time=NOW),
                record("worker process 12 exited", time=NOW),
            ]
        ),
        NOW + 1,
        trusted=False,
    )
    window = made.figures().stats().window(60)
    assert (window.count, window.errors) == (2, 1)
    assert window.maximum == pytest.approx(1.5, rel=0.01)
    assert [(row.value, row.count) for row in dict(window.breakdown)["route"]] == [
        ("/users/N/orders", 2)
    ]
    told = samples(made)
    assert told['http_requests_total{route="/users/N/orders",status="502"}'] == 1.0
    assert told["http_request_duration_seconds_count{}"] == 2.0


def test_requests_of_an_application_log_are_those_that_fit() -> None:
    made = requests(
        where='message = "Request completed"',
        duration="latency_ms",
        labels=["provider"],
        error="error",
        errors_from=500,
    )
    made.recall(
        Columns(
            [record("Request completed", status=200, latency_ms=9, provider="a", time=NOW - 9)]
        ),
        NOW - 60,
        NOW,
    )
    made.add(
        Columns(
            [
                record("Request completed", status=404, latency_ms=100, provider="a", time=NOW),
                record("Request completed", status=200, latency_ms=300, error="refresh failed: 81"),
                record("Request queued", status=200, latency_ms=5, provider="a", time=NOW),
            ]
        ),
        NOW + 1,
        trusted=False,
    )
    window = made.figures().stats().window(60)
    assert (window.count, window.errors) == (3, 1)
    assert window.newest_errors[0].error == "refresh failed: 81"
    told = samples(made)
    assert told['http_requests_total{provider="a",status="200"}'] == 0.0, "known, from before"
    assert told['http_request_errors_total{error="refresh failed"}'] == 1.0


def test_what_is_no_status_makes_no_request() -> None:
    made = requests()
    odd = (record(status=value) for value in ("9" * 30, 7, "ok", -200, "200.5x"))
    made.add(Columns(list(odd)), NOW, trusted=False)
    assert made.figures().stats().window(60).count == 0


def test_a_zone_that_is_wrong_makes_no_request_vanish() -> None:
    made = requests()
    made.recall(Columns([]), NOW, NOW)
    made.add(Columns([record(status=200, time=NOW - 7_200)]), NOW + 1, trusted=False)
    assert made.figures().stats().window(60).count == 1
    other = requests()
    other.add(Columns([record(status=200, time=NOW - 7_200)]), NOW + 1, trusted=True)
    assert other.figures().stats().window(3_600).count == 0


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("user 81 not found", "user N not found"),
        ("Query took 150ms (expected <100ms)", "Query took N (expected <N)"),
        ("can't reach 'db1' at 10.0.0.1:5432", 'can\'t reach "…" at N'),
        ("worker-3 died: signal 9", "worker-N died: signal N"),
        ("undefined index in app/Mail.php:123", "undefined index in app/Mail.php:N"),
        ("job 3f2a8c10-58cc-4372-a567-0e02b2c3d479 failed", "job N failed"),
        ("mail to bob@example.com bounced", "mail to N bounced"),
        ("nothing to do", "nothing to do"),
    ],
)
def test_what_messages_have_in_common(message: str, kind: str) -> None:
    assert template(message) == kind


def test_a_sliding_sum_is_exact_to_a_step() -> None:
    sums = Sliding(600.0)
    for second in range(700):
        sums.add(NOW + second)
    assert 600 <= sums.advance(NOW + 699) <= 603
    assert sums.advance(NOW + 2_000) == 0


def test_a_course_has_full_minutes_and_the_last_sixty_seconds() -> None:
    start = NOW // 60 * 60
    course = Course(start)
    course.add(start + 10, 3)
    course.add(start + 70)
    assert course.points(start + 125) == (3.0, 1.0, 1.0)
    assert len(course.points(start + 86_400)) == 60


def test_the_most_frequent_are_kept_of_however_many() -> None:
    top = Top(NOW, span=100.0, most=10)
    for number in range(500):
        top.add([f"rare {number}", "common"])
    assert top.most(1) == [("common", 500)]
    assert len(top.most(10_000)) <= 41
    assert top.cut
    top.advance(NOW + 60)
    assert top.most(1) == [("common", 500)]
    top.advance(NOW + 120)
    assert top.most(1) == []
