"""Files with further checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.config_helpers import loaded, sentences, write

CHECK = "version: 1\nchecks:\n  - {name: NAME, http: 'http://127.0.0.1/'}\n"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_files_and_patterns_are_read_in_order_with_the_defaults_of_the_main_file() -> None:
    write(CHECK.replace("NAME", "z"), "checks.d/2.yaml")
    write(CHECK.replace("NAME", "y"), "checks.d/1.yaml")
    write(CHECK.replace("NAME", "x"), "more.yaml")
    engine = loaded(
        "version: 1\ndefaults: {interval: 9s}\ninclude: [more.yaml, checks.d/*.yaml]\n"
    ).engine
    assert [check.name for check in engine.checks] == ["x", "y", "z"]
    assert {check.interval for check in engine.checks} == {9.0}
    assert engine.checks[1].place == "checks.d/1.yaml:3"


def test_checks_of_all_files_share_their_names() -> None:
    write(CHECK.replace("NAME", "a"), "more.yaml")
    assert sentences(CHECK.replace("NAME", "a") + "include: more.yaml\n") == [
        'more.yaml:3: checks[0].name: the name "a" is taken by the check at onwatch.yaml:3'
    ]


def test_problems_of_an_included_file_carry_its_name_and_line() -> None:
    write("version: 1\nchecks:\n  - name: a\n    hots: x\ndefaults: {}\n", "more.yaml")
    assert sentences("version: 1\ninclude: more.yaml\n") == [
        'more.yaml:4: checks[0].hots: unknown key; did you mean "host"?',
        "more.yaml:5: defaults: belongs in the file that includes this one",
    ]
    write("checks: [}", "more.yaml")
    (sentence,) = sentences("version: 1\ninclude: more.yaml\n")
    assert sentence.startswith("more.yaml:1: not valid YAML: ")


@pytest.mark.parametrize(
    ("include", "reason"),
    [
        ("gone.yaml", "gone.yaml cannot be read: there is no such file"),
        ("folder", "folder is not a regular file"),
        ("~nosuchuser/x", "~nosuchuser/x cannot be read: there is no such file"),
        ('"a\\0b"', "ab is no name that a file can have"),
        ("binary", "binary:1 is not a text file: it holds U+0000"),
        (
            "open.yaml",
            "open.yaml refused: others can write to it, and it can run commands; "
            "run: chmod go-w open.yaml",
        ),
    ],
)
def test_an_unreadable_include_is_told_where_it_stands(include: str, reason: str) -> None:
    Path("folder").mkdir()
    Path("binary").write_bytes(b"\0\1\2")
    write(CHECK, "open.yaml").chmod(0o666)
    write(CHECK, "fine.yaml")
    assert sentences(f"version: 1\ninclude:\n  - fine.yaml\n  - {include}\n") == [
        f"onwatch.yaml:4: include[1]: {reason}"
    ]


def test_a_pattern_without_files_is_a_warning() -> None:
    made = loaded(CHECK + "include: checks.d/*.yaml\n")
    assert made.engine.warnings == ("onwatch.yaml:4: include: no file matches checks.d/*.yaml",)


def test_a_file_does_not_include_itself() -> None:
    write(CHECK.replace("NAME", "b"), "more.yaml")
    own = CHECK.replace("NAME", "a")
    engine = loaded(own + "include: '*.yaml'\n").engine
    assert [check.name for check in engine.checks] == ["a", "b"]
    assert sentences(own + "include: onwatch.yaml\n") == [
        "onwatch.yaml:4: include: is this file itself; leave it out"
    ]
