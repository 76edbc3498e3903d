"""CPU time: what is read, and that no spike pages anybody."""

from __future__ import annotations

import pytest

from checks.probes.host.cpu import CpuWindow, Monotonic, parse_stat

NEW = """\
cpu  2570 10 1801 211025 1578 3 42 1248 7 8
cpu0 835 4 612 107081 17 1 9 556 0 0
cpu1 1735 6 1189 103944 1561 2 33 692 0 0
intr 182524 0 0 0
ctxt 356558
btime 1795230727
processes 6634
procs_running 3
procs_blocked 0
"""
OLD = "cpu  100 0 50 800\ncpu0 100 0 50 800\nbtime 12\n"


def test_seconds_by_mode_of_each_cpu() -> None:
    stat = parse_stat(NEW, ticks=100)
    assert stat.cpus["1"] == pytest.approx(
        {
            "user": 17.35,
            "nice": 0.06,
            "system": 11.89,
            "idle": 1039.44,
            "iowait": 15.61,
            "irq": 0.02,
            "softirq": 0.33,
            "steal": 6.92,
        }
    )
    assert stat.counts == {
        "intr": 182524,
        "ctxt": 356558,
        "btime": 1795230727,
        "processes": 6634,
        "procs_running": 3,
        "procs_blocked": 0,
    }


def test_waiting_for_a_disk_is_not_being_busy() -> None:
    assert parse_stat(NEW, ticks=100).busy == pytest.approx(
        25.70 + 0.10 + 18.01 + 0.03 + 0.42 + 12.48
    )


def test_a_kernel_with_fewer_columns_has_fewer_modes() -> None:
    assert parse_stat(OLD, ticks=100).cpus == {
        "0": {"user": 1.0, "nice": 0.0, "system": 0.5, "idle": 8.0}
    }


@pytest.mark.parametrize("text", ["", "cpu", "cpu0 a b c", "ctxt\nbtime x\n", "\0\0"])
def test_garbage_gives_nothing(text: str) -> None:
    stat = parse_stat(text)
    assert stat.busy == 0
    assert not any(stat.cpus.values())
    assert stat.counts == {}


def test_counters_never_run_back() -> None:
    held = Monotonic()
    held.hold("0", {"idle": 100.0, "iowait": 5.0})
    assert held.hold("0", {"idle": 101.0, "iowait": 4.9}) == {"idle": 101.0, "iowait": 5.0}


def test_a_cpu_that_was_unplugged_starts_anew() -> None:
    held = Monotonic()
    held.hold("0", {"idle": 100.0, "user": 50.0})
    assert held.hold("0", {"idle": 2.0, "user": 1.0}) == {"idle": 2.0, "user": 1.0}


def test_one_sample_says_nothing() -> None:
    window = CpuWindow(300)
    window.add(1000.0, 50.0)
    assert window.last(2) is None
    assert window.mean(2) is None


def test_the_use_between_two_samples() -> None:
    window = CpuWindow(300)
    window.add(1000.0, 50.0)
    window.add(1005.0, 55.0)
    assert window.last(2) == pytest.approx(0.5)
    assert window.mean(2) is None


def test_a_spike_hardly_moves_the_mean() -> None:
    window = CpuWindow(300)
    used = 0.0
    for step in range(61):
        window.add(step * 5.0, used)
        used += 10.0 if step == 59 else 0.5
    assert window.last(2) == pytest.approx(1.0)
    mean = window.mean(2)
    assert mean is not None
    assert mean < 0.1


def test_the_mean_forgets_what_is_older_than_the_window() -> None:
    window = CpuWindow(60)
    for step in range(13):
        window.add(step * 5.0, step * 10.0)
    for step in range(13, 40):
        window.add(step * 5.0, 130.0)
    assert window.mean(2) == 0.0
    assert window.covered == pytest.approx(60, abs=5)


def test_a_counter_that_was_reset_begins_a_new_window() -> None:
    window = CpuWindow(60)
    for step in range(20):
        window.add(step * 5.0, 1000 + step)
    window.add(100.0, 3.0)
    assert window.last(2) is None
    assert window.mean(2) is None


@pytest.mark.parametrize("column", ["²", "٣", "9" * 5000, "-1"])
def test_a_line_with_what_is_no_count_is_left_out(column: str) -> None:
    stat = parse_stat(f"cpu {column} 2 3\ncpu0 1 2 3\nctxt {column}\nintr 7\n", 100)
    assert not stat.total
    assert list(stat.cpus) == ["0"]
