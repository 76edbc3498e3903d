"""Between the engine's thread and whoever looks: one slot, the newest wins, nothing piles up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from checks.config import EngineConfig
from checks.engine import EngineSource
from checks.errors import ConfigError, ConfigProblem
from checks.model import Status
from checks.source import Mailbox
from checks.views import Snapshot
from tests.checks.fakes import PLAYED, config, ok, spec
from tests.widgets.samples import bad_night


def wait_for(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.005)


def test_a_reader_that_stopped_is_woken_once_and_gets_the_newest() -> None:
    mailbox = Mailbox()
    wakes: list[int] = []
    mailbox.subscribe(lambda: wakes.append(1))
    pictures = [bad_night() for _ in range(5)]
    for picture in pictures:
        mailbox.put(picture)
    assert len(wakes) == 1
    assert mailbox.take() is pictures[-1]
    assert mailbox.take() is None
    mailbox.put(pictures[0])
    assert len(wakes) == 2


def test_a_late_subscriber_hears_of_what_is_there() -> None:
    mailbox = Mailbox()
    mailbox.put(bad_night())
    wakes: list[int] = []
    mailbox.subscribe(lambda: wakes.append(1))
    assert wakes == [1]


def latest_ok(source: EngineSource, found: list[Snapshot]) -> bool:
    snapshot = source.latest()
    if snapshot is not None:
        found.append(snapshot)
    return bool(found) and all(c.status is Status.OK for c in found[-1].checks)


def test_the_engine_runs_in_its_own_thread_and_ends_with_close() -> None:
    seen: list[str] = []

    def load() -> EngineConfig:
        seen.append(threading.current_thread().name)
        PLAYED["one"] = ok()
        return config(spec("one"))

    source = EngineSource(load)
    found: list[Snapshot] = []
    source.start()
    try:
        wait_for(lambda: latest_ok(source, found))
        source.set_window(300)
        wait_for(lambda: latest_ok(source, found) and found[-1].window == 300)
        source.focus("one")
        wait_for(lambda: latest_ok(source, found) and found[-1].details is not None)
    finally:
        source.close()
    assert seen == ["engine"]
    assert not source._thread.is_alive()
    assert source.failure() is None


def test_a_configuration_that_cannot_be_read_reaches_the_reader() -> None:
    error = ConfigError([ConfigProblem("onwatch.yaml", 3, "checks", "no checks")])

    def load() -> EngineConfig:
        raise error

    source = EngineSource(load)
    woken = threading.Event()
    source.subscribe(woken.set)
    source.start()
    assert woken.wait(5)
    assert source.failure() is error
    assert str(error) == "onwatch.yaml:3: checks: no checks"
    source.close()
