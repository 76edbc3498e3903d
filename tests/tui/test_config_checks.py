"""Checks in a configuration: what becomes of the right ones and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from checks import registry
from tests.tui.config_helpers import loaded, sentences
from tui.config.models import Common
from tui.config.wording import ALSO_CALLED

KINDS = ", ".join(registry.KINDS)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(check: str, rest: str = "") -> list[str]:
    """The sentences about one check, without the place they all share."""
    found = sentences(f"version: 1\nchecks:\n  - {check}\n{rest}")
    return [line.removeprefix("onwatch.yaml:3: checks[0]") for line in found]


def test_a_check_takes_the_defaults_and_its_own_win() -> None:
    checks = loaded(
        """\
        version: 1
        external_labels: {cluster: shop, shard: 2}
        defaults: {interval: 10s, timeout: 2s, labels: {env: prod, team: web}}
        checks:
          - {name: a, http: http://127.0.0.1/}
          - name: b
            interval: 1m
            timeout: 20s
            job: bee
            labels: {env: test}
            depends_on: a
            runbook: queue-backlog
            http: {url: http://127.0.0.1/b}
        """
    ).engine.checks
    first, second = checks
    assert (first.interval, first.timeout, first.job) == (10.0, 2.0, "")
    assert first.labels == {"env": "prod", "team": "web"}
    assert first.place == "onwatch.yaml:5"
    assert (second.interval, second.timeout, second.job) == (60.0, 20.0, "bee")
    assert second.labels == {"env": "test", "team": "web"}
    assert (second.depends_on, second.runbook, second.kind) == (("a",), "queue-backlog", "http")
    labels = first.target_labels({"cluster": "shop", "shard": "2"})
    assert labels["cluster"] == "shop"
    assert labels["job"] == "a"


def test_the_default_timeout_never_exceeds_the_interval() -> None:
    checks = loaded(
        "version: 1\nchecks:\n"
        "  - {name: a, interval: 1s, http: 'http://127.0.0.1/'}\n"
        "  - {name: b, interval: 1s, timeout: 2s, http: 'http://127.0.0.1/'}\n"
    )
    assert [check.timeout for check in checks.engine.checks] == [1.0, 2.0]
    assert checks.engine.warnings == (
        "onwatch.yaml:4: checks[1].timeout: is longer than the interval; runs will be left out",
    )


def test_a_disabled_check_does_not_run_and_nothing_depends_on_it() -> None:
    checks = loaded(
        "version: 1\nchecks:\n"
        "  - {name: a, enabled: false, http: 'http://127.0.0.1/'}\n"
        "  - {name: b, depends_on: a, http: 'http://127.0.0.1/'}\n"
    )
    assert [(c.name, c.depends_on) for c in checks.engine.checks] == [("b", ())]
    assert checks.disabled == 1


def test_a_file_without_an_enabled_check_is_right_and_warned_about() -> None:
    assert loaded("version: 1\nchecks: []\n").engine.warnings == (
        "onwatch.yaml: no check is enabled",
    )


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        ("{name: a, http: {expct: {}}}", '.http.expct: unknown key; did you mean "expect"?'),
        (
            "{name: a, redis: {queues: [{nme: x}]}}",
            '.redis.queues[0].nme: unknown key; did you mean "name"?',
        ),
        (
            "{name: a, http: {url: 'http://x/', expect: {latncy: 1s}}}",
            '.http.expect.latncy: unknown key; did you mean "latency"?',
        ),
        (
            "{name: a, process: {cmdline: x}}",
            '.process.cmdline: unknown key; did you mean "command"?',
        ),
        ("{name: a, process: {fds: 5}}", '.process.fds: unknown key; did you mean "descriptors"?'),
        ("{name: a, command: {cmd: x}}", '.command.cmd: unknown key; did you mean "argv"?'),
        ("{name: a, ping: {address: x}}", '.ping.address: unknown key; did you mean "host"?'),
        ("{name: a, tcp: {url: x}}", '.tcp.url: unknown key; did you mean "address"?'),
        ("{name: a, every: 5s, host: }", '.every: unknown key; did you mean "interval"?'),
        ("{name: a, htpp: x}", '.htpp: unknown key; did you mean "http"?'),
        ("{name: a, intervall: 5s, host: }", '.intervall: unknown key; did you mean "interval"?'),
        ("{name: a}", f": has no kind; give it one of {KINDS}"),
        (
            "{name: a, host: , http: 'http://x/'}",
            ": has the kinds host and http; write a check for each",
        ),
        ("{name: a, log: {}}", ".log: give exactly one of files, journal"),
        (
            "{name: a, log: {files: x, patterns: [{name: b, where: 'a >'}]}}",
            ".log.patterns[0].where: column 4: expected a value: text in quotes, a number "
            "or a field",
        ),
        ("just text", ": expected a check: a name and a kind of check"),
        ("{host: }", ".name: is missing"),
        ("{name: , host: }", ".name: has no value"),
        ("{name: '', host: }", ".name: must not be empty"),
        (
            '{name: "a\\e[31m", host: }',
            ".name: expected one line of at most 100 printable characters",
        ),
        ("{name: 5, host: }", ".name: expected text, not a number; put it in quotes"),
        ("{name: a, http: {}}", ".http.url: is missing"),
        ("{name: a, http: 5}", ".http: expected keys and values, not a number"),
        (
            "{name: a, files: {path: x, age: 26h}}",
            ".files.age: expected keys and values, not text; its keys: warning, critical",
        ),
        ("{name: a, interval: soon, host: }", ".interval: 'soon' is not a duration; "
         "write 500ms, 5s, 1m or 1h30m"),
        ("{name: a, interval: 1ms, host: }", ".interval: must be at least 100ms"),
        ("{name: a, enabled: perhaps, host: }", ".enabled: expected true or false, not text"),
        (
            "{name: a, labels: [x], host: }",
            ".labels: expected keys and values, not a list",
        ),
        (
            "{name: a, labels: {1x: y}, host: }",
            ".labels.1x: expected a label name: letters, digits and _, no digit first",
        ),
        (
            "{name: a, labels: {__x: y}, host: }",
            ".labels.__x: label names that begin with __ are reserved",
        ),
        ("{name: a, redis: {queues: 5}}", ".redis.queues: expected a list, not a number"),
        (
            "{name: a, redis: {values: [{metric: m, key: k, type: gage}]}}",
            '.redis.values[0].type: expected one of gauge, counter; did you mean "gauge"?',
        ),
        (
            "{name: a, redis: {values: [{metric: 1m, key: k}]}}",
            ".redis.values[0].metric: expected a metric name: letters, digits, _ and :, "
            "no digit first",
        ),
    ],
)  # fmt: skip
def test_one_sentence_says_where_and_what_is_expected(check: str, sentence: str) -> None:
    assert sentence in told(check)


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        (
            "12345678",
            ".redis.password: expected text or {file: …}, {env: …} or {command: […]}, "
            "not a number; put it in quotes",
        ),
        ("{fil: hunter2}", '.redis.password.fil: unknown key; did you mean "file"?'),
        ("{env: hunter2, file: x}", ".redis.password: give exactly one of file, env, command"),
        ("[hunter2]", ".redis.password: expected text or {file: …}, {env: …} or {command: […]}, "
         "not a list"),
    ],
)  # fmt: skip
def test_the_value_of_a_secret_is_never_repeated(secret: str, sentence: str) -> None:
    found = told(f"{{name: a, redis: {{url: 'redis://h/', password: {secret}}}}}")
    assert found == [sentence]


@pytest.mark.parametrize(
    "url", ["redis://u:hunter2@:x/", "ftp://u:hunter2@h/", "http://u:hunter2@"]
)
@pytest.mark.parametrize("kind", ["http", "redis"])
def test_a_wrong_url_does_not_tell_its_password(kind: str, url: str) -> None:
    found = told(f"{{name: a, {kind}: {{url: '{url}'}}}}")
    assert found
    assert "hunter2" not in "".join(found)


def test_no_jargon_of_the_library_leaks() -> None:
    found = sentences(
        """\
        version: x
        external_labels: 5
        defaults: [1]
        include: {a: b}
        keybindings: {a: 5, b: {c: d}}
        checks: 7
        """
    )
    assert found == [
        "onwatch.yaml:1: version: this onwatch reads version 1; write `version: 1`",
        "onwatch.yaml:2: external_labels: expected keys and values, not a number",
        "onwatch.yaml:3: defaults: expected keys and values, not a list",
        "onwatch.yaml:4: include: expected text or a list",
        "onwatch.yaml:5: keybindings.a: expected text or a list",
        "onwatch.yaml:5: keybindings.b.runbook: is missing",
        "onwatch.yaml:5: keybindings.b.c: unknown key; known here: runbook, step",
        "onwatch.yaml:6: checks: expected a list, not a number",
    ]


def test_every_problem_of_a_file_is_told_in_the_order_of_its_lines() -> None:
    assert sentences(
        """\
        chekcs: []
        history: {days: 3}
        checks:
          - name: a
            http:
              url: http://127.0.0.1/
              expect: {status: [999, up]}
          - {name: b, hots: }
        """
    ) == [
        "onwatch.yaml:1: version: is missing",
        'onwatch.yaml:1: chekcs: unknown key; did you mean "checks"?',
        "onwatch.yaml:2: history: this version has no history yet; leave it out",
        "onwatch.yaml:7: checks[0].http.expect.status[0]: must be at most 599",
        "onwatch.yaml:7: checks[0].http.expect.status[1]: expected a status code, "
        "or a class of them such as 2xx",
        'onwatch.yaml:8: checks[1].hots: unknown key; did you mean "host"?',
    ]  # fmt: skip


def test_what_does_not_fit_together_in_a_log_check_is_told_at_its_own_line() -> None:
    check = """\
    version: 1
    checks:
      - name: a
        log:
          files: x
          format:
            regex: "no groups"
      - name: b
        log:
          files: x
          patterns:
            - denied
            - use: oom
            - name: secret
              match: key=(.*)
              mask: key
      - name: c
        log:
          files: x
          patterns:
            - denied
            - name: denied
              level: error
      - name: d
        log:
          files: x
          metrics:
            - metric: a_total
            - metric: b_total
              pattern: nowhere
      - name: e
        log:
          files: x
          metrics:
            - metric: a_total
            - type: gauge
              metric: a_total
              value:
                field: n
    """
    told = [one.replace("onwatch.yaml:", "").partition(";")[0] for one in sentences(check)]
    assert told == [
        "7: checks[0].log.format.regex: the regex has no named groups",
        "13: checks[1].log.patterns[1].use: there is no ready-made pattern 'oom'",
        "16: checks[1].log.patterns[2].mask: match has no group called key: write (?P<key>…)",
        "22: checks[2].log.patterns[1].name: two patterns are called denied",
        "30: checks[3].log.metrics[1].pattern: b_total: there is no pattern 'nowhere'",
        "37: checks[4].log.metrics[1].metric: two metrics are called a_total",
    ]


def test_a_file_needs_checks() -> None:
    assert sentences("version: 1\n") == ['onwatch.yaml:1: the key "checks" is missing']


def test_names_are_taken_once() -> None:
    assert sentences(
        "version: 1\nchecks:\n  - {name: a, host: }\n  - {name: b, host: }\n  - {name: a, host: }\n"
    ) == ['onwatch.yaml:5: checks[2].name: the name "a" is taken by the check at onwatch.yaml:3']


def test_dependencies_exist_and_do_not_go_round() -> None:
    def sayings(**needs: str) -> list[str]:
        checks = "".join(
            f"  - {{name: {name}, depends_on: [{on}], host: }}\n" for name, on in needs.items()
        )
        return sentences(f"version: 1\nchecks:\n{checks}")

    assert sayings(web="", api="web", cron="web, api") == []
    assert sayings(web="", api="wep") == [
        'onwatch.yaml:4: checks[1].depends_on: no check is called "wep"; did you mean "web"?'
    ]
    assert sayings(a="c", b="a", c="b", d="a, d") == [
        "onwatch.yaml:3: checks[0].depends_on: goes round in a circle: a → c → b → a",
        "onwatch.yaml:6: checks[3].depends_on: goes round in a circle: d → d",
    ]


def test_what_checks_refer_to_is_judged_beside_what_else_is_wrong_with_them() -> None:
    assert sentences(
        """\
        version: 1
        checks:
          - {name: web, htpp: x}
          - {name: api, depends_on: [web, queue], host: {nope: 1}}
          - {name: api, host: }
          - {name: a, depends_on: b, host: }
          - {name: b, depends_on: [a], host: }
        """
    ) == [
        'onwatch.yaml:3: checks[0].htpp: unknown key; did you mean "http"?',
        'onwatch.yaml:4: checks[1].host.nope: unknown key; did you mean "inodes"?',
        'onwatch.yaml:4: checks[1].depends_on: no check is called "queue"',
        'onwatch.yaml:5: checks[2].name: the name "api" is taken by the check at onwatch.yaml:4',
        "onwatch.yaml:6: checks[3].depends_on: goes round in a circle: a → b → a",
    ]


def test_what_an_unreadable_file_may_hold_is_not_said_to_be_missing() -> None:
    (sentence,) = sentences(
        """\
        version: 1
        include: gone.yaml
        checks: [{name: api, depends_on: [db], host: }]
        """
    )
    assert "gone.yaml" in sentence


def test_files_that_are_not_there_are_told_with_their_lines(tmp_path: Path) -> None:
    there = tmp_path / "there.pem"
    there.touch()
    made = loaded(
        f"""\
        version: 1
        checks:
          - name: api
            http:
              url: https://127.0.0.1/
              tls:
                ca: gone.pem
                cert: {there}
          - name: cache
            redis:
              url: rediss://127.0.0.1/
              password: {{file: ~/nowhere}}
              tls: {{ca: {there}}}
          - {{name: off, enabled: false, http: {{url: "https://h/", tls: {{ca: gone.pem}}}}}}
        """
    )
    assert made.engine.warnings == (
        "onwatch.yaml:7: checks[0].http.tls.ca: there is no such file: gone.pem",
        "onwatch.yaml:12: checks[1].redis.password.file: there is no such file: ~/nowhere",
    )


def test_keys_are_spelled_as_the_terminal_library_knows_them() -> None:
    text = """\
        version: 1
        checks: []
        keybindings: {app.freeze: "Ctrl-R, G", app.help: [",", esc], app.quit: ctrl+b}
        """
    made = loaded(text)
    assert made.keybindings == {
        "app.freeze": "ctrl+r,G",
        "app.help": "comma,escape",
        "app.quit": "ctrl+b",
    }
    assert (
        'onwatch.yaml:3: keybindings["app.quit"]: ctrl+b does not arrive inside tmux, '
        "which keeps it for itself"
    ) in made.engine.warnings


def test_every_key_that_another_name_leads_to_exists() -> None:
    models: list[type[BaseModel]] = [Common]
    models += [registry.kind(name).config for name in registry.names()]
    known = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert ALSO_CALLED.keys() <= known


def test_a_program_with_blanks_in_its_name_that_is_not_there_is_told_to_be_no_list(
    tmp_path: Path,
) -> None:
    (tmp_path / "my check").write_text("#!/bin/sh\n")
    made = loaded(
        """\
        version: 1
        checks:
          - {name: a, command: "sleep 20"}
          - name: b
            command:
              argv: "/bin/sh '/opt/my check' off password=geheim9"
          - {name: there, command: "./my check"}
          - {name: list, command: {argv: [sleep, "20 30"]}}
          - {name: off, enabled: false, command: "sleep 20"}
        """
    )
    split = "a string is one program and is not split; write"
    assert made.engine.warnings[:2] == (
        f'onwatch.yaml:3: checks[0].command.argv: {split} {{argv: [sleep, "20"]}}',
        f"onwatch.yaml:6: checks[1].command.argv: {split} "
        '{argv: [/bin/sh, "/opt/my check", "off", "password=•••"]}',
    )
    assert "looks like a credential" in made.engine.warnings[2]
    assert len(made.engine.warnings) == 3
