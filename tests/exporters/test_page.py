"""docs/metrics.md says what the tests hold; every rule file beside the project loads."""

from __future__ import annotations

import pytest

from tests.exporters import rule_files
from tools import metrics_page


def test_the_page_is_of_today() -> None:
    rule_files.require()
    stale = "docs/metrics.md is stale: python -m tools.metrics_page"
    assert metrics_page.PAGE.read_text() == metrics_page.page(), stale


def test_every_rule_has_a_row() -> None:
    rule_files.require()
    text = metrics_page.PAGE.read_text()
    rules = [one.name for name in rule_files.FILES for one in rule_files.alerts(name)]
    assert len(rules) == 107
    assert [name for name in rules if f"| `{name}` |" not in text] == []


def _names() -> list[str]:
    return sorted(path.name for path in rule_files.FOLDER.glob("*.yml"))


@pytest.mark.parametrize("name", _names())
def test_the_file_loads(name: str) -> None:
    read = rule_files.read(name)
    assert read.problems == ()
    assert read.broken == 0
    assert read.rules > 0


def test_there_are_all_of_them() -> None:
    rule_files.require()
    assert len(_names()) == 13
