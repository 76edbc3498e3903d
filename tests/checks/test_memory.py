"""What a large answer took is the system's again once it has passed."""

from __future__ import annotations

import subprocess
import sys

import pytest

PASSING = """
import os
import sys

from checks.memory import return_large_blocks


def resident() -> float:
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if sys.argv[1] == "told":
    return_large_blocks()
before = resident()
kept = []
for _ in range(3):
    body = os.urandom(10_000_000)
    kept.append(bytes(2_000))
    del body
print(resident() - before)
"""


def kept(how: str) -> float:
    """Megabytes that a process keeps after answers of 10 MB."""
    argv = (sys.executable, "-c", PASSING, how)
    return float(subprocess.run(argv, capture_output=True, check=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_answer_of_megabytes_is_given_back() -> None:
    assert kept("told") < 6
