"""The rule files beside the project, and which metrics their rules use."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from checks.promql.api import Engine
from checks.rules.language import PrometheusLanguage
from checks.rules.model import AlertRule, RuleFile
from checks.rules.reading import read_rule_file

__all__ = ["FILES", "FOLDER", "alerts", "mended", "metrics", "read", "require", "rule"]

FOLDER: Final = Path(__file__).parents[3] / "shared" / "rules"

FILES: Final[Mapping[str, str]] = {
    "node": "host-and-hardware_node-exporter.yml",
    "process": "process-exporter_process-exporter.yml",
    "systemd": "systemd_systemd-exporter.yml",
    "mysqld": "mysql_mysqld-exporter.yml",
    "postgres": "postgresql_postgres-exporter.yml",
    "redis": "redis_oliver006-redis-exporter.yml",
    "blackbox": "blackbox_blackbox-exporter.yml",
}
"""The files of the exporters that onwatch stands in for, by the exporters' names."""


def require() -> None:
    """Skips the test where the folder is not there; in CI it has to be."""
    if FOLDER.is_dir():
        return
    missing = f"the rule files are not there: {FOLDER}"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


@cache
def read(name: str) -> RuleFile:
    """The rule file of that name."""
    return read_rule_file(FOLDER / name, PrometheusLanguage(Engine()), trusted=True, shown=name)


def alerts(exporter: str) -> Iterator[AlertRule]:
    """The alerting rules on ``exporter``, in the order of the file."""
    for group in read(FILES[exporter]).groups:
        for one in group.rules:
            assert isinstance(one, AlertRule), one.name
            yield one


def rule(exporter: str, name: str) -> AlertRule:
    """The rule called ``name``."""
    return next(one for one in alerts(exporter) if one.name == name)


def mended(one: AlertRule, wrong: str, right: str) -> AlertRule:
    """``one`` with ``right`` for ``wrong`` in its expression."""
    text = one.expression.text
    assert wrong in text, text
    return replace(one, expression=Engine().parse(text.replace(wrong, right)))


def metrics(exporter: str) -> dict[str, list[str]]:
    """Every metric that a rule on ``exporter`` uses, and the rules that do.

    A selector that names its metrics by a pattern is listed by it, as in ``pg_settings_.*``.
    """
    found: dict[str, list[str]] = {}
    for one in alerts(exporter):
        for selector in one.expression.selectors:
            named = (each.value for each in selector.matchers if each.label == "__name__")
            users = found.setdefault(selector.name or next(named), [])
            if one.name not in users:
                users.append(one.name)
    return dict(sorted(found.items()))
