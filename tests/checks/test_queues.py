"""Queues of whatever tells of them, and where they are going."""

from __future__ import annotations

import math
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from checks.clock import FakeClock
from checks.config import EngineConfig
from checks.engine import Engine
from checks.model import SampleBuilder, Sampler, Status
from checks.outlook import seconds_to
from checks.probe import CheckSpec
from checks.probes.sqlite.config import SqliteConfig
from checks.queries import UserQuery, queue_traits_of
from checks.queues import COURSE, queue_views, tells_of_queues
from checks.state import CheckState
from checks.store.store import Store
from checks.store.window import Window
from checks.views import QueueView
from tests.checks.fakes import PlayedConfig

START = 1_700_000_000.0
INTERVAL = 5.0


def told(*rows: dict[tuple[str, str, str], float], seconds: float = 60.0) -> list[QueueView]:
    """The queues of a check whose runs brought ``rows``: value by metric, label and queue."""
    store, sampler = Store(), Sampler({"job": "q"})
    for place, row in enumerate(rows):
        out: SampleBuilder = sampler.builder()
        for (metric, label, queue), value in row.items():
            out.add(metric, value, {label: queue} if label else {})
        store.append("q", INTERVAL, START + INTERVAL * place, out.build())
    end = START + INTERVAL * (len(rows) - 1)
    view = CheckState(CheckSpec("q", "played", PlayedConfig(player="q")), START).view
    window = Window(store, "q", end, seconds)
    assert tells_of_queues(window)
    return list(queue_views(view, window))


@pytest.mark.parametrize(
    ("metric", "label"),
    [
        ("queue_size", "queue"),
        ("celery_queue_length", "queue_name"),
        ("rabbitmq_queue_messages_ready", "queue"),
        ("sidekiq_queue_enqueued_jobs", "name"),
    ],
)
def test_a_queue_is_one_by_whatever_name_its_exporter_tells_its_size(
    metric: str, label: str
) -> None:
    (queue,) = told(*({(metric, label, "mail"): 100.0 + 10 * step} for step in range(6)))
    assert (queue.name, queue.size) == ("mail", 150)
    assert queue.growth == pytest.approx(120)
    assert queue.history[-1] == 150
    assert queue.course[-1] == 150


def test_what_several_queues_have_under_way_is_well_without_a_size() -> None:
    row = {
        ("celery_queue_length", "queue_name", "mail"): 1.0,
        ("queue_processing", "queue", "unacked"): 0.0,
    }
    mail, unacked = told(row, row)
    assert (unacked.name, unacked.size, unacked.processing) == ("unacked", None, 0)
    assert unacked.status is mail.status is Status.OK


def test_a_thousand_queues_are_told_at_once() -> None:
    """Those of a RabbitMQ; it took three seconds of everybody's time at each run."""
    rows = [
        {
            (f"rabbitmq_queue_messages_{what}", "queue", f"q{number}"): float(number + step)
            for number in range(1000)
            for what in ("ready", "unacked")
        }
        for step in range(13)
    ]
    began = time.process_time()
    queues = told(*rows)
    assert time.process_time() - began < 1.5
    assert len(queues) == 1000
    assert [queue.size for queue in queues[::333]] == [12, 345, 678, 1011]
    assert {round(queue.growth or 0, 6) for queue in queues} == {12}
    assert queues[7].history == tuple(7.0 + step for step in range(13))


def test_a_size_without_a_label_is_the_queue_of_the_check() -> None:
    (queue,) = told(*({("queue_size", "", ""): 10.0 * step} for step in range(4)))
    assert (queue.name, queue.size) == ("q", 30)
    assert queue.growth == pytest.approx(120)


def test_two_names_for_one_queue_are_one_queue() -> None:
    row = {("queue_size", "queue", "mail"): 4.0, ("celery_queue_length", "queue_name", "mail"): 4.0}
    assert [queue.size for queue in told(row)] == [4]


def test_what_counts_in_and_out_and_the_oldest_and_workers_belong_to_their_queue() -> None:
    rows = (
        {
            ("queue_size", "queue", "mail"): 7.0,
            ("queue_size", "queue", "other"): 1.0,
            ("queue_enqueued_total", "queue", "mail"): 10.0 * step,
            ("queue_processed_total", "queue", "mail"): 5.0 * step,
            ("queue_oldest_seconds", "queue", "mail"): 12.5,
            ("queue_workers", "queue", "mail"): 3.0,
            ("queue_delayed", "queue", "mail"): 2.0,
        }
        for step in range(4)
    )
    mail, other = told(*rows)
    assert (mail.oldest, mail.workers, mail.delayed, mail.ageless) == (12.5, 3, 2, "")
    assert mail.arriving == pytest.approx(120)
    assert mail.leaving == pytest.approx(60)
    assert (other.arriving, other.workers, other.oldest) == (None, None, None)
    assert "queue_oldest_seconds" in other.ageless


def test_the_long_course_reaches_over_the_window_with_gaps_where_nothing_was_known() -> None:
    rows = [{("queue_size", "queue", "mail"): float(step)} for step in range(720)]
    for step in range(300, 420):
        rows[step] = {("played_value", "", ""): 1.0}
    (queue,) = told(*rows, seconds=3600.0)
    assert queue.course_step == 10
    assert len(queue.course) == COURSE
    assert queue.course[-1] == pytest.approx(717.5, abs=2)
    assert sum(math.isnan(point) for point in queue.course) in range(58, 63)


def test_slow_checks_leave_no_holes_in_the_course() -> None:
    rows = ({("queue_size", "queue", "mail"): float(step)} for step in range(10))
    (queue,) = told(*rows)
    known = [not math.isnan(point) for point in queue.course]
    assert sum(known) == pytest.approx(19, abs=1)
    first = known.index(True)
    assert all(known[first:])


def going(size: float | None, growth: float | None) -> QueueView:
    return QueueView("q", "mail", size, None, None, growth, (), Status.OK)


@pytest.mark.parametrize(
    ("size", "growth", "bound", "seconds"),
    [
        (100, -50, 0, 120),
        (100, 50, 0, None),
        (100, 0, 0, None),
        (100, 0.001, 0, None),
        (0, -1, 0, 0),
        (100, 50, 200, 120),
        (300, 50, 200, None),
        (300, -50, 200, 120),
        (None, -50, 0, None),
        (100, None, 0, None),
    ],
)
def test_the_time_to_a_size_at_the_present_rate(
    size: float | None, growth: float | None, bound: float, seconds: float | None
) -> None:
    assert seconds_to(going(size, growth), bound) == seconds


async def test_the_bounds_of_a_query_are_those_of_the_queues_it_tells_of(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE jobs (queue TEXT, age REAL)")
        names = ["mail"] * 30 + ["export"] * 12 + ["thumbs"] * 3
        database.executemany("INSERT INTO jobs VALUES (?, 700)", [(name,) for name in names])
    sizes = "SELECT queue, count(*) AS n FROM jobs GROUP BY queue"
    ages = "SELECT queue, max(age) AS n FROM jobs WHERE queue = 'thumbs' GROUP BY queue"
    told = {"value": "n", "labels": ["queue"]}
    queries = [
        UserQuery(metric="queue_size", sql=sizes, warning=10, critical=20, **told),
        UserQuery(metric="queue_oldest_seconds", sql=ages, warning=600, **told),
    ]
    spec = CheckSpec("jobs", "sqlite", SqliteConfig(path=str(path), queries=queries))
    engine = Engine(EngineConfig((spec,), base_dir=tmp_path), FakeClock())
    await engine.scheduler.once()
    found = {queue.name: queue for queue in engine.snapshot().queues}
    await engine.close()
    assert {name: queue.status for name, queue in found.items()} == {
        "mail": Status.CRITICAL,
        "export": Status.WARNING,
        "thumbs": Status.WARNING,
    }
    assert {(queue.warning, queue.critical) for queue in found.values()} == {(10, 20)}


def test_no_bound_is_told_where_two_queries_have_different_ones() -> None:
    one = UserQuery(metric="queue_size", sql="SELECT 1", warning=10)
    other = UserQuery(metric="queue_size", sql="SELECT 2", warning=99)
    assert queue_traits_of([one, other]) == ()
    assert [each.warning for each in queue_traits_of([one, one])] == [10]


def test_a_run_whose_time_was_rounded_up_is_still_the_last_step() -> None:
    """Rows' times are whole milliseconds: the newest may lie half a one behind the end."""
    store, sampler, end = Store(), Sampler({"job": "q"}), START + 9.9996
    out: SampleBuilder = sampler.builder()
    out.add("queue_size", 7, {"queue": "mail"})
    store.append("q", INTERVAL, end, out.build())
    view = CheckState(CheckSpec("q", "played", PlayedConfig(player="q")), START).view
    (queue,) = queue_views(view, Window(store, "q", end, 60.0))
    assert (len(queue.course), queue.course[-1]) == (COURSE, 7)
