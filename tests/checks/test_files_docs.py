"""The page of `files` is right, and what the guides ask of backups and log folders can be said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from checks.probes.files.config import FilesConfig
from checks.registry import kind

PAGE = (Path(__file__).parents[2] / "docs/checks/files.md").read_text()


def _examples() -> list[dict[str, Any]]:
    blocks = [yaml.safe_load(block.split("```")[0]) for block in PAGE.split("```yaml")[1:]]
    return [check["files"] for block in blocks for check in block["checks"]]


def test_every_example_is_valid_and_the_last_shows_every_key_with_its_default() -> None:
    shown = [FilesConfig.model_validate(example) for example in _examples()]
    assert shown[-1] == FilesConfig(path=["/backups/*.sql"])
    last = _examples()[-1]
    assert set(last) == set(FilesConfig.model_fields)
    for key, value in last.items():
        default = getattr(shown[-1], key)
        if isinstance(default, BaseModel):
            assert set(value) == set(type(default).model_fields)


def test_every_metric_is_named() -> None:
    for metric in kind("files").metrics:
        assert f"`{metric.name}`" in PAGE


@pytest.mark.parametrize(
    "config",
    [
        # aigateway: size of the log directory; logrotate keeps 30; last backup, and latest.sql.
        {"path": "/var/log/aigateway", "total": {"warning": "5GB"}},
        {"path": "/var/log/aigateway/*.log-*.gz", "count": {"max": 30}, "age": {"warning": "26h"}},
        {"path": "/backups/mysql/*.sql", "readable": True, "shrinks": {"warning": "20%"}},
        "/backups/mysql/latest.sql",
        # askproai: dated files of Laravel's daily driver, 14 days.
        {"path": "/var/www/storage/logs/laravel-*.log", "count": {"max": 14}},
        # smart-ebook-chat: nightly full, incremental each six hours, retention, nightly dashboards.
        {"path": "/backups/full/*", "due": "0 2 * * *", "oldest": {"warning": "31d"}},
        {"path": "/backups/incremental/*", "due": {"schedule": "0 */6 * * *", "grace": "30m"}},
        {"path": "/backups/incremental/*", "oldest": {"warning": "8d"}},
        {"path": "/backups/grafana/*.json", "age": {"warning": "26h"}, "readable": True},
        {"path": ["/backups/full/*", "/backups/incremental/*"], "age": {"critical": "1h"}},
        # moai-flow: logrotate keeps 7.
        {"path": "/var/log/moai-flow/*.log*", "count": {"max": 8}},
    ],
)
def test_what_the_guides_ask_for_can_be_said(config: object) -> None:
    FilesConfig.model_validate(config)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "Field required"),
        ({"path": []}, "at least 1 item"),
        ({"path": "x", "due": "2 o'clock"}, "has 2 fields, not five"),
        ({"path": "x", "due": {"schedule": "0 2 * * *", "zone": "Mars"}}, "no time zone"),
        ({"path": "x", "age": {"warning": "2d", "critical": "1d"}}, "must not be above"),
        ({"path": "x", "count": {"min": 5, "max": 2}}, "min must not be above max"),
        ({"path": "x", "readable": "yes"}, "valid dictionary"),
    ],
)
def test_what_is_wrong_is_said(config: object, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        FilesConfig.model_validate(config)
