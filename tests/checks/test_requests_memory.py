"""What the newest rows that were read say of a table in which one of them has gone."""

from __future__ import annotations

import pytest

from checks.requests import memory
from checks.requests.memory import Memory, Verdict
from checks.requests.source import Row

T = 1_700_000_000.0


def rows(*pairs: tuple[int, float | None]) -> list[Row]:
    return list(pairs)


def remembered(*pairs: tuple[int, float | None]) -> Memory:
    made = Memory()
    made.add(rows(*pairs))
    return made


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([(1, T), (2, T + 1)], "same"),
        ([(2, T + 1), (3, T + 9)], "same"),
        ([], "another"),
        ([(1, T + 5), (2, T + 7)], "another"),
        ([(1, T + 3600), (2, T + 3601), (3, T + 3602)], "shifted"),
        ([(1, T - 12600), (3, T - 12598)], "shifted"),
        ([(1, T + 3600)], "another"),
        ([(1, T + 3600), (2, T + 3602)], "another"),
        ([(1, T + 1000), (2, T + 1001)], "another"),
        ([(1, T + 86400), (2, T + 86401)], "another"),
        ([(1, None), (2, None)], "another"),
    ],
)
def test_the_verdict_on_a_table(found: list[tuple[int, float | None]], verdict: Verdict) -> None:
    assert remembered((1, T), (2, T + 1), (3, T + 2)).judge(rows(*found)) == verdict


def test_rows_without_a_time_are_known_by_their_id() -> None:
    assert remembered((1, None), (2, None)).judge(rows((1, None))) == "same"


def test_an_id_that_another_row_had_is_a_new_row() -> None:
    known = remembered((1, T), (5, T + 4))
    assert (known.anchor, known.newest, known.span) == ((5, T + 4), T + 4, (1, 5))
    # Of ids between those that were read the holes take care.
    assert known.used_again(rows((1, T), (3, T + 9), (5, T + 8))) == [(5, T + 8)]


def test_rows_that_vanish_and_come_back_are_not_new() -> None:
    known = remembered((1, T), (2, T + 1), (3, T + 2))
    known.replace(rows((1, T)))
    assert known.anchor == (1, T)
    assert known.unseen(rows((2, T + 1), (3, T + 7), (4, T + 8))) == [(3, T + 7), (4, T + 8)]


def test_what_was_moved_is_where_it_is_now() -> None:
    known = remembered((1, T), (2, T + 1))
    known.move(rows((1, T - 3600), (2, T - 3599)))
    assert known.anchor == (2, T - 3599)
    assert known.newest == T - 3599
    assert known.unseen(rows((2, T + 1))) == [(2, T + 1)]


def test_marks_reach_further_back_than_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_REMEMBERED", 10)
    known = Memory()
    for start in range(0, 300, 3):
        known.add(rows(*((start + i, T + start + i) for i in range(3))))
    assert len(known) <= 20
    assert known.mark_below(299) == (296, T + 296)
    assert known.mark_below(200) == (200, T + 200)
    # One mark a batch, of the last 64.
    assert known.mark_below(100) is None
    known.clear()
    assert (known.anchor, known.span, known.mark_below(299)) == (None, None, None)
    assert known.newest == T + 299
