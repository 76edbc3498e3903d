"""What a configuration says of rules: packs, rule files, what is switched off, and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.config import RulesConfig
from checks.rules.loading import called
from checks.rules.packs import names_in, pack_names, read_pack
from tests.tui.config_helpers import loaded, sentences, write
from tui.cli import main
from tui.commands.validate import describe
from tui.config import load

HEAD = "version: 1\nchecks: [{name: a, host: }]\n"
RIGHT = """\
groups:
  - name: web
    rules:
      - {alert: SiteDown, expr: up == 0}
      - {record: "job:up:sum", expr: sum by (job) (up)}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rules_of(text: str) -> RulesConfig:
    found = loaded(HEAD + text).engine.rules
    assert found is not None
    return found


def test_without_a_word_every_built_in_pack_runs() -> None:
    assert rules_of("").packs == pack_names()
    assert rules_of("rules: {files: []}").packs == pack_names()


def test_without_a_configuration_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    found = load(None, {}).engine.rules
    assert found is not None
    assert found.packs == pack_names()


def test_packs_can_be_left_out() -> None:
    assert rules_of("rules: {packs: []}").packs == ()


def test_a_pack_that_there_is_not_is_told_with_its_line() -> None:
    found = sentences(HEAD + "rules:\n  packs: [all, nonesuch]\n")
    assert found[0].startswith(
        'onwatch.yaml:4: rules.packs[1]: there is no built-in pack "nonesuch"; '
    )


def test_rule_files_are_read_relative_to_the_configuration_and_watched() -> None:
    write(RIGHT, "rules/web.yml")
    config = loaded(HEAD + "rules: {packs: [], files: 'rules/*.yml'}").engine
    assert config.rules is not None
    assert [rule.name for group in config.rules.groups for rule in group.rules] == [
        "SiteDown",
        "job:up:sum",
    ]
    assert config.rules.groups[0].file == "rules/web.yml"
    assert {Path.cwd() / "rules/web.yml", Path.cwd() / "rules/*.yml"} <= set(config.files)


def test_validate_counts_the_rules_of_the_files() -> None:
    write(RIGHT, "rules.yml")
    found = loaded(HEAD + "rules: {files: rules.yml}")
    assert describe(found) == "onwatch.yaml: 1 check (1 host); 2 rules of its own"


def test_a_pattern_that_matches_nothing_is_a_warning_and_watched() -> None:
    config = loaded(HEAD + "rules: {files: [none/*.yml]}").engine
    assert config.warnings == ("onwatch.yaml:3: rules.files[0]: no file matches none/*.yml",)
    assert Path.cwd() / "none/*.yml" in config.files


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("groups: [", "rules.yml:2: not valid YAML"),
        ("grups: []", 'rules.yml:1: grups: unknown key; did you mean "groups"?'),
        (
            "groups: [{name: a, rules: [{alert: X, expr: up =}]}]",
            "rules.yml:1: groups[0].rules[0].expr: is no expression",
        ),
    ],
)
def test_a_file_of_which_nothing_can_be_used_is_a_mistake(text: str, sentence: str) -> None:
    write(text, "rules.yml")
    found = sentences(HEAD + "rules: {files: rules.yml}\nthem: dark\n")
    assert len(found) == 2, "the configuration's own mistakes are told with it"
    assert found[1].startswith(sentence)


def test_a_file_that_is_not_there_or_not_ours_alone_is_a_mistake() -> None:
    assert sentences(HEAD + "rules: {files: none.yml}") == [
        "none.yml: cannot be read: there is no such file"
    ]
    write(RIGHT, "open.yml").chmod(0o666)
    assert "refused: others can write to it" in sentences(HEAD + "rules: {files: open.yml}")[0]


def test_a_mistake_in_one_rule_costs_this_rule_alone() -> None:
    write(RIGHT + "      - {alert: Broken, expr: sum(}\n", "rules.yml")
    config = loaded(HEAD + "rules: {packs: [], files: rules.yml}").engine
    assert config.rules is not None
    assert sum(len(group.rules) for group in config.rules.groups) == 2
    (problem,) = config.rules.problems
    assert problem.startswith("rules.yml:6: groups[0].rules[2].expr: is no expression")
    assert problem in config.warnings


def test_validate_fails_for_one_rule_that_cannot_be_evaluated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = "".join(f"      - {{alert: Broken{at}, expr: sum(}}\n" for at in range(5))
    write(RIGHT + broken, "rules.yml")
    write(HEAD + "rules: {packs: [], files: rules.yml, disable: [Nonesuch]}\n")
    assert main(["validate"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    *mistakes, warning = said.err.splitlines()
    begins = [f"rules.yml:{6 + at}: groups[0].rules[{2 + at}].expr: is no expr" for at in range(5)]
    pairs = zip(mistakes, begins, strict=True)
    assert all(line.startswith(begin) for line, begin in pairs), "each of them"
    assert warning == 'warning: onwatch.yaml:3: rules.disable[0]: no rule is called "Nonesuch"'
    write(RIGHT, "rules.yml")
    assert main(["validate"]) == 0


def test_a_name_to_switch_off_that_no_rule_has_is_a_warning() -> None:
    write(RIGHT, "rules.yml")
    config = loaded(
        HEAD + "rules: {packs: [], files: rules.yml, disable: [SiteDown, siteDwn]}"
    ).engine
    assert config.warnings == (
        'onwatch.yaml:3: rules.disable[1]: no rule is called "siteDwn"; did you mean "SiteDown"?',
    )
    assert config.rules is not None
    assert config.rules.disable == ("SiteDown", "siteDwn")


def test_names_in_packs_are_known_without_parsing_them() -> None:
    for name in pack_names():
        rules = {
            each
            for group in read_pack(name).groups
            for rule in group.rules
            for each in called(rule)
        }
        assert names_in([name]) == rules, name
