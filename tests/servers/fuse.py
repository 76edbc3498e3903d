"""A filesystem whose server stops answering: the protocol of `/dev/fuse`, spoken directly.

It runs as a program of its own (``python -m tests.servers.fuse POINT``), so that its end sets
free whoever waits for it. It mounts itself on POINT and says so; told ``hang`` on its standard
input it answers ``statfs`` and look-ups of names no more, as an NFS server does that is gone, told
``answer`` it does again, also to those that wait. There are no files in it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["HungMount", "mounted", "why_not"]

_INIT, _STATFS, _GETATTR, _FORGET, _BATCH_FORGET, _INTERRUPT, _DESTROY = 26, 17, 3, 2, 42, 36, 38
_LOOKUP = 1
_HEADER = struct.Struct("<IIQQIIII")
_DETACH = 2
_SIZE = 1_000_000
"""Blocks of 4 kB that it says to have."""


def why_not() -> str:
    """Why nothing can be mounted here; empty where it can."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "there is no /dev/fuse that this user may open"
    if os.geteuid() != 0:
        return "only root may mount"
    return ""


class HungMount:
    """A filesystem on ``point``, and the program behind it."""

    def __init__(self, point: Path) -> None:
        self.point = point
        argv = [sys.executable, "-m", "tests.servers.fuse", str(point)]
        self._server = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._server.stdout is not None
        self.said = self._server.stdout.readline().strip()

    def tell(self, word: str) -> None:
        """``hang`` or ``answer``; returns once it was understood."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{word}\n")
        self._server.stdin.flush()
        assert self._server.stdout.readline().strip() == word

    def detach(self) -> None:
        """What `umount -l` does."""
        _libc().umount2(os.fsencode(self.point), _DETACH)

    def close(self) -> None:
        """End the server; whoever waits for it gets an error then."""
        self._server.kill()
        self._server.communicate()
        self.detach()


@contextmanager
def mounted(point: Path) -> Iterator[HungMount]:
    """A filesystem on ``point`` that answers until it is told otherwise."""
    mount = HungMount(point)
    try:
        yield mount
    finally:
        mount.close()


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _mount(point: str) -> int:
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    failed = _libc().mount(b"hangs", os.fsencode(point), b"fuse.hangs", 0, options.encode())
    if failed:
        raise OSError(ctypes.get_errno(), "mount")
    return device


def _init(device: int, unique: int, body: bytes) -> None:
    major, minor, ahead, _ = struct.unpack_from("<IIII", body)
    answer = struct.pack("<IIIIHHIIHHI", major, min(minor, 31), ahead, 0, 12, 9, 4096, 1, 1, 0, 0)
    _answer(device, unique, answer + bytes(28))


def _answer(device: int, unique: int, body: bytes = b"", error: int = 0) -> None:
    os.write(device, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)


def _statfs(device: int, unique: int) -> None:
    body = struct.pack("<QQQQQIIII", _SIZE, _SIZE // 2, _SIZE // 2, 1000, 900, 4096, 255, 4096, 0)
    _answer(device, unique, body + bytes(24))


def _getattr(device: int, unique: int) -> None:
    body = struct.pack("<QII", 1, 0, 0)
    attributes = struct.pack("<QQQQQQ", 1, 0, 0, 0, 0, 0)
    attributes += struct.pack("<IIIIIIIIII", 0, 0, 0, 0o40755, 2, 0, 0, 0, 4096, 0)
    _answer(device, unique, body + attributes)


class _Server:
    """Answers requests, those for figures only while it is not to hang."""

    def __init__(self, device: int) -> None:
        self._device = device
        self._hangs = False
        self._waiting: list[int] = []
        self._seeking: list[int] = []

    def told(self, word: str) -> None:
        self._hangs = word == "hang"
        while self._waiting and not self._hangs:
            _statfs(self._device, self._waiting.pop())
        while self._seeking and not self._hangs:
            _answer(self._device, self._seeking.pop(), error=errno.ENOENT)

    def asked(self, request: bytes) -> None:
        _, code, unique, *_ = _HEADER.unpack_from(request)
        if code == _INIT:
            _init(self._device, unique, request[_HEADER.size :])
        elif code == _STATFS and self._hangs:
            self._waiting.append(unique)
        elif code == _LOOKUP and self._hangs:
            self._seeking.append(unique)
        elif code == _LOOKUP:
            _answer(self._device, unique, error=errno.ENOENT)
        elif code == _STATFS:
            _statfs(self._device, unique)
        elif code == _GETATTR:
            _getattr(self._device, unique)
        elif code not in (_FORGET, _BATCH_FORGET, _INTERRUPT, _DESTROY):
            _answer(self._device, unique, error=errno.ENOSYS)


def serve(point: str) -> None:
    """Answer until the end of standard input or of the mount."""
    device = _mount(point)
    server = _Server(device)
    print("mounted", flush=True)
    while True:
        ready, _, _ = select.select([device, sys.stdin], [], [])
        if sys.stdin in ready:
            word = sys.stdin.readline().strip()
            if not word:
                return
            server.told(word)
            print(word, flush=True)
        if device in ready:
            try:
                server.asked(os.read(device, 1 << 18))
            except OSError:
                return


if __name__ == "__main__":
    serve(sys.argv[1])
