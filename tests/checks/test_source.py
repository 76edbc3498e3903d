"""Between the engine's thread and whoever looks: one slot, the newest wins, nothing piles up."""

from __future__ import annotations

import asyncio
import errno
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from checks import live
from checks.config import EngineConfig
from checks.engine import EngineSource
from checks.errors import ConfigError, ConfigProblem
from checks.model import Status
from checks.source import Mailbox
from checks.views import Snapshot
from tests.checks.fakes import PLAYED, config, ok, spec
from tests.patience import PATIENCE
from tests.widgets.samples import bad_night


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
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
    assert woken.wait(PATIENCE)
    assert source.failure() is error
    assert str(error) == "onwatch.yaml:3: checks: no checks"
    source.close()


class Faltering:
    """Finds the check ``two``, once a look at which no descriptors were left is past."""

    def __init__(self) -> None:
        self.looks = 0
        self.closed = False

    async def look(self, config: EngineConfig) -> EngineConfig:
        self.looks += 1
        if self.looks == 2:
            raise OSError(errno.EMFILE, "Too many open files")
        if self.looks == 3:
            return replace(config, checks=(*config.checks, spec("two")))
        return config

    async def rest(self) -> None:
        # Once the picture of each second shows what went wrong.
        await asyncio.sleep(1.3 if self.looks == 2 else 0.01)

    @property
    def sure(self) -> bool:
        return False

    def forget(self, name: str) -> None:
        del name

    def close(self) -> None:
        self.closed = True


def test_a_look_for_services_that_failed_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_INTERVAL", 0.01)
    PLAYED.update(one=ok(), two=ok())
    notices: list[str] = []
    source = EngineSource(lambda: replace(config(spec("one")), finder=Faltering()))
    source.start()

    def both() -> bool:
        snapshot = source.latest()
        if snapshot is not None:
            notices.append(snapshot.health.notice)
        return snapshot is not None and len(snapshot.checks) == 2 and not snapshot.health.notice

    try:
        wait_for(both)
    finally:
        source.close()
    said = "looking for services failed, and is tried again: OSError: [Errno 24] Too many open"
    assert any(notice.startswith(said) for notice in notices), notices
    assert source.failure() is None


def test_a_look_for_services_that_fails_at_a_reload_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_INTERVAL", 0.01)
    PLAYED.update(one=ok(), two=ok())
    file, finders = tmp_path / "onwatch.yaml", [Faltering(), Faltering()]
    # The first one of the configuration that is read anew is the one that fails.
    finders[1].looks = 1
    notices: list[str] = []

    def load() -> EngineConfig:
        finder = finders[1] if file.exists() else finders[0]
        made = replace(config(spec("one")), finder=finder, files=(file,))
        return replace(made, warnings=("mind the gap",))

    source = EngineSource(load)
    source.start()

    def both() -> bool:
        snapshot = source.latest()
        if snapshot is None:
            return False
        notices.append(snapshot.health.notice)
        well = len(snapshot.checks) == 2 and snapshot.health.notice == "mind the gap"
        return finders[1].looks > 2 and well

    try:
        wait_for(lambda: source.latest() is not None)
        file.touch()
        wait_for(lambda: both() or source.failure() is not None)
    finally:
        source.close()
    assert source.failure() is None
    said = "mind the gap; looking for services failed, and is tried again: OSError: [Errno 24]"
    assert any(notice.startswith(said) for notice in notices), notices


def test_what_looked_for_services_ends_with_its_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_INTERVAL", 0.01)
    PLAYED["one"] = ok()
    file, finders = tmp_path / "onwatch.yaml", [Faltering(), Faltering()]

    def load() -> EngineConfig:
        finder = finders[1] if file.exists() else finders[0]
        return replace(config(spec("one")), finder=finder, files=(file,))

    source = EngineSource(load)
    source.start()
    try:
        wait_for(lambda: source.latest() is not None)
        assert not finders[0].closed
        file.touch()
        wait_for(lambda: finders[0].closed)
        assert not finders[1].closed
    finally:
        source.close()
    wait_for(lambda: finders[1].closed)
