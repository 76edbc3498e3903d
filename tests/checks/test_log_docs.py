"""The page of the log check: what it writes down is so."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

import pytest

from checks.documents.document import parse
from checks.logs.filters import compiled
from checks.probes.log import KIND
from tests.tui.config_helpers import loaded
from tests.tui.test_schema import validator
from tools.log_page import PAGE, page

TEXT = PAGE.read_text()
EXAMPLES = [
    body
    for body in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    if not body.startswith("- alert")
]


@pytest.mark.parametrize("body", EXAMPLES, ids=lambda body: body.split("\n", 1)[0])
def test_every_example_is_a_configuration(
    body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if body.startswith("- "):
        body = f"checks:\n{indent(body, '  ')}"
    elif not body.startswith("checks:"):
        # Of one key of a check.
        patterns = (
            "" if body.startswith("patterns:") else "patterns: [{name: security, level: notice}]\n"
        )
        body = (
            f"checks:\n  - name: a\n    log:\n      files: x\n{indent(patterns + body, '      ')}"
        )
    text = f"version: 1\n{body}"
    assert loaded(text).engine.checks
    assert validator().is_valid(parse("f", text).data), "and for editors too"


def test_every_filter_in_its_tables_is_one() -> None:
    rows = re.findall(r"^\| `[^`]*` \| `([^`]+)`", TEXT, re.MULTILINE)
    told = [text for text in rows if re.search(r"[=~>\[]", text)]
    assert len(told) == 6
    for text in told:
        compiled(text)


def test_every_metric_is_on_the_page() -> None:
    assert all(f"`{metric.name}`" in TEXT for metric in KIND.metrics)


def test_the_table_of_ready_made_patterns_is_that_of_the_code() -> None:
    assert page() == TEXT, "run: python -m tools.log_page"
