"""The pages of databases name every key, metric and statement, and none that there is not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from checks.probe import Kind
from checks.probes import mysql, postgres
from checks.probes.mysql.sql import statements as mysql_statements
from checks.probes.postgres.sql import statements as postgres_statements
from tools.reference import PAGE as REFERENCE

NAME = re.compile(r"`([a-z_]+)`")


@dataclass(frozen=True, slots=True)
class Page:
    """The page of ``kind``, which asks ``statements``."""

    kind: Kind
    statements: frozenset[str]

    @property
    def text(self) -> str:
        return (Path(__file__).parents[2] / f"docs/checks/{self.kind.name}.md").read_text()

    def rows(self, section: str) -> list[list[str]]:
        """The cells of each row of the section's tables."""
        text = self.text.split(f"\n## {section}\n")[1].split("\n## ")[0]
        lines = [line for line in text.splitlines() if line.startswith(("| ", "|-"))]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


PAGES = (
    Page(mysql.KIND, frozenset(name for name, _ in mysql_statements())),
    Page(postgres.KIND, frozenset(postgres_statements())),
)

each = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.kind.name)


@each
def test_every_metric_is_in_the_page_and_none_besides(page: Page) -> None:
    table = [row for row in page.rows("Metrics") if len(row) == 5]
    named = [name for row in table for name in NAME.findall(row[0])]
    assert len(named) == len(set(named))
    assert set(named) == {metric.name for metric in page.kind.metrics}


@each
def test_the_labels_of_every_metric_are_in_its_row(page: Page) -> None:
    labels = {metric.name: set(metric.labels) for metric in page.kind.metrics}
    for row in page.rows("Metrics"):
        if len(row) == 5 and "http_requests_total" not in row[0]:
            for name in NAME.findall(row[0]):
                assert set(NAME.findall(row[1])) == labels[name], name


@each
def test_every_statement_is_in_the_page_and_none_besides(page: Page) -> None:
    named = {
        name
        for row in page.rows("Metrics")
        for name in NAME.findall(row[2] if len(row) == 5 else row[0] if len(row) == 4 else "")
    }
    assert named == page.statements


@each
def test_every_key_is_in_the_page(page: Page) -> None:
    named = {name for row in page.rows("Keys") for name in NAME.findall(row[0])}
    assert named == set(page.kind.config.model_fields)


@each
def test_the_examples_are_right(page: Page) -> None:
    for block in page.text.split("```yaml")[1:]:
        check = yaml.safe_load(block.split("```")[0])["checks"][0]
        page.kind.config.model_validate(check[page.kind.name])


@each
def test_the_reference_knows_the_page(page: Page) -> None:
    assert f"checks/{page.kind.name}.md" in REFERENCE.read_text()
