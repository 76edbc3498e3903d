"""What is remembered of a group between looks. Pure: no process is started here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.probes.process.details import Details
from checks.probes.process.group import Figures, Group, Member
from checks.processes.scan import Process


def member(pid: int, time: float = 0.0, parent: int = 1, state: str = "S", life: int = 1) -> Member:
    process = Process(pid, "app", state, time, 1e6, (pid, life), parent=parent, threads=2)
    return Member(process, Details(descriptors=10, limit=100, read=5, written=6), 1_000.0)


def test_workers_that_come_and_go_are_no_restarts() -> None:
    group = Group(60, 600)
    group.note(0, [member(1, parent=0), member(2, parent=1), member(3, parent=1)], [])
    figures = group.note(5, [member(1, parent=0), member(4, parent=1), member(3, parent=1)], [])
    assert figures.events == ()
    assert figures.restarts == 0


def test_an_orphan_is_no_restart() -> None:
    """The first process ends and init takes over its worker, which has been there all along."""
    group = Group(60, 600)
    group.note(0, [member(10, parent=1), member(11, parent=10)], [])
    figures = group.note(5, [member(11, parent=1)], [])
    assert figures.events == ()


def test_one_of_many_is_replaced() -> None:
    group = Group(60, 600)
    group.note(0, [member(10), member(11), member(12)], [])
    figures = group.note(5, [member(10), member(11), member(20)], [])
    assert figures.events == ("restarted: pid 12 → 20",)
    assert figures.restarts == 1


def test_the_same_id_with_another_start_is_another_process() -> None:
    group = Group(60, 600)
    group.note(0, [member(10, life=1)], [])
    figures = group.note(5, [member(10, life=2)], [])
    assert figures.events == ("restarted: pid 10 → 10",)


def test_more_of_them_are_no_restart_and_fewer_neither() -> None:
    group = Group(60, 600)
    group.note(0, [member(10)], [])
    assert group.note(5, [member(10), member(11)], []).restarts == 0
    assert group.note(10, [member(10)], []).restarts == 0
    assert group.note(1_000, [member(10), member(12)], []).restarts == 0


def test_a_long_outage_is_remembered() -> None:
    group = Group(60, 600)
    group.note(0, [member(10)], [])
    for second in range(5, 5_000, 5):
        figures = group.note(second, [], [])
    assert figures.gone_for == pytest.approx(4_990)
    assert figures.last_pids == (10,)
    figures = group.note(5_000, [member(20)], [])
    assert figures.events == ("started again after some 1 h: pid 10 → 20",)


def test_the_first_one_ever_is_started() -> None:
    group = Group(60, 600)
    group.note(0, [], [])
    figures = group.note(5, [member(20)], [])
    assert figures.events == ("started: pid 20",)
    assert figures.restarts == 0


def test_a_loop_costs_no_memory() -> None:
    group = Group(60, 1e9)
    for pid in range(2, 5_000):
        figures = group.note(pid, [replace(member(pid, time=1.0), started=pid)], [])
    assert figures.restarts == 4_997
    assert figures.recent == 1_000
    assert figures.counters["user"] == pytest.approx(4_998)


def test_a_counter_that_one_refuses_is_left_out_and_comes_back() -> None:
    group = Group(60, 600)
    assert group.note(0, [member(10)], []).counters["read"] == 5
    closed = replace(member(11), details=Details(refused=frozenset({"bytes read and written"})))
    assert "read" not in group.note(5, [member(10), closed], []).counters
    assert group.note(10, [member(10)], []).counters["read"] == 5


def test_descriptors_of_all_are_known_only_where_all_tell() -> None:
    group = Group(60, 600)
    closed = replace(member(11), details=Details())
    figures = group.note(0, [member(10), closed], [])
    assert figures.descriptors is None
    assert figures.fullest == member(10)
    assert group.note(1, [member(10), member(11)], []).descriptors == 20


def test_cpu_over_the_interval_and_over_the_window() -> None:
    group = Group(60, 600)
    assert group.note(0, [member(10, 100.0)], []).cpu is None
    figures = group.note(10, [member(10, 105.0)], [])
    assert figures.cpu == pytest.approx(0.5)
    assert figures.cpu_mean is None
    for second in range(20, 71, 10):
        figures = group.note(second, [member(10, 105.0)], [])
    assert figures.cpu == 0
    assert figures.cpu_mean == pytest.approx(0.0)
    assert figures.cpu_span == pytest.approx(60)


def test_waiting_for_a_disk_counts_while_every_look_finds_it() -> None:
    group = Group(60, 600)

    def stuck(figures: Figures) -> float:
        return figures.members[0].stuck

    group.note(0, [member(10, state="D")], [])
    assert stuck(group.note(50, [member(10, state="D")], [])) == 50
    assert stuck(group.note(55, [member(10, state="S")], [])) == 0
    assert stuck(group.note(60, [member(10, state="D")], [])) == 0
    assert stuck(group.note(70, [member(10, state="D", life=2)], [])) == 0


def test_a_zombie_lasts_where_two_looks_find_it() -> None:
    group = Group(60, 600)
    dead = member(10, state="Z").process
    assert group.note(0, [], [dead]).lasting_zombies == 0
    assert group.note(5, [], [dead]).lasting_zombies == 1
    assert group.note(10, [], [member(11, state="Z").process]).lasting_zombies == 0


def test_one_that_was_out_of_sight_goes_on_where_it_was() -> None:
    """Its pid file was not there for a moment: neither a restart, nor a day's CPU time at once."""
    group = Group(60, 600)
    group.note(0, [member(10, 80_000.0), member(11, 100.0, parent=10)], [])
    group.note(5, [], [])
    figures = group.note(10, [member(10, 80_001.0), member(11, 100.0, parent=10)], [])
    assert (figures.events, figures.restarts, figures.gone_for) == ((), 0, None)
    assert figures.cpu == pytest.approx(1 / 5)
    assert figures.counters["user"] == pytest.approx(80_101.0)
    figures = group.note(15, [member(12, 2.0)], [])
    assert figures.events == ("restarted: pid 10 → 12",)
    assert figures.cpu == pytest.approx(2 / 5)


def test_what_could_not_be_read_for_a_moment_is_not_counted_again() -> None:
    group, closed = Group(60, 600), replace(member(10), details=Details())
    group.note(0, [member(10)], [])
    group.note(5, [closed], [])
    assert group.note(10, [member(10)], []).counters["read"] == 5


def test_one_that_ran_before_it_was_of_the_group_counts_from_then_on() -> None:
    group = Group(60, 600)
    group.note(0, [member(10, 100.0)], [], 2_000)
    old, new = member(11, 80_000.0), replace(member(12, 3.0), started=2_004.0)
    assert group.unseen(10, [member(10, 101.0), old, new], 2_010) == {old.process.key}
    figures = group.note(10, [member(10, 101.0), old, new], [], 2_010)
    assert figures.cpu == pytest.approx(4 / 10)
    assert figures.counters["user"] == pytest.approx(104)
    assert figures.counters["read"] == 10
    figures = group.note(20, [member(10, 101.0), member(11, 80_005.0), new], [], 2_020)
    assert figures.cpu == pytest.approx(5 / 10)
