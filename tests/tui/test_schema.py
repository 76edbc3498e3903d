"""The JSON Schema and the reference page: made from the models, pinned, and right."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from checks.documents.document import parse
from checks.registry import KINDS
from tests.tui.config_helpers import loaded, sentences
from tools.reference import MARK, PAGE, SCHEMA, reference
from tui.config import load
from tui.config.schema import schema, text

EXAMPLE = PAGE.parent.parent / "examples" / "onwatch.yaml"

RIGHT = [
    "{name: a, http: 'http://127.0.0.1/'}",
    "{name: a, host: }",
    "{name: a, host: {}}",
    "{name: a, tcp: '127.0.0.1:25', interval: 500ms, timeout: 2, enabled: true}",
    "{name: a, labels: {x: y, n: 5}, depends_on: [], host: }",
    "{name: a, redis: {password: {env: X}, queues: [{layout: celery, name: q}]}}",
    "{name: a, http: {url: 'http://h/', expect: {status: 200, json: {a: 1}, text: x}}}",
    "{name: a, http: {url: 'http://h/', expect: {status: [200, 2xx], json: {a: [1, x]}}}}",
    "{name: a, sqlite: {path: x.db, size: {warning: 10MB}}}",
]
WRONG = [
    "{name: a}",
    "{http: 'http://127.0.0.1/'}",
    "{name: a, host: , tcp: 'h:1'}",
    "{name: a, htpp: x}",
    "{name: a, tcp: 5}",
    "{name: a, http: }",
    "{name: a, host: , interval: soon}",
    "{name: a, host: , enabled: perhaps}",
    "{name: a, http: {url: 'http://h/', expct: {}}}",
    "{name: a, redis: {slowlog: 500}}",
    "{name: a, redis: {queues: [{layout: rabbit, name: q}]}}",
]


@cache
def validator() -> Draft202012Validator:
    """Made once: the schema takes half a second to derive from the models."""
    return Draft202012Validator(schema())


def valid(document: Any) -> bool:
    return validator().is_valid(document)


def of_check(check: str) -> Any:
    return parse("f", f"version: 1\nchecks:\n  - {check}\n").data


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())
    assert set(KINDS) <= set(schema()["$defs"]["Check"]["properties"])


@pytest.mark.parametrize("check", RIGHT)
def test_what_loads_conforms(check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert sentences(f"version: 1\nchecks:\n  - {check}\n") == []
    assert valid(of_check(check))


@pytest.mark.parametrize("check", WRONG)
def test_what_does_not_load_does_not_conform(
    check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sentences(f"version: 1\nchecks:\n  - {check}\n")
    assert not valid(of_check(check))


def test_variables_conform_wherever_they_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sample = dedent(
        """\
        version: 1
        defaults: {interval: "${EVERY}"}
        checks:
          - name: a
            enabled: ${ON:-true}
            redis: {slowlog: "${LENGTH}", queues: [{layout: "${LAYOUT}", name: q}]}
        """
    )
    environ = {"EVERY": "9s", "LENGTH": "7", "LAYOUT": "celery"}
    assert loaded(sample, environ).engine.checks[0].interval == 9.0
    assert valid(parse("f", sample).data)


def test_the_example_loads_and_conforms() -> None:
    example = load(str(EXAMPLE), {})
    assert {check.kind for check in example.engine.checks} == set(KINDS)
    assert example.engine.warnings == ()
    assert valid(parse("f", EXAMPLE.read_text()).data)


def test_the_published_schema_is_that_of_the_models() -> None:
    assert json.loads(SCHEMA.read_text()) == schema()
    assert SCHEMA.read_text() == text(), "run: python -m tools.reference"


def test_the_reference_page_is_that_of_the_models() -> None:
    written = PAGE.read_text()
    assert MARK + written.partition(MARK)[2] == reference(), "run: python -m tools.reference"


def test_every_key_of_the_file_has_a_description() -> None:
    bare = [
        f"{name}.{key}"
        for name, definition in schema()["$defs"].items()
        for key, about in definition.get("properties", {}).items()
        if not about.get("description") and "$ref" not in about
    ]
    assert bare == []
