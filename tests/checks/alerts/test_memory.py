"""The alerts' state in its file: whole, private, bounded, and never in the way."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.alerts import memory
from checks.alerts.memory import LONGEST_PAUSE, AlertMemory, after_pause
from checks.alerts.model import Alert, Evidence, Found, State
from checks.alerts.packing import packed, unpacked
from checks.alerts.state import Terms, step

LABELS = (("alertname", "A"), ("instance", "web-1"))
FIRING = Alert(
    LABELS,
    State.FIRING,
    1.5,
    (("empty", ""), ("summary", "läuft\nnicht")),
    active_at=100,
    seen_at=900,
    scope=(("instance", "web-1"),),
    fired_at=400,
    missing_since=1000,
    no_data_since=950,
    no_history_since=960,
    begun_at=900,
    watched=(0, -2),
    checks=("web", "db"),
    returns=(1, 2),
    flapping=True,
    evidence=Evidence(math.inf, "> 5", "up{}"),
    why="it is",
)
PENDING = Alert(LABELS, State.PENDING, 1.0, (), active_at=500, seen_at=500)


def test_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    kept = AlertMemory(tmp_path / "deep" / "alerts.json")
    assert kept.keep({"a": [FIRING], "b": [PENDING, PENDING]}, 1234) == ""
    recalled = AlertMemory(kept.path).recall()
    assert recalled.rules == {"a": [FIRING], "b": [PENDING, PENDING]}
    assert (recalled.saved, recalled.problem) == (1234, "")


alerts = st.builds(
    Alert,
    labels=st.dictionaries(st.text(), st.text()).map(lambda d: tuple(sorted(d.items()))),
    state=st.sampled_from([State.PENDING, State.FIRING, State.RESOLVED]),
    value=st.floats(allow_nan=False),
    annotations=st.dictionaries(st.text(), st.text()).map(lambda d: tuple(sorted(d.items()))),
    active_at=st.integers(0, 2**50),
    seen_at=st.integers(0, 2**50),
    fired_at=st.none() | st.integers(0, 2**50),
    watched=st.lists(st.integers(-5, 5)).map(tuple),
    flapping=st.booleans(),
    evidence=st.builds(Evidence, st.none() | st.floats(allow_nan=False), st.text(), st.text()),
    why=st.text(),
)


@given(alerts)
def test_whatever_an_alert_is_comes_back(alert: Alert) -> None:
    try:
        text = json.dumps(packed(alert)).encode()
    except UnicodeEncodeError:  # lone surrogates, which clean() lets nobody have
        return
    assert unpacked(json.loads(text)) == alert


def test_a_value_that_is_no_number_comes_back() -> None:
    assert math.isnan(unpacked(packed(Alert(LABELS, State.FIRING, math.nan, (), 0, 0))).value)


def test_it_is_its_owners_alone_and_written_only_for_something_new(tmp_path: Path) -> None:
    kept = AlertMemory(tmp_path / "alerts.json")
    kept.keep({"a": [FIRING]}, 1)
    assert kept.path.stat().st_mode & 0o777 == 0o600
    kept.path.unlink()
    kept.keep({"a": [FIRING]}, 60_000)
    assert not kept.path.exists()
    kept.keep({"a": [FIRING]}, 60_001)
    assert AlertMemory(kept.path).recall().saved == 60_001
    kept.keep({}, 3)
    assert AlertMemory(kept.path).recall().rules == {}
    assert [each.name for each in tmp_path.iterdir()] == ["alerts.json"]


def test_without_a_file_nothing_is_known_and_nothing_wrong(tmp_path: Path) -> None:
    assert AlertMemory(tmp_path / "alerts.json").recall().problem == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version":1}',
        '{"version":2,"saved":1,"rules":{}}',
        '{"version":1,"saved":1,"rules":[]}',
        '{"version":1,"saved":1,"rules":{"a":[{}]}}',
        '{"version":1,"saved":1,"rules":{"a":5}}',
        '{"version":1,"saved":"x","rules":{}}',
        "[" * 100_000,
        "\udcff",
    ],
)
def test_a_broken_file_is_told_and_set_aside(tmp_path: Path, text: str) -> None:
    path = tmp_path / "alerts.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    recalled = AlertMemory(path).recall()
    assert recalled.rules == {}
    assert "was broken: the alerts of before are not known" in recalled.problem
    assert not path.exists()
    assert (tmp_path / "alerts.json.broken").exists()
    assert AlertMemory(path).keep({"a": [FIRING]}, 1) == ""


@pytest.mark.parametrize("key", ["labels", "state", "value", "active_at", "evidence", "watched"])
def test_an_alert_with_something_else_in_it_is_broken(tmp_path: Path, key: str) -> None:
    item = packed(FIRING) | {key: {"labels": 5}}
    path = tmp_path / "alerts.json"
    path.write_text(json.dumps({"version": 1, "saved": 1, "rules": {"a": [item]}}))
    assert AlertMemory(path).recall().problem


def test_a_file_that_others_can_write_to_is_not_believed(tmp_path: Path) -> None:
    kept = AlertMemory(tmp_path / "alerts.json")
    kept.keep({"a": [FIRING]}, 1)
    kept.path.chmod(0o666)
    recalled = AlertMemory(kept.path).recall()
    assert recalled.rules == {}
    assert "others can write to" in recalled.problem
    assert kept.path.exists()


def test_of_too_many_the_ones_that_fire_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MOST", 2)
    kept = AlertMemory(tmp_path / "alerts.json")
    resolved = Alert(LABELS, State.RESOLVED, 1.0, (), 0, 0, resolved_at=5)
    kept.keep({"a": [resolved, PENDING], "b": [FIRING]}, 1)
    assert AlertMemory(kept.path).recall().rules == {"b": [FIRING], "a": [PENDING]}


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = AlertMemory(tmp_path / "file" / "alerts.json").keep({"a": [FIRING]}, 1)
    assert told.startswith("the state of the alerts is not saved: ")


def test_time_in_which_nothing_ran_does_not_count() -> None:
    pending, firing = after_pause([PENDING, FIRING], 60)
    assert pending.active_at == 560
    assert (firing.active_at, firing.missing_since) == (100, 1060)


def test_a_pause_amid_a_time_without_samples_counts_once() -> None:
    silent = replace(PENDING, no_data_since=550)
    (alert,) = after_pause([silent], 60)
    done = step(Terms(hold=50), {LABELS: alert}, {LABELS: Found(1.0, (), ())}, 700)
    assert done.alerts[LABELS].state is State.FIRING
    assert done.alerts[LABELS].active_at == 650


def test_a_pause_amid_a_time_of_too_little_history_counts_once() -> None:
    frozen = replace(PENDING, no_history_since=550)
    (alert,) = after_pause([frozen], 60)
    done = step(Terms(hold=50), {LABELS: alert}, {LABELS: Found(1.0, (), ())}, 700)
    assert done.alerts[LABELS].active_at == 650


def test_after_long_only_what_fired_is_still_known() -> None:
    assert after_pause([PENDING, FIRING], LONGEST_PAUSE + 1)[0].state is State.FIRING


def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = AlertMemory(tmp_path / "alerts.json")
    kept.keep({"a": [FIRING]}, 1)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "No space left on device" in kept.keep({"a": [PENDING]}, 2)
    assert AlertMemory(kept.path).recall().rules == {"a": [FIRING]}
    assert [each.name for each in tmp_path.iterdir()] == ["alerts.json"]
