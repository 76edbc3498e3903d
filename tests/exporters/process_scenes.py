"""How each rule on process-exporter's metrics is made to fire, on real processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.checks.process_kit import mark
from tests.exporters.scenes import Scenes
from tests.exporters.stage import Stage

__all__ = ["PROCESS", "Program"]

PROCESS: Final = Scenes["Program"]("process")
_CODE: Final = """
import os, resource, subprocess, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
held = []
print('up', flush=True)
for line in sys.stdin:
    if line.startswith('open'):
        held += [os.open('/dev/null', os.O_RDONLY) for _ in range(int(line.split()[1]))]
    elif line.startswith('close'):
        while held:
            os.close(held.pop())
    elif line.startswith('fork'):
        for _ in range(int(line.split()[1])):
            dead = os.posix_spawn('/bin/true', ['true'], {})
            os.waitid(os.P_PID, dead, os.WEXITED | os.WNOWAIT)
            held.append(dead)
    elif line.startswith('reap'):
        while held:
            os.waitpid(held.pop(), 0)
    print('done', flush=True)
"""


class Program:
    """A program that does what it is told, and that no other has the name of."""

    def __init__(self) -> None:
        self.name = mark()
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CODE, self.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def tell(self, line: str) -> None:
        """Tell it something, and wait until it has done that."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
        process.stdout.readline()

    def end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


@contextmanager
def running() -> Iterator[Program]:
    """A program that runs, and ends with the test."""
    program = Program()
    program.start()
    try:
        yield program
    finally:
        program.end()


async def well(stage: Stage, program: Program, quiet: int = 3) -> None:
    """Watched, and well at first."""
    wanted = {"command": program.name, "group": "work", "children": True}
    stage.watch("process", wanted)
    await stage.stays_quiet(quiet)


@PROCESS.scene("ProcessExporterGroupDown", "the process is killed, and started again")
async def down(stage: Stage, program: Program) -> None:
    await well(stage, program)
    program.end()
    await stage.fires()
    program.start()
    await stage.resolves()


@PROCESS.scene("ProcessExporterHighFileDescriptorUsage", "85 of 100 descriptors are opened")
async def many_files(stage: Stage, program: Program) -> None:
    await opens(stage, program, 82)


@PROCESS.scene("ProcessExporterFileDescriptorsExhausted", "97 of 100 descriptors are opened")
async def all_files(stage: Stage, program: Program) -> None:
    await opens(stage, program, 94)


async def opens(stage: Stage, program: Program, count: int) -> None:
    await well(stage, program)
    program.tell(f"open {count}")
    await stage.fires()
    program.tell("close")
    await stage.resolves()


@PROCESS.scene("ProcessExporterZombieProcesses", "six children end and are not waited for")
async def zombies(stage: Stage, program: Program) -> None:
    await well(stage, program)
    program.tell("fork 6")
    await stage.fires()
    program.tell("reap")
    await stage.resolves()


@PROCESS.scene("ProcessExporterProcessRestarting", "the process is killed and started again")
async def restarted(stage: Stage, program: Program) -> None:
    await well(stage, program, 14)
    program.end()
    program.start()
    await stage.fires()
    await stage.resolves()


IN_SAMPLES = "in its samples: {}; then no more"
MEMORY = "namedprocess_namegroup_memory_bytes"


@PROCESS.scene("ProcessExporterHighMemoryUsage", IN_SAMPLES.format("5 GB"))
async def much_memory(stage: Stage, program: Program) -> None:
    await measures(stage, program, 5e9)


@PROCESS.scene("ProcessExporterHighSwapUsage", IN_SAMPLES.format("1 GB is swapped out"))
async def swapped(stage: Stage, program: Program) -> None:
    await measures(stage, program, 1e9)


async def measures(stage: Stage, program: Program, size: float) -> None:
    await well(stage, program)
    stage.pretend(MEMORY, lambda _, __: size)
    await stage.fires()
    stage.pretend(MEMORY, lambda value, _: value)
    await stage.resolves()


@PROCESS.scene("ProcessExporterHighCpuUsage", IN_SAMPLES.format("0.95 s of CPU a second"))
async def much_cpu(stage: Stage, program: Program) -> None:
    await counts(stage, program, "cpu_seconds", 0.95)


@PROCESS.scene("ProcessExporterHighContextSwitching", IN_SAMPLES.format("90,000 switches a second"))
async def many_switches(stage: Stage, program: Program) -> None:
    await counts(stage, program, "context_switches", 90_000)


@PROCESS.scene("ProcessExporterHighDiskWriteIo", IN_SAMPLES.format("200 MB are written a second"))
async def much_written(stage: Stage, program: Program) -> None:
    await counts(stage, program, "write_bytes", 200e6)


async def counts(stage: Stage, program: Program, name: str, rate: float) -> None:
    metric = f"namedprocess_namegroup_{name}_total"
    await well(stage, program)
    await stage.counts(metric, rate)
