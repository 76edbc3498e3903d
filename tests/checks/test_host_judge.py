"""Bounds, sentences and what can be configured."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from checks.model import Status
from checks.probes.host.config import HostConfig, parse_percent
from checks.probes.host.filesystems import Filesystem
from checks.probes.host.judge import Figures, judge, problems
from checks.probes.host.mounts import Mount
from checks.wording import many, percent, size, span

GB = 1e9


def sentences(figures: Figures, **config: Any) -> list[tuple[Status, str]]:
    parts = problems(figures, HostConfig.model_validate(config))
    return [(part.status, part.message) for part in parts]


def figures(**more: Any) -> Figures:
    return Figures(cores=2, cpus=2, **more)


def disk(used: float = 0.5, inodes: float = 0.1, **more: Any) -> Filesystem:
    mount = Mount("/", "/dev/sda1", "ext4", "8:1")
    free = 30 * GB * (1 - used)
    return Filesystem(
        mount, "/", 30 * GB, free, free, files=1000, files_free=1000 * (1 - inodes), **more
    )


def test_a_full_disk_says_how_much_is_left() -> None:
    found = sentences(figures(filesystems=(disk(0.96),)))
    assert found == [(Status.CRITICAL, "disk / is 96 % full (1.2 GB left)")]


def test_what_is_kept_for_root_counts_as_used() -> None:
    mount = Mount("/", "/dev/sda1", "ext4", "8:1")
    filesystem = Filesystem(mount, "/", size=100.0, free=10.0, available=5.0)
    assert filesystem.used == pytest.approx(90 / 95)


def test_inodes_run_out_too() -> None:
    found = sentences(figures(filesystems=(disk(inodes=0.95),)))
    assert found == [(Status.WARNING, "disk / has 95 % of its inodes in use (50 left)")]


def test_a_filesystem_mounted_read_only_is_full_by_nature() -> None:
    assert sentences(figures(filesystems=(disk(1.0, readonly=True),))) == []


def test_a_disk_that_turned_read_only_is_critical() -> None:
    found = sentences(figures(filesystems=(disk(readonly=True),), lost=frozenset({"/"})))
    assert [status for status, _ in found] == [Status.CRITICAL]
    assert "has become read-only" in found[0][1]


def test_a_disk_that_the_kernel_froze_before_we_came_is_critical() -> None:
    mount = Mount("/", "/dev/sda1", "ext4", "8:1", frozen=True)
    found = sentences(figures(filesystems=(Filesystem(mount, "/", readonly=True),)))
    assert [status for status, _ in found] == [Status.CRITICAL]


def test_a_disk_that_fills_up_warns_in_time() -> None:
    state = figures(filesystems=(disk(0.7),), full_in={"/": 7200.0})
    assert sentences(state) == [
        (Status.WARNING, "disk / will be full in 2 h at this rate (9.0 GB left)")
    ]
    assert sentences(figures(filesystems=(disk(0.7),), full_in={"/": 20_000.0})) == []
    assert sentences(figures(filesystems=(disk(0.4),), full_in={"/": 7200.0})) == []
    assert sentences(state, full_in={"critical": "3h"})[0][0] is Status.CRITICAL


def test_the_mean_is_judged_and_not_the_moment() -> None:
    assert sentences(figures(cpu=1.0, cpu_mean=0.2, cpu_span=300)) == []
    assert sentences(figures(cpu=0.1, cpu_mean=0.93, cpu_span=300)) == [
        (Status.WARNING, "cpu 93 % of 2 cores in use over 5 min (bound 90 %)")
    ]


def test_load_counts_once_both_averages_are_high() -> None:
    assert sentences(figures(load=(9.0, 1.0, 1.0))) == []
    assert sentences(figures(load=(1.0, 9.0, 5.0))) == []
    assert sentences(figures(load=(9.0, 5.0, 2.0))) == [
        (Status.WARNING, "load 9.0, 5.0 over 5 min, on 2 cores (bound 2 a core)")
    ]


def test_load_in_a_container_is_held_against_the_machine() -> None:
    contained = Figures(cores=0.5, cpus=16, load=(9.0, 9.0, 9.0))
    assert sentences(contained) == []


def test_memory_and_swap() -> None:
    found = sentences(
        figures(memory_used=15.7 * GB, memory_limit=16 * GB, swap_used=1.7 * GB, swap_total=2 * GB)
    )
    assert found == [
        (Status.CRITICAL, "memory is 98 % in use (300 MB left)"),
        (Status.WARNING, "swap is 85 % full (300 MB left)"),
    ]


def test_no_swap_is_no_problem() -> None:
    assert sentences(figures(swap_used=0, swap_total=0)) == []


def test_a_killed_process_is_remembered_for_a_while() -> None:
    assert sentences(figures(killed=2, killed_ago=120)) == [
        (Status.WARNING, "the kernel killed 2 processes for want of memory, last 2 min ago")
    ]
    assert sentences(figures(killed=2, killed_ago=300)) == []


def test_the_worst_problem_speaks_for_all() -> None:
    state = figures(cpu_mean=0.95, cpu_span=60, filesystems=(disk(0.96),))
    parts = problems(state, HostConfig())
    assert judge(parts, state) == (
        Status.CRITICAL,
        "disk / is 96 % full (1.2 GB left) (and 1 more)",
    )


def test_all_well_says_the_figures() -> None:
    state = figures(cpu=0.12, memory_used=4 * GB, memory_limit=16 * GB, load=(0.42, 0.3, 0.2))
    assert judge((), state) == (Status.OK, "cpu 12 % of 2 cores, memory 25 % of 16.0 GB, load 0.42")


def test_what_is_unknown_is_not_said() -> None:
    assert judge((), figures(load=(0.4, 0.3, 0.2))) == (Status.OK, "load 0.40")


def test_bounds_can_be_moved_and_switched_off() -> None:
    state = figures(cpu_mean=0.95, cpu_span=60, filesystems=(disk(0.96),))
    config = {
        "cpu": {"warning": None, "critical": "94%"},
        "space": {"warning": None, "critical": None},
    }
    assert sentences(state, **config) == [
        (Status.CRITICAL, "cpu 95 % of 2 cores in use over 1 min (bound 94 %)")
    ]


def test_moving_one_bound_leaves_the_other() -> None:
    found = sentences(figures(filesystems=(disk(0.96),)), space={"critical": "99%"})
    assert [status for status, _ in found] == [Status.WARNING]


@pytest.mark.parametrize(
    ("given", "share"), [(85, 85), ("85%", 85), ("85 %", 85), ("99.5", 99.5), (0, 0)]
)
def test_shares_are_percent(given: object, share: float) -> None:
    assert parse_percent(given) == share


@pytest.mark.parametrize("given", [101, -1, "a lot", True, None, "85%%"])
def test_what_is_no_share_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="not a share"):
        parse_percent(given)


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({"cpu": {"warning": 95, "critical": 90}}, "above critical"),
        ({"cpu": {"window": "10s"}}, "60"),
        ({"filesystems": ["var"]}, "absolute"),
        ({"disks": []}, "disks"),
        ({"processes": 5000}, "100"),
    ],
)
def test_wrong_configuration_is_refused(config: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        HostConfig.model_validate(config)


def test_one_thing_is_not_called_by_the_word_for_several() -> None:
    assert many(1, "line") == "1 line"
    assert many(0, "line") == "0 lines"
    assert many(1204, "entry", "entries") == "1,204 entries"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_200_000_000, "1.2 GB"),
        (999_600, "1.0 MB"),
        (340e6, "340 MB"),
        (5e15, "5.0 PB"),
        (5e19, "50000 PB"),
    ],
)
def test_sizes(count: float, text: str) -> None:
    assert size(count) == text


def test_only_what_is_full_reads_a_hundred_percent() -> None:
    assert [percent(ratio) for ratio in (0, 0.004, 0.957, 0.9999, 1)] == [
        "0 %",
        "0 %",
        "96 %",
        "99 %",
        "100 %",
    ]


def test_spans() -> None:
    assert [span(s) for s in (-1, 40, 300, 7200, 200_000)] == ["0 s", "40 s", "5 min", "2 h", "2 d"]
