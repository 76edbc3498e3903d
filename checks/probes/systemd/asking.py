"""Asking systemd by ``systemctl``: an argument list, a bare environment, bounds on time and size.

One call brings all units. It costs a fork and some 10 ms of CPU, a third of it systemd's own;
speaking D-Bus ourselves would save half of that, for several hundred lines that have to be right
about another wire format.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import Final

from checks.ends import Ends
from checks.errors import TargetError
from checks.model import clean
from checks.probes.systemd.properties import MANAGER, UNIT

__all__ = ["Systemctl", "booted"]

_MOST: Final = 8_000_000
_PATH: Final = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_HERE: Final = "/run/systemd/system"


def booted() -> bool:
    """Whether systemd runs this machine (sd_booted(3))."""
    return os.path.isdir(_HERE)  # noqa: PTH112 - no path object is wanted


class Systemctl:
    """Runs ``systemctl show``. ``program`` is another one in tests alone."""

    def __init__(self, *, user: bool, program: str | None = None) -> None:
        self._user = user
        self._program = program

    def units(self, names: Sequence[str], timeout: float) -> str:
        """The properties of the units that ``names`` stand for.

        Raises:
            TargetError: with a sentence, where there is no answer.
        """
        return self._show([f"--property={','.join(UNIT)}", "--all", "--", *names], timeout)

    def manager(self, timeout: float) -> str:
        """The properties of systemd itself. Raises as :meth:`units` does."""
        return self._show([f"--property={','.join(MANAGER)}"], timeout)

    def listing(self, types: Sequence[str], timeout: float) -> str:
        """A line for each unit, with its state alone: a tenth of the cost of its properties.

        Raises as :meth:`units` does.
        """
        how = ["--all", "--full", "--plain", "--no-legend", f"--type={','.join(types)}"]
        return self._ask(["list-units", "--no-pager", *how], timeout)

    def _show(self, arguments: Sequence[str], timeout: float) -> str:
        return self._ask(["show", "--no-pager", *arguments], timeout)

    def _ask(self, arguments: Sequence[str], timeout: float) -> str:
        program = self._program or shutil.which("systemctl", path=_PATH)
        if program is None:
            raise TargetError("missing", "systemctl is not installed here, though systemd runs")
        scope = ["--user"] if self._user else []
        argv = [program, *scope, *arguments]
        try:
            with Ends() as ends:
                (out_end, told), (err_end, errors) = ends.pipe(), ends.pipe()
                child = subprocess.Popen(
                    argv,
                    env=_environment(user=self._user),
                    stdin=ends.null(),
                    stdout=told,
                    stderr=errors,
                    cwd="/",
                    start_new_session=True,
                )
                child.stdout, child.stderr = ends.kept(out_end), ends.kept(err_end)
        except OSError as error:
            why = error.strerror or str(error)
            raise TargetError("limit", f"systemctl cannot be started: {why}") from None
        with child:
            try:
                out, said = _read(child, time.monotonic() + timeout)
            finally:
                if child.poll() is None:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(child.pid, signal.SIGKILL)
        if out is None:
            raise TargetError("timeout", _hangs(timeout, user=self._user))
        if child.returncode != 0 and not out:
            raise TargetError("permission", _refused(said, user=self._user))
        return out


def _environment(*, user: bool) -> dict[str, str]:
    """No language, no pager, times in UTC; for a user's own systemd where its bus is."""
    found = {"PATH": _PATH, "LC_ALL": "C", "TZ": "UTC", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}
    if user:
        found["XDG_RUNTIME_DIR"] = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.geteuid()}")
        bus = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
        if bus:
            found["DBUS_SESSION_BUS_ADDRESS"] = bus
    return found


def _read(child: subprocess.Popen[bytes], deadline: float) -> tuple[str | None, str]:
    """What it wrote, and to where errors go; None where it did not end in time."""
    got: dict[object, bytearray] = {child.stdout: bytearray(), child.stderr: bytearray()}
    with selectors.DefaultSelector() as waiting:
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                waiting.register(stream, selectors.EVENT_READ)
        while waiting.get_map():
            left = deadline - time.monotonic()
            ready = waiting.select(left) if left > 0 else []
            if not ready:
                return None, ""
            for key, _ in ready:
                if not _take(key.fd, got[key.fileobj]):
                    waiting.unregister(key.fileobj)
    try:
        child.wait(max(0.05, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None, ""
    return _text(got[child.stdout]), _text(got[child.stderr])


def _take(descriptor: int, into: bytearray) -> bool:
    """Reads on; False at the end, or where it has been enough."""
    chunk = os.read(descriptor, 65_536)
    into += chunk
    return bool(chunk) and len(into) < _MOST


def _text(data: bytearray) -> str:
    return data.decode("utf-8", "replace")


def _hangs(timeout: float, *, user: bool) -> str:
    who = "the user's systemd" if user else "systemd"
    return (
        f"{who} gave no answer within {timeout:.1f} s: does it hang, or the bus? (systemctl show)"
    )


def _refused(said: str, *, user: bool) -> str:
    line = clean(said.strip().partition("\n")[0], 200) or "it says nothing"
    if user:
        what = (
            "onwatch must run as that user, with its session or lingering (loginctl enable-linger)"
        )
    else:
        what = "is the system bus (dbus) running, and may this user use it?"
    return f"systemctl was refused: {line}; {what}"
