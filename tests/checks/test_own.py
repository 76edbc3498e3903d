"""What onwatch says of itself."""

from __future__ import annotations

from checks.own import EVERY, Own
from checks.promql.api import Engine
from checks.store.store import Store

RELOADED = "blackbox_exporter_config_last_reload_successful"


def asked(store: Store, expression: str, at: float) -> list[float]:
    engine = Engine()
    found = engine.instant(store, engine.parse(expression), round(at * 1000))
    return [value for _, value in found.samples()]


def test_a_reload_that_failed_is_told_at_once() -> None:
    store, own = Store(), Own("web1", {"cluster": "shop"})
    own.tell(store, 1000.0)
    labels = '{job="onwatch",instance="web1",cluster="shop"}'
    assert asked(store, RELOADED + labels, 1000.0) == [1.0]
    own.reload_failed = True
    own.tell(store, 1001.0)
    assert asked(store, RELOADED, 1001.0) == [0.0]
    assert asked(store, "prometheus_config_last_reload_successful", 1001.0) == [0.0]


def test_what_stays_is_told_now_and_then() -> None:
    store, own = Store(), Own("web1", {})
    for second in range(round(2 * EVERY) + 1):
        own.tell(store, 1000.0 + second)
    assert asked(store, f"count_over_time({RELOADED}[1m])", 1000 + 2 * EVERY) == [3.0]
