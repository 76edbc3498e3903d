"""A recorded machine whose files are written anew before each run, as its counters go on."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from checks.probes.host.probe import HostConfig, HostProbe
from tests.exporters.stage import Stage
from tests.exporters.trees import with_hardware

__all__ = ["GB", "Disk", "Machine"]

GB: Final = 10**9
_MODES: Final = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


@dataclass
class Disk:
    """A filesystem as statvfs(3) tells of it; ``fails`` is how that fails."""

    size: int = 100 * GB
    available: int = 60 * GB
    files: int = 1_000_000
    files_free: int = 900_000
    fails: int = 0


@dataclass
class Machine:
    """What the files say: sizes as they are now, and counters by what they gain a second.

    ``cpu`` are seconds a second of both CPUs together; ``memory`` are megabytes.
    """

    folder: Path
    cpu: dict[str, float] = field(default_factory=lambda: {"user": 0.2, "idle": 1.8})
    memory: dict[str, int] = field(
        default_factory=lambda: {
            "MemTotal": 16_000, "MemFree": 8_000, "MemAvailable": 12_000,
            "SwapTotal": 2_000, "SwapFree": 2_000,
        }
    )  # fmt: skip
    vmstat: dict[str, float] = field(default_factory=lambda: {"pgmajfault": 1.0})
    switches: float = 1000.0
    disk: dict[str, float] = field(
        default_factory=lambda: {
            "reads": 50, "read_ms": 50, "writes": 50, "write_ms": 50, "io_ms": 50,
        }
    )  # fmt: skip
    network: dict[str, float] = field(
        default_factory=lambda: {
            "in": 1e6, "packets_in": 1000, "errors_in": 0,
            "out": 1e6, "packets_out": 1000, "errors_out": 0,
        }
    )  # fmt: skip
    root: Disk = field(default_factory=Disk)
    release: str = "6.1.0"
    kills: int = 2

    def __post_init__(self) -> None:
        self.tree = with_hardware(self.folder)
        self._counted: dict[str, float] = {}

    def watch(self, stage: Stage) -> None:
        """Run a check of it, and let its counters go on with the time."""
        stage.watch(
            "host",
            {},
            probe=lambda _, to: HostProbe(
                HostConfig(processes=0), to, self.tree.roots, self._statvfs
            ),
        )
        stage.drive(self._write)

    def _statvfs(self, path: str) -> os.statvfs_result:
        disk = self.root if path == "/" else Disk()
        if disk.fails:
            raise OSError(disk.fails, os.strerror(disk.fails))
        blocks = (disk.size // 4096, disk.available // 4096, disk.available // 4096)
        inodes = (disk.files, disk.files_free, disk.files_free)
        return os.statvfs_result((4096, 4096, *blocks, *inodes, 0, 255))

    def _gain(self, name: str, rate: float, seconds: float) -> int:
        self._counted[name] = self._counted.get(name, 1000.0) + rate * seconds
        return int(self._counted[name])

    def _put(self, path: str, text: str) -> None:
        """Write over what a file says: to empty it first makes some filesystems wait."""
        with (self.folder / path).open("r+") as file:
            file.write(text)
            file.truncate()

    def _write(self, seconds: float) -> None:
        """The files after so many more seconds."""
        self._write_stat(seconds)
        lines = (f"{name}: {1000 * value} kB\n" for name, value in self.memory.items())
        self._put("proc/meminfo", "".join(lines))
        faults = self._gain("pgmajfault", self.vmstat["pgmajfault"], seconds)
        self._put("proc/vmstat", f"pgmajfault {faults}\noom_kill {self.kills}\n")
        reads, read_ms, writes, write_ms, io_ms = (
            self._gain(name, rate, seconds) for name, rate in self.disk.items()
        )
        disk = f"{reads} 0 0 {read_ms} {writes} 0 0 {write_ms} 0 {io_ms} 0"
        self._put("proc/diskstats", f"8 0 sda {disk}\n")
        got, packets_in, errors_in, sent, packets_out, errors_out = (
            self._gain(name, rate, seconds) for name, rate in self.network.items()
        )
        received = f"{got} {packets_in} {errors_in} 0 0 0 0 0"
        head = "Inter-|   Receive\n face |bytes\n"
        line = f"eth0: {received} {sent} {packets_out} {errors_out} 0 0 0 0 0\n"
        self._put("proc/net/dev", head + line)

    def _write_stat(self, seconds: float) -> None:
        ticks = [self._gain(mode, 50 * self.cpu.get(mode, 0.0), seconds) for mode in _MODES]
        half = " ".join(map(str, (*ticks, 0, 0)))
        both = " ".join(str(2 * each) for each in (*ticks, 0, 0))
        switches = self._gain("ctxt", self.switches, seconds)
        text = f"cpu  {both}\ncpu0 {half}\ncpu1 {half}\nctxt {switches}\nbtime 1699990000\n"
        self._put("proc/stat", text)

    def uname(self) -> os.uname_result:
        return os.uname_result(("Linux", "box", self.release, "#1 SMP", "x86_64"))
