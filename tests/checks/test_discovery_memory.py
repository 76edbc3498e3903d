"""What a session found is remembered by the next, and nothing that it must not know."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from checks.discovery.memory import LONGEST, MOST, Memory, Remembered, state_file
from checks.discovery.model import Service, Web

NOW = 1_800_000_000.0
REDIS = Service("redis", "127.0.0.1", 6379, unit="redis-server.service")
EXPORTER = Service("http", "127.0.0.1", 9100, web=Web("/metrics", False, 200, metrics=True))
SHOP = Service("http", "127.0.0.1", 8000, program="shop", web=Web("/health", True, 200))
FILE = Service("sqlite", path="/srv/shop/orders.db")


def seen(service: Service, at: float = NOW) -> Remembered:
    return Remembered(service, service.program or service.kind, at)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "state" / "found.json")


def test_what_was_kept_is_recalled(memory: Memory) -> None:
    kept = [seen(REDIS), seen(SHOP), seen(EXPORTER), seen(FILE)]
    memory.keep(kept, NOW)
    assert sorted(memory.recall(NOW), key=lambda one: one.name) == sorted(
        kept, key=lambda one: one.name
    )


def test_nobody_else_can_read_or_write_it(memory: Memory) -> None:
    memory.keep([seen(REDIS)], NOW)
    assert stat.S_IMODE(memory.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(memory.path.parent.stat().st_mode) == 0o700
    assert [path.name for path in memory.path.parent.iterdir()] == [memory.path.name]


def test_what_was_not_seen_for_a_week_is_forgotten(memory: Memory) -> None:
    memory.keep([seen(REDIS)], NOW)
    assert memory.recall(NOW + LONGEST - 1)
    assert not memory.recall(NOW + LONGEST + 100)


def test_what_was_not_seen_again_keeps_its_time(memory: Memory) -> None:
    memory.keep([seen(REDIS), seen(SHOP)], NOW)
    later = Memory(memory.path)
    later.keep([seen(SHOP, NOW + 100)], NOW + 100)
    times = {one.service.kind: one.seen for one in later.recall(NOW + 100)}
    assert times == {"redis": NOW, "http": NOW + 100}


def test_it_is_written_only_where_there_is_news_or_now_and_then(memory: Memory) -> None:
    memory.keep([seen(REDIS)], NOW)
    memory.path.unlink()
    memory.keep([seen(REDIS, NOW + 30)], NOW + 30)
    assert not memory.path.exists()
    memory.keep([seen(REDIS, NOW + 601)], NOW + 601)
    assert memory.path.exists()
    memory.keep([seen(REDIS, NOW + 602), seen(SHOP, NOW + 602)], NOW + 602)
    assert len(memory.recall(NOW + 602)) == 2


def test_it_stays_small(memory: Memory) -> None:
    many = [seen(Service("http", "127.0.0.1", port), NOW + port) for port in range(1, 500)]
    memory.keep(many, NOW + 500)
    recalled = memory.recall(NOW + 500)
    assert len(recalled) == MOST
    assert min(one.service.port for one in recalled) == 500 - MOST
    assert memory.path.stat().st_size < 50_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"version": 2, "services": [{"kind": "redis"}]}',
        '{"version": 1, "services": {"a": 1}}',
        '{"version": 1, "services": [1, null, {"kind": "redis"}]}',
        '{"version": 1}',
    ],
)
def test_a_file_that_is_not_ours_is_no_memory(memory: Memory, text: str) -> None:
    memory.path.parent.mkdir()
    memory.path.write_text(text)
    memory.path.chmod(0o600)
    assert memory.recall(NOW) == []
    memory.keep([seen(REDIS)], NOW)
    assert memory.recall(NOW) == [seen(REDIS)]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "command"},
        {"host": "192.0.2.1"},
        {"host": "evil.example"},
        {"port": 70_000},
        {"port": "6379"},
        {"port": True},
        {"port": 0},
        {"name": ""},
        {"name": "\x1b[2J"},
        {"name": 5},
        {"seen": NOW + 1e9},
        {"path": ["x"]},
    ],
)
def test_an_entry_that_we_would_not_have_written_is_left_out(
    memory: Memory, change: dict[str, object]
) -> None:
    memory.keep([seen(REDIS), seen(FILE)], NOW)
    document = json.loads(memory.path.read_text())
    for entry in document["services"]:
        if entry["kind"] == "redis":
            entry.update(change)
    memory.path.write_text(json.dumps(document))
    assert memory.recall(NOW) == [seen(FILE)]


def test_a_file_that_others_may_write_is_ignored(memory: Memory) -> None:
    memory.keep([seen(REDIS)], NOW)
    memory.path.chmod(0o622)
    assert memory.recall(NOW) == []


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    memory = Memory(tmp_path / "file" / "found.json")
    memory.keep([seen(REDIS)], NOW)
    assert memory.recall(NOW) == []


def test_each_machine_has_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_file("web-1.example") == tmp_path / "onwatch" / "found-web-1.example.json"
    assert state_file("../../etc/x").parent == tmp_path / "onwatch"
    assert os.sep not in state_file("../../etc/x").name


@pytest.mark.parametrize(
    "services",
    ["5", "true", '"a"', '{"a": {}}', "[" * 50_000, "[[{}]]", f'[{{"seen": 1{"0" * 400}}}]'],
)
def test_a_file_that_makes_no_sense_is_passed_over(memory: Memory, services: str) -> None:
    memory.path.parent.mkdir()
    memory.path.write_text(f'{{"version": 1, "services": {services}}}')
    assert memory.recall(NOW) == []


def test_an_absurd_time_is_passed_over(memory: Memory) -> None:
    memory.keep([seen(REDIS)], NOW)
    text = memory.path.read_text()
    memory.path.write_text(text.replace(f"{NOW:.0f}", "9" * 400))
    assert memory.recall(NOW) == []
