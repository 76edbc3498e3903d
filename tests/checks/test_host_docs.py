"""The page for operators names every key and every metric of the product's own."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel

from checks.probes.host.probe import KIND, HostConfig

PAGE = (Path(__file__).parents[2] / "docs/checks/host.md").read_text()


def example() -> dict[str, object]:
    block = PAGE.split("```yaml")[2].split("```")[0]
    found = yaml.safe_load(block)["checks"][0]["host"]
    assert isinstance(found, dict)
    return found


def test_the_example_shows_every_key_with_its_default() -> None:
    shown = example()
    assert HostConfig.model_validate(shown) == HostConfig()
    assert set(shown) == set(HostConfig.model_fields)
    for name in HostConfig.model_fields:
        value = getattr(HostConfig(), name)
        if isinstance(value, BaseModel):
            inner = shown[name]
            assert isinstance(inner, dict)
            assert set(inner) == set(type(value).model_fields)


def test_what_is_not_node_exporters_is_explained() -> None:
    own = [m.name for m in KIND.metrics if not m.name.startswith("node_")]
    assert own
    assert [name for name in own if name not in PAGE] == []
