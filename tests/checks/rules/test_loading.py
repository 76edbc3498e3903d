"""Which rules of those that a configuration names are switched off."""

from __future__ import annotations

from checks.rules.loading import without
from tests.checks.rules.kit import read

ONE = "groups: [{name: one, rules: [{alert: HostHighCpu, expr: up}, {record: b, expr: up}]}]"


def test_rules_are_switched_off_one_by_one() -> None:
    groups, _ = without(read(ONE).groups, ["HostHighCpu"])
    assert [rule.name for rule in groups[0].rules] == ["b"]
    assert without(read(ONE).groups, ["HostHighCpu", "b"])[0] == []


def test_a_single_threshold_is_switched_off() -> None:
    text = """
groups:
- name: disks
  rules:
  - {alert: DiskFull, expr: a > 0.9, labels: {severity: critical}}
  - {alert: DiskFull, expr: a > 0.8, labels: {severity: warning}}
"""
    off = ["DiskFull/warning", "DiskFull/info"]
    groups, unknown = without(read(text).groups, off)
    assert [rule.expression.text for rule in groups[0].rules] == ["a > 0.9"]
    assert [name for name, _ in unknown] == ["DiskFull/info"]


def test_a_name_that_no_rule_has_is_told_with_the_nearest_one() -> None:
    groups, unknown = without(read(ONE).groups, ["HostHighCPU", "Zzz"])
    assert unknown == [("HostHighCPU", "HostHighCpu"), ("Zzz", "")]
    assert len(groups[0].rules) == 2
