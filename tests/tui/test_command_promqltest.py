"""``onwatch promqltest``: its report, its exit codes, its mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.cli import main

GOOD = """\
load 1m
  up{job="a"} 1 0 1

eval instant at 1m up
  up{job="a"} 0

eval instant at 1m limitk(1, up)
  up{job="a"} 0
"""
BAD = """\
load 1m
  up{job="a"} 1 0 1

eval instant at 1m up
  up{job="a"} 1
  up{job="b"} 1

eval instant at 1m sum(up)
  {} 0
"""
NAMES = """\
load 1m
  up{job="a"} 1

eval instant at 0 label_replace(-up, "was", "$1", "__name__", "(.*)")
  {job="a", was="up"} -1
"""


@pytest.fixture(autouse=True)
def _scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("good", GOOD), ("bad", BAD), ("names", NAMES)):
        Path(f"{name}.test").write_text(text)


def test_what_passed_is_counted_and_what_was_skipped_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["promqltest", "good.test"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    skipped, counts, total = out.splitlines()
    assert skipped.startswith("good.test:7: skipped, experimental")
    assert skipped.endswith(": limitk(1, up)")
    assert counts == "good.test: 1 passed, 0 failed, 1 skipped"
    assert total == "1 file: 1 passed, 0 failed, 1 skipped (delayed name removal on)"


def test_a_failure_is_told_with_its_line_and_ends_with_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["promqltest", "bad.test", "good.test"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "bad.test:4: failed: up",
        '    expected up{job="a"} 1, got 0',
        '    expected up{job="b"} 1, which is not there',
        "bad.test: 1 passed, 1 failed, 0 skipped",
    ]
    assert lines[-1] == "2 files: 2 passed, 1 failed, 1 skipped (delayed name removal on)"


def test_names_may_go_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["promqltest", "names.test"]) == 0
    assert main(["promqltest", "--delayed-name-removal", "off", "names.test"]) == 1
    assert capsys.readouterr().out.endswith("(delayed name removal off)\n")


def test_a_wrong_script_ends_with_2_and_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wrong.test").write_text("load 1m\n  up{ 1\n")
    Path("other.test").write_text("clear\n\nevaluate up\n")
    Path("binary.test").write_bytes(b"clear\n\xff\n")
    names = ["wrong.test", "good.test", "other.test", "binary.test", "missing.test"]
    assert main(["promqltest", *names]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(": ")[0] for line in err.splitlines()] == [
        "wrong.test:2",
        "other.test:3",
        "binary.test:2",
        "missing.test",
    ]


def test_samples_that_contradict_each_other_are_a_wrong_script(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("twice.test").write_text("load 1m\n  up 1\n\nload 1m\n  up 2\n")
    assert main(["promqltest", "twice.test"]) == 2
    assert capsys.readouterr().err == "twice.test:4: up has two values at 0s\n"


def test_what_scripts_say_is_made_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    Path("odd.test").write_text('eval instant at 0 vector(1)\n  {a="\x1b[2J\x07"} 1\n')
    assert main(["promqltest", "odd.test"]) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_a_file_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["promqltest"])
    assert caught.value.code == 2
    assert "FILE" in capsys.readouterr().err
