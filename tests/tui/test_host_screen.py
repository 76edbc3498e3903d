"""The host screen: its panes, keys and boxes, on a bad night that stands still."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from checks.hosts.changes import Change
from checks.hosts.model import ArrayView, HostFacts, Outlook
from checks.views import EventView
from tests.tui.app_kit import help_of, running, seen, settle, source_of
from tests.tui.fakes import FakeSource
from tests.widgets import samples
from tests.widgets.sample_hosts import host_detail, process, process_rows
from tui.screens.host import HostScreen, RowBox
from tui.screens.host_places import LEAST, ORDER, columns_of, place_host
from tui.screens.process import ProcessScreen
from widgets.frame import Frame
from widgets.host_screen.changes import ChangesPane
from widgets.host_screen.filesystems import FilesystemsPane
from widgets.host_screen.hardware import HardwarePane
from widgets.host_screen.order import ORDERS, flat, next_order, tree
from widgets.host_screen.pane import HostScreenPane
from widgets.host_screen.processes import ProcessesPane

SMALL = (80, 24)
MYSQLD = "412.4120"
WANTED = {
    "changes": 14,
    "processor": 7,
    "memory": 7,
    "pressure": 4,
    "filesystems": 5,
    "disks": 4,
    "network": 4,
    "hardware": 3,
    "processes": 120,
}


async def opened(pilot: Pilot[int], *keys: str) -> HostScreen:
    await pilot.press("6", *keys)
    await settle(pilot)
    screen = next(s for s in reversed(pilot.app.screen_stack) if isinstance(s, HostScreen))
    assert isinstance(screen, HostScreen)
    return screen


def night(**facts: object) -> FakeSource:
    """The bad night with facts of the machine changed."""
    detail = host_detail()
    changed: HostFacts = replace(detail.facts, **facts)  # type: ignore[arg-type]
    return FakeSource(samples.host_night(host=replace(detail, facts=changed)))


def rows(pilot: Pilot[int]) -> list[str]:
    return pilot.app.screen.query_one(ProcessesPane).keys


async def test_it_opens_on_the_processes_and_looks_closely_at_the_machine() -> None:
    async with running(FakeSource(samples.host_night())) as pilot:
        screen = await opened(pilot)
        assert screen.check == "web-1"
        assert "focus web-1" in source_of(pilot).asked
        assert isinstance(screen.focused, ProcessesPane)
        text = seen(pilot)
        assert "/usr/sbin/mysqld" in text
        assert "vdb" in text
        assert "hangs" in text
        await pilot.press("escape")
        await settle(pilot)
        assert source_of(pilot).asked[-1] == "focus None"


async def test_at_80x24_every_pane_says_its_figure_and_tab_opens_the_next() -> None:
    async with running(FakeSource(samples.host_night()), SMALL) as pilot:
        await opened(pilot)
        text = seen(pilot)
        for words in (
            "What changed · no answer from /mnt/nas",
            "Processor · 63 % of 2 cores load 3.1",
            "Memory · 62 % of 8.2 GB available 3.1 GB swapping 2.4 MB/s",
            "Pressure · cpu 41 %  memory 2 %  io 63 %",
            "Filesystems · /mnt/nas hangs",
            "Disks · vdb 98 % busy wait 83 ms",
            "Network · eth0 ↓2.1 MB/s ↑340 kB/s drops 3/s",
            "Hardware · 71 °C at most",
            "Processes · 16, by cpu",
        ):
            assert words in text, words
        await pilot.press("tab")
        await settle(pilot)
        text = seen(pilot)
        assert "disk vdb: 12 → 98 % busy" in text
        assert "umount -l /mnt/nas" in text
        assert "Processes · 16" in text


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (ArrayView("md0", 2, 2, 0, "check", 0.34), "md0 whole, is checked 34 %"),
        (ArrayView("md0", 2, 2, 0, "resync"), "md0 whole, resyncs, waits"),
        (ArrayView("md0", 3, 2, 0, "recovering", 0.0), "md0 2 of 3 members, rebuilds 0 %"),
        (ArrayView("md0", 3, 2, 1), "md0 2 of 3 members, 1 failed"),
        (ArrayView("md0", 0, 0, 0, "inactive"), "md0 inactive: nothing can be read from it"),
    ],
)
def test_the_hardware_pane_says_how_a_raid_is(array: ArrayView, said: str) -> None:
    detail, pane = replace(host_detail(), arrays=(array,)), HardwarePane()
    host = samples.host_night().hosts[0]
    first = pane.build_host(detail, host, Frame(80, 5))[0]
    assert first.text.strip().removeprefix("RAID").strip() == said
    broken = "whole" not in said
    summary = "".join(seg.text for seg in pane.summary(detail, host))
    assert summary == (said if broken else "71 °C at most")


async def test_processes_are_sorted_and_the_order_stays_for_next_time() -> None:
    async with running(FakeSource(samples.host_night())) as pilot:
        await opened(pilot)
        assert rows(pilot)[0] == MYSQLD
        await pilot.press("o", "o", "o", "o", "o")
        await settle(pilot)
        assert "by name" in seen(pilot)
        assert rows(pilot)[0] == "9120.91200"
        await pilot.press("escape")
        await opened(pilot)
        assert "by name" in seen(pilot)


@pytest.mark.parametrize("size", [(120, 36), (200, 60)])
async def test_the_columns_say_that_what_is_read_and_written_is_of_a_second(
    size: tuple[int, int],
) -> None:
    async with running(FakeSource(samples.host_night()), size) as pilot:
        await opened(pilot)
        head = next(text for text in seen(pilot).splitlines() if "cpu %" in text)
        assert {"read/s", "written/s"} <= set(head.split())
        await pilot.press("o", "o")
        await settle(pilot)
        assert "by io" in seen(pilot)
        head = next(text for text in seen(pilot).splitlines() if "cpu %" in text)
        assert {"read/s↓", "written/s"} <= set(head.split())


async def test_the_filter_finds_command_user_and_number() -> None:
    async with running(FakeSource(samples.host_night())) as pilot:
        await opened(pilot, "slash", *"nas/backup", "enter")
        assert rows(pilot) == ["8800.88000"]
        assert "1 of 16 match" in seen(pilot)
        await pilot.press("escape")
        await opened(pilot, "slash", *"873", "enter")
        assert rows(pilot) == ["873.8730"]


async def test_what_a_filter_leaves_out_is_not_said_not_to_be_there() -> None:
    async with running(FakeSource(samples.host_night()), (200, 60)) as pilot:
        await opened(pilot, "slash", *"no such thing", "enter")
        text = seen(pilot)
        assert text.count("nothing matches 'no such thing'") >= 5
        for denial in ("no figure changed", "none that is watched", "no interface is told of"):
            assert denial not in text


async def test_the_tree_shows_parents_above_their_children() -> None:
    async with running(FakeSource(samples.host_night())) as pilot:
        await opened(pilot, "v")
        keys = rows(pilot)
        assert keys[0] == "1.10"
        at = keys.index("640.6400")
        assert keys[at : at + 3] == ["640.6400", "9120.91200", "9311.93110"]
        assert "as a tree" in seen(pilot)
        await pilot.press("slash", *"mysqldump", "enter")
        await settle(pilot)
        assert rows(pilot) == ["1.10", "640.6400", "9120.91200", "9311.93110"]
        assert "1 of 16 match" in seen(pilot)


async def test_the_cursor_stays_with_its_process() -> None:
    source = FakeSource(samples.host_night())
    async with running(source) as pilot:
        await opened(pilot, "down", "down")
        pane = pilot.app.screen.query_one(ProcessesPane)
        assert pane.selected == "2292.22920"
        calmer = tuple(
            row._replace(cpu=0.0) if row.pid in (412, 2291) else row for row in process_rows()
        )
        source.show(night(processes=calmer).picture)
        await settle(pilot)
        assert pane.selected == "2292.22920"
        without = tuple(row for row in process_rows() if row.pid != 2292)
        source.show(night(processes=without).picture)
        await settle(pilot)
        assert pane.selected is None


async def test_enter_shows_a_process_whole_and_asks_for_more_of_it() -> None:
    source = FakeSource(samples.host_night())
    async with running(source) as pilot:
        await opened(pilot, "enter")
        assert isinstance(pilot.app.screen, ProcessScreen)
        text = seen(pilot)
        assert "web-1: process 412" in text
        assert "1024 (may be raised to 4096)" in text
        assert "parent  " in text
        assert "1 systemd" in text
        assert f"inspect web-1 {MYSQLD}" in source.asked
        source.show(night(processes=process_rows()[:2]).picture)
        await settle(pilot)
        assert "process 412 (ended)" in seen(pilot)
        assert "/usr/sbin/mysqld" in seen(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert source.asked[-1] == "inspect web-1"
        assert isinstance(pilot.app.screen, HostScreen)


async def test_enter_on_a_filesystem_says_when_it_will_be_full() -> None:
    async with running(FakeSource(samples.host_night())) as pilot:
        screen = await opened(pilot)
        pane = screen.query_one("#filesystems", HostScreenPane)
        screen.set_focus(pane)
        await settle(pilot)
        assert pane.selected == "/mnt/nas"
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, RowBox)
        assert "umount -l /mnt/nas" in seen(pilot)
        await pilot.press("escape", "down", "enter")
        await settle(pilot)
        text = " ".join(seen(pilot).split())
        assert "full in 3 h 10 m, at 2023-11-1" in text
        assert "if it goes on to fill by 2.4 MB/s" in text


@pytest.mark.parametrize("width", [36, 40, 46, 52, 59, 60, 78, 90, 120])
def test_what_fills_says_so_at_any_width(width: int) -> None:
    """In days as well as in hours: the bar gives way first."""
    detail, fills = host_detail(), Outlook("filling", 12.4 * 86_400, 9e3)
    mounts = tuple(
        replace(mount, fact=replace(mount.fact, outlook=fills), inodes_used=0.85)
        if mount.fact.point in {"/", "/var/lib/mysql"}
        else mount
        for mount in detail.mounts
        if mount.fact.point != "/mnt/nas"
    )
    view = samples.host_night().hosts[0]
    pane = FilesystemsPane(id="filesystems")
    changed = replace(detail, mounts=mounts)
    lines = pane.build_host(changed, view, Frame(width, 8))
    texts = [line.text for line in lines]
    full = [text for text in texts if "full in 12 d" in text]
    assert len(full) == 2, texts
    assert all(cell_len(text.rstrip()) <= width for text in full), texts
    assert "full in 12 d" in "".join(seg.text for seg in pane.summary(changed, view))


@pytest.mark.parametrize(("width", "words"), [(52, "full in 1 h"), (60, "full in 1 h 20 m")])
def test_what_is_full_soon_says_so_in_two_units_where_they_have_room(
    width: int, words: str
) -> None:
    detail, fills = host_detail(), Outlook("filling", 82 * 60.0, 9e6)
    mounts = tuple(
        replace(mount, fact=replace(mount.fact, outlook=fills))
        if mount.fact.point == "/"
        else mount
        for mount in detail.mounts
        if mount.fact.point != "/mnt/nas"
    )
    view = samples.host_night().hosts[0]
    pane = FilesystemsPane(id="filesystems")
    lines = pane.build_host(replace(detail, mounts=mounts), view, Frame(width, 8))
    texts = [line.text.rstrip() for line in lines]
    (told,) = (text for text in texts if text.startswith(" / "))
    assert told.endswith(words)
    assert all(cell_len(text) <= width for text in texts), texts
    if width >= 60:
        ends = {text.index(" free") for text in texts}
        assert len(ends) == 1, "what stands before it does so beneath each other"


@pytest.mark.parametrize("pane", ["disks", "network", "changes"])
async def test_other_rows_open_too(pane: str) -> None:
    async with running(FakeSource(samples.host_night())) as pilot:
        screen = await opened(pilot)
        screen.set_focus(screen.query_one(f"#{pane}", HostScreenPane))
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, RowBox)


async def test_d_leads_to_the_details_of_the_check() -> None:
    async with running(FakeSource(samples.host_night())) as pilot:
        await opened(pilot, "d")
        assert type(pilot.app.screen).__name__ == "DetailsScreen"


async def test_the_next_tab_is_the_next_machine() -> None:
    source = FakeSource(samples.host_night())
    async with running(source) as pilot:
        screen = await opened(pilot, "right")
        assert screen.check == "web-2"
        assert source.asked[-1] == "focus web-2"
        assert "gathering what is known of this check" in seen(pilot)
        assert "waiting for the first result" not in seen(pilot), "its figures are there"
        # The other machine's processes must not stand there for this one's.
        assert rows(pilot) == []


async def test_what_cannot_be_seen_is_said() -> None:
    notes = ("the kernel shows only this user's own processes (hidepid)",)
    async with running(night(notes=notes, processes=None), SMALL) as pilot:
        await opened(pilot)
        assert "the kernel shows only this user's own processes (hidepid)" in seen(pilot)


async def test_the_processes_of_the_overview_are_shown_until_all_have_been_looked_at() -> None:
    known = samples.host().processes
    assert known is not None
    for source in (night(processes=None, notes=()), FakeSource(samples.host_night(host=None))):
        async with running(source, (120, 60)) as pilot:
            await opened(pilot)
            text = seen(pilot)
            assert "being looked at; known so far" in text
            assert all(row[known.columns.index("name")] in text for row in known.rows)
            assert rows(pilot) == [], "others are there in a moment"


@pytest.mark.parametrize("size", [SMALL, (120, 36), (200, 60)])
async def test_panes_stay_where_they_are_when_the_processes_come(size: tuple[int, int]) -> None:
    many = tuple(process(n, f"worker-{n}") for n in range(1, 200))
    source = night(processes=None, notes=())
    async with running(source, size) as pilot:
        screen = await opened(pilot)
        assert "the processes are being looked at" in seen(pilot)
        before = {pane.id: pane.region for pane in screen.query(HostScreenPane)}
        detail = host_detail()
        facts = replace(detail.facts, processes=many)
        source.show(samples.host_night(host=replace(detail, facts=facts)))
        await settle(pilot)
        assert len(rows(pilot)) > 50
        assert {pane.id: pane.region for pane in screen.query(HostScreenPane)} == before
        assert before["processes"].height >= 13, "room for them, though none was there yet"


async def test_a_kernel_without_pressure_is_told_with_what_it_takes() -> None:
    source = FakeSource(samples.host_night(host=host_detail(pressure=())))
    async with running(source) as pilot:
        await opened(pilot)
        assert "not told by this kernel" in seen(pilot)
        assert "CONFIG_PSI" in seen(pilot)


async def test_a_scan_that_hangs_is_told_in_the_title() -> None:
    async with running(night(stuck=42.0)) as pilot:
        await opened(pilot)
        assert "reading them has been hanging for 40 s" in seen(pilot)


async def test_a_machine_that_cannot_be_read_is_shown_as_it_was() -> None:
    silent = samples.host_night(host=host_detail(silent_since=samples.NOW - 60))
    async with running(FakeSource(silent)) as pilot:
        await opened(pilot)
        assert "not read for 1 m" in seen(pilot)
        assert "/usr/sbin/mysqld" in seen(pilot)


async def test_a_jump_of_the_clock_and_what_ended_are_told() -> None:
    jumped = EventView(samples.NOW - 33, "", "the wall clock jumped back 3600 s")
    other = EventView(samples.NOW - 3, "gateway", "ok → critical: another check's")
    async with running(FakeSource(samples.host_night(events=(jumped, other))), (200, 60)) as pilot:
        await opened(pilot)
        text = seen(pilot)
        assert "the wall clock jumped back 3600 s" in text
        assert "memcached has ended: no process of that name is left" in text
        assert "another check's" not in text


async def test_since_when_stands_beneath_each_other_beside_wide_letters() -> None:
    detail = host_detail()
    changes = tuple(
        Change(text, 1.0, worse=True, since=samples.NOW - 60, pane="disks")
        for text in ("disk vdb: busy", "ディスク: 満杯")
    )
    source = FakeSource(samples.host_night(host=replace(detail, changes=changes)))
    async with running(source) as pilot:
        await opened(pilot)
        pane = pilot.app.screen.query_one(ChangesPane)
        told = [one for one in pane._body if (one.key or "").startswith("change ")]
        assert len(told) == 2
        assert len({cell_len(one.text) for one in told}) == 1


async def test_without_a_host_check_it_says_which_lines_make_one() -> None:
    async with running(FakeSource(samples.empty())) as pilot:
        await opened(pilot)
        assert "host: {}}" in seen(pilot)


async def test_the_help_names_what_works_here() -> None:
    async with running(FakeSource(samples.host_night())) as pilot:
        await opened(pilot)
        text = await help_of(pilot)
        assert "Sort the processes by something else" in text
        assert "Show the processes as a tree" in text


async def test_maximised_a_pane_has_the_screen() -> None:
    async with running(FakeSource(samples.host_night()), SMALL) as pilot:
        await opened(pilot, "M")
        assert "Processor" not in seen(pilot)
        assert "php-fpm: master process" in seen(pilot)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (104, 28), (120, 36), (200, 60), (300, 100)])
async def test_it_fits_every_size(size: tuple[int, int]) -> None:
    async with running(FakeSource(samples.host_night()), size) as pilot:
        await opened(pilot)
        text = seen(pilot)
        assert "Processes" in text
        assert " 412 " in text


async def test_names_that_a_target_controls_draw_nothing() -> None:
    evil = process(66, "x", command="\x1b[31m[red]not markup[/]")
    async with running(night(processes=(evil,))) as pilot:
        await opened(pilot)
        assert "[red]not markup[/]" in seen(pilot)


@pytest.mark.parametrize("width", range(40, 301, 13))
@pytest.mark.parametrize("height", [9, 21, 25, 33, 57, 97])
def test_panes_never_overlap_and_leave_nothing_free(width: int, height: int) -> None:
    placed = place_host(width, height, WANTED, "processes")
    cells = sum(region.area for region in placed.values())
    columns = columns_of(width, height)
    top = placed["processes"].y
    gaps = (len(columns) - 1) * top if columns else 0
    assert cells == width * height - gaps
    assert placed["processes"].height >= min(4, height)


def test_where_it_is_low_the_pane_that_is_open_has_the_lines() -> None:
    for name in ORDER:
        placed = place_host(80, 21, WANTED, name)
        assert placed[name].height == max(4, min(WANTED[name], 21 - len(ORDER) + 1))
        assert set(placed) == set(ORDER)


def test_on_a_wide_screen_no_pane_is_without_its_title() -> None:
    for height in range(28, 100):
        placed = place_host(120, height, WANTED, "processes")
        assert set(placed) == set(LEAST)


def test_every_order_sorts_and_the_last_leads_to_the_first() -> None:
    order = "cpu"
    for _ in ORDERS:
        placed = flat(process_rows(), order, "")
        assert len(placed) == len(process_rows()) - 1
        order = next_order(order)
    assert order == "cpu"
    by_memory = [one.row.memory for one in flat(process_rows(), "memory", "")]
    assert by_memory == sorted(by_memory, reverse=True)


def test_threads_of_the_kernel_show_where_they_are_looked_for_or_busy() -> None:
    assert [one.row.pid for one in flat(process_rows(), "pid", "kthreadd")] == [2]
    busy = (process(2, "kswapd0", kernel=True, cpu=0.4, command="[kswapd0]"),)
    assert len(flat(busy, "cpu", "")) == 1


def test_processes_that_are_each_others_parents_end_no_loop() -> None:
    odd = (process(5, "a", parent=6), process(6, "b", parent=5), process(7, "c", parent=7))
    assert len(tree(odd, "pid", "")) <= 3
