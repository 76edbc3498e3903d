"""``onwatch init`` writes what discovery found, so that the same is watched, and no secret."""

from __future__ import annotations

import argparse
import json
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checks.config import EngineConfig
from checks.discovery.finder import Discovery
from checks.discovery.model import Service, Web
from checks.discovery.plan import Plan, Planned
from checks.errors import OnwatchError
from checks.live import EngineSource
from checks.probe import CheckSpec
from checks.registry import kind
from tests.checks.discovery_kit import discovery
from tests.patience import PATIENCE
from tests.servers.http import HttpServer
from tests.servers.redis import RedisServer
from tests.tui.cli_helpers import onwatch
from tui.commands import check as check_command
from tui.commands import init
from tui.config import load
from tui.output.as_config import as_config

PASSWORD = "open-sesame"
HOST = CheckSpec("web-1", "host", kind("host").config())
EXPORTER = Web("/metrics", False, 200, metrics=True)
EVERYTHING = (
    Service("http", "127.0.0.1", 8000, program="shop", web=Web("/health", False, 200)),
    Service("http", "127.0.0.1", 443, program="nginx", web=Web("/", True, 401)),
    Service("http", "127.0.0.1", 9100, program="node_exporter", web=EXPORTER),
    Service("postgres", "127.0.0.1", 5432, "/run/postgresql/.s.PGSQL.5432", unit="pg.service"),
    Service("postgres", "127.0.0.1", 5433),
    Service("mysql", "127.0.0.1", 3306, "/run/mysqld/mysqld.sock"),
    Service("mysql", "127.0.0.1", 3307),
    Service("redis", "127.0.0.1", 6379),
    Service("redis", path="/run/redis/$odd name.sock"),
    Service("sqlite", path='/srv/shop/it\'s $HOME: a "file".db'),
    Service("tcp", "127.0.0.1", 11211, program="memcached"),
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of the user's own counts or is written to."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "ONWATCH_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def plan(*services: Service, **environ: str) -> list[Planned]:
    made = Plan(environ)
    made.update(services, [], {})
    return made.planned


def read(text: str, tmp_path: Path, **environ: str) -> tuple[CheckSpec, ...]:
    path = tmp_path / "written.yaml"
    path.write_text(text)
    path.chmod(0o600)
    loaded = load(str(path), environ)
    # Files that are not there are told; nothing else may be amiss.
    assert [one for one in loaded.engine.warnings if "there is no" not in one] == []
    return loaded.engine.checks


def picture(specs: tuple[CheckSpec, ...]) -> list[tuple[object, ...]]:
    return [
        (one.name, one.kind, one.config.address(), one.config, one.interval, one.timeout)
        for one in specs
    ]


def test_what_is_written_is_the_same_picture(tmp_path: Path) -> None:
    found = plan(*EVERYTHING)
    text = as_config(found, [HOST])
    specs = (*(one.spec for one in found), HOST)
    assert picture(read(text, tmp_path)) == picture(specs)


def test_each_section_and_check_says_what_it_is() -> None:
    text = as_config(plan(*EVERYTHING), [HOST])
    for line in (
        "  # Web services.",
        "  # PostgreSQL.",
        "  # It runs as pg.service.",
        "  # SQLite files",
        "  # This machine.",
        "    interval: 15s",
        "      expect: {status: [2xx, 401]}",
        "  # Its certificate is not verified; when it ends is watched.",
    ):
        assert line in text
    assert text.count("# Redis.") == 1


@pytest.mark.parametrize(
    "environ",
    [
        {"DATABASE_URL": f"postgresql://app:{PASSWORD}@localhost/shop"},
        {"REDIS_URL": f"redis://:{PASSWORD}@localhost/0"},
        {"REDISCLI_AUTH": PASSWORD},
        {"PGUSER": "app", "PGPASSWORD": PASSWORD},
        {"MYSQL_USER": "app", "MYSQL_PASSWORD": PASSWORD, "MYSQL_DATABASE": "shop"},
        {"DATABASE_URL": f"mysql://app:{PASSWORD}@localhost/shop"},
    ],
)
def test_credentials_are_referred_to_and_not_written(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    found = plan(*EVERYTHING, **environ)
    text = as_config(found, [])
    assert PASSWORD not in text
    assert picture(read(text, tmp_path, **environ)) == picture(tuple(one.spec for one in found))


def test_what_programs_call_themselves_adds_no_lines(tmp_path: Path) -> None:
    evil = "x\n  - name: evil\n    tcp: 192.0.2.1:1\n#"
    found = plan(
        Service("http", "127.0.0.1", 8000, program=evil, unit=evil, web=Web("/", False, 200)),
        Service("sqlite", path=f"/srv/{evil}.db"),
    )
    specs = read(as_config(found, []), tmp_path)
    assert [one.kind for one in specs] == ["http", "sqlite"]


# The command.


@pytest.fixture
def this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Has the command find what is at some ports alone."""

    def choose(*ports: int, temporary: tuple[str, ...] = ()) -> None:
        def chosen(environ: object) -> tuple[EngineConfig, Discovery]:
            del environ
            finder = discovery(tmp_path, *ports, temporary=temporary)
            return EngineConfig((HOST,), files=(Path("onwatch.yaml"),), finder=finder), finder

        monkeypatch.setattr("tui.config.discovered.this_machine", chosen)

    return choose


def run(**given: object) -> int:
    usual = {"config": None, "output": None, "stdout": False, "force": False}
    return init.run(argparse.Namespace(**{**usual, **given}))


def test_it_is_written_where_onwatch_looks_and_to_nobody_elses_eyes(
    this_machine: Callable[..., None],
    redis_server: RedisServer,
    http_server: HttpServer,
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    http_server.answer("/healthz", "ok")
    this_machine(redis_server.port, http_server.port)
    assert run() == 0
    path = home / ".config" / "onwatch" / "onwatch.yaml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = load(None, {})
    assert loaded.path == str(path)
    addresses = [one.config.address() for one in loaded.engine.checks]
    assert f"http://127.0.0.1:{http_server.port}/healthz" in addresses
    assert f"127.0.0.1:{redis_server.port}" in addresses
    said = capsys.readouterr().out
    assert said.startswith(f"wrote {path}: ")
    assert "1 host" in said
    assert "`onwatch validate`" in said


def test_what_lives_in_a_temporary_folder_is_left_out_and_said(
    this_machine: Callable[..., None],
    redis_server: RedisServer,
    http_server: HttpServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    http_server.answer("/healthz", "ok")
    folder = redis_server.directory
    this_machine(redis_server.port, http_server.port, temporary=(f"{folder}/",))
    assert run(stdout=True) == 0
    said = capsys.readouterr()
    assert f"127.0.0.1:{http_server.port}/healthz" in said.out
    assert "redis" not in said.out
    assert said.err.endswith(
        "note: left out, since a temporary folder is no place to stay: "
        f"redis-{redis_server.port} ({folder})\n"
    )


def test_a_file_that_is_there_is_left_alone_unless_forced(
    this_machine: Callable[..., None], tmp_path: Path
) -> None:
    this_machine()
    path = tmp_path / "mine.yaml"
    path.write_text("mine")
    with pytest.raises(OnwatchError, match="is there already: --force overwrites it"):
        run(output=str(path))
    assert path.read_text() == "mine"
    assert run(output=str(path), force=True) == 0
    assert path.read_text().startswith("# What onwatch found")
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".mine")] == []


def test_a_link_that_leads_nowhere_is_there(
    this_machine: Callable[..., None], tmp_path: Path
) -> None:
    this_machine()
    (tmp_path / "mine.yaml").symlink_to("nowhere")
    with pytest.raises(OnwatchError, match="is there already"):
        run(output="mine.yaml")


def test_a_pipe_stays_one(this_machine: Callable[..., None], tmp_path: Path) -> None:
    this_machine()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OnwatchError, match="pipe is no file that could be overwritten"):
        run(output="pipe", force=True)
    assert (tmp_path / "pipe").is_fifo()


def test_a_place_that_cannot_be_written_is_said(
    this_machine: Callable[..., None], tmp_path: Path
) -> None:
    this_machine()
    (tmp_path / "file").write_text("")
    with pytest.raises(OnwatchError, match=r"onwatch\.yaml cannot be written: .*; name"):
        run(output="file/onwatch.yaml")


def test_elsewhere_it_says_how_to_use_it(
    this_machine: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    this_machine()
    assert run(output="my shop.yaml") == 0
    assert "run it with: onwatch -c 'my shop.yaml'" in capsys.readouterr().out
    (tmp_path / "onwatch.yaml").write_text("version: 1\nchecks: []\n")
    assert run(output="other.yaml") == 0
    assert "(without -c, onwatch.yaml is read)" in capsys.readouterr().out


def test_it_can_be_printed(
    this_machine: Callable[..., None], capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    this_machine()
    assert run(stdout=True) == 0
    assert "  - name: web-1\n    host: {}\n" in capsys.readouterr().out
    assert not (home / ".config").exists()


def test_a_slow_server_is_given_the_time_it_takes(
    this_machine: Callable[..., None],
    http_server: HttpServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    http_server.answer("/health", {"status": "ok"}, delay=0.5)
    this_machine(http_server.port)
    run(stdout=True)
    assert f"url: http://127.0.0.1:{http_server.port}/health\n" in capsys.readouterr().out


# The real program.


def test_the_program_refuses_what_is_there_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("mine")
    done = onwatch(tmp_path, "init", "-o", "mine.yaml")
    assert done.returncode == 3
    assert done.stderr == (
        "onwatch: mine.yaml is there already: --force overwrites it, "
        "--stdout shows what would be written\n"
    )
    done = onwatch(tmp_path, "init", "-o", "no/such/x.yaml")
    assert done.returncode == 3
    assert done.stderr == (
        "onwatch: no/such/x.yaml cannot be written: there is no folder no/such; make it "
        "(mkdir -p no/such), or name another with -o\n"
    )
    assert not (tmp_path / "no").exists()
    done = onwatch(tmp_path, "init", "-o", "x", "--stdout")
    assert done.returncode == 2
    assert "not allowed with" in done.stderr


# Without a configuration.


def check(capsys: pytest.CaptureFixture[str], **given: object) -> tuple[int, dict[str, Any]]:
    """The exit code of ``onwatch check``, and its checks by name."""
    usual = {"config": None, "only": None, "format": "json", "timeout": None}
    code = check_command.run(argparse.Namespace(**{**usual, **given}))
    return code, {one["name"]: one for one in json.loads(capsys.readouterr().out)["checks"]}


def test_a_pass_without_a_configuration_checks_what_is_found(
    this_machine: Callable[..., None], redis_server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    this_machine(redis_server.port)
    name = f"redis-{redis_server.port}"
    code, found = check(capsys, only=[name])
    assert code == 0
    assert (found[name]["kind"], found[name]["status"]) == ("redis", "ok")
    redis_server.kill()
    code, found = check(capsys, only=[name])
    assert code == 2
    assert found[name]["message"].startswith("it ran when onwatch last looked, ")


def test_a_configuration_switches_discovery_off(
    this_machine: Callable[..., None], redis_server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    this_machine(redis_server.port)
    path = Path("onwatch.yaml")
    path.write_text("version: 1\nchecks: [{name: web-1, host: {}}]\n")
    path.chmod(0o600)
    _, found = check(capsys)
    assert list(found) == ["web-1"]


def test_a_configuration_that_comes_to_be_is_taken_over(
    this_machine: Callable[..., None],
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("checks.live.LOOK_INTERVAL", 0.05)
    this_machine(redis_server.port)
    source = EngineSource(lambda: load(None, {}).engine)
    source.start()
    try:
        assert until(source, lambda names: f"redis-{redis_server.port}" in names)
        run(output="onwatch.yaml")
        text = Path("onwatch.yaml").read_text().replace("name: web-1", "name: renamed")
        Path("onwatch.yaml").write_text(text)
        names = until(source, lambda names: "renamed" in names)
        assert f"redis-{redis_server.port}" in names
        assert "web-1" not in names
    finally:
        source.close()


def until(source: EngineSource, seen: Callable[[set[str]], bool]) -> set[str]:
    """The names of the checks in the first picture in which they are as wished for."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert source.failure() is None
        picture = source.latest()
        names = {one.name for one in picture.checks} if picture else set()
        if seen(names):
            return names
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")
