"""One process as far as `/proc` tells: limits, descriptors, cgroup, files. Read on demand."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from checks.hosts.model import ProcessDetail
from checks.model import clean
from checks.probes.host.files import number, read
from checks.probes.host.listing import shown_command
from checks.wording import size

__all__ = ["inspected"]

_LISTED: Final = 20_000
"""Most descriptors that are looked at."""
_STATUS: Final = (
    ("VmRSS", "resident memory"),
    ("VmSwap", "of it swapped out"),
    ("VmSize", "address space"),
    ("VmHWM", "most it ever had"),
    ("RssShmem", "shared memory"),
)
_LIMITS: Final = ("Max open files", "Max processes", "Max address space", "Max core file size")


def inspected(proc: str, subject: str, mask: Callable[[str], str]) -> ProcessDetail:
    """What can be read of the process ``subject``, a :attr:`ProcessRow.key`.

    Another process that has been given its number is not it.
    """
    pid, _, started = subject.partition(".")
    folder = f"{proc}/{pid}"
    if not pid.isdigit() or _start(folder) != started:
        return ProcessDetail(subject, gone=True)
    facts: list[tuple[str, str]] = []
    refused: list[str] = []
    words = shown_command(read(f"{folder}/cmdline", 65_536) or "")
    if words:
        facts.append(("command", mask(clean(words, 4_000))))
    for name, file in (("program", "exe"), ("folder", "cwd"), ("root", "root")):
        try:
            facts.append((name, os.readlink(f"{folder}/{file}")))  # noqa: PTH115 - strings
        except PermissionError:
            refused.append(name)
        except OSError:
            continue
    facts += _status(folder)
    facts += _descriptors(folder, refused)
    facts += _limits(folder)
    facts += _cgroup(folder)
    facts += _oom(folder)
    if _start(folder) != started:
        return ProcessDetail(subject, gone=True)
    return ProcessDetail(subject, tuple(facts), refused=tuple(refused))


def _start(folder: str) -> str:
    """When it began, in the kernel's ticks; empty where it is gone."""
    text = read(f"{folder}/stat", 4_096) or ""
    columns = text.rpartition(")")[2].split()
    return columns[19] if len(columns) > 19 else ""


def _status(folder: str) -> Iterator[tuple[str, str]]:
    found = {}
    for line in (read(f"{folder}/status", 16_384) or "").splitlines():
        name, _, rest = line.partition(":")
        found[name] = rest.strip()
    for name, shown in _STATUS:
        words = found.get(name, "").split()
        value = number(words[0]) if words else None
        if value:
            yield shown, size(value * 1024)
    if "voluntary_ctxt_switches" in found:
        forced = found.get("nonvoluntary_ctxt_switches", "?")
        switches = f"{found['voluntary_ctxt_switches']} by itself, {forced} forced"
        yield "context switches", switches


def _descriptors(folder: str, refused: list[str]) -> Iterator[tuple[str, str]]:
    """How many descriptors are open, by what they lead to."""
    kinds: Counter[str] = Counter()
    deleted = 0
    try:
        with os.scandir(f"{folder}/fd") as entries:
            for place, entry in enumerate(entries):
                if place >= _LISTED:
                    break
                kind, gone = _led_to(entry.path)
                kinds[kind] += 1
                deleted += gone
    except PermissionError:
        refused.append("descriptors")
        return
    except OSError:
        return
    total = sum(kinds.values())
    by = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(6))
    more = " at least" if total >= _LISTED else ""
    yield "descriptors", f"{total}{more}: {by}" if total else "0"
    if deleted:
        yield "deleted files", f"{deleted} are open still: their space is free once it closes them"


def _led_to(path: str) -> tuple[str, bool]:
    """What a descriptor leads to, and whether that was deleted. Never asks the file itself,
    which may lie on a mount that hangs."""
    try:
        target = os.readlink(path)  # noqa: PTH115 - thousands of strings
    except OSError:
        return "unknown", False
    if not target.startswith("/"):
        return {"socket": "sockets", "pipe": "pipes"}.get(target.partition(":")[0], "others"), False
    if target.startswith("/dev/"):
        return "devices", False
    return "files", target.endswith(" (deleted)")


def _limits(folder: str) -> Iterator[tuple[str, str]]:
    for line in (read(f"{folder}/limits", 8_192) or "").splitlines():
        for name in _LIMITS:
            if line.startswith(name):
                words = line[len(name) :].split()
                if len(words) > 1 and words[0] != "unlimited":
                    shown = f"{words[0]} (may be raised to {words[1]})"
                    yield f"limit of {name.removeprefix('Max ')}", shown


def _cgroup(folder: str) -> Iterator[tuple[str, str]]:
    paths = [
        line.split(":", 2)[2]
        for line in (read(f"{folder}/cgroup", 16_384) or "").splitlines()
        if line.count(":") > 1
    ]
    longest = max(paths, key=len, default="")
    if longest:
        yield "cgroup", longest
        unit = longest.rpartition("/")[2]
        if unit.endswith((".service", ".scope")):
            yield "unit", f"{unit}: systemctl status {unit}"


def _oom(folder: str) -> Iterator[tuple[str, str]]:
    score, adjusted = (read(f"{folder}/{f}", 64) for f in ("oom_score", "oom_score_adj"))
    if score and score.strip().isdigit():
        yield (
            "out of memory",
            f"score {score.strip()}, adjusted by {(adjusted or '0').strip()}: "
            "the highest score is killed first",
        )
