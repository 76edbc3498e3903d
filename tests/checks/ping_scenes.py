"""Pings in a network of their own: run as a program, within new namespaces.

``permitted`` may send ICMP by datagram sockets, ``raw`` by raw ones alone, ``forbidden`` by none.
Each scene's results go to standard output as one JSON document.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from checks.model import Result
from tests.checks.http_kit import ask, probing

SILENT = "10.77.0.2"
UNREACHABLE = "10.78.0.1"
IGNORE = Path("/proc/sys/net/ipv4/icmp_echo_ignore_all")
GROUPS = Path("/proc/sys/net/ipv4/ping_group_range")


def lay_out() -> None:
    """Loopback, a network in which nobody answers, and one to which there is no way."""
    for line in (
        "link set lo up",
        "link add silent type veth peer name void",
        "addr add 10.77.0.1/24 dev silent",
        "link set silent up",
        "link set void up",
        f"neigh add {SILENT} lladdr 02:00:00:00:00:77 dev silent",
        f"route add unreachable {UNREACHABLE}",
    ):
        subprocess.run(["ip", *line.split()], check=True)


def told(result: Result) -> dict[str, Any]:
    series = zip(result.samples.series, result.samples.values, strict=True)
    return {
        "status": result.status.value,
        "reason": result.reason,
        "up": result.up,
        "value": result.value,
        "message": result.message,
        "duration": result.duration,
        "facts": dict(result.facts),
        "phases": [name for name, _ in result.phases],
        "packets": [list(row) for table in result.tables for row in table.rows],
        "samples": {f"{s.name}{s.label('phase') or s.label('le')}": value for s, value in series},
    }


async def permitted() -> dict[str, Any]:
    scenes = {
        "v4": await ask("ping", "127.0.0.1"),
        "v6": await ask("ping", "::1"),
        "family": await ask("ping", {"host": "localhost", "family": "ipv6", "count": 1}),
        "large": await ask("ping", {"host": "127.0.0.1", "size": 20_000, "count": 2}),
        "slow": await ask("ping", {"host": "127.0.0.1", "latency": {"warning": "0.001ms"}}),
        "silent": await ask("ping", {"host": SILENT, "spacing": "10ms"}, timeout=0.3),
        "unreachable": await ask("ping", UNREACHABLE),
        "no route": await ask("ping", "198.51.100.1"),
    }
    return {name: told(result) for name, result in scenes.items()} | {
        f"lossy {number}": told(result) for number, result in enumerate(await lossy())
    }


async def lossy() -> list[Result]:
    """Well, then silent, then well again."""
    config = {"host": "127.0.0.1", "spacing": "10ms", "loss_over": 9}
    results = []
    async with probing("ping", config, timeout=0.3) as probe:
        for ignored in (0, 1, 0, 0, 0):
            IGNORE.write_text(str(ignored))
            results.append(await probe.run())
    return results


async def forbidden() -> dict[str, Any]:
    refused = await ask("ping", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 8080)):
        given = await ask("ping", {"host": "127.0.0.1", "tcp_port": 8080})
    scenes = {
        "refused": refused,
        "given": given,
        "silent": await ask("ping", {"host": SILENT, "spacing": "10ms"}, timeout=0.3),
        "silent port": await ask(
            "ping", {"host": SILENT, "spacing": "10ms", "tcp_port": 80}, timeout=0.3
        ),
        "unreachable": await ask("ping", UNREACHABLE),
    }
    return {name: told(result) for name, result in scenes.items()}


async def raw() -> dict[str, Any]:
    return {"v4": told(await ask("ping", "127.0.0.1")), "v6": told(await ask("ping", "::1"))}


def main() -> None:
    which = sys.argv[1]
    lay_out()
    if which == "permitted":
        GROUPS.write_text("0 0")
    scenes = {"permitted": permitted, "forbidden": forbidden, "raw": raw}[which]
    print(json.dumps(asyncio.run(scenes())))


if __name__ == "__main__":
    main()
