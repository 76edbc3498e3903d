"""A narrow link: a picture every five seconds, nothing that moves, keys answered at once."""

from __future__ import annotations

import re
import time
from dataclasses import replace

from tests.patience import tried_again
from tests.tui.app_kit import Clock, app_of, running, seen, settle
from tests.tui.fakes import FakeSource
from tests.tui.terminals import OnTerminal
from tests.tui.tour import everything, later
from tests.widgets import samples
from tui.app import OnwatchApp
from tui.pace import LABEL, Pace

CURVES = re.compile("[▂▃▄▅▆▇█]")


def test_a_picture_is_due_every_five_seconds() -> None:
    pace = Pace(low=True)
    shown = [second for second in range(21) if pace.due(100.0 + second)]
    assert shown == [0, 5, 10, 15, 20]
    assert all(Pace().due(float(second)) for second in range(9))


def test_a_picture_that_comes_a_little_early_is_not_five_seconds_late() -> None:
    pace = Pace(low=True)
    assert pace.due(100.0)
    assert pace.due(104.9)


def test_what_was_asked_for_is_shown_as_it_comes() -> None:
    pace = Pace(low=True)
    assert pace.due(100.0)
    assert not pace.due(101.0)
    pace.expect(101.5)
    assert pace.due(102.0)
    assert pace.due(103.0)
    assert not pace.due(104.5)


def test_a_picture_for_a_narrow_link_says_so_and_lacks_no_figure() -> None:
    picture = everything()
    thin = Pace(low=True).fitted(picture, 0.0)
    assert thin.source == LABEL
    assert thin.checks is picture.checks
    assert thin.hosts is picture.hosts
    assert Pace().fitted(picture, 0.0) is picture


def test_a_large_chart_stands_still_for_a_minute() -> None:
    pace = Pace(low=True)

    def chart(value: float, now: float) -> float:
        details = samples.details("gateway")
        moved = replace(details.charts[0], values=(value,) * len(details.charts[0].times))
        picture = everything(details=replace(details, charts=(moved, *details.charts[1:])))
        shown = pace.fitted(picture, now).details
        assert shown is not None
        assert len(shown.charts) == len(details.charts)
        return shown.charts[0].values[0]

    assert [chart(*pair) for pair in ((1.0, 0.0), (2.0, 30.0), (3.0, 61.0), (4.0, 90.0))] == [
        1.0,
        1.0,
        3.0,
        3.0,
    ]


async def test_it_can_be_chosen_while_it_runs_and_undone() -> None:
    source, clock = FakeSource(everything()), Clock()
    async with running(source, (120, 36), clock=clock) as pilot:
        assert CURVES.search(seen(pilot))
        app_of(pilot).action_low_bandwidth()
        await settle(pilot)
        assert not CURVES.search(seen(pilot))
        assert LABEL in seen(pilot).splitlines()[0]
        for seconds, shown in ((10, "22:13:21"), (1, "22:13:21"), (4, "22:13:23")):
            clock.time += seconds
            source.show(later(source.picture))
            await settle(pilot)
            assert shown in seen(pilot)
        await pilot.press("down")
        assert "▌✖ gateway-db" in seen(pilot), "keys are answered at once"
        app_of(pilot).action_low_bandwidth()
        await settle(pilot)
        assert CURVES.search(seen(pilot))
        assert "● live" in seen(pilot).splitlines()[0]


async def test_every_screen_does_without_curves() -> None:
    app = OnwatchApp(FakeSource(everything()), low_bandwidth=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for key, figure in (
            ("2", "12 ms"),
            ("3", "96 of 100"),
            ("4", "4.53 s"),
            ("5", "1,204"),
            ("6", "Processor"),
        ):
            await pilot.press("escape", key)
            await settle(pilot)
            assert figure in seen(pilot)
            assert not CURVES.search(seen(pilot)), seen(pilot)


@tried_again
def test_bytes_a_second_on_a_terminal() -> None:
    child = ["-m", "tests.tui.ending_child", "lively"]
    with OnTerminal([*child, "--low-bandwidth"]) as narrow, OnTerminal(child) as usual:
        for terminal in (narrow, usual):
            terminal.read_until(b"filter")
        read_for(3.0, narrow, usual)
        narrow.output = usual.output = b""
        read_for(5.0, narrow, usual)
        assert len(narrow.output) < 5 * 400
        assert len(narrow.output) < len(usual.output) / 3
        narrow.output = b""
        began = time.monotonic()
        narrow.type(b"j")
        narrow.read_until("▌".encode())
        assert time.monotonic() - began < 1.0, "a key is answered at once"


def read_for(seconds: float, *terminals: OnTerminal) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for terminal in terminals:
            for _ in terminal.drain():
                pass
