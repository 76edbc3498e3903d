"""One unit as systemd describes it, and the words that people have for its state."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from checks.probes.systemd.properties import moment, number, timespan, words
from checks.wording import span

__all__ = ["Unit", "read_unit"]

_EXIT_WORDS: Final = {
    200: "CHDIR", 201: "NICE", 202: "FDS", 203: "EXEC", 204: "MEMORY", 205: "LIMITS",
    206: "OOM_ADJUST", 207: "SIGNAL_MASK", 208: "STDIN", 209: "STDOUT", 210: "CHROOT",
    211: "IOPRIO", 212: "TIMERSLACK", 213: "SECUREBITS", 214: "SETSCHEDULER", 215: "CPUAFFINITY",
    216: "GROUP", 217: "USER", 218: "CAPABILITIES", 219: "CGROUP", 220: "SETSID", 221: "CONFIRM",
    222: "STDERR", 224: "PAM", 225: "NETWORK", 226: "NAMESPACE", 227: "NO_NEW_PRIVILEGES",
    228: "SECCOMP", 229: "SELINUX_CONTEXT", 230: "PERSONALITY", 231: "APPARMOR_PROFILE",
    232: "ADDRESS_FAMILIES", 233: "RUNTIME_DIRECTORY", 235: "CHOWN", 236: "SMACK_PROCESS_LABEL",
    237: "KEYRING", 238: "STATE_DIRECTORY", 239: "CACHE_DIRECTORY", 240: "LOGS_DIRECTORY",
    241: "CONFIGURATION_DIRECTORY", 242: "NUMA_POLICY", 243: "CREDENTIALS",
}  # fmt: skip
"""Exit codes with which systemd itself ends a service that it could not start."""

_CAUSES: Final = {
    203: "its program cannot be run",
    200: "its working directory cannot be entered",
    216: "its group is not there",
    217: "its user is not there",
    226: "its mount namespace cannot be made",
    243: "its credentials cannot be had",
}
_RESULTS: Final = {
    "timeout": "it was not ready, or did not stop, in time",
    "watchdog": "it gave no sign of life to its watchdog",
    "oom-kill": "the kernel killed it for want of memory",
    "start-limit-hit": "it ended too often in too short a time",
    "protocol": "it did not start as its Type= says",
    "resources": "the system lacks what it needs",
    "exec-condition": "its ExecCondition= says that it is not to run",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit. Times named ``…_at`` are seconds of the monotonic clock, None for never."""

    name: str
    names: tuple[str, ...]
    load: str
    load_error: str
    active: str
    sub: str
    file_state: str
    service_type: str
    result: str
    exit_code: int | None
    exit_status: int | None
    pid: int | None
    restarts: int | None
    changed_at: float | None
    active_at: float | None
    inactive_at: float | None
    exited_at: float | None
    active_since: float | None
    triggered_by: tuple[str, ...]
    condition_met: bool
    condition_at: float | None
    needs_reload: bool
    memory: int | None
    tasks: int | None
    tasks_most: int | None
    cpu: float | None
    starts: str
    next_wall: float | None
    next_at: float | None
    last_trigger: float | None
    accepted: int | None
    connections: int | None
    refused: int | None

    @property
    def type(self) -> str:
        """``service``, ``timer``, …"""
        return self.name.rpartition(".")[2]

    @property
    def short(self) -> str:
        """Its name as people give it to ``systemctl``."""
        return self.name.removesuffix(".service")

    def since(self, now: float) -> str:
        """For how long it has been what it is, at ``now`` of the monotonic clock; maybe empty."""
        return "" if self.changed_at is None else span(now - self.changed_at)

    @property
    def ending(self) -> str:
        """How its process ended: ``exit-code 203/EXEC``, ``signal KILL``; empty for well."""
        if self.result in ("", "success"):
            return ""
        status = self.exit_status
        if self.result == "exit-code" and self.exit_code == 1 and status:
            word = _EXIT_WORDS.get(status, "")
            return f"exit-code {status}/{word}" if word else f"exit-code {status}"
        if self.exit_code in (2, 3) and status and self.result in ("signal", "core-dump"):
            return f"{self.result} {_signal(status)}"
        return self.result

    @property
    def cause(self) -> str:
        """What its ending means, in words; empty where it says enough by itself."""
        if self.result == "exit-code" and self.exit_status in _CAUSES:
            return _CAUSES[self.exit_status]
        return _RESULTS.get(self.result, "")


def read_unit(block: Mapping[str, str]) -> Unit:
    """The unit that a block of the answer describes."""
    cpu = number(block, "CPUUsageNSec")
    return Unit(
        name=block.get("Id", ""),
        names=words(block, "Names"),
        load=block.get("LoadState", ""),
        load_error=block.get("LoadError", "").partition(" ")[2].strip('"'),
        active=block.get("ActiveState", ""),
        sub=block.get("SubState", ""),
        file_state=block.get("UnitFileState", ""),
        service_type=block.get("Type", ""),
        result=block.get("Result", ""),
        exit_code=number(block, "ExecMainCode"),
        exit_status=number(block, "ExecMainStatus"),
        pid=number(block, "MainPID") or None,
        restarts=number(block, "NRestarts"),
        changed_at=_monotonic(block, "StateChangeTimestampMonotonic"),
        active_at=_monotonic(block, "ActiveEnterTimestampMonotonic"),
        inactive_at=_monotonic(block, "InactiveEnterTimestampMonotonic"),
        exited_at=_monotonic(block, "ExecMainExitTimestampMonotonic"),
        active_since=moment(block, "ActiveEnterTimestamp"),
        triggered_by=words(block, "TriggeredBy"),
        condition_met=block.get("ConditionResult", "yes") != "no",
        condition_at=_monotonic(block, "ConditionTimestampMonotonic"),
        needs_reload=block.get("NeedDaemonReload") == "yes",
        memory=number(block, "MemoryCurrent"),
        tasks=number(block, "TasksCurrent"),
        tasks_most=number(block, "TasksMax"),
        cpu=None if cpu is None else cpu / 1e9,
        starts=block.get("Unit", ""),
        next_wall=moment(block, "NextElapseUSecRealtime"),
        next_at=timespan(block, "NextElapseUSecMonotonic") or None,
        last_trigger=moment(block, "LastTriggerUSec"),
        accepted=number(block, "NAccepted"),
        connections=number(block, "NConnections"),
        refused=number(block, "NRefused"),
    )


def _monotonic(block: Mapping[str, str], name: str) -> float | None:
    micros = number(block, name)
    return micros / 1e6 if micros else None


def _signal(number_: int) -> str:
    try:
        return signal.Signals(number_).name.removeprefix("SIG")
    except ValueError:
        return str(number_)
