"""How a PostgreSQL server of our own is run: for demo and tests.

As root it runs under an existing account without rights, since it refuses to be root.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from tui.demo.children import DemoError
from tui.demo.postgres_programs import account, find, major, root_of, with_libraries

__all__ = ["SUPERUSER", "PostgresServer"]

SUPERUSER: Final = "postgres"
"""The role that initdb makes."""

_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "16MB",
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    # Nothing here has to survive a crash of the machine.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # Segments in the data directory go with it, whatever death the server dies.
    "dynamic_shared_memory_type": "mmap",
    "jit": "off",
    "log_line_prefix": "%m [%p] %u@%d ",
    "timezone": "UTC",
}
_START_WITHIN: Final = 15.0
_END_WITHIN: Final = 5.0


class PostgresServer:
    """One server, all of it in ``folder``/postgres: data, socket, log.

    It listens on the loopback interface's ``port`` and on :attr:`socket_folder`, and lets in
    whoever comes, without a password, until :meth:`allow` says otherwise. ``settings`` are
    added to its own. Everything here blocks.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        binaries: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.port = port
        self.home = folder / "postgres"
        self.data = self.home / "data"
        self.log = self.home / "log"
        self.settings = {**_SETTINGS, **(settings or {})}
        self._account = account()
        self._binaries = binaries or find()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket_folder(self) -> Path:
        """Where its unix socket is."""
        return self.home

    @property
    def pid(self) -> int:
        """The postmaster's process id, by its own account; 0 where there is none."""
        return int(next(iter(self._pid_file()), "0"))

    def create(self, template: Path | None = None) -> None:
        """Make the data directory: by initdb, or as a copy of ``template``, a server's at rest.

        :meth:`prepare` comes first where it has not yet. Raises DemoError where that fails.
        """
        if not self.home.exists():
            self.prepare()
        if template is not None:
            shutil.copytree(template, self.data)
            for path in (self.data, *self.data.rglob("*")):
                os.chown(path, self._account.uid, self._account.gid)
            return
        options = ["-D", str(self.data), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"]
        options += ["--locale=C.UTF-8", "--wal-segsize=1", "--no-sync", "--no-instructions"]
        if major(self._binaries) >= 16:
            # Else initdb leaves a segment in /dev/shm where it is killed.
            options += ["-c", "dynamic_shared_memory_type=mmap"]
        made = self.run("initdb", *options)
        if made.returncode != 0:
            raise DemoError(f"initdb failed: {_last_line(made.stderr)}")

    def prepare(self) -> None:
        """Make its folder, such that the account may use it and the programs."""
        self.home.mkdir(mode=0o700)
        if os.geteuid() != 0:
            return
        os.chown(self.home, self._account.uid, self._account.gid)
        above = self.home.parent
        if not self._account.may_enter(above):
            above.chmod(above.stat().st_mode | 0o011)
        self._require_way_to(self.home)
        if not self._has_way_to(self._binaries):
            self._copy_programs()

    def _require_way_to(self, folder: Path) -> None:
        if not self._has_way_to(folder):
            raise DemoError(
                f"PostgreSQL refuses to run as root, and {self._account.name} "
                f"may not look into {folder}: set TMPDIR=/tmp"
            )

    def _has_way_to(self, folder: Path) -> bool:
        return all(map(self._account.may_enter, (folder, *folder.resolve().parents)))

    def _copy_programs(self) -> None:
        """For programs in a home that the account may not enter; with all that lies where
        they look for it."""
        root = root_of(self._binaries)
        copy = self.home / "programs"
        for part in ("usr", "lib"):
            if root is not None and (root / part).is_dir():
                shutil.copytree(root / part, copy / part, symlinks=True)
        if root is not None:
            self._binaries = copy / self._binaries.relative_to(root)
            return
        package = self._binaries.parents[1]
        own = package.name
        shutil.copytree(self._binaries.parent, copy / own / self._binaries.parent.name)
        libraries = package.with_name(f"{own}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name)
        self._binaries = copy / own / self._binaries.parent.name / self._binaries.name

    def command(self) -> list[str]:
        """The command line of the server; it ends by an immediate shutdown when whoever
        started it dies."""
        settings = {
            **self.settings,
            "port": str(self.port),
            "unix_socket_directories": str(self.socket_folder),
        }
        return [*self._as_account("postgres"), "-D", str(self.data), *_options(settings)]

    def execute(self, database: str, sql: str) -> None:
        """Execute ``sql`` in ``database`` as the superuser, while the server does not run.

        A semicolon and a blank line end what is one transaction. Raises DemoError where a
        statement fails.
        """
        options = ("-D", str(self.data), *_options(self.settings))
        done = self.run("postgres", "--single", "-j", *options, database, stdin=sql)
        complaints = [line for line in done.stderr.splitlines() if "ERROR:" in line]
        if done.returncode or complaints:
            said = complaints[0] if complaints else _last_line(done.stderr)
            raise DemoError(f"PostgreSQL could not be filled: {said}")

    def run(
        self, program: str, *arguments: str, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the server's account, to its end."""
        return subprocess.run(
            [*self._as_account(program), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.home,
            env={**os.environ, "HOME": str(self.home), "LC_ALL": "C.UTF-8"},
        )

    def _as_account(self, program: str) -> list[str]:
        launcher = Path(__file__).with_name("as_account.py")
        identity = (str(self._account.uid), str(self._account.gid), str(int(signal.SIGQUIT)))
        path = str(self._binaries / program)
        found = with_libraries(self._binaries)
        return [sys.executable, "-I", "-S", str(launcher), *identity, *found, path]

    def answers(self) -> bool:
        """Whether it serves clients; asked of its pid file, which costs it nothing."""
        lines = self._pid_file()
        serving = len(lines) > 7 and lines[7].strip() in ("ready", "standby")
        return serving and psutil.pid_exists(int(lines[0]))

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it serves clients.

        Raises DemoError with what it said last where it does not come to that.
        """
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home
            )
        self._process = process
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until it serves clients. Raises DemoError where it does not come to that."""
        deadline = time.monotonic() + _START_WITHIN
        process = self._process
        while not (self.answers() and process is not None and self.pid == process.pid):
            if process is None or process.poll() is not None or time.monotonic() > deadline:
                raise DemoError(f"PostgreSQL did not start: {_last_line(self.said())}")
            time.sleep(0.005)

    def said(self) -> str:
        """All that is in its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Shut it down and wait: fast (SIGINT), smart (SIGTERM: clients may end) or
        immediate (SIGQUIT)."""
        process = self._process
        if process is None:
            return
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_WITHIN)
        self.kill()

    def kill(self) -> None:
        """SIGKILL all of it, and wait until it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        family = self._family(process.pid) if process.poll() is None else []
        segment = self._segment()
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        process.wait()
        _wait_dead(family)
        if segment is not None:
            _remove_segment(segment)

    def restart(self, number: signal.Signals = signal.SIGINT) -> None:
        self.stop(number)
        self.start()

    def reload(self) -> None:
        """Have it read its files anew."""
        os.kill(self.pid, signal.SIGHUP)

    def allow(self, *lines: str) -> None:
        """Put ``lines`` in the place of pg_hba.conf; :meth:`reload` or a start uses them."""
        (self.data / "pg_hba.conf").write_text("\n".join(lines) + "\n")

    def freeze(self) -> None:
        """SIGSTOP all of it: connections are accepted by the kernel and never answered."""
        for member in self._family(self.pid):
            with suppress(psutil.NoSuchProcess):
                member.suspend()

    def thaw(self) -> None:
        for member in self._family(self.pid):
            with suppress(psutil.NoSuchProcess):
                member.resume()

    @staticmethod
    def _family(pid: int) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            postmaster = psutil.Process(pid)
            return [postmaster, *postmaster.children(recursive=True)]
        return []

    def _segment(self) -> int | None:
        """The number of the shared memory that a killed server leaves behind."""
        lines = self._pid_file()
        words = lines[6].split() if len(lines) > 6 else []
        return int(words[1]) if len(words) == 2 else None

    def make_replica(self, folder: Path, port: int) -> PostgresServer:
        """A streaming replica of this running server in ``folder``, not yet started.

        Raises DemoError where it cannot be copied.
        """
        replica = PostgresServer(folder, port, binaries=self._binaries, settings=self.settings)
        replica.prepare()
        made = replica.run(
            "pg_basebackup",
            *("-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER),
            *("-D", str(replica.data), "-R", "-X", "stream", "-c", "fast", "--no-sync"),
        )
        if made.returncode != 0:
            raise DemoError(f"pg_basebackup failed: {_last_line(made.stderr)}")
        return replica


def _wait_dead(family: list[psutil.Process]) -> None:
    """Wait until none runs; one whose new parent is slow to bury it counts as gone."""
    deadline = time.monotonic() + _END_WITHIN
    while any(map(_lives, family)) and time.monotonic() < deadline:
        time.sleep(0.002)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def _options(settings: Mapping[str, str]) -> Iterator[str]:
    for key, value in settings.items():
        yield from ("-c", f"{key}={value}")


def _remove_segment(number: int) -> None:
    """``ipcrm -m``; a segment that is gone is fine."""
    ctypes.CDLL(None).shmctl(number, 0, None)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
