"""Variables in a configuration."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.tui.config_helpers import loaded, sentences
from tui.config.expand import expand


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def expanded(text: str, **environ: str) -> tuple[object, list[str]]:
    told: list[str] = []
    return expand(text, environ, lambda _path, sentence: told.append(sentence)), told


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "1"),
        ("x${A}${B}y", "x12y"),
        ("${A:-9}${C:-9}", "19"),
        ("${EMPTY:-full}", "full"),
        ("${EMPTY}", ""),
        ("${C:-}", ""),
        ("$${A}", "${A}"),
        ("$$$$ $A $", "$$ $A $"),
        ("${CODE}", "${A}"),
    ],
)
def test_variables_are_replaced_once(text: str, value: str) -> None:
    assert expanded(text, A="1", B="2", EMPTY="", CODE="${A}") == (value, [])


@pytest.mark.parametrize("text", ["${", "${1}", "${A", "${A-b}", "${A:-${B}}"])
def test_what_begins_no_variable_is_told(text: str) -> None:
    assert expanded(text, A="1", B="2")[1] == [
        "`${` begins no variable; write ${NAME}, ${NAME:-default}, or $$ for a $"
    ]


def test_keys_are_left_alone_and_nested_values_are_not() -> None:
    made = expand({"${A}": [{"b": "${A}"}, 5]}, {"A": "1"}, lambda *_: None)
    assert made == {"${A}": [{"b": "1"}, 5]}


def test_a_variable_may_be_a_number() -> None:
    text = "version: 1\nchecks:\n - {name: a, interval: '${EVERY}', http: 'http://${HOST}/'}\n"
    check = loaded(text, {"EVERY": "7s", "HOST": "127.0.0.1"}).engine.checks[0]
    assert check.interval == 7.0
    assert check.config.instance() == "127.0.0.1:80"


def test_an_unset_variable_is_told_once_with_its_line() -> None:
    text = "version: 1\nchecks:\n  - name: a\n    interval: ${EVERY}\n    http: http://127.0.0.1/\n"
    assert sentences(text) == [
        "onwatch.yaml:4: checks[0].interval: the variable EVERY is not set; "
        "export it or write ${EVERY:-default}"
    ]


def test_what_a_variable_holds_cannot_become_structure() -> None:
    text = (
        "version: 1\nchecks:\n  - {name: a, labels: {env: '${EVIL}'}, http: 'http://127.0.0.1/'}\n"
    )
    check = loaded(text, {"EVIL": "x}\n  - {name: b, host: }"}).engine.checks[0]
    assert check.labels["env"] == "x}\n  - {name: b, host: }"


def test_of_many_mistakes_in_one_string_the_first_is_told() -> None:
    began = time.process_time()
    value, told = expanded("${A}${B}${" * 50_000)
    assert value == "${A}${B}${" * 50_000
    assert told == ["the variable A is not set; export it or write ${A:-default}"]
    assert time.process_time() - began < 1
