"""Where a MariaDB server of our own comes from, and how it is run: for demo and tests.

The demo goes without where it is not installed. As root it runs under an existing account
without rights, since it refuses to be root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.demo.children import DemoError

__all__ = ["MISSING", "MariadbServer", "find"]

MISSING: Final = (
    "MariaDB's server is not installed; on Debian and Ubuntu: "
    "apt-get install --no-install-recommends mariadb-server-core (which starts no service)"
)

_OPTIONS: Final = (
    "--bind-address=127.0.0.1",
    "--innodb-buffer-pool-size=16M",
    "--innodb-log-file-size=8M",
    "--innodb-log-buffer-size=2M",
    "--key-buffer-size=1M",
    "--aria-pagecache-buffer-size=8M",
    "--max-allowed-packet=64M",
    "--innodb-buffer-pool-dump-at-shutdown=OFF",
    "--innodb-buffer-pool-load-at-startup=OFF",
    # Nothing here has to survive a crash of the machine.
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-fast-shutdown=2",
)
_SCRIPTS: Final = ("system_tables", "performance_tables", "system_tables_data")
_START_WITHIN: Final = 15.0
_END_WITHIN: Final = 5.0


def find() -> Path | None:
    """A MariaDB server's program, None where none is installed."""
    for path in (None, "/usr/sbin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin"):
        found = shutil.which("mariadbd", path=path)
        if found is not None:
            return Path(found)
    return None


@dataclass(frozen=True, slots=True)
class _Account:
    """Who the server runs as."""

    name: str
    uid: int
    gid: int


def _account() -> _Account:
    """This user, or for root the one of MariaDB's package, else ``nobody``."""
    uid = os.geteuid()
    if uid != 0:
        return _Account(pwd.getpwuid(uid).pw_name, uid, os.getegid())
    for name in ("mysql", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return _Account(name, entry.pw_uid, entry.pw_gid)
    raise DemoError("MariaDB refuses to run as root, and there is no user mysql or nobody")


class MariadbServer:
    """One server, all of it in ``folder``/mariadb: data, socket, log.

    It listens on the loopback interface's ``port`` and on :attr:`socket`. Its administrator is
    :attr:`admin`, over the socket alone and without a password, for the user of that name.
    ``options`` are added to its command line. Everything here blocks.
    """

    def __init__(self, folder: Path, port: int, *options: str, binary: Path | None = None) -> None:
        self.port = port
        self.home = folder / "mariadb"
        self.data = self.home / "data"
        self.log = self.home / "log"
        self.socket = self.home / "socket"
        self.admin = pwd.getpwuid(os.geteuid()).pw_name
        self.options = list(options)
        self._account = _account()
        found = binary or find()
        if found is None:
            raise DemoError(MISSING)
        self._binary = found
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id; 0 where :meth:`start` has not started one."""
        return self._process.pid if self._process is not None else 0

    def prepare(self) -> None:
        """Make its folder, such that the account may use it."""
        self.home.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(self.home, self._account.uid, self._account.gid)
            above = self.home.parent
            found = above.stat()
            way = 0o010 if found.st_gid == self._account.gid else 0o001
            above.chmod(found.st_mode | way)

    def create(self, template: Path | None = None, *, statements: Sequence[str] = ()) -> None:
        """Make the data directory (17 MB, a third of a second) and run ``statements``; or
        copy ``template``, that of a server at rest.

        Raises DemoError where that fails.
        """
        if not self.home.exists():
            self.prepare()
        if template is not None:
            shutil.copytree(template, self.data)
            for path in (self.data, *self.data.rglob("*")):
                os.chown(path, self._account.uid, self._account.gid)
            return
        self.data.mkdir(mode=0o700)
        os.chown(self.data, self._account.uid, self._account.gid)
        self._bootstrap(statements)

    def _bootstrap(self, statements: Sequence[str]) -> None:
        script = [
            *("CREATE DATABASE mysql;", "USE mysql;", f"SET @auth_root_socket='{self.admin}';"),
            *(_script(self._binary, name) for name in _SCRIPTS),
            *(f"{statement};" for statement in statements),
        ]
        made = subprocess.run(
            [*self._program("--bootstrap", "--log-warnings=0", "--enforce-storage-engine=")],
            input="\n".join([*script, ""]),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd=self.home,
        )
        complaints = [line for line in made.stderr.splitlines() if line.startswith("ERROR")]
        if made.returncode or complaints:
            said = complaints[0] if complaints else _last_line(made.stderr)
            raise DemoError(f"MariaDB could not make its data directory: {said}")

    def _program(self, *options: str) -> list[str]:
        """The program with the options that serving and bootstrapping have in common."""
        launcher = Path(__file__).with_name("as_account.py")
        identity = (str(self._account.uid), str(self._account.gid), str(int(signal.SIGKILL)))
        return [
            *(sys.executable, "-I", "-S", str(launcher), *identity, str(self._binary)),
            *("--no-defaults", f"--datadir={self.data}"),
            # A server that starts removes temporary tables of whoever shares its directory.
            *(f"--tmpdir={self.home}", *_OPTIONS, *options),
        ]

    def command(self) -> list[str]:
        """The command line of the server; it dies with whoever started it."""
        places = (f"--socket={self.socket}", f"--pid-file={self.home / 'pid'}")
        return self._program(f"--port={self.port}", *places, *self.options)

    def answers(self) -> bool:
        """Whether it lets its administrator in: a whole login, since half of one would count
        as an aborted connection."""
        import pymysql  # noqa: PLC0415  (30 ms, for those alone who run one)

        with suppress(pymysql.Error, OSError), socket.socket(socket.AF_UNIX) as way:
            way.settimeout(1)
            way.connect(str(self.socket))
            link = pymysql.connect(
                unix_socket=str(self.socket),
                user=self.admin,
                defer_connect=True,
                ssl_disabled=True,
            )
            link.connect(way)
            link.close()
            return True
        return False

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it serves clients.

        Raises DemoError with what it said last where it does not come to that.
        """
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home
            )
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until it serves clients. Raises DemoError where it does not come to that."""
        deadline = time.monotonic() + _START_WITHIN
        process = self._process
        while not self.answers():
            if process is None or process.poll() is not None or time.monotonic() > deadline:
                raise DemoError(f"MariaDB did not start: {_last_line(self.said())}")
            time.sleep(0.01)

    def said(self) -> str:
        """All that is in its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self) -> None:
        """Shut it down and wait."""
        process = self._process
        if process is not None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_WITHIN)
        self.kill()

    def kill(self) -> None:
        """SIGKILL it, and wait until it is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def restart(self) -> None:
        self.kill()
        self.start()

    def freeze(self) -> None:
        """SIGSTOP it: connections are accepted by the kernel and never answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


def _script(binary: Path, name: str) -> str:
    """One of the server's own scripts for its system tables."""
    for path in _places(binary, name):
        with suppress(OSError):
            return path.read_text()
    raise DemoError(f"MariaDB's script {name}.sql is missing beside {binary}")


def _places(binary: Path, name: str) -> Iterator[Path]:
    for root in dict.fromkeys((binary.resolve().parents[1], Path("/usr"))):
        for product in ("mysql", "mariadb"):
            yield from (root / "share" / product / f"{p}_{name}.sql" for p in ("mysql", "mariadb"))


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
