"""What is shown to who looks at the logs: merged, filtered, brought up to date."""

from __future__ import annotations

import pytest

from checks.logs import live
from checks.logs.live import StandingLogs
from checks.logs.model import Level, Record
from checks.logs.tail import Reading, Tail
from checks.logs.views import LogsView, LogsWanted, PatternView
from checks.model import Status
from checks.state import CheckState
from tests.checks.fakes import spec as other_spec
from tests.checks.log_kit import record, spec

NOW = 1_700_000_000.0


class Scene:
    """Checks with tails, and somebody who looks."""

    def __init__(self, *names: str) -> None:
        self.states = {name: CheckState(spec(name, files=[f"/{name}.log"]), NOW) for name in names}
        self.states["other"] = CheckState(other_spec("other"), NOW)
        for name in names:
            self.states[name].log = Tail()

    def add(self, name: str, *records: Record) -> None:
        tail = self.states[name].log
        assert tail is not None
        tail.add(records)

    def look(self, **wanted: object) -> LogsView:
        return self.through(StandingLogs(LogsWanted(**wanted)))  # type: ignore[arg-type]

    def through(self, standing: StandingLogs) -> LogsView:
        return standing.view(self.states, NOW)


def messages(view: LogsView) -> list[str]:
    return [line.record.message for line in view.lines]


def test_the_newest_of_all_checks_come_in_the_order_of_time() -> None:
    scene = Scene("a", "b")
    scene.add("a", record("1", time=NOW + 1), record("4", time=NOW + 4))
    scene.add("b", record("2", time=NOW + 2), record("3", time=NOW + 3))
    view = scene.look(most=3)
    assert messages(view) == ["2", "3", "4"]
    assert [line.check for line in view.lines] == ["b", "b", "a"]
    assert view.total == 4
    assert [source.check for source in view.sources] == ["a", "b"], "and none that is no log"


def test_each_wish_narrows_what_is_shown() -> None:
    scene = Scene("a", "b")
    scene.add(
        "a",
        record("plain", time=NOW),
        record("debug", "debug", time=NOW + 1),
        record("error", "error", time=NOW + 2, patterns=("slow",), n=7),
    )
    scene.add("b", record("warning", "warning", time=NOW + 3))
    assert messages(scene.look(level=Level.WARNING)) == ["plain", "error", "warning"]
    assert messages(scene.look(level=Level.TRACE)) == ["plain", "debug", "error", "warning"]
    assert messages(scene.look(checks=("b",))) == ["warning"]
    assert messages(scene.look(pattern="slow")) == ["error"]
    assert messages(scene.look(text="n > 5")) == ["error"]
    assert messages(scene.look(text="WARN")) == ["warning"]
    assert messages(scene.look(since=NOW + 1, until=NOW + 2)) == ["debug", "error"]
    assert scene.look(level=Level.ERROR, most=1).total == 2


def test_a_filter_that_is_wrong_is_said_and_left_out() -> None:
    scene = Scene("a")
    scene.add("a", record("one"))
    view = scene.look(text="level >= ")
    assert view.error == "column 9: expected a value: text in quotes, a number or a field"
    assert messages(view) == ["one"]


def test_it_follows_the_tail_and_lines_stay_the_same_objects() -> None:
    scene = Scene("a")
    standing = StandingLogs(LogsWanted(text="even"))
    scene.add("a", *(record("even" if n % 2 else "odd", time=NOW + n) for n in range(10)))
    before = scene.through(standing)
    assert scene.through(standing).lines is before.lines, "nothing came"
    scene.add("a", record("even", time=NOW + 10))
    after = scene.through(standing)
    assert len(after.lines) == 6
    assert all(old is new for old, new in zip(before.lines, after.lines, strict=False))


def test_what_the_tail_lets_go_is_gone_but_grave_ones_stay_longer() -> None:
    scene = Scene("a")
    standing = StandingLogs(LogsWanted(most=10_000))
    scene.add("a", record("first"), record("grave", "error"), record("named", patterns=("x",)))
    scene.through(standing)
    scene.add("a", *(record(str(n)) for n in range(5_000)))
    view = scene.through(standing)
    assert messages(view)[:3] == ["grave", "named", "2000"]
    assert view.total == len(view.lines) == 3_002
    (source,) = view.sources
    assert (source.held, source.levels) == (3_002, {Level.ERROR: 1})


def test_what_reading_says_is_told_and_a_check_without_result_is_too() -> None:
    scene = Scene("a", "b")
    scene.states["b"].log = None
    tail = scene.states["a"].log
    assert tail is not None
    pattern = PatternView("a", "slow", Status.WARNING, 6.0, 6, 60.0, NOW)
    tail.reading = Reading(("/a.log",), 12.0, 60.0, "2 MB behind", (pattern,))
    view = scene.look()
    assert view.patterns == (pattern,)
    first, second = view.sources
    assert (first.files, first.rate, first.note) == (("/a.log",), 12.0, "2 MB behind")
    assert second.note == "waiting for the first result"
    assert scene.look(checks=("b",)).patterns == ()
    assert tail.is_watched(NOW)


def test_a_check_that_was_made_anew_is_followed_anew() -> None:
    scene = Scene("a")
    standing = StandingLogs(LogsWanted())
    scene.add("a", record("old"))
    scene.through(standing)
    scene.states["a"].log = Tail()
    scene.add("a", record("new"))
    assert messages(scene.through(standing)) == ["new"]
    del scene.states["a"]
    assert messages(scene.through(standing)) == []


def test_what_fails_inside_is_said_and_costs_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(record: Record) -> bool:
        raise RuntimeError("no such thing")

    monkeypatch.setattr(live, "compiled", lambda text: broken)
    scene = Scene("a")
    scene.add("a", record("1"))
    view = scene.look(text="status")
    assert view.error == "internal error: RuntimeError: no such thing"
