"""Figures of a good day beside those of now, and the files that they are in."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from checks.baselines import files
from checks.baselines.comparing import change_text, compare, judge
from checks.baselines.model import Baseline, Figure

GOOD = Baseline(
    "good",
    1_700_000_000.0,
    30.0,
    "web-1",
    "/etc/onwatch.yaml",
    (
        Figure("api", "throughput", 100.0),
        Figure("api", "p95", 0.041),
        Figure("api", "error rate", 0.0),
        Figure("db", "latency", 0.0004),
    ),
)


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.mark.parametrize(
    ("kind", "before", "now", "verdict", "change"),
    [
        ("p95", 0.041, 0.063, "worse", "+54 %"),
        ("p95", 0.041, 0.030, "better", "-27 %"),
        ("p95", 0.041, 0.048, "same", "+17 %"),
        ("latency", 0.0004, 0.0012, "same", "+200 %"),
        ("throughput", 100.0, 70.0, "worse", "-30 %"),
        ("throughput", 100.0, 150.0, "better", "+50 %"),
        ("error rate", 0.0, 0.02, "worse", "from nothing"),
        ("error rate", 0.0, 0.0005, "same", "from nothing"),
        ("CPU", 0.03, 0.06, "same", "+100 %"),
    ],
)
def test_what_is_worse_depends_on_what_it_is(
    kind: str, before: float, now: float, verdict: str, change: str
) -> None:
    off, found = judge(kind, before, now)
    assert (found, change_text(off)) == (verdict, change)


def test_each_figure_has_its_tolerance_and_none_is_forgotten() -> None:
    now = [
        Figure("api", "throughput", 95.0),
        Figure("api", "p95", 0.045),
        Figure("new", "p50", 1.0),
    ]
    found = {
        (one.check, one.kind): one.verdict for one in compare(GOOD, now, {"p95": 0.05, "": 0.02})
    }
    assert found == {
        ("api", "throughput"): "worse",
        ("api", "p95"): "worse",
        ("api", "error rate"): "gone",
        ("db", "latency"): "gone",
        ("new", "p50"): "new",
    }


def test_a_file_is_its_owners_and_comes_back_as_it_was() -> None:
    path = files.write(GOOD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    back = files.read("good")
    assert (back.figures, back.config, back.saved) == (GOOD.figures, GOOD.config, GOOD.saved)


def test_the_newest_of_the_same_configuration_is_taken() -> None:
    for name, saved, config in (("a", 1.0, "x"), ("b", 3.0, "x"), ("c", 9.0, "y")):
        files.write(replace(GOOD, name=name, saved=saved, config=config))
    newest = files.newest("x")
    assert newest is not None
    assert newest.name == "b"
    assert files.newest("z") is None
    assert [one.name for one in files.baselines()] == ["c", "b", "a"]


@pytest.mark.parametrize("name", ["../x", ".hidden", "a/b", "", "x" * 65, "a b"])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(files.BaselineError, match="is no name for a baseline"):
        files.read(name)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 9}', '{"version": 1, "saved": "x"}', "[" * 5000],
    ids=["empty", "a list", "no keys", "another version", "no number", "deep"],
)
def test_a_file_that_is_none_is_a_sentence_and_keeps_nobody_from_the_others(text: str) -> None:
    files.write(GOOD)
    files.path_of("bad").write_text(text)
    with pytest.raises(files.BaselineError, match="is no baseline"):
        files.read("bad")
    assert [one.name for one in files.baselines()] == ["good"]


def test_what_is_read_is_made_harmless() -> None:
    path = files.write(GOOD)
    data = json.loads(path.read_text())
    data["figures"] = [["a\x1b[31m", "p95", 1.0], ["a", "unheard of", 2.0]]
    path.write_text(json.dumps(data))
    assert files.read("good").figures == (Figure("a", "p95", 1.0),)


def test_one_that_is_not_there_names_those_that_are() -> None:
    files.write(GOOD)
    with pytest.raises(files.BaselineError, match=r'no baseline is called "bad" \(good\)'):
        files.read("bad")
