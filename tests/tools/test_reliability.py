"""The page of faults names tests that there are, and no sentence that no test has seen."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.soak.__main__ import BEGIN, END
from tests.reliability import PAGE, cells

TEST = re.compile(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)")
ROOT = Path(__file__).parents[2]


def rows() -> list[list[str]]:
    """The rows that hold a sentence."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    return [row for line in lines if len(row := cells(line)) == 4 and row[0] != "fault"]


def test_every_test_that_is_named_is_there() -> None:
    named = TEST.findall(PAGE.read_text())
    assert len(named) > 30
    for name, file in named:
        assert f"def {name}(" in (ROOT / file).read_text(), f"{file} has no {name}"


def test_every_sentence_is_held_against_what_its_test_sees() -> None:
    assert len(rows()) > 25
    for fault, sentence, _, tests in rows():
        assert len(sentence) > 20, fault
        ((_, file),) = TEST.findall(tests)
        source = " ".join((ROOT / file).read_text().split())
        assert re.search(rf'user_sees\( ?"{re.escape(fault)}"', source), f"{file}: {fault}"


def test_the_soak_has_its_place() -> None:
    assert PAGE.read_text().count(BEGIN) == PAGE.read_text().count(END) == 1
