"""``onwatch check`` with rules, as a program against a real server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.servers.redis import RedisServer
from tests.tui.cli_helpers import onwatch

RULES = """\
groups:
  - name: cache
    rules:
      - alert: ManyClients
        expr: redis_connected_clients >= 1
        for: 10m
        labels: {severity: SEVERITY}
        annotations: {summary: "{{ $labels.job }} has {{ $value }} clients"}
      - {alert: Trend, expr: 'deriv(redis_connected_clients[10m]) > 1'}
      - {alert: Typo, expr: redis_conected_clients > 1}
"""


def configure(folder: Path, server: RedisServer, severity: str, more: str = "") -> None:
    (folder / "rules.yml").write_text(RULES.replace("SEVERITY", severity))
    (folder / "onwatch.yaml").write_text(
        f"version: 1\nchecks: [{{name: cache, redis: '{server.url}'}}]\n"
        f"rules: {{packs: [], files: rules.yml{more}}}\n"
    )


@pytest.mark.parametrize(("severity", "code"), [("warning", 1), ("critical", 2), ("info", 0)])
def test_rules_fire_without_waiting_and_decide_the_exit_code(
    tmp_path: Path, redis_server: RedisServer, severity: str, code: int
) -> None:
    configure(tmp_path, redis_server, severity)
    done = onwatch(tmp_path, "check", "--json")
    made = json.loads(done.stdout)
    assert (done.returncode, made["exit_code"]) == (code, code), done.stdout
    (alert,) = made["alerts"]
    assert (alert["name"], alert["check"]) == ("ManyClients", "cache")
    assert alert["message"] == f"cache has {alert['value']} clients"
    assert made["rules"]["insufficient_history"] == ["Trend"]
    assert made["rules"]["dead"] == ["Typo"]


def test_what_is_switched_off_does_not_fire(tmp_path: Path, redis_server: RedisServer) -> None:
    configure(tmp_path, redis_server, "critical", ", disable: [ManyClients]")
    done = onwatch(tmp_path, "check")
    assert done.returncode == 0, done.stdout
    assert "rule Typo is dead (rules.yml:" in done.stdout
    assert "the nearest metric is redis_connected_clients" in done.stdout


def test_a_rule_is_not_dead_for_a_check_that_was_left_out(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    configure(tmp_path, redis_server, "critical")
    text = (tmp_path / "onwatch.yaml").read_text()
    more = f"{{name: files, files: {{path: {tmp_path}}}}}]"
    (tmp_path / "onwatch.yaml").write_text(text.replace("]", f", {more}", 1))
    told = [onwatch(tmp_path, "check", *only).stdout for only in ((), ("--only", "files"))]
    assert ["rule Typo is dead" in one for one in told] == [True, False]
    assert "1 check: 1 ok" in told[1]


def test_a_broken_rule_file_ends_it_with_2(tmp_path: Path, redis_server: RedisServer) -> None:
    configure(tmp_path, redis_server, "critical")
    (tmp_path / "rules.yml").write_text("groups:\n  - nam: x\n")
    done = onwatch(tmp_path, "check")
    assert (done.returncode, done.stdout) == (2, "")
    assert 'rules.yml:2: groups[0].nam: unknown key; did you mean "name"?' in done.stderr
