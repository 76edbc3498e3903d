"""A configuration that changes on disk is taken over; a broken one changes nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import checks.garbage
import checks.live
from checks.config import EngineConfig
from checks.engine import Engine
from checks.live import EngineSource
from checks.model import Status
from checks.registry import kind
from checks.settings import KindConfig
from checks.story.telling import of_event
from checks.views import Snapshot
from tests.patience import PATIENCE
from tests.servers.http import HttpServer
from tui.config import load
from tui.config.following import Following
from tui.notices import Notices


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.live, "LOOK_INTERVAL", 0.05)
    monkeypatch.setattr("checks.rules.asking.REFRESH", 0.1)


class Watched:
    """A configuration file and the engine that follows it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = EngineSource(lambda: load(str(path)).engine)
        self.picture: Snapshot | None = None

    def write(self, *checks: str, more: str = "") -> None:
        lines = "".join(f"  - {check}\n" for check in checks) or "  []\n"
        self.put(f"version: 1\ndefaults: {{interval: 200ms, timeout: 10s}}\n{more}checks:\n{lines}")

    def put(self, body: str) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.write_text(body)
        fresh.chmod(0o600)
        fresh.replace(self.path)

    def until(self, seen: Callable[[Snapshot], object], seconds: float = PATIENCE) -> Snapshot:
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


def _worker(mark: str) -> subprocess.Popen[bytes]:
    """A process that has ``mark`` in its command line."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", mark])


def requests(picture: Snapshot) -> int:
    """How many requests the last minute had."""
    return sum(view.window.count for view in picture.requests)


def restarts(picture: Snapshot) -> str:
    """What the check `worker` says of restarts; nothing where there were none."""
    view = picture.check("worker")
    parts = view.parts if view else ()
    return next((part.value for part in parts if part.name == "restarts"), "")


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


def test_what_only_a_check_remembers_is_kept_too(
    http_server: HttpServer, watched: Watched, tmp_path: Path
) -> None:
    """Requests that were counted and restarts that were seen cannot be asked for again: a line that
    changes elsewhere must not take them along."""
    page = '# TYPE http_requests_total counter\nhttp_requests_total{{route="/"}} {}\n'
    http_server.answer("/metrics", page.format(10))
    mark = f"{tmp_path.name}-worker"
    same = (
        f"{{name: page, metrics: {http_server.url}/metrics}}",
        f"{{name: worker, process: {{command: {mark}, restarts: {{warning: 1}}}}}}",
    )
    watched.write(*same)
    worker = _worker(mark)
    try:
        watched.source.start()
        watched.until(lambda p: fine("page")(p) and fine("worker")(p))
        http_server.answer("/metrics", page.format(17))
        worker.kill()
        worker.wait()
        worker = _worker(mark)
        watched.until(lambda p: requests(p) == 7 and restarts(p) == "1")
        watched.write(*same, "{name: new, tcp: 127.0.0.1:1}")
        watched.until(lambda p: p.check("new") is not None)
        http_server.answer("/metrics", page.format(20))
        watched.until(lambda p: requests(p) == 10 and restarts(p) == "1")
    finally:
        worker.kill()
        worker.wait()


def test_a_warning_at_the_start_is_short_above_the_panes_and_whole_among_the_events(
    watched: Watched,
) -> None:
    watched.write("{name: api, enabled: false, http: 'http://127.0.0.1:9/'}")
    watched.source.start()
    picture = watched.until(lambda p: p.health.notice)
    assert picture.health.notice == "onwatch.yaml: no check is enabled"
    assert f"{watched.path}: no check is enabled" in [event.text for event in picture.events]


def test_a_short_relative_path_is_told_as_the_other_commands_tell_it() -> None:
    said = (
        "rules/app.yml:5: is no expression",
        f"{'deep/' * 7}app.yml:5: is no expression",
        "/etc/onwatch/more.yml:2: unknown key",
    )
    engine = Engine(EngineConfig((), base_dir=Path("/"), warnings=said))
    assert engine.notice == (
        "rules/app.yml:5: is no expression; app.yml:5: is no expression; more.yml:2: unknown key"
    )


def test_a_broken_file_leaves_the_running_configuration_in_force_and_says_so(
    http_server: HttpServer, watched: Watched
) -> None:
    good = f"{{name: api, http: {http_server.url}/}}"
    watched.write(good)
    watched.source.start()
    watched.until(fine("api"))
    watched.write("{name: api, htp: nonsense}")
    broken = watched.until(lambda p: p.health.notice)
    said = 'onwatch.yaml:4: checks[0].htp: unknown key; did you mean "http"?'
    assert broken.health.notice.startswith(f"configuration not reloaded: {said}"), "no folders"
    whole = f"configuration not reloaded: {watched.path.parent}/{said}"
    (event,) = (event for event in broken.events if event.text.startswith(whole))
    entry = of_event(event)
    assert entry is not None, "the timeline has it"
    assert entry.text.startswith(whole)
    notices = Notices()
    assert notices.put_away(broken).health.notice == ""
    assert notices.outdated, "the top line has it, whoever has put the notice away"
    runs = broken.health.runs
    watched.until(lambda p: p.health.runs > runs + 2 and fine("api")(p))
    watched.write(good)
    watched.until(lambda p: not p.health.notice and fine("api")(p))
    assert watched.source.failure() is None


def test_an_engine_that_cannot_be_made_leaves_the_running_one_in_force(
    http_server: HttpServer, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = f"{{name: api, http: {http_server.url}/}}"
    watched.write(good)
    watched.source.start()
    watched.until(fine("api"))
    config = kind("http").config
    instance = config.instance

    def failing(self: KindConfig) -> str:
        if "other" in self.address():
            raise RuntimeError("no instance")
        return instance(self)

    monkeypatch.setattr(config, "instance", failing)
    watched.write(good, "{name: other, http: 'http://other.example/'}")
    picture = watched.until(lambda p: p.health.notice)
    assert picture.health.notice == (
        "configuration not reloaded: an error inside: RuntimeError: no instance"
    )
    runs = picture.health.runs
    watched.until(lambda p: p.health.runs > runs + 2 and fine("api")(p))
    watched.write(good)
    watched.until(lambda p: not p.health.notice and fine("api")(p))
    assert watched.source.failure() is None


def test_what_is_written_during_the_first_load_is_taken_over(
    http_server: HttpServer, watched: Watched
) -> None:
    watched.write(f"{{name: api, http: {http_server.url}/}}")
    loads: list[object] = []

    def load_and_edit() -> EngineConfig:
        loaded = load(str(watched.path)).engine
        if not loads:
            watched.write(f"{{name: edited, http: {http_server.url}/}}")
        loads.append(loaded)
        return loaded

    watched.source = EngineSource(load_and_edit)
    watched.source.start()
    watched.until(fine("edited"))


def test_files_that_rest_are_read_once(http_server: HttpServer, watched: Watched) -> None:
    watched.write(f"{{name: api, http: {http_server.url}/}}")
    time.sleep(0.05)  # the file's time is the file system's, not ours
    loads: list[object] = []

    def counted() -> EngineConfig:
        loads.append(1)
        return load(str(watched.path)).engine

    watched.source = EngineSource(counted)
    watched.source.start()
    watched.until(lambda p: fine("api")(p) and p.health.runs > 3)
    assert len(loads) == 1


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


def test_a_broken_include_is_named_and_mended_in_its_own_file(
    http_server: HttpServer, watched: Watched
) -> None:
    good = f"{{name: api, http: {http_server.url}/}}"
    other = watched.path.with_name("more.yaml")
    watched.write(good)
    watched.source.start()
    watched.until(fine("api"))
    other.write_text(f"checks:\n  - {{name: more, htp: {http_server.url}/}}\n")
    watched.write(good, more="include: more.yaml\n")
    broken = watched.until(lambda p: p.health.notice)
    assert "more.yaml:2: checks[0].htp: unknown key" in broken.health.notice
    other.write_text(f"checks:\n  - {{name: more, http: {http_server.url}/}}\n")
    watched.until(lambda p: not p.health.notice and fine("more")(p))
    other.chmod(0o666)
    refused = watched.until(lambda p: p.health.notice)
    assert "others can write to it, and it can run commands; run: chmod go-w" in (
        refused.health.notice
    )
    other.chmod(0o644)
    watched.until(lambda p: not p.health.notice and fine("more")(p))


def test_a_file_that_comes_to_match_an_include_is_taken_over_and_one_that_goes_too(
    http_server: HttpServer, watched: Watched
) -> None:
    folder = watched.path.parent / "checks.d"
    folder.mkdir(mode=0o755)
    good = f"{{name: api, http: {http_server.url}/}}"
    watched.write(good, more="include: checks.d/*.yaml\n")
    watched.source.start()
    watched.until(fine("api"))
    more = folder / "more.yaml"
    fresh = folder / "more.new"
    fresh.write_text(f"checks:\n  - {{name: more, http: {http_server.url}/}}\n")
    fresh.chmod(0o644)
    fresh.rename(more)
    watched.until(lambda p: fine("more")(p) and fine("api")(p))
    more.unlink()
    watched.until(lambda p: p.check("more") is None and fine("api")(p))


def test_an_included_file_that_is_missing_is_read_once_it_is_there(
    http_server: HttpServer, watched: Watched
) -> None:
    good = f"{{name: api, http: {http_server.url}/}}"
    watched.write(good)
    watched.source.start()
    watched.until(fine("api"))
    watched.write(good, more="include: more.yaml\n")
    watched.until(lambda p: "no such file" in p.health.notice)
    fresh = watched.path.with_name("more.new")
    fresh.write_text(f"checks:\n  - {{name: more, http: {http_server.url}/}}\n")
    fresh.chmod(0o644)
    fresh.rename(watched.path.with_name("more.yaml"))
    watched.until(lambda p: not p.health.notice and fine("more")(p))


def test_a_folder_in_its_place_is_a_notice_and_no_end(
    http_server: HttpServer, watched: Watched
) -> None:
    good = f"{{name: api, http: {http_server.url}/}}"
    watched.write(good)
    watched.source.start()
    watched.until(fine("api"))
    watched.path.unlink()
    watched.path.mkdir()
    watched.until(lambda p: "it is a directory; name a file" in p.health.notice and fine("api")(p))
    watched.path.rmdir()
    watched.write(good)
    watched.until(lambda p: not p.health.notice and fine("api")(p))


def test_a_check_may_be_renamed_become_another_kind_and_all_may_go(
    http_server: HttpServer, watched: Watched
) -> None:
    url = http_server.url
    watched.write(f"{{name: api, http: {url}/}}")
    watched.source.start()
    watched.until(fine("api"))
    watched.source.focus("api")
    watched.until(lambda p: p.details is not None and p.details.check == "api")
    watched.write(f"{{name: gateway, http: {url}/}}")
    renamed = watched.until(fine("gateway"))
    assert [view.name for view in renamed.checks] == ["gateway"]
    assert renamed.details is None, "details of a check that there is not"
    port = url.rpartition(":")[2]
    watched.write(f"{{name: gateway, tcp: 127.0.0.1:{port}}}")
    other = watched.until(lambda p: fine("gateway")(p) and p.checks[0].kind == "tcp")
    assert len(other.checks[0].history) < 5, "another kind's past is not its own"
    watched.write()
    gone = watched.until(lambda p: not p.checks)
    assert "no check is enabled" in gone.health.notice
    watched.write(f"{{name: api, http: {url}/}}")
    watched.until(lambda p: not p.health.notice and fine("api")(p))


def test_what_is_written_while_a_change_is_taken_over_is_taken_over_too(
    http_server: HttpServer, watched: Watched
) -> None:
    watched.write(f"{{name: api, http: {http_server.url}/}}")
    watched.source.start()
    watched.until(fine("api"))
    for number in range(20):
        watched.write(f"{{name: api-{number}, http: {http_server.url}/}}")
        time.sleep(0.01 * (number % 7))
    last = watched.until(fine("api-19"))
    assert [view.name for view in last.checks] == ["api-19"]


def test_many_reloads_leave_no_thread_descriptor_task_or_engine_behind(
    http_server: HttpServer, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks.garbage, "SETTLED", 0.3)
    made: weakref.WeakSet[Engine] = weakref.WeakSet()
    make = Engine.__init__

    def noted(self: Engine, *args: Any, **options: Any) -> None:
        make(self, *args, **options)
        made.add(self)

    monkeypatch.setattr(Engine, "__init__", noted)

    def reload(number: int) -> None:
        watched.write(f"{{name: api-{number}, http: {http_server.url}/}}")
        watched.until(fine(f"api-{number}"))

    def held() -> tuple[int, int]:
        return threading.active_count(), psutil.Process().num_fds()

    watched.write(f"{{name: api, http: {http_server.url}/}}")
    watched.source.start()
    watched.until(fine("api"))
    for number in range(3):
        reload(number)
    before = held()
    for number in range(3, 18):
        reload(number)
    deadline = time.monotonic() + PATIENCE
    while len(made) > 1 or any(now > then for now, then in zip(held(), before, strict=True)):
        assert time.monotonic() < deadline, (len(made), held(), before)
        time.sleep(0.05)


def test_rules_learn_of_a_configuration_that_could_not_be_reloaded(
    http_server: HttpServer, watched: Watched
) -> None:
    def says(value: float) -> Callable[[Snapshot], object]:
        return lambda p: p.query is not None and [one for _, one in p.query.rows] == [value]

    good = f"{{name: api, http: {http_server.url}/}}"
    watched.write(good)
    watched.source.start()
    watched.source.query("blackbox_exporter_config_last_reload_successful")
    told = watched.until(says(1.0)).query
    assert told is not None
    assert dict(told.rows[0][0])["job"] == "onwatch"
    watched.write("{name: api, htp: nonsense}")
    watched.until(says(0.0), 20)
    watched.write(good)
    watched.until(says(1.0), 20)
