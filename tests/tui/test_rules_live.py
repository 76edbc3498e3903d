"""Rules from their file to the screen: a real server, the real engine's thread, the real app."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

import checks.live
from checks.live import EngineSource
from checks.rules.views import RulesView
from checks.views import Snapshot
from tests.patience import PATIENCE
from tests.servers.redis import RedisServer
from tests.tui.app_kit import seen
from tui.app import OnwatchApp
from tui.config import load

RULES = """\
groups:
  - name: cache
    interval: 100ms
    rules:
      - alert: KeysMissing
        expr: redis_db_keys{db="db0"} < 3
        labels: {severity: critical}
        annotations: {summary: "too few keys"}
      - {alert: Typo, expr: redis_conected_clients > 1}
"""
CONFIG = """\
version: 1
defaults: {{interval: 200ms, timeout: 10s}}
checks: [{{name: cache, redis: '{url}'}}]
rules: {{packs: [], files: [rules/*.yml]{more}}}
"""


class Followed:
    """A configuration with its rule file, and the engine that follows both."""

    def __init__(self, folder: Path, server: RedisServer) -> None:
        self.path = folder / "onwatch.yaml"
        self.rules_file = folder / "rules" / "cache.yml"
        self.rules_file.parent.mkdir()
        self.server = server
        self.put(self.rules_file, RULES)
        self.configure()
        self.source = EngineSource(lambda: load(str(self.path)).engine)
        self.picture: Snapshot | None = None

    def configure(self, more: str = "") -> None:
        self.put(self.path, CONFIG.format(url=self.server.url, more=more))

    @staticmethod
    def put(path: Path, text: str) -> None:
        fresh = path.with_suffix(".new")
        fresh.write_text(text)
        fresh.chmod(0o600)
        fresh.replace(path)

    def until(self, wanted: Callable[[Snapshot], object], seconds: float = PATIENCE) -> Snapshot:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.picture = self.source.latest() or self.picture
            if self.picture is not None and wanted(self.picture):
                return self.picture
            time.sleep(0.02)
        raise AssertionError(f"it did not come to pass: {self.picture}")


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.live, "LOOK_INTERVAL", 0.05)


def names(snapshot: Snapshot) -> list[str]:
    return [alert.name for alert in snapshot.alerts]


def rules(snapshot: Snapshot) -> list[str]:
    return [rule.name for rule in (snapshot.rules or RulesView()).rules]


async def test_a_rule_fires_and_is_resolved_on_the_screen(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    followed = Followed(tmp_path, redis_server)
    app = OnwatchApp(followed.source)
    async with app.run_test(size=(120, 36)) as pilot:

        async def shows(text: str, *, there: bool = True) -> None:
            deadline = time.monotonic() + PATIENCE
            while (text in seen(pilot)) is not there:
                assert time.monotonic() < deadline, seen(pilot)
                await pilot.pause(0.05)

        await shows("CRITICAL   KeysMissing: too few keys")
        await shows("firing:")
        redis_server.call("MSET", "a", "1", "b", "2", "c", "3")
        await shows("the one check is fine")
        await shows("CRITICAL   KeysMissing", there=False)
        await shows("resolved:")


def test_a_broken_rule_file_leaves_the_rules_in_force_and_says_so(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    followed = Followed(tmp_path, redis_server)
    followed.source.start()
    try:
        before = followed.until(lambda p: names(p) == ["KeysMissing"])
        assert (before.rules or RulesView()).rules
        followed.put(followed.rules_file, "groups: {")
        # On a busy machine the check of such an interval may be late, and tell of that meanwhile.
        after = followed.until(
            lambda p: "not reloaded" in p.health.notice and names(p) == ["KeysMissing"]
        )
        assert "configuration not reloaded" in after.health.notice
        assert "cache.yml:2: not valid YAML" in after.health.notice
        followed.put(followed.rules_file, RULES.replace("Typo", "Other"))
        mended = followed.until(lambda p: "Other" in rules(p))
        assert mended.alerts[0].since == before.alerts[0].since, "it goes on firing"
    finally:
        followed.source.close()


def test_a_rule_that_is_switched_off_goes_with_its_alerts(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    followed = Followed(tmp_path, redis_server)
    followed.source.start()
    try:
        followed.until(lambda p: names(p) == ["KeysMissing"])
        followed.configure(", disable: [KeysMissing]")
        followed.until(lambda p: rules(p) == ["Typo"] and names(p) == [])
    finally:
        followed.source.close()


def test_a_new_rule_file_that_a_pattern_names_is_taken_over(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    followed = Followed(tmp_path, redis_server)
    followed.source.start()
    try:
        followed.until(lambda p: names(p) == ["KeysMissing"])
        more = "groups: [{name: up, interval: 100ms, rules: [{alert: Up, expr: up == 1}]}]"
        followed.put(followed.rules_file.with_name("more.yml"), more)
        followed.until(lambda p: sorted(names(p)) == ["KeysMissing", "Up"])
    finally:
        followed.source.close()
