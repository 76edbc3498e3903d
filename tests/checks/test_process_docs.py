"""The pages of `process` and `systemd` name every key with its default, and every metric."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from checks.probes.process.config import ProcessConfig
from checks.registry import kind
from checks.settings import KindConfig

DOCS = Path(__file__).parents[2] / "docs/checks"
PAGES = ("process", "systemd")


def examples(name: str) -> list[dict[str, object]]:
    blocks = (DOCS / f"{name}.md").read_text().split("```yaml")[1:]
    found = [yaml.safe_load(block.split("```")[0])["checks"] for block in blocks]
    return [check[name] for checks in found for check in checks]


@pytest.mark.parametrize("name", PAGES)
def test_every_example_is_valid(name: str) -> None:
    for example in examples(name):
        kind(name).config.model_validate(example)


@pytest.mark.parametrize("name", PAGES)
def test_the_last_example_shows_every_key_with_its_default(name: str) -> None:
    shown = examples(name)[-1]
    model = kind(name).config
    assert set(shown) == set(model.model_fields)
    defaults = ProcessConfig(name=("php-fpm*",)) if name == "process" else model()
    assert model.model_validate(shown) == defaults
    for key in model.model_fields:
        _nested(shown[key], getattr(defaults, key))


def _nested(shown: object, value: object) -> None:
    if isinstance(value, BaseModel):
        assert isinstance(shown, dict)
        assert set(shown) == set(type(value).model_fields)


@pytest.mark.parametrize("name", PAGES)
def test_every_metric_is_named(name: str) -> None:
    page = (DOCS / f"{name}.md").read_text()
    for metric in kind(name).metrics:
        plain = metric.name.removeprefix("node_") if "socket" in metric.name else metric.name
        assert f"`{plain}`" in page


@pytest.mark.parametrize("name", PAGES)
def test_a_plain_string_will_do(name: str) -> None:
    made = kind(name).config.model_validate("nginx")
    assert isinstance(made, KindConfig)
    assert "nginx" in made.address()
