"""A thread's own time, without asking the kernel each time."""

from __future__ import annotations

import time

import pytest

from checks.rules.own_time import APART, OwnTime


def test_it_is_at_most_a_little_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, own, asked = 100.0, 7.0, 0

    def thread_time() -> float:
        nonlocal asked
        asked += 1
        return own

    monkeypatch.setattr(time, "monotonic", lambda: wall)
    monkeypatch.setattr(time, "thread_time", thread_time)
    clock = OwnTime()
    assert clock() == 7.0
    for _ in range(1000):
        wall += APART / 100
        own += APART / 300
        assert own <= clock() + 1e-9 <= own + APART + 1e-6
    assert asked < 15


def test_who_only_waits_uses_no_time() -> None:
    clock = OwnTime()
    before = clock()
    time.sleep(2 * APART)
    assert clock() - before < APART
