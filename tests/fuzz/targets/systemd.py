"""Answers of ``systemctl show`` and ``list-units``."""

from __future__ import annotations

from pathlib import Path

from checks.probes.systemd.model import Unit, read_unit
from checks.probes.systemd.properties import blocks, states
from tests.fuzz.oracle import check_finite
from tests.fuzz.target import Target

__all__ = ["TARGETS"]

_RECORDED = Path(__file__).parents[2] / "checks" / "systemd_answers"
SEEDS = (
    b"Id=nginx.service\nNames=nginx.service www.service\nLoadState=loaded\nActiveState=failed\n"
    b"SubState=failed\nResult=exit-code\nExecMainCode=1\nExecMainStatus=203\nNRestarts=5\n"
    b"StateChangeTimestampMonotonic=91234567\nMemoryCurrent=[not set]\n"
    b"CPUUsageNSec=18446744073709551615\nActiveEnterTimestamp=Fri 2026-11-27 00:14:31 UTC\n"
    b"\nId=a.timer\nNextElapseUSecMonotonic=1h 2min 3.5s\nUnit=a.service\n"
    b'LoadError=org.freedesktop.x "Unit not found"\n',
    b"nginx.service loaded active running A server\nold.service not-found inactive dead old\n",
)
TOKENS = (
    *(b"\n\n", b"=", b"\n", b"Id=", b"ExecMainCode=", b"ExecMainStatus=9999999", b"NRestarts="),
    *(b"9" * 400, b"9" * 5000, b"-1", b"infinity", b"[not set]", b"\xd9\xa3", b"\xc2\xb2", b"\0"),
    *(b"NextElapseUSecMonotonic=", b"9" * 400 + b"y ", b"1month ", b"ActiveEnterTimestamp="),
    *(b"Fri 0001-01-01 00:00:00 UTC", b"Fri 9999-12-31 24:00:00 UTC", b"a 2026-W01-1 00", b"\xff"),
    *(b"StateChangeTimestampMonotonic=", b"Result=signal\nExecMainCode=2\n", b"\xe2\x80\xa8", b" "),
)


def run(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for block in blocks(text)[:200]:
        _check(read_unit(block))
    for name, about in states(text).items():
        assert name
        assert len(about) == 3


def _check(unit: Unit) -> None:
    check_finite([unit.changed_at, unit.active_at, unit.active_since, unit.next_wall])
    check_finite([unit.next_at, unit.last_trigger, unit.cpu, unit.condition_at, unit.exited_at])
    for now in (0.0, 1e9):
        assert isinstance(unit.since(now), str)
    assert isinstance(unit.type + unit.short + unit.ending + unit.cause, str)


TARGETS = (
    Target(
        "systemd",
        run,
        (*SEEDS, *(path.read_bytes()[:3_000] for path in sorted(_RECORDED.glob("*/[lu]*")))),
        TOKENS,
    ),
)
