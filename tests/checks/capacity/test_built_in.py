"""What is followed without anybody asking: under the names that the checks bring."""

from __future__ import annotations

from checks.capacity.built_in import built_in
from checks.capacity.live import LiveCapacity
from checks.model import Samples, Series
from checks.registry import KINDS, kind
from checks.store.store import Store

NOW = 1_700_000_000.0


def test_every_name_is_one_that_a_kind_of_check_brings() -> None:
    known = {metric.name for name in KINDS for metric in kind(name).metrics}
    for item in built_in():
        both = [item.expr] if item.limit is None or isinstance(item.limit, float) else [
            item.expr,
            item.limit,
        ]  # fmt: skip
        names = {selector.name for one in both for selector in one.selectors}
        assert names <= known, item.name


def test_each_meets_its_own_limit() -> None:
    def series(name: str, job: str, **labels: str) -> Series:
        return Series.of(name, {"job": job, "instance": f"{job}:1", **labels})

    root = {"mountpoint": "/", "device": "vda", "fstype": "ext4"}
    values = {
        series("node_filesystem_size_bytes", "here", **root): 100.0,
        series("node_filesystem_avail_bytes", "here", **root): 40.0,
        series("node_filesystem_size_bytes", "here", **{**root, "fstype": "tmpfs"}): 5.0,
        series("node_filesystem_avail_bytes", "here", **{**root, "fstype": "tmpfs"}): 5.0,
        series("pg_database_size_bytes", "shop", datname="shop"): 7e9,
        series("pg_stat_activity_count", "shop", state="active", datname="shop"): 3.0,
        series("pg_stat_activity_count", "shop", state="idle", datname="shop"): 9.0,
        series("pg_connections_used", "shop"): 11.0,
        series("pg_connections_usable", "shop"): 97.0,
        series("pg_settings_max_connections", "shop"): 100.0,
        series("pg_stat_activity_count", "exporter", state="active", datname="shop"): 8.0,
        series("pg_settings_max_connections", "exporter"): 100.0,
        series("mysql_global_status_threads_connected", "gateway"): 20.0,
        series("mysql_global_variables_max_connections", "gateway"): 151.0,
        series("redis_memory_used_bytes", "cache"): 1e6,
        series("redis_memory_max_bytes", "cache"): 4e6,
        series("redis_memory_used_bytes", "unbounded"): 2e6,
        series("redis_memory_max_bytes", "unbounded"): 0.0,
    }
    store = Store()
    store.append("all", 15.0, NOW, Samples(tuple(values), tuple(values.values())))
    live = LiveCapacity(built_in(), store, {})
    live.look(NOW + 1)
    assert live.problems == {}
    assert {(one.name, dict(one.labels)["job"], one.value, one.limit) for one in live.views} == {
        ("filesystem", "here", 60.0, 100.0),
        ("size", "shop", 7e9, None),
        ("connections", "shop", 11.0, 97.0),
        ("connections", "exporter", 8.0, 100.0),
        ("connections", "gateway", 20.0, 151.0),
        ("memory", "cache", 1e6, 4e6),
        ("memory", "unbounded", 2e6, None),
    }
    assert all(one.built_in and one.sentence.startswith("not enough") for one in live.views)
    assert store.block("onwatch/capacity") is None, "what nobody asked for raises no alert"
