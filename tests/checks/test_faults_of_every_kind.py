"""Every kind of check against something that hangs, floods or is broken, all in one engine: the
healthy ones keep their interval, the others say what is wrong, and nothing grows.
"""

from __future__ import annotations

import itertools
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.checks.systemd_kit import write_program
from tests.checks.test_faults_machine import Outcome, Seen, watched
from tests.patience import tried_again
from tests.servers import fuse
from tests.servers.dns import DnsServer
from tests.servers.http import HttpServer, RawServer, full_backlog
from tests.servers.redis import RedisServer

INTERVAL, SECONDS = 1.0, 10.0

RawStart = Callable[[Callable[[socket.socket], None]], RawServer]

SENTENCES = {
    "command-hangs": r"sleep did not end within .* and was ended; it had said nothing",
    "command-floods": r"yes was ended, since it wrote more than 8\.0 MB",
    "command-missing": r"no-such-program",
    "metrics-silent": r"no answer from .* then silence; is it stuck or overloaded\?",
    "metrics-endless": r"the page is longer than 1\.0 MB: raise metrics\.max_bytes",
    "metrics-many": r"the page has more than 1,000 series: raise metrics\.max_series",
    "metrics-changing": r"its series keep changing: .* leave it out with metrics\.drop",
    "prometheus-silent": r"no answer from .* then silence; is it stuck or overloaded\?",
    "prometheus-endless": r"is longer than 1\.0 MB: raise prometheus\.max_bytes",
    "alertmanager-silent": r"no answer from .* then silence; is it stuck or overloaded\?",
    "tls-silent": r"silence in the TLS handshake; is it a TLS port\?",
    "dns-dead": r"no answer from .*127\.0\.0\.1:\d+ within",
    "process-none": r"no process named no-such-name runs",
    "process-pipe": r"pid file",
    "systemd-hangs": r"systemd gave no answer within|no systemd runs this machine",
    "http2-only": r"speaks HTTP/2 only",
    "proxy-silent": r"which does not answer to CONNECT; can it reach the target\?",
    "socket-silent": r"no answer from .*quiet\.sock within .* then silence",
    "socket-none": r"there is no socket",
    "redis-frozen": r"accepts connections but gave no answer",
    "tcp-black-hole": r"no answer|not established|timed out",
}
"""What each ill check says, as far as it is the same on every machine."""
ON_THE_MOUNT = {
    "mount-host": r"no answer from .*nas within",
    "mount-command": r"looking at it hangs; is the mount",
    "mount-sqlite": r"hang|no answer",
    "mount-pid-file": r"hang|no answer",
    "mount-log": r"reading .*nas/app\.log has hung for \d+ s: does its file system hang\?",
    "mount-http-ca": r"reading .*ca\.pem hangs|credential's source did not answer|no answer from",
    "mount-tls-ca": r"hangs|no answer from",
    "mount-redis-ca": r"reading .*ca\.pem hangs|no answer from",
    "mount-postgres-ca": r"reading .*ca\.pem hangs|no answer from",
    "mount-mysql-ca": r"reading .*ca\.pem hangs|no answer from",
    "mount-password": r"reading the credential file .* hangs|credential's source did not answer",
}


NO_MOUNT = fuse.why_not()
LEFT_OUT = f"{len(ON_THE_MOUNT)} checks on a mount that hangs are left out: {NO_MOUNT}"


def lines(connection: socket.socket) -> None:
    """A page of metrics without end."""
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    for first in itertools.count(step=500):
        connection.sendall(b"".join(b'a{id="%d"} 1\n' % n for n in range(first, first + 500)))


def changing(connection: socket.socket) -> None:
    """A page whose series are others at each scrape."""
    for scrape in itertools.count():
        if not connection.recv(4096):
            return
        page = b"".join(b'job{id="%d-%d"} 1\n' % (scrape, n) for n in range(400))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % len(page) + page)


def quiet(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


def http2(connection: socket.socket) -> None:
    connection.sendall(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18))
    quiet(connection)


class Scene:
    """The targets of the checks, ill and well."""

    def release(self) -> None:
        """Let the mount answer: who waits for it in the kernel cannot end."""
        if self._mount is not None:
            self._mount.tell("answer")

    def __init__(self, folder: Path, stack: ExitStack, raw: RawStart) -> None:
        self.folder = folder
        self._stack = stack
        self._raw = raw
        self.silent = raw(quiet).port
        self._mount: fuse.HungMount | None = None

    def at(self, talk: Callable[[socket.socket], None]) -> str:
        return f"http://127.0.0.1:{self._raw(talk).port}/metrics"

    def ill(self, dns: DnsServer, redis: RedisServer) -> dict[str, dict[str, Any]]:
        os.mkfifo(self.folder / "pipe", 0o600)
        listener = self._stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(self.folder / "quiet.sock"))
        listener.listen(64)
        many = "".join(f'a{{id="{n}"}} 1\n' for n in range(20_000)).encode()
        page = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"

        def all_of_them(connection: socket.socket) -> None:
            while connection.recv(4096):
                connection.sendall(page % len(many) + many)

        hole = self._stack.enter_context(full_backlog())
        silent = f"http://127.0.0.1:{self.silent}"
        return {
            "command-hangs": {"command": {"argv": ["sleep", "60"]}},
            "command-floods": {"command": {"argv": ["yes"]}},
            "command-missing": {"command": {"argv": ["no-such-program"]}},
            "metrics-silent": {"metrics": f"{silent}/metrics"},
            "metrics-endless": {"metrics": {"url": self.at(lines), "max_bytes": "1MB"}},
            "metrics-many": {"metrics": {"url": self.at(all_of_them), "max_series": 1000}},
            "metrics-changing": {"metrics": {"url": self.at(changing), "max_series": 500}},
            "prometheus-silent": {"prometheus": silent},
            "prometheus-endless": {"prometheus": {"url": self.at(lines), "max_bytes": "1MB"}},
            "alertmanager-silent": {"alertmanager": silent},
            "tls-silent": {"tls": f"127.0.0.1:{self.silent}"},
            "dns-dead": {"dns": {"name": "shop.example", "server": dns.where}},
            "process-none": {"process": "no-such-name"},
            "process-pipe": {"process": {"pid_file": str(self.folder / "pipe")}},
            "systemd-hangs": {"systemd": {}},
            "http2-only": {"http": self.at(http2)},
            "proxy-silent": {"http": {"url": "https://shop.example/", "proxy": silent}},
            "socket-silent": {"http": {"url": "http://app/", "socket": "quiet.sock"}},
            "socket-none": {"http": {"url": "http://app/", "socket": "none.sock"}},
            "redis-frozen": {"redis": redis.url},
            "tcp-black-hole": {"tcp": f"127.0.0.1:{hole}"},
        }

    def on_the_mount(self, secure: HttpServer, redis: RedisServer) -> dict[str, dict[str, Any]]:
        point = self.folder / "nas"
        point.mkdir()
        mount = self._stack.enter_context(fuse.mounted(point))
        mount.tell("hang")
        self._mount = mount
        password = {"file": str(point / "password")}
        return {
            "mount-host": {"host": {"filesystems": ["/", str(point)]}},
            "mount-command": {"command": {"argv": [str(point / "check")]}},
            "mount-sqlite": {"sqlite": str(point / "shop.db")},
            "mount-pid-file": {"process": {"pid_file": str(point / "app.pid")}},
            "mount-log": {"log": str(point / "app.log")},
            "mount-http-ca": {"http": {"url": f"{secure.url}/", "tls": {"ca": f"{point}/ca.pem"}}},
            "mount-tls-ca": {
                "tls": {"address": f"127.0.0.1:{secure.port}", "ca": f"{point}/c.pem"}
            },
            **{
                f"mount-{kind}-ca": {
                    kind: {
                        "url": f"{scheme}://onwatch@127.0.0.1:{self.silent}/0",
                        "tls": {"ca": f"{point}/{kind}/ca.pem"},
                    }
                }
                for kind, scheme in (
                    ("redis", "rediss"),
                    ("postgres", "postgresql"),
                    ("mysql", "mysql"),
                )
            },
            "mount-password": {"redis": {"url": redis.url, "password": password}},
        }


def well(
    http: HttpServer, secure: HttpServer, redis: RedisServer, ca: Path
) -> dict[str, dict[str, Any]]:
    ca.with_name("own.pid").write_text(f"{os.getpid()}\n")
    http.answer("/metrics", "requests_total 1\n", headers={"Content-Type": "text/plain"})
    return {
        "well-http": {"http": f"{http.url}/"},
        "well-metrics": {"metrics": f"{http.url}/metrics"},
        "well-tls": {"tls": {"address": f"127.0.0.1:{secure.port}", "ca": str(ca)}},
        "well-redis": {"redis": redis.url},
        "well-command": {"command": {"argv": ["true"]}},
        "well-log": {"log": {"files": str(ca.with_name("own.pid"))}},
        "well-process": {"process": {"pid_file": str(ca.with_name("own.pid"))}},
        "well-tcp": {"tcp": f"127.0.0.1:{http.port}"},
    }


@pytest.mark.parametrize(
    "mounts",
    [
        pytest.param(True, marks=pytest.mark.skipif(bool(NO_MOUNT), reason=LEFT_OUT)),
        pytest.param(False, marks=pytest.mark.skipif(not NO_MOUNT, reason="done with a mount")),
    ],
    ids=["with-a-mount", "without"],
)
@tried_again
def test_each_hangs_alone(  # noqa: PLR0917 - servers, each
    mounts: bool,
    http_server: HttpServer,
    https_server: Callable[[trustme.LeafCert | None], HttpServer],
    authority: trustme.CA,
    redis_server: RedisServer,
    dns_server: DnsServer,
    raw_server: RawStart,
    tmp_path: Path,
) -> None:
    dns_server.replies = lambda _query, _tcp: []
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    programs = tmp_path / "programs"
    programs.mkdir()
    write_program(programs / "systemctl", "exec sleep 60")
    secure = https_server(None)
    said = dict(SENTENCES)
    with ExitStack() as stack:
        frozen = RedisServer(tmp_path)
        frozen.start()
        stack.callback(frozen.kill)
        frozen.freeze()
        stack.callback(frozen.thaw)
        scene = Scene(tmp_path, stack, raw_server)
        checks = scene.ill(dns_server, frozen)
        if mounts:
            checks |= scene.on_the_mount(secure, redis_server)
            said |= ON_THE_MOUNT
        checks |= well(http_server, secure, redis_server, ca)
        found = watched(
            tmp_path,
            [{"name": name, **check} for name, check in checks.items()],
            seconds=SECONDS,
            interval=f"{INTERVAL:g}s",
            timeout="800ms",
            programs=str(programs),
            release=scene.release,
        )
    judge(found, said)


def judge(found: Outcome, said: dict[str, str]) -> None:
    wrong = [
        f"{name}: {text}" for name, seen in found.checks.items() for text in odd(name, seen, said)
    ]
    assert not wrong, "\n".join(wrong)
    assert found.memory < 250
    assert found.growth < 25
    assert found.threads < 40
    assert found.descriptors < 120


def odd(name: str, seen: Seen, said: dict[str, str]) -> Iterator[str]:
    """What is not as it should be with one check."""
    told = {message for _, _, message in seen.results}
    if "internal error" in str(told) or not all(text.isprintable() for text in told):
        yield f"said {told}"
    if name.startswith("well"):
        if seen.status != "ok":
            yield seen.message
        if seen.longest_pause > 1.5 * INTERVAL or len(seen.began) < 0.8 * SECONDS / INTERVAL:
            yield f"kept no interval: {seen.longest_pause:.2f} s, {len(seen.began)} runs"
    else:
        if seen.status in {"ok", "waiting"}:
            yield f"is {seen.status}: {seen.message}"
        if not any(re.search(said[name], text) for text in told):
            yield f"said {told}"
        if len(seen.began) < 0.4 * SECONDS / INTERVAL:
            yield f"kept no interval: {len(seen.began)} runs"
