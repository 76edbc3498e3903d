"""Descriptors between this program and its children: none is lost where a start fails."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from checks.ends import Ends


def held() -> set[str]:
    folder = Path("/proc/self/fd")
    return {one.name for one in (folder if folder.is_dir() else Path("/dev/fd")).iterdir()}


def test_all_is_closed_but_what_is_kept() -> None:
    before = held()
    with Ends() as ends:
        out, told = ends.pipe()
        process = subprocess.Popen(["echo", "hi"], stdin=ends.null(), stdout=told)
        stream = ends.kept(out)
    assert stream.read() == b"hi\n", "it ends, since our copy of the other end is closed"
    assert process.wait() == 0
    stream.close()
    assert held() == before


def test_nothing_is_left_of_a_start_that_fails() -> None:
    before = held()
    with pytest.raises(FileNotFoundError), Ends() as ends:
        subprocess.Popen(["/no/such/program"], stdin=ends.null(), stdout=ends.pipe()[1])
    assert held() == before
