"""The process table: recorded files, and real children of this test."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.probes.host.files import Roots
from checks.probes.host.portable import PortableScanner
from checks.probes.host.processes import COLUMNS, Process, Scanner, parse_process, table, top
from tests.checks.host_trees import Tree

LINE = (
    b"42 (%b) S 1 42 42 0 -1 %d 100 0 3 0 150 50 0 0 20 0 4 0 7777 1000000 2560 "
    b"18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n"
)


def stat(name: bytes, flags: int = 0x400000) -> bytes:
    return LINE % (name, flags)


@pytest.mark.parametrize(
    "name", [b"bash", b"a b", b"(sd-pam)", b"x) R 1 2 (y", b"caf\xc3\xa9", b""]
)
def test_a_name_may_hold_anything(name: bytes) -> None:
    process = parse_process(stat(name), ticks=100, page=4096)
    assert process is not None
    assert process.name == name.decode()
    assert (process.pid, process.state) == (42, "S")
    assert process.time == 2.0
    assert process.memory == 2560 * 4096


@pytest.mark.parametrize("text", [b"", b"42", b"42 (x", b"42 (x) S 1", b"(x) " + b"a " * 30])
def test_what_is_cut_short_is_no_process(text: bytes) -> None:
    assert parse_process(text) is None


def test_the_busiest_come_first_and_then_the_largest() -> None:
    def process(pid: int, cpu: float | None, memory: float) -> Process:
        return Process(pid, "p", "S", 0.0, memory, (pid, 0), cpu=cpu)

    ranked = top([process(1, 0.0, 5), process(2, 0.5, 1), process(3, None, 9)], 2)
    assert [one.pid for one in ranked] == [2, 3]


def test_a_row_is_ready_to_be_shown() -> None:
    one = Process(7, "ph\x1b[31mp", "D", 1.0, 12_300_000, (7, 1), False, 0.934, "www", "php\n-f")
    shown = table([one])
    assert shown.columns == COLUMNS
    assert shown.rows == (("7", "php", "www", "93.4", "12.3 MB", "waiting for disk", "php -f"),)


def recorded(folder: Path) -> Tree:
    tree = Tree(folder)
    for pid, name in (("1", b"init"), ("42", b"work")):
        tree.write(f"proc/{pid}/stat", stat(name).decode().replace("42", pid, 1))
        tree.write(f"proc/{pid}/cmdline", f"/bin/{name.decode()}\0-x\0two words\0")
    tree.write("proc/stat", "")
    return tree


def test_the_first_scan_knows_no_cpu(tmp_path: Path) -> None:
    scan = Scanner(recorded(tmp_path).roots, 15).scan(100.0)
    assert scan is not None
    assert scan.count == 2
    assert scan.note == ""
    assert {one.cpu for one in scan.processes} == {None}
    assert {one.command for one in scan.processes} == {
        "/bin/init -x two words",
        "/bin/work -x two words",
    }


def test_cpu_is_what_was_used_since_the_last_scan(tmp_path: Path) -> None:
    tree = recorded(tmp_path)
    scanner = Scanner(tree.roots, 1)
    scanner.scan(100.0)
    ticks = os.sysconf("SC_CLK_TCK")
    tree.write("proc/42/stat", stat(b"work").decode().replace(" 150 ", f" {150 + 5 * ticks} "))
    scan = scanner.scan(110.0)
    assert scan is not None
    assert [one.pid for one in scan.processes] == [42]
    assert scan.processes[0].cpu == pytest.approx(0.5)


def test_another_process_with_the_same_id_does_not_inherit(tmp_path: Path) -> None:
    tree = recorded(tmp_path)
    scanner = Scanner(tree.roots, 15)
    scanner.scan(100.0)
    young = stat(b"young").decode().replace(" 7777 ", " 9999 ").replace(" 150 50 ", " 10 0 ")
    tree.write("proc/42/stat", young)
    scan = scanner.scan(110.0)
    assert scan is not None
    used = {one.name: one.cpu for one in scan.processes}
    assert used["young"] == pytest.approx(10 / os.sysconf("SC_CLK_TCK") / 10)


def test_a_process_that_ends_between_listing_and_reading_is_left_out(tmp_path: Path) -> None:
    tree = recorded(tmp_path)
    (tree.folder / "proc/99").mkdir()
    scan = Scanner(tree.roots, 15).scan(100.0)
    assert scan is not None
    assert scan.count == 2


def test_it_says_that_the_kernel_hides_processes(tmp_path: Path) -> None:
    tree = recorded(tmp_path)
    (tree.folder / "proc/1/stat").unlink()
    scan = Scanner(tree.roots, 15).scan(100.0)
    assert scan is not None
    assert [one.pid for one in scan.processes] == [42]
    assert "hidepid" in scan.note


def test_threads_of_the_kernel_are_named_in_brackets(tmp_path: Path) -> None:
    tree = recorded(tmp_path)
    tree.write("proc/42/stat", stat(b"kworker/0:1", flags=0x200000).decode())
    tree.write("proc/42/cmdline", "")
    scan = Scanner(tree.roots, 15).scan(100.0)
    assert scan is not None
    assert "[kworker/0:1]" in {one.command for one in scan.processes}


def test_no_proc_is_no_table(tmp_path: Path) -> None:
    assert Scanner(Roots(str(tmp_path / "none"), str(tmp_path)), 15).scan(1.0) is None


@pytest.fixture
def busy_child() -> Iterator[int]:
    """A process that keeps a core busy and holds 60 MB."""
    code = "block = bytearray(60_000_000)\nprint('up', flush=True)\nwhile True: pass"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout is not None
    try:
        child.stdout.readline()
        yield child.pid
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


@pytest.mark.parametrize("kind", ["proc", "psutil"])
def test_a_real_busy_process_is_seen(busy_child: int, kind: str) -> None:
    scanner = Scanner(Roots(), 100) if kind == "proc" else PortableScanner(100)
    scanner.scan(time.monotonic())
    time.sleep(0.4)
    scan = scanner.scan(time.monotonic())
    assert scan is not None
    found = {one.pid: one for one in scan.processes}[busy_child]
    assert found.cpu is not None
    assert found.cpu > 0.1
    assert found.memory > 60_000_000
    assert "bytearray" in found.command
    assert found.user == pwd.getpwuid(os.getuid()).pw_name
