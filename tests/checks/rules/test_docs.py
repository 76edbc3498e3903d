"""The page on rules: its examples are right, and its figures are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checks.alerts.flapping import HOLD, OFTEN, WINDOW
from checks.alerts.memory import LONGEST_PAUSE
from checks.alerts.severity import Severity, severity_of
from checks.alerts.state import RETENTION
from checks.rules.evaluate import MOST_ALERTS
from checks.rules.packs import pack_names
from checks.rules.retaining import LONGEST
from checks.rules.unit_tests.running import run_test_file
from checks.rules.work import DEADLINE
from checks.store.store import Store
from tests.checks.rules.kit import read
from tui.config import load

PAGE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text()
RULES, CONFIG, TESTS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_is_right_and_passes_its_test(tmp_path: Path) -> None:
    assert read(RULES).problems == ()
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "test.yml").write_text(TESTS)
    assert run_test_file(tmp_path / "test.yml").failures == []


def test_the_example_of_a_configuration_is_right(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "web.yml").write_text(RULES)
    path = tmp_path / "onwatch.yaml"
    path.write_text(f"version: 1\nchecks: [{{name: a, host: }}]\n{CONFIG}")
    config = load(str(path), {}).engine
    assert config.warnings == ()
    assert config.rules is not None
    assert (config.rules.packs, config.rules.interval) == (pack_names(), 60)


def test_the_example_of_a_test_fails_for_another_rule(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(RULES.replace("for: 5m", "for: 6m"))
    (tmp_path / "test.yml").write_text(TESTS)
    assert len(run_test_file(tmp_path / "test.yml").failures) == 1


@pytest.mark.parametrize(("severity", "row"), re.findall(r"^\| (\w+) \| (`.*`) \|$", PAGE, re.M))
def test_severities_are_what_the_page_says(severity: str, row: str) -> None:
    for word in re.findall(r"`([^`]+)`", row):
        assert severity_of({"severity": word}) is Severity[severity.upper()], word


def test_figures_are_those_of_the_code() -> None:
    minutes = (RETENTION // 60_000, LONGEST_PAUSE // 60_000, WINDOW // 60_000, HOLD // 60_000)
    assert (*minutes, OFTEN, MOST_ALERTS) == (15, 60, 30, 5, 3, 10_000)
    for words in ("15 minutes", "an hour", "three times in half an hour", "five\n  minutes"):
        assert words in PAGE
    assert f"{MOST_ALERTS:,} alerts" in PAGE
    assert (DEADLINE, LONGEST, Store().retention) == (0.5, 86_400, 3_600)
    assert "half a second of\n  processor time" in PAGE
    assert "up to a day" in PAGE
