"""Where runbooks are, which ones checks and keys name, and what ``validate`` and others print."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.tui.config_helpers import loaded, sentences, write
from tui.cli import main

STEPS = "# High CPU\n\nLook first.\n\n```bash {name=top safe}\ntop -b -n 1\n```\n"
CHECKS = "checks: [{name: web, host: }]\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, with one runbook in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    write(STEPS, "runbooks/high-cpu.md")


def test_patterns_of_runbooks_are_relative_to_the_file(tmp_path: Path) -> None:
    made = loaded(f"version: 1\nrunbooks: runbooks/*.md\n{CHECKS}").engine
    assert made.runbooks.patterns == (str(tmp_path / "runbooks" / "*.md"),)
    assert made.warnings == ()
    assert "no file matches more/*.md" in "".join(
        loaded(f"version: 1\nrunbooks: [more/*.md]\n{CHECKS}").engine.warnings
    )


def test_what_is_no_runbook_is_told_with_its_line() -> None:
    assert sentences(f"version: 1\nrunbooks:\n  - runbooks\n  - gone.md\n{CHECKS}") == [
        "onwatch.yaml:3: runbooks[0]: runbooks is a folder; write runbooks/*.md",
        "onwatch.yaml:4: runbooks[1]: there is no such file: gone.md",
    ]


def test_a_name_that_cannot_be_looked_at_is_told_with_its_line() -> None:
    long = "x" * 300
    text = f"version: 1\nrunbooks: {long}.md\ndashboards:\n  - file: {long}.json\n{CHECKS}"
    assert sentences(text) == [
        f"onwatch.yaml:2: runbooks: cannot be read: {long}.md: File name too long",
        f"onwatch.yaml:4: dashboards[0].file: cannot be read: {long}.json: File name too long",
    ]


def test_a_folder_that_may_not_be_looked_into_is_told_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = Path.stat

    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if "secret" in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        return looks(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", stat)
    assert sentences(f"version: 1\nrunbooks: secret/a.md\n{CHECKS}") == [
        "onwatch.yaml:2: runbooks: cannot be read: secret/a.md: permission denied"
    ]


@pytest.mark.parametrize(
    "link",
    [
        "high-cpu",
        "runbooks/high-cpu.md#top",
        "host-cpu-high",
        "https://wiki.example/what/ever",
    ],
)
def test_a_check_names_a_runbook_of_ours_a_built_in_one_or_a_page(link: str) -> None:
    text = "version: 1\nrunbooks: [runbooks/*.md]\nchecks:\n  - {name: a, runbook: '%s', host: }\n"
    (check,) = loaded(text % link).engine.checks
    assert check.runbook == link


def test_a_runbook_that_there_is_not_is_a_mistake_with_the_nearest_one() -> None:
    text = """\
        version: 1
        runbooks: [runbooks/*.md]
        keybindings:
          ctrl+r: {runbook: high-cup}
          f9: {runbook: host-disk-ful, step: space}
          f10: {step: x}
        checks:
          - {name: a, runbook: hihg-cpu, host: }
          - {name: b, runbook: something, host: }
        """
    assert sentences(text) == [
        'onwatch.yaml:6: keybindings.f10.runbook: is missing',
        'onwatch.yaml:8: checks[0].runbook: there is no runbook "hihg-cpu"; did you mean '
        '"high-cpu"?',
        'onwatch.yaml:9: checks[1].runbook: there is no runbook "something"; name the files of '
        "your own under runbooks:",
    ]  # fmt: skip
    assert sentences(text.replace("f10: {step: x}", "f10: {runbook: high-cpu}"))[:2] == [
        'onwatch.yaml:4: keybindings["ctrl+r"].runbook: there is no runbook "high-cup"; did you '
        'mean "high-cpu"?',
        'onwatch.yaml:5: keybindings.f9.runbook: there is no runbook "host-disk-ful"; did you '
        'mean "host-disk-full"?',
    ]


def test_keys_open_steps_and_actions() -> None:
    made = loaded(
        f"""\
        version: 1
        runbooks: [runbooks/*.md]
        keybindings:
          Ctrl-R: {{runbook: high-cpu, step: top}}
          f9: {{runbook: high-cpu}}
          app.freeze: f
        {CHECKS}"""
    )
    assert made.step_keys == {"ctrl+r": ("high-cpu", "top"), "f9": ("high-cpu", "")}
    assert made.keybindings == {"app.freeze": "f"}


Capture = pytest.CaptureFixture[str]


def validate(capsys: Capture, text: str) -> tuple[int, list[str], list[str]]:
    write(text)
    code = main(["validate"])
    said = capsys.readouterr()
    return code, said.out.splitlines(), said.err.splitlines()


def test_validate_says_which_keys_and_steps_there_are_not(capsys: Capture) -> None:
    code, out, wrong = validate(
        capsys,
        f"""\
        version: 1
        runbooks: [runbooks/*.md]
        keybindings:
          q: {{runbook: high-cpu, step: top}}
          ctrl+i: {{runbook: high-cpu, step: top}}
          f8: {{runbook: high-cpu, step: tob}}
        {CHECKS}""",
    )
    assert (code, out) == (2, [])
    assert wrong == [
        "onwatch.yaml:4: keybindings.q: q is taken by app.quit; choose another, or move that",
        'onwatch.yaml:5: keybindings["ctrl+i"]: Ctrl-I cannot be bound: the terminal cannot tell '
        "it from Tab",
        'onwatch.yaml:6: keybindings.f8.step: the runbook high-cpu has no step "tob"; did you '
        'mean "top"?',
    ]


def test_validate_counts_runbooks_and_dashboards_where_there_are_some(capsys: Capture) -> None:
    write("# Other\n", "runbooks/other.md")
    panel = "{title: up, expr: up}"
    text = f"""\
        version: 1
        runbooks: [runbooks/*.md, runbooks/high-cpu.md]
        dashboards: [{{title: Shop, panels: [{panel}]}}]
        {CHECKS}"""
    code, out, _ = validate(capsys, text)
    assert code == 0
    assert out[0] == "onwatch.yaml: 1 check (1 host); 2 runbooks of its own; 1 dashboard"
    assert validate(capsys, f"version: 1\n{CHECKS}")[1] == ["onwatch.yaml: 1 check (1 host)"]


def test_validate_says_with_a_mistake_what_may_be_the_cause_of_it(capsys: Capture) -> None:
    checks = CHECKS.replace("host:", "runbook: high-cpu, host:")
    code, out, wrong = validate(capsys, f"version: 1\nrunbooks: [runbook/*.md]\n{checks}")
    assert (code, out) == (2, [])
    assert len(wrong) == 2
    assert 'there is no runbook "high-cpu"' in wrong[0]
    assert wrong[1] == "warning: onwatch.yaml:2: runbooks[0]: no file matches runbook/*.md"


def test_validate_warns_of_rules_whose_runbook_there_is_not(capsys: Capture) -> None:
    names = (
        "high-cpus",
        "runbooks/high-cpu.md#top",
        "https://wiki.example/gone",
        "{{ $labels.x }}",
    )
    rules = "".join(
        f"      - {{alert: A{at}, expr: up == 0, annotations: {{runbook_url: '{name}'}}}}\n"
        for at, name in enumerate((*names, "host-cpu-high"))
    )
    write(f"groups:\n  - name: web\n    rules:\n{rules}", "rules.yml")
    own = f"version: 1\nrunbooks: [runbooks/*.md]\nrules: {{files: [rules.yml]}}\n{CHECKS}"
    code, out, _ = validate(capsys, own)
    assert code == 0
    assert out[1:] == [
        'warning: rules.yml:4: A0: runbook_url: there is no runbook "high-cpus"; did you mean '
        '"high-cpu"?'
    ]


def test_validate_warns_of_steps_and_refuses_what_is_no_runbook(capsys: Capture) -> None:
    write("```bash {saef}\nls\n```\n\n```bash\nrm -r /srv/cache\n```\n", "runbooks/clean.md")
    text = f"version: 1\nrunbooks: [runbooks/*.md]\n{CHECKS}"
    code, out, _ = validate(capsys, text)
    assert code == 0
    assert out[1:] == [
        'warning: runbooks/clean.md:1: unknown word "saef"; did you mean "safe"?',
        'warning: runbooks/clean.md:5: step rm: is not marked and holds "rm"; mark it danger, or '
        "asks where that is enough",
    ]
    write("# x\n", "runbooks/theirs.md").chmod(0o666)
    code, out, wrong = validate(capsys, text)
    assert (code, out) == (2, [])
    assert wrong[0].startswith("runbooks/theirs.md: refused: others can write to it")
    assert 'warning: runbooks/clean.md:1: unknown word "saef"; did you mean "safe"?' in wrong
    assert sum("theirs.md" in line for line in wrong) == 1


def test_list_and_show_print_what_there_is(capsys: Capture) -> None:
    write(f"version: 1\nrunbooks: [runbooks/*.md]\n{CHECKS}")
    assert main(["runbook", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split(None, 1) == ["high-cpu", "High CPU  (runbooks/high-cpu.md)"]
    assert "host-disk-full" in {line.split()[0] for line in lines}
    assert main(["runbook", "show", "high-cpu"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "high-cpu (runbooks/high-cpu.md)",
        "",
        "# High CPU",
        "",
        "Look first.",
        "",
        "[top] bash, safe: runs at once, at most 60 s",
        "    top -b -n 1",
    ]
    assert main(["runbook", "show", "high-cpu", "--json", "--step", "top"]) == 0
    (step,) = json.loads(capsys.readouterr().out)["steps"]
    assert (step["marking"], step["text"], step["line"]) == ("safe", "top -b -n 1", 5)


def test_list_tells_of_broken_files_and_show_of_names(capsys: Capture) -> None:
    write(f"version: 1\nrunbooks: [runbooks/*.md]\n{CHECKS}")
    write("---\nvariables: {a: b}\n---\n", "runbooks/broken.md")
    assert main(["runbook", "list"]) == 1
    assert capsys.readouterr().err.startswith("warning: runbooks/broken.md:2: variables.a: names")
    assert main(["runbook", "show", "hihg-cpu"]) == 2
    assert 'there is no runbook "hihg-cpu"; did you mean "high-cpu"?' in capsys.readouterr().err
    assert main(["runbook", "show", "high-cpu", "--step", "tob"]) == 2
    assert 'high-cpu has no step "tob"; did you mean "top"?' in capsys.readouterr().err
