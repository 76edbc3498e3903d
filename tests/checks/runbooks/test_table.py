"""Rows as text: aligned whatever the letters are, bounded, and readable where they are many."""

from __future__ import annotations

from checks.runbooks.running.table import CELL, as_table, as_text, cells_of


def test_columns_stand_below_each_other_whatever_the_letters() -> None:
    rows = [("世界", "1"), ("née", "1234"), ("x", "")]
    lines = as_table(("name", "n"), rows, (False, True), 80)
    assert lines == [
        "name | n",
        "-----+-----",
        "世界 |    1",
        "née  | 1234",
        "x    |",
    ]
    assert {cells_of(line.partition("|")[0]) for line in lines if "|" in line} == {5}


def test_what_is_wider_than_the_terminal_is_a_block_a_row() -> None:
    columns = [f"column_{number}" for number in range(12)]
    lines = as_table(columns, [["a value of some length"] * 12] * 2, [False] * 12, 120)
    assert lines[:2] == ["-- row 1 --", "column_0  | a value of some length"]
    assert len(lines) == 2 * 13


def test_a_long_cell_is_cut_and_a_table_without_rows_has_its_head() -> None:
    (_, _, line) = as_table(("q",), [("x" * 300,)], (False,), 120)
    assert line == "x" * 79 + "…"
    assert as_table(("id", "queue"), [], (True, False), 80) == ["id | queue", "---+------"]


def test_values_are_texts_without_harm() -> None:
    assert as_text("a\x1b[31mb\r\nc\td") == "ab↵c d"
    assert len(as_text("x" * 5_000)) == CELL
    assert as_text(b"\xde\xad" * 40) == "\\x" + "dead" * 16 + "…"
    assert as_text([1, None, "x"]) == "{1,NULL,x}"
