"""Which incidents run: by schedule, by hand, held."""

from __future__ import annotations

import pytest

from tui.demo.incidents import INCIDENTS, MARIADB, POSTGRES, Director, Turn, incident, possible

SLOW, DOWN = incident("slow-service"), incident("service-down")


def test_an_incident_begins_once_and_ends_after_its_duration() -> None:
    director = Director()
    director.start("slow-service", 100.0)
    assert list(director.turns(100.0)) == [Turn(SLOW, on=True)]
    assert list(director.turns(100.0 + SLOW.duration - 0.1)) == []
    assert list(director.turns(100.0 + SLOW.duration)) == [Turn(SLOW, on=False)]
    assert director.running() == ()


def test_what_is_held_ends_only_when_it_is_stopped() -> None:
    director = Director()
    director.start("service-down", 0.0, hold=True)
    assert list(director.turns(0.0)) == [Turn(DOWN, on=True)]
    assert list(director.turns(1e6)) == []
    director.stop("service-down")
    assert list(director.turns(1e6)) == [Turn(DOWN, on=False)]


def test_starting_again_prolongs_without_a_second_beginning() -> None:
    director = Director()
    director.start("slow-service", 0.0)
    assert list(director.turns(0.0)) == [Turn(SLOW, on=True)]
    director.start("slow-service", 30.0)
    assert list(director.turns(SLOW.duration)) == []
    assert list(director.turns(30.0 + SLOW.duration)) == [Turn(SLOW, on=False)]


def test_toggling_begins_and_ends() -> None:
    director = Director()
    director.toggle("slow-service", 0.0)
    assert [run.incident for run in director.running()] == [SLOW]
    director.toggle("slow-service", 1.0)
    assert director.running() == ()


def test_two_incidents_run_side_by_side_and_stop_together() -> None:
    director = Director()
    director.start("slow-service", 0.0)
    director.start("service-down", 1.0)
    assert [run.incident for run in director.running()] == [SLOW, DOWN]
    assert len(list(director.turns(1.0))) == 2
    director.stop()
    assert {turn.incident for turn in director.turns(2.0)} == {SLOW, DOWN}


def test_the_schedule_waits_while_something_runs() -> None:
    director = Director()
    director.follow([SLOW], 0.0)
    assert [run.until for run in director.running()] == [SLOW.duration]
    director.stop()
    director.start("slow-service", 1.0, hold=True)
    director.follow([DOWN, SLOW], 2.0)
    (running,) = director.running()
    assert (running.incident, running.until) == (SLOW, None)


@pytest.mark.parametrize("act", ["start", "toggle"])
def test_an_unknown_incident_is_refused(act: str) -> None:
    with pytest.raises(KeyError):
        getattr(Director(), act)("earthquake", 0.0)
    with pytest.raises(KeyError):
        Director().stop("earthquake")


def test_every_incident_is_bounded_and_told() -> None:
    assert len({known.name for known in INCIDENTS}) == len(INCIDENTS) >= 9
    for known in INCIDENTS:
        assert 20 <= known.duration <= 90
        assert len(known.sight) > 40


def test_only_incidents_whose_server_is_there_are_possible() -> None:
    assert possible() == INCIDENTS
    assert {known.needs for known in INCIDENTS} == {"", POSTGRES, MARIADB}
    assert {known.needs for known in possible({MARIADB: "not installed"})} == {"", POSTGRES}
    assert {known.needs for known in possible({MARIADB, POSTGRES})} == {""}
