"""A configuration that changes on disk is taken over; a broken one changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import checks.live
from checks.live import EngineSource
from checks.model import Status
from checks.views import Snapshot
from tests.servers.http import HttpServer
from tui.config import load
from tui.config.following import Following


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.live, "LOOK_INTERVAL", 0.05)


class Watched:
    """A configuration file and the engine that follows it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = EngineSource(lambda: load(str(path)).engine)
        self.picture: Snapshot | None = None

    def write(self, *checks: str) -> None:
        lines = "".join(f"  - {check}\n" for check in checks)
        body = f"version: 1\ndefaults: {{interval: 200ms}}\nchecks:\n{lines}"
        fresh = self.path.with_suffix(".new")
        fresh.write_text(body)
        fresh.chmod(0o600)
        fresh.replace(self.path)

    def until(self, seen: Callable[[Snapshot], object], seconds: float = 10) -> Snapshot:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.picture = self.source.latest() or self.picture
            if self.picture is not None and seen(self.picture):
                return self.picture
            time.sleep(0.02)
        raise AssertionError(f"it did not come to pass: {self.picture}")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path / "onwatch.yaml")
    yield made
    made.source.close()


def fine(name: str) -> Callable[[Snapshot], bool]:
    return lambda picture: (view := picture.check(name)) is not None and view.status is Status.OK


def test_new_checks_come_old_ones_go_and_unchanged_ones_keep_their_past(
    http_server: HttpServer, watched: Watched
) -> None:
    kept = f"{{name: kept, http: {http_server.url}/}}"
    watched.write(kept, f"{{name: gone, http: {http_server.url}/}}")
    watched.source.start()
    before = watched.until(
        lambda p: fine("kept")(p) and fine("gone")(p) and len(p.checks[0].history) >= 3
    )
    since = before.checks[0].since
    watched.write(kept, f"{{name: new, http: {http_server.url}/}}")
    after = watched.until(fine("new"))
    assert {check.name for check in after.checks} == {"kept", "new"}
    view = after.check("kept")
    assert view is not None
    assert len(view.history) >= 3
    assert view.since <= since
    assert "configuration reloaded: 2 checks" in [event.text for event in after.events]


def test_a_broken_file_leaves_the_running_configuration_in_force_and_says_so(
    http_server: HttpServer, watched: Watched
) -> None:
    good = f"{{name: api, http: {http_server.url}/}}"
    watched.write(good)
    watched.source.start()
    watched.until(fine("api"))
    watched.write("{name: api, htp: nonsense}")
    broken = watched.until(lambda p: p.health.notice)
    assert "configuration not reloaded" in broken.health.notice
    assert 'onwatch.yaml:4: checks[0].htp: unknown key; did you mean "http"?' in (
        broken.health.notice
    )
    runs = broken.health.runs
    watched.until(lambda p: p.health.runs > runs + 2 and fine("api")(p))
    watched.write(good)
    watched.until(lambda p: not p.health.notice and fine("api")(p))
    assert watched.source.failure() is None


def test_a_file_that_vanishes_is_a_notice_and_no_end(
    http_server: HttpServer, watched: Watched
) -> None:
    watched.write(f"{{name: api, http: {http_server.url}/}}")
    watched.source.start()
    watched.until(fine("api"))
    watched.path.unlink()
    watched.until(lambda p: "no such file" in p.health.notice and fine("api")(p))


def test_a_file_that_was_found_and_vanishes_is_missed_and_not_replaced_by_what_is_discovered(
    http_server: HttpServer, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(watched.path.parent)
    monkeypatch.delenv("ONWATCH_CONFIG", raising=False)
    following = Following(None)
    watched.source = EngineSource(lambda: following.load().engine)
    watched.write(f"{{name: api, http: {http_server.url}/}}")
    watched.source.start()
    watched.until(fine("api"))
    kept = watched.path.rename(watched.path.with_suffix(".away"))
    picture = watched.until(lambda p: "no such file" in p.health.notice)
    assert [view.name for view in picture.checks] == ["api"]
    kept.rename(watched.path)
    watched.until(lambda p: not p.health.notice and fine("api")(p))
