"""Discovery kept to a test's own servers: the machine may run others."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from checks.discovery.finder import Discovery
from checks.discovery.machine import Machine
from checks.discovery.memory import Memory
from checks.discovery.model import Listener, Process, Service
from checks.discovery.survey import Seen, Survey
from checks.lanes import Lanes

__all__ = ["Proc", "discovery", "look", "machine", "only"]


def machine(
    *ports: int,
    root: Path | None = None,
    proc: Path | None = None,
    sockets: str | tuple[str, ...] = "-",
    files: str = "-",
    me: int = 0,
    temporary: tuple[str, ...] = (),
) -> Machine:
    """This machine with TCP ``ports``, Unix sockets below ``sockets`` and ``files`` below one.

    Ports that the system gave to tests are as good as chosen ones, and what this process
    serves as good as anything. A ``proc`` of a test's own has all that is in it. Tests' folders
    are no ``temporary`` ones unless they are named.
    """

    def wanted(listener: Listener) -> bool:
        chosen = listener.port in ports or listener.path.startswith(sockets)
        return chosen or proc is not None

    return _Chosen(
        root=root or Path("/nonexistent"),
        proc=proc or Path("/proc"),
        files=files,
        me=me,
        wanted=wanted,
        temporary=temporary,
        young=0.0,
    )


class _Chosen(Machine):
    def ephemeral(self) -> range:
        return range(0)


async def look(
    *ports: int,
    sockets: str | tuple[str, ...] = "-",
    files: str = "-",
    seconds: float = 2.0,
    me: int = 0,
) -> Seen:
    """One look, with time enough on a machine that does more."""
    lanes = Lanes()
    try:
        survey = Survey(machine(*ports, sockets=sockets, files=files, me=me), lanes)
        return await survey.look(time.monotonic() + seconds, {})
    finally:
        lanes.close()


def only(seen: Seen) -> Service:
    """The one service that was found."""
    (service,) = seen.services
    return service


def discovery(
    tmp_path: Path,
    *ports: int,
    environ: Mapping[str, str] | None = None,
    root: Path | None = None,
    proc: Path | None = None,
    sockets: str | tuple[str, ...] = "-",
    wall: float | None = None,
    first: float = 5.0,
    temporary: tuple[str, ...] = (),
) -> Discovery:
    """A session's discovery with time enough, its memory in ``tmp_path``."""
    return Discovery(
        machine=machine(*ports, root=root, proc=proc, sockets=sockets, temporary=temporary),
        environ=environ or {},
        memory=Memory(tmp_path / "state" / "found.json"),
        wall=time.time if wall is None else lambda: wall,
        first=first,
    )


class Proc:
    """A ``/proc`` of a test's own making."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "net").mkdir(parents=True)
        (path / "net/tcp").write_text("  sl  local_address rem_address   st\n")

    def add(self, process: Process, *descriptors: str) -> None:
        """A process that holds ``descriptors`` (``socket:[4]``, ``/srv/app.db``) open."""
        folder = self.path / str(process.pid)
        (folder / "fd").mkdir(parents=True)
        terminal = 34816 if process.terminal else 0
        fields = [process.parent, process.pid, process.pid, terminal, -1, 0x400000, *[0] * 12]
        numbers = " ".join(map(str, [*fields, process.started]))
        (folder / "stat").write_text(f"{process.pid} ({process.name}) S {numbers} 0 0\n")
        (folder / "cmdline").write_bytes(b"".join(f"{word}\0".encode() for word in process.argv))
        for number, target in enumerate(descriptors):
            (folder / "fd" / str(number)).symlink_to(target)

    def listen(self, address: str, port: int, inode: int, uid: int = 0, state: str = "0A") -> None:
        """A line of ``/proc/net/tcp``; ``address`` as the kernel prints it."""
        line = (
            f"   0: {address}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 "
            f"00000000 {uid:5d} 0 {inode} 1 0000000000000000 100 0 0 10 0\n"
        )
        with (self.path / "net/tcp").open("a") as file:
            file.write(line)
