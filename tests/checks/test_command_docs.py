"""The page for operators: its example is right, and it names every key, metric and reason."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from checks.model import REASONS
from checks.probes.command import KIND
from checks.probes.command.config import CommandConfig

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/checks/command.md").read_text()


def test_the_example_is_right() -> None:
    block = PAGE.split("```yaml")[1].split("```")[0]
    models = [CommandConfig.model_validate(c["command"]) for c in yaml.safe_load(block)["checks"]]
    assert [model.address() for model in models] == [
        "check_disk",
        "artisan",
        "orders",
        "check-raid",
    ]
    assert [list(model.doubts()) for model in models] == [[]] * 4


def test_every_key_and_metric_is_named() -> None:
    wanted = [*CommandConfig.model_fields, *(metric.name for metric in KIND.metrics)]
    assert [name for name in wanted if f"`{name}`" not in PAGE] == []


def test_every_reason_is_explained() -> None:
    """Those that its code gives are those that the page has."""
    code = "".join(path.read_text() for path in (ROOT / "checks/probes/command").glob("*.py"))
    given = {word for word in re.findall(r'"(\w+)"', code) if word in REASONS}
    named = set(re.findall(r"^\| [A-Z, ]+ \| `(\w+)` \|", PAGE, re.MULTILINE))
    # Of latency the shared bounds tell.
    assert named == given | {"latency"}
