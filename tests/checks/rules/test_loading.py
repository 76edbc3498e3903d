"""What a configuration names of rules: files, packs, and what is switched off."""

from __future__ import annotations

from pathlib import Path

from checks.promql.api import Engine
from checks.rules.language import PrometheusLanguage
from checks.rules.loading import load_rules
from tests.checks.rules.kit import read

LANGUAGE = PrometheusLanguage(Engine())
ONE = "groups: [{name: one, rules: [{alert: HostHighCpu, expr: up}, {record: b, expr: up}]}]"
TWO = "groups: [{name: two, rules: [{alert: C, expr: up}, {alert: D, expr: '('}]}]"


def test_files_and_packs_come_together_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    (tmp_path / "two.yml").write_text(TWO)
    files = [(tmp_path / name, name) for name in ("two.yml", "two.yml", "no.yml")]
    loaded = load_rules(files, LANGUAGE, packs=[read(ONE)])
    assert [group.key for group in loaded.groups] == ["rules.yml;one", "two.yml;two"]
    assert [problem.file for problem in loaded.problems] == ["two.yml", "no.yml"]
    assert loaded.broken == 1


def test_a_file_that_others_can_write_to_is_refused_and_the_rest_runs(tmp_path: Path) -> None:
    path = tmp_path / "two.yml"
    path.write_text(TWO)
    path.chmod(0o666)
    loaded = load_rules([(path, "two.yml")], LANGUAGE, packs=[read(ONE)])
    assert [group.name for group in loaded.groups] == ["one"]
    assert "refused: others can write to it" in str(loaded.problems[0])


def test_rules_are_switched_off_one_by_one() -> None:
    loaded = load_rules([], LANGUAGE, packs=[read(ONE)], disable=["HostHighCpu"])
    assert [rule.name for rule in loaded.groups[0].rules] == ["b"]
    assert load_rules([], LANGUAGE, packs=[read(ONE)], disable=["HostHighCpu", "b"]).groups == ()


def test_a_single_threshold_is_switched_off() -> None:
    text = """
groups:
- name: disks
  rules:
  - {alert: DiskFull, expr: a > 0.9, labels: {severity: critical}}
  - {alert: DiskFull, expr: a > 0.8, labels: {severity: warning}}
"""
    off = ["DiskFull/warning", "DiskFull/info"]
    loaded = load_rules([], LANGUAGE, packs=[read(text)], disable=off)
    assert [rule.expression.text for rule in loaded.groups[0].rules] == ["a > 0.9"]
    assert [name for name, _ in loaded.unknown] == ["DiskFull/info"]


def test_a_name_that_no_rule_has_is_told_with_the_nearest_one() -> None:
    loaded = load_rules([], LANGUAGE, packs=[read(ONE)], disable=["HostHighCPU", "Zzz"])
    assert loaded.unknown == (("HostHighCPU", "HostHighCpu"), ("Zzz", ""))
    assert len(loaded.groups[0].rules) == 2
