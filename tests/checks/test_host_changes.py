"""What changed of late: courses in, ranked sentences out."""

from __future__ import annotations

import math

from checks.hosts.changes import Change, Course, changed, grown, ranked

END = 1_700_000_000.0


def course(before: float, now: float, **changes: object) -> Course:
    """Ten minutes every five seconds, of which the last two are ``now``."""
    times = [END - 600 + 5 * step for step in range(121)]
    values = [now if time > END - 120 else before for time in times]
    made: dict[str, object] = {
        "name": "disk sda:",
        "measure": "share",
        "times": times,
        "values": values,
        "least": 0.2,
        "what": "busy",
    }
    return Course(**{**made, **changes})  # type: ignore[arg-type]


def test_it_says_from_what_to_what_and_since_when() -> None:
    found = changed(course(0.12, 0.98))
    assert found is not None
    assert found.text == "disk sda: 12 → 98 % busy"
    assert found.worse
    assert found.since == END - 115


def test_what_is_usual_is_no_change() -> None:
    assert changed(course(0.40, 0.55)) is None


def test_a_spike_of_one_run_is_no_change() -> None:
    times = [END - 600 + 5 * step for step in range(121)]
    values = [0.1] * 120 + [1.0]
    assert changed(course(0, 0, times=times, values=values)) is None


def test_nothing_is_said_before_some_minutes_are_known() -> None:
    short = [END - 120 + 5 * step for step in range(25)]
    values = [0.1 if time < END - 60 else 1.0 for time in short]
    assert changed(course(0, 0, times=short, values=values)) is None


def test_gaps_are_left_out() -> None:
    times = [END - 600 + 5 * step for step in range(121)]
    values = [math.nan if step % 3 == 0 else 0.1 if step < 100 else 0.9 for step in range(121)]
    found = changed(course(0, 0, times=times, values=values))
    assert found is not None
    assert found.text == "disk sda: 10 → 90 % busy"


def test_a_rate_must_grow_manifold() -> None:
    traffic = {"name": "eth0 in:", "measure": "rate", "least": 1e6, "what": ""}
    assert changed(course(50e6, 80e6, **traffic)) is None
    found = changed(course(2e6, 80e6, **traffic))
    assert found is not None
    assert found.text == "eth0 in: 2.0 → 80.0 MB/s"
    fallen = changed(course(80e6, 0.0, **traffic))
    assert fallen is not None
    assert fallen.text == "eth0 in: 80.0 MB/s → 0 B/s"
    assert not fallen.worse


def test_memory_of_a_program_that_grew() -> None:
    found = grown("mysqld", 3.4e9, 4.6e9, 600.0, 16e9)
    assert found is not None
    assert found.text == "memory of mysqld +1.2 GB in 10 min, now 4.6 GB"
    assert grown("mysqld", 3.4e9, 3.5e9, 600.0, 16e9) is None


def test_what_matters_most_comes_first() -> None:
    small, large, better = (
        changed(course(0.1, 0.35)),
        changed(course(0.1, 0.99)),
        changed(course(0.99, 0.1)),
    )
    assert ranked([small, None, better, large]) == (large, better, small)
    assert len(ranked(Change(str(n), float(n), worse=True) for n in range(40))) == 12
