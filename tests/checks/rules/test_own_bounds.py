"""A bound of a check's own takes the place of the built-in alerts on the same figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from checks.alerts.model import State
from checks.config import EngineConfig, RulesConfig
from checks.model import Samples, Series
from checks.promql.api import Engine
from checks.registry import KINDS, kind
from checks.rules.evaluate import Circumstances, GroupRun
from checks.rules.model import AlertRule
from checks.rules.packs import pack_names, read_pack
from checks.rules.picture import rule_view
from checks.rules.work import groups_of
from checks.store.store import Store
from tui.config.loading import load
from widgets.alert_list.whole import rule_pairs

REDIS = """
version: 1
external_labels: {site: north}
checks:
  - name: cache
    redis:
      url: redis://127.0.0.1:6379/0
      queues:
        - {name: mails, size: {list: mails}, warning: 5000}
        - {name: reports, size: {list: reports}}
"""
QUERIES = """
version: 1
checks:
  - name: shop
    sqlite:
      path: shop.db
      queries:
        - {metric: queue_size, sql: "SELECT 1 AS value", warning: 5000}
"""
PAGE = """
version: 1
checks:
  - name: workers
    metrics:
      url: http://127.0.0.1:9808/metrics
      expect:
        - {metric: celery_queue_length, labels: {queue_name: mails}, critical: 9000}
        - {metric: celery_queue_length, labels: {queue_name: reports}, required: false, warning_below: 1}
"""  # noqa: E501 - as people write it
HOST = """
version: 1
checks:
  - {name: web1, job: web, labels: {instance: web1}, host: {cpu: {warning: 95%}, space: {critical: null}}}
  - {name: web2, job: web, labels: {instance: web2}, host: {}}
  - {name: page, http: {url: "http://127.0.0.1:9/", expect: {latency: {warning: 8s}}}}
"""  # noqa: E501 - as people write it


def loaded(tmp_path: Path, text: str) -> RulesConfig:
    file = tmp_path / "onwatch.yaml"
    file.write_text(text)
    config: EngineConfig = load(str(file)).engine
    assert config.rules is not None
    return config.rules


def group(config: RulesConfig, name: str) -> GroupRun:
    (found,) = (one for one in groups_of(config) if one.name == name)
    return GroupRun(found, Circumstances(Engine(), {}, since=0))


class Watched:
    """Samples a minute apart, and what the alerts of one group come to."""

    def __init__(self, run: GroupRun) -> None:
        self.store = Store(7200.0)
        self.run = run
        self.minutes = 0

    def after(self, minutes: int, metric: str, values: Mapping[str, float], **labels: str) -> None:
        series = tuple(Series.of(metric, {"job": "cache", **labels, "queue": q}) for q in values)
        self.play(minutes, Samples(series, tuple(values.values())))

    def play(self, minutes: int, samples: Samples) -> None:
        for _ in range(minutes):
            self.minutes += 1
            self.store.append("cache", 60.0, self.minutes * 60.0, samples)
            self.run.evaluate(self.store, self.minutes * 60_000)

    def states(self, name: str, label: str) -> dict[str, set[State]]:
        found: dict[str, set[State]] = {}
        for run in self.run.alerts:
            if run.rule.name == name:
                for alert in run.alerts.values():
                    found.setdefault(dict(alert.labels)[label], set()).add(alert.state)
        return found


@pytest.mark.parametrize("name", KINDS)
def test_the_alerts_that_give_way_exist_and_so_do_the_bounds(name: str) -> None:
    alerts = {
        rule.name
        for pack in pack_names()
        for each in read_pack(pack).groups
        for rule in each.rules
        if isinstance(rule, AlertRule)
    }
    made = kind(name)
    for key, given in made.bounds.items():
        model: Any = made.config
        for each in key.split("."):
            assert issubclass(model, BaseModel)
            assert each in model.model_fields, key
            model = model.model_fields[each].annotation
        assert set(given) <= alerts, key


def test_a_queue_with_a_bound_of_its_own_is_judged_by_that_alone(tmp_path: Path) -> None:
    watched = Watched(group(loaded(tmp_path, REDIS), "queues"))
    where = {"site": "north", "instance": "127.0.0.1:6379"}
    watched.after(10, "queue_size", {"mails": 1340.0, "reports": 1340.0}, **where)
    # The other two say that nobody takes any of them.
    assert watched.states("QueueBacklog", "queue") == {"reports": {State.FIRING}}


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        (QUERIES, {"job": "shop", "instance": "shop.db"}),
        (PAGE, {"job": "workers", "instance": "127.0.0.1:9808", "queue": "mails"}),
    ],
)
def test_so_is_one_whose_size_is_queried_or_scraped(
    tmp_path: Path, text: str, labels: dict[str, str]
) -> None:
    (bound,) = loaded(tmp_path, text).own_bounds
    assert bound.alert == "QueueBacklog"
    found = dict(bound.labels)
    assert Path(found["instance"]).name == labels["instance"]
    assert {**found, "instance": labels["instance"]} == labels


def test_a_rule_says_what_it_gives_way_to(tmp_path: Path) -> None:
    run = group(loaded(tmp_path, REDIS), "queues")
    views = [rule_view("k", run.group, one, 15_000) for one in run.alerts]
    told = {(view.name, dict(rule_pairs(view, 0.0)).get("gives way to")) for view in views}
    assert told == {
        ("QueueBacklog", "the bounds of queue mails of cache"),
        ("QueueItemOld", None),
        ("QueueStuck", None),
    }


def test_only_what_is_written_counts_and_only_for_its_check(tmp_path: Path) -> None:
    bounds = loaded(tmp_path, HOST).own_bounds
    assert {(bound.check, bound.alert) for bound in bounds} == {
        ("web1", "HostCpuHigh"),
        ("web1", "HostDiskFull"),
        ("page", "HttpSlow"),
    }
    watched = Watched(group(loaded(tmp_path, HOST), "host-filesystems"))
    series = tuple(
        Series.of(f"node_filesystem_{name}", {"job": "web", "instance": host, "mountpoint": "/"})
        for host in ("web1", "web2")
        for name in ("avail_bytes", "size_bytes", "free_bytes", "readonly", "device_error")
    )
    values = (1.0, 100.0, 1.0, 0.0, 1.0) * 2
    watched.play(32, Samples(series, values))
    assert watched.states("HostDiskFull", "instance") == {"web2": {State.FIRING}}
    # What no bound is about goes on.
    assert watched.states("HostFilesystemSilent", "instance").keys() == {"web1", "web2"}


def test_an_alert_that_fires_ends_when_a_bound_is_written(tmp_path: Path) -> None:
    where = {"site": "north", "instance": "127.0.0.1:6379"}
    before = Watched(group(loaded(tmp_path, REDIS.replace(", warning: 5000", "")), "queues"))
    before.after(10, "queue_size", {"mails": 1340.0}, **where)
    assert before.states("QueueBacklog", "queue") == {"mails": {State.FIRING}}
    after = group(loaded(tmp_path, REDIS), "queues")
    for old, new in zip(before.run.alerts, after.alerts, strict=True):
        new.take_up(old.alerts.values())
    before.run = after
    before.after(2, "queue_size", {"mails": 1340.0}, **where)
    assert before.states("QueueBacklog", "queue") == {"mails": {State.RESOLVED}}


def test_rules_of_ones_own_give_way_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text(
        "groups: [{name: own, rules: [{alert: QueueBacklog, expr: queue_size > 10}]}]"
    )
    config = loaded(tmp_path, REDIS + "rules: {packs: [], files: [own.yml]}\n")
    watched = Watched(group(config, "own"))
    where = {"site": "north", "instance": "127.0.0.1:6379"}
    watched.after(2, "queue_size", {"mails": 1340.0}, **where)
    assert watched.states("QueueBacklog", "queue") == {"mails": {State.FIRING}}
