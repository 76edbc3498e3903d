"""``onwatch check`` and ``onwatch validate`` as programs, against real servers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.servers.http import HttpServer
from tests.servers.redis import RedisServer
from tests.servers.sqlite import SqliteDatabase
from tests.tui.cli_helpers import PROGRAM, environment, onwatch
from tests.tui.terminals import OnTerminal


def configure(folder: Path, *checks: str) -> None:
    listed = "".join(f"  - {check}\n" for check in checks)
    (folder / "onwatch.yaml").write_text(f"version: 1\nchecks:\n{listed}")


def test_all_that_is_well_is_a_table_and_0(
    tmp_path: Path,
    http_server: HttpServer,
    redis_server: RedisServer,
    sqlite_database: SqliteDatabase,
) -> None:
    configure(
        tmp_path,
        f"{{name: api, http: '{http_server.answer('/', 'fine')}'}}",
        f"{{name: port, tcp: '127.0.0.1:{http_server.port}'}}",
        f"{{name: cache, redis: '{redis_server.url}'}}",
        f"{{name: db, sqlite: '{sqlite_database.path}'}}",
    )
    done = onwatch(tmp_path, "check")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    rows = done.stdout.splitlines()
    assert [row.split()[:3] for row in rows[:4]] == [
        ["✔", "OK", name] for name in ("api", "port", "cache", "db")
    ]
    assert rows[-1].startswith("4 checks: 4 ok · ")
    assert "\x1b" not in done.stdout


def test_the_worst_check_decides_the_exit_code(tmp_path: Path, http_server: HttpServer) -> None:
    http_server.answer("/down", status=503)
    http_server.answer("/limited", {"status": "degraded"})
    well = f"{{name: well, http: '{http_server.answer('/', 'fine')}'}}"
    limited = f"{{name: limited, http: '{http_server.url}/limited'}}"
    down = f"{{name: down, http: '{http_server.url}/down'}}"
    for checks, code in (([well, limited], 1), ([well, limited, down], 2)):
        configure(tmp_path, *checks)
        assert onwatch(tmp_path, "check").returncode == code
    for name, code in (("well", 0), ("limited", 1), ("down", 2)):
        assert onwatch(tmp_path, "check", "--only", name).returncode == code
    both = onwatch(tmp_path, "check", "--only", "well", "--only", "limited", "--json")
    assert [c["name"] for c in json.loads(both.stdout)["checks"]] == ["well", "limited"]


def test_a_server_that_wants_a_password_is_unknown_and_3(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    redis_server.set(requirepass="sesame")
    configure(tmp_path, f"{{name: cache, redis: '{redis_server.url}'}}")
    done = onwatch(tmp_path, "check")
    assert done.returncode == 3
    assert done.stdout.startswith("? UNKNOWN   cache")


def test_json_says_the_same_to_programs(tmp_path: Path, http_server: HttpServer) -> None:
    url = http_server.answer("/health", {"status": "degraded", "checks": {"db": "down"}})
    configure(tmp_path, f"{{name: api, labels: {{env: prod}}, http: '{url}'}}")
    done = onwatch(tmp_path, "check", "--json")
    made = json.loads(done.stdout)
    (check,) = made["checks"]
    assert made["version"] == 1
    assert made["exit_code"] == done.returncode != 0
    assert (check["name"], check["kind"], check["up"]) == ("api", "http", True)
    assert check["labels"]["env"] == "prod"
    assert [part["name"] for part in check["parts"]] == ["db"]
    assert 0 < check["duration_seconds"] < 3


def test_nagios_gets_its_format(tmp_path: Path, http_server: HttpServer) -> None:
    url = http_server.answer("/a", status=503)
    configure(tmp_path, f"{{name: api, http: '{url}'}}")
    done = onwatch(tmp_path, "check", "--format", "nagios")
    assert done.returncode == 2
    first, second = done.stdout.splitlines()
    assert first.startswith("ONWATCH CRITICAL - api: HTTP 503")
    assert " | 'api'=0." in first
    assert second.startswith("[CRITICAL] api: HTTP 503")


def test_for_nagios_a_broken_configuration_is_unknown(tmp_path: Path) -> None:
    configure(tmp_path, "{name: a, htpp: x}")
    done = onwatch(tmp_path, "check", "--format", "nagios")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout == (
        'ONWATCH UNKNOWN - onwatch.yaml:3: checks[0].htpp: unknown key; did you mean "http"?\n'
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--only", "ap"],
            'onwatch: --only: no enabled check is called "ap"; did you mean "api"?\n',
        ),
        (
            ["--only", "zebra"],
            'onwatch: --only: no enabled check is called "zebra"; there are api, port\n',
        ),
        (
            ["--only", "off"],
            'onwatch: --only: no enabled check is called "off"; there are api, port\n',
        ),
        (
            ["--timeout", "soon"],
            "onwatch: --timeout: 'soon' is not a duration; write 500ms, 5s, 1m or 1h30m\n",
        ),
        (["--timeout", "0"], "onwatch: --timeout: must be at least 10ms\n"),
    ],
)
def test_a_wrong_option_is_told_before_anything_runs(
    arguments: list[str], sentence: str, tmp_path: Path, http_server: HttpServer
) -> None:
    configure(
        tmp_path,
        f"{{name: api, http: '{http_server.url}/'}}",
        f"{{name: port, tcp: '127.0.0.1:{http_server.port}'}}",
        "{name: off, enabled: false, host: }",
    )
    done = onwatch(tmp_path, "check", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence)
    assert http_server.connections == 0


def test_the_timeout_of_the_command_line_is_that_of_every_check(
    tmp_path: Path, http_server: HttpServer
) -> None:
    url = http_server.answer("/slow", "late", delay=20)
    configure(tmp_path, f"{{name: api, interval: 1m, timeout: 30s, http: '{url}'}}")
    made = json.loads(onwatch(tmp_path, "check", "--timeout", "300ms", "--json").stdout)
    assert made["checks"][0]["reason"] == "timeout"
    assert made["duration_seconds"] < 5


def test_nothing_to_judge_is_unknown_and_said(tmp_path: Path) -> None:
    configure(tmp_path, "{name: off, enabled: false, host: }")
    done = onwatch(tmp_path, "check")
    assert done.returncode == 3
    assert "there is nothing to check: no check is enabled" in done.stderr


def test_what_a_target_says_cannot_command_the_terminal(
    tmp_path: Path, http_server: HttpServer
) -> None:
    evil = "\x1b]0;owned\x07\u202edisk[red]x"
    url = http_server.answer("/", {"status": "degraded", "checks": {evil: "down"}})
    configure(tmp_path, f"{{name: api, http: '{url}'}}")
    for shape in ("table", "json", "nagios"):
        shown = onwatch(tmp_path, "check", "--format", shape).stdout
        assert "\x1b" not in shown
        assert "owned" not in shown
        assert "\u202e" not in shown
        assert "[red]" in shown


def test_a_secret_in_a_url_is_shown_nowhere(tmp_path: Path, redis_server: RedisServer) -> None:
    configure(
        tmp_path, f"{{name: cache, redis: 'redis://u:hunter2@127.0.0.1:{redis_server.port}/0'}}"
    )
    for arguments in (["check"], ["check", "--json", "-vv"], ["validate", "-vv"]):
        done = onwatch(tmp_path, *arguments)
        assert "hunter2" not in done.stdout + done.stderr


def test_on_a_terminal_it_is_coloured_and_fits(tmp_path: Path, http_server: HttpServer) -> None:
    url = http_server.answer("/a", status=503)
    configure(tmp_path, f"{{name: api, http: '{url}'}}")
    program = ["-c", "import os, sys; os.chdir(sys.argv[1]); os.execv(sys.argv[2], sys.argv[2:])"]
    arguments = [*program, str(tmp_path), str(PROGRAM), "check"]
    for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        with OnTerminal(arguments, size=(60, 24), environ=environment(tmp_path, **extra)) as shown:
            assert shown.wait_reading(PATIENCE) == 2
            assert (b"\x1b[31m" in shown.output) is coloured
            assert "✖ CRITICAL".encode() in shown.output


def test_a_locale_without_glyphs_gets_ascii(tmp_path: Path, http_server: HttpServer) -> None:
    configure(tmp_path, f"{{name: api, http: '{http_server.answer('/', 'fine')}'}}")
    done = onwatch(tmp_path, "check", PYTHONIOENCODING="ascii")
    assert done.stdout.startswith("+ OK")
    assert done.stdout.isascii()


def test_json_is_utf_8_whatever_the_locale(tmp_path: Path, http_server: HttpServer) -> None:
    configure(tmp_path, f"{{name: データ, http: '{http_server.answer('/', 'fine')}'}}")
    done = onwatch(tmp_path, "check", "--json", PYTHONIOENCODING="ascii")
    assert json.loads(done.stdout)["checks"][0]["name"] == "データ"


def test_validate_says_what_it_found(tmp_path: Path) -> None:
    configure(
        tmp_path,
        "{name: a, http: 'http://h/'}",
        "{name: b, http: 'http://h/', interval: 1s, timeout: 9s}",
        "{name: c, tcp: 'h:1'}",
        "{name: d, enabled: false, host: }",
    )
    warning = (
        "warning: onwatch.yaml:4: checks[1].timeout: is longer than the interval; "
        "runs will be left out\n"
    )
    done = onwatch(tmp_path, "validate")
    assert done.returncode == 0
    assert done.stdout == f"onwatch.yaml: 3 checks (2 http, 1 tcp), 1 more disabled\n{warning}"
    for arguments in (["validate", "onwatch.yaml"], ["-c", "onwatch.yaml", "validate"]):
        assert onwatch(tmp_path, *arguments).stdout == done.stdout


def test_verbose_says_which_file_is_read(tmp_path: Path) -> None:
    configure(tmp_path, "{name: c, tcp: 'h:1'}")
    assert onwatch(tmp_path, "validate").stderr == ""
    assert onwatch(tmp_path, "-v", "validate").stderr.endswith(
        " INFO onwatch.config: reading onwatch.yaml\n"
    )


def test_validate_reports_every_wish_for_a_key_beside_all_else(tmp_path: Path) -> None:
    configure(tmp_path, "{name: c, tpc: 'h:1'}")
    with (tmp_path / "onwatch.yaml").open("a") as file:
        file.write(
            "defaults: {interval: often}\n"
            "keybindings:\n"
            "  app.frezze: f\n"
            "  app.freeze: ctrl+i\n"
            "  app.poll: ctrl+foo, spcae\n"
            "  app.quit: '1'\n"
            "  app.repaint: '~'\n"
            "  screen.copy: shift+a\n"
            "  screen.maximise: []\n"
            "  screen.filter: f\n"
        )
    done = onwatch(tmp_path, "validate")
    assert (done.returncode, done.stdout) == (2, "")
    said = [line.partition("onwatch.yaml:")[2] for line in done.stderr.splitlines()]
    assert said[0].endswith('unknown key; did you mean "tcp"?')
    assert "defaults.interval" in said[1]
    assert [line.partition("keybindings")[2] for line in said[2:]] == [
        '["app.frezze"]: no such key binding, did you mean app.freeze?',
        '["app.freeze"]: ctrl+i cannot be bound: the terminal cannot tell it from Tab; '
        "p stays as it was",
        '["app.poll"]: ctrl+foo is no key, and spcae is no key (did you mean space?); '
        "F5 stays as it was",
        '["app.quit"]: 1 is taken by app.overview; q stays as it was',
        '["app.repaint"]: ~ cannot be bound: after Enter it commands ssh; Ctrl-L stays as it was',
        '["screen.copy"]: shift+a never arrives: terminals send A; y stays as it was',
        '["screen.maximise"]: names no key; M stays as it was',
    ]
    lines = [int(line.partition(":")[0]) for line in said]
    assert lines == sorted(lines)


def test_a_wrong_wish_for_a_key_keeps_no_check_from_running(tmp_path: Path) -> None:
    configure(tmp_path, "{name: c, tcp: '127.0.0.1:1'}")
    with (tmp_path / "onwatch.yaml").open("a") as file:
        file.write("keybindings: {app.freeze: ctrl+i, nope: a}\n")
    done = onwatch(tmp_path, "check")
    assert "refused" in done.stdout
    assert "keybindings" not in done.stderr


def test_validate_without_a_file_says_what_would_happen(tmp_path: Path) -> None:
    done = onwatch(tmp_path, "validate")
    assert done.stdout == (
        "no configuration found: this machine (1 host) and what is discovered on it "
        "would be watched\n"
    )


def test_schema_prints_the_published_one(tmp_path: Path) -> None:
    published = Path(__file__).parents[2] / "docs" / "schema.json"
    assert onwatch(tmp_path, "schema").stdout == published.read_text()
