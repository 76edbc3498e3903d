"""What a soak calls wrong: what grew, what did not come back, delays that nothing explains."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.soak.judged import COLLECTION, LOAD, RENEWED, Judged, Span, judge

HOUR, EVERY, CALM = 3600, 2, 60.0
Note = dict[str, Any]


def notes(growth: Mapping[str, float] | None = None) -> list[Note]:
    """An hour of figures; those in ``growth`` grow steadily by so much."""
    flat = {
        "memory": 160.0,
        "store": 20.0,
        "besides": 140.0,
        "objects": 900.0,
        "series": 1_200,
        "descriptors": 30,
        "threads": 16,
        "widgets": 60,
        "bars": 5,
        "tasks": 30,
    }
    counted = {"runs": 0, "late": 0, "skipped": 0, "engine": 1, "load": 0.5}
    lines: list[Note] = []
    for time in range(0, HOUR, EVERY):
        grown = {what: flat[what] + more * time / HOUR for what, more in (growth or {}).items()}
        lines.append({"time": float(time), **flat, **grown, **counted, "runs": time * 10})
    return lines


def judged(lines: list[Note], *faults: Span, late: int = 0, skipped: int = 0) -> Judged:
    """The judgement of ``lines``, at whose end so many delays were counted."""
    figures = [line for line in lines if "what" not in line]
    figures[-1].update(late=late, skipped=skipped)
    return judge(sorted(lines, key=lambda line: line["time"]), faults, CALM)


def late(time: float, *, ran: float = 0.0, waited: float = 0.0) -> Note:
    return {
        "what": "late",
        "time": time,
        "check": "api-1",
        "seconds": 0.4,
        "ran": ran,
        "waited": waited,
    }


def left_out(time: float, check: str, runs: int = 1) -> Note:
    return {"what": "left out", "time": time, "check": check, "runs": runs}


def test_an_hour_in_which_nothing_grew_is_right() -> None:
    found = judged(notes())
    assert found.wrong == ()
    assert found.runs == (HOUR - EVERY) * 10
    assert ("memory besides them", "140 MB", "140 MB", "140 MB", "140 MB") in found.rows


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("besides", "memory besides them grew"),
        ("descriptors", "descriptors grew"),
        ("threads", "threads grew"),
        ("widgets", "tasks of widgets did not come back"),
        ("tasks", "other tasks grew"),
    ],
)
def test_what_grows_is_told(what: str, sentence: str) -> None:
    assert judged(notes({what: 40.0})).wrong[0].startswith(sentence)


def test_the_store_may_fill_for_an_hour() -> None:
    assert judged(notes({"store": 40.0, "memory": 40.0})).wrong == ()


def test_tasks_that_did_not_come_back_are_told() -> None:
    lines = notes()
    for line in lines[-30:]:
        line["tasks"] = 50
    assert judged(lines).wrong == ("other tasks did not come back: 30 before, 50 after",)


def test_a_late_run_is_explained_by_what_held_onwatch_up() -> None:
    stopped = Span("onwatch stopped in its tracks", 1000, 1020, slows=True)
    other = Span("HTTP 503", 1995, 2005)
    lines = [*notes(), late(1025), late(2000, waited=0.3), late(2001, ran=0.4)]
    lines.append({"what": "stuck", "time": 2001.1, "seconds": 0.4, "where": ["a.py:1 slow"]})
    found = judged(lines, stopped, other, late=3)
    assert found.late == {stopped.name: 1, LOAD: 1}
    (sentence,) = found.unexplained
    assert "api-1 began 0.40 s late" in sentence
    assert "meanwhile: HTTP 503" in sentence
    assert "a.py:1 slow" in sentence
    assert found.wrong == ("1 delays of runs have no reason that is known",)


def test_a_run_is_left_out_only_where_its_own_server_hung() -> None:
    hung = Span("Redis stopped in its tracks", 1000, 1020, hangs=("cache",))
    lines = [*notes(), left_out(1010, "cache", 3), left_out(1010, "shop")]
    found = judged(lines, hung, skipped=4)
    assert found.left_out == {hung.name: 3}
    assert found.unexplained[0].startswith("shop: runs left out: 1; meanwhile: Redis")


def test_delays_that_were_counted_must_be_told_of() -> None:
    assert judged(notes(), late=2).wrong == ("2 delays were counted and not told of",)


def test_another_engine_counts_from_none_and_explains_what_is_late_beside_it() -> None:
    lines = notes()
    for line in lines[900:]:
        line.update(engine=2, runs=line["runs"] - 900 * EVERY * 10 + 10)
    found = judged([*lines, late(1803), late(1830)], late=2)
    assert found.runs == (HOUR - EVERY) * 10 - 20 + 10
    assert found.late == {RENEWED: 1}
    assert len(found.unexplained) == 1


def stop(time: float, seconds: float, *, ran: float, what: str = "still") -> Note:
    note = {"what": what, "time": time, "seconds": seconds, "ran": ran}
    return note if what == "still" else {**note, "thread": "MainThread", "generation": 2}


def test_what_stopped_all_threads_explains_a_late_run() -> None:
    found = judged(
        [
            *notes(),
            late(100.0),
            stop(100.0, 0.35, ran=0.01),
            late(200.0),
            stop(200.0, 0.3, ran=0.3, what="collection"),
        ],
        late=2,
    )
    assert found.late == {LOAD: 1, COLLECTION: 1}
    assert found.unexplained == ()


def test_a_thread_that_kept_the_lock_explains_nothing() -> None:
    found = judged([*notes(), late(100.0), stop(100.0, 0.35, ran=0.34)], late=1)
    assert "stood still for 0.35 s and ran 0.34 s" in found.unexplained[0]


def test_what_stopped_at_another_time_explains_nothing() -> None:
    found = judged([*notes(), late(100.0), stop(102.0, 0.35, ran=0.0)], late=1)
    assert len(found.unexplained) == 1


SOAK = """
import signal, subprocess, sys
from contextlib import ExitStack
from pathlib import Path
from benchmarks.soak.ending import leaving_nothing
from benchmarks.soak.servers import Redis

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    # Tests that run in the background of a shell have it ignored.
    signal.signal(number, signal.SIG_DFL)
with leaving_nothing(), ExitStack() as stack:
    redis = Redis(Path(sys.argv[1]))
    redis.start()
    stack.callback(redis.kill)
    redis.freeze()
    busy = subprocess.Popen(["sleep", "60"])
    print(redis.pid, busy.pid, flush=True)
    signal.pause()
"""
"""What a soak does, amid two of its faults."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_soak_that_is_ended_leaves_nothing_running(
    number: signal.Signals, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", SOAK, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as soak:
        assert soak.stdout is not None
        started = [psutil.Process(int(pid)) for pid in soak.stdout.readline().split()]
        assert len(started) == 2
        soak.send_signal(number)
        assert soak.wait(10) == 128 + number
    assert not any(one.is_running() for one in started)
