"""The page for operators names every key, metric and statement, and none that there is not."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from checks.probes.mysql import KIND
from checks.probes.mysql.config import MysqlConfig
from checks.probes.mysql.sql import statements
from tools.reference import PAGE as REFERENCE

PAGE = (Path(__file__).parents[2] / "docs/checks/mysql.md").read_text()
NAME = re.compile(r"`([a-z_]+)`")


def rows(section: str) -> list[list[str]]:
    """The cells of each row of the section's tables."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith(("| ", "|-"))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_metric_is_in_the_page_and_none_besides() -> None:
    table = [row for row in rows("Metrics") if len(row) == 5]
    named = [name for row in table for name in NAME.findall(row[0])]
    assert len(named) == len(set(named))
    assert set(named) == {metric.name for metric in KIND.metrics}


def test_the_labels_of_every_metric_are_in_its_row() -> None:
    labels = {metric.name: set(metric.labels) for metric in KIND.metrics}
    for row in rows("Metrics"):
        if len(row) == 5 and "http_requests_total" not in row[0]:
            for name in NAME.findall(row[0]):
                assert set(NAME.findall(row[1])) == labels[name], name


def test_every_statement_is_in_the_page_and_none_besides() -> None:
    named = {
        name
        for row in rows("Metrics")
        for name in NAME.findall(row[2] if len(row) == 5 else row[0] if len(row) == 4 else "")
    }
    assert named == {name for name, _ in statements()}


def test_every_key_is_in_the_page() -> None:
    named = {name for row in rows("Keys") for name in NAME.findall(row[0])}
    assert named == set(MysqlConfig.model_fields)


def test_the_examples_are_right() -> None:
    for block in PAGE.split("```yaml")[1:]:
        check = yaml.safe_load(block.split("```")[0])["checks"][0]
        MysqlConfig.model_validate(check["mysql"])


def test_the_reference_knows_the_page() -> None:
    assert "checks/mysql.md" in REFERENCE.read_text()
