"""Asking systemd: programs that refuse, hang or flood, and machines without it; real ones too."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.clock import FakeClock
from checks.errors import TargetError
from checks.lanes import Lanes
from checks.model import Result, Status
from checks.probe import Target
from checks.probes.systemd import asking
from checks.probes.systemd.asking import Systemctl
from checks.probes.systemd.config import SystemdConfig
from checks.probes.systemd.probe import SystemdProbe
from tests.checks.host_trees import host_target
from tests.checks.systemd_kit import FOLDER, VERSIONS, runs_systemd, write_program
from tests.patience import PATIENCE


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    lanes = Lanes()
    yield host_target(FakeClock(), lanes, tmp_path, "units")
    lanes.close()


async def answer(script: str, folder: Path, target: Target) -> Result:
    program = folder / "systemctl"
    write_program(program, script)
    systemctl = Systemctl(user=False, program=str(program))
    return await SystemdProbe(SystemdConfig.model_validate("web"), target, systemctl).run()


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_no_bus_makes_systemctl_say_is_told(
    version: str, tmp_path: Path, target: Target
) -> None:
    said = FOLDER / version / "no-bus"
    result = await answer(f"cat {said} >&2; exit 1", tmp_path, target)
    assert (result.status, result.reason) == (Status.UNKNOWN, "permission")
    assert said.read_text().strip().splitlines()[0] in result.message
    assert "is the system bus (dbus) running, and may this user use it?" in result.message


async def test_one_that_hangs_is_ended(tmp_path: Path, target: Target) -> None:
    program = tmp_path / "systemctl"
    write_program(program, f"echo $$ > {tmp_path}/pid; exec sleep 60")
    systemctl = Systemctl(user=False, program=str(program))
    with pytest.raises(TargetError) as caught:
        systemctl.manager(0.3)
    assert caught.value.reason == "timeout"
    assert "systemd gave no answer within 0.3 s" in str(caught.value)
    assert not Path(f"/proc/{int((tmp_path / 'pid').read_text())}").exists()
    del target


async def test_one_that_leaves_a_child_behind_is_ended_with_it(tmp_path: Path) -> None:
    program = tmp_path / "systemctl"
    write_program(program, f"sleep 60 & echo $! > {tmp_path}/pid; wait")
    with pytest.raises(TargetError):
        Systemctl(user=False, program=str(program)).manager(0.3)
    deadline = time.monotonic() + PATIENCE
    while _lives(int((tmp_path / "pid").read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _lives(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


async def test_a_flood_is_read_to_a_bound(tmp_path: Path) -> None:
    program = tmp_path / "systemctl"
    write_program(program, "exec yes Id=web.service")
    with pytest.raises(TargetError) as caught:
        Systemctl(user=False, program=str(program)).manager(0.5)
    assert caught.value.reason == "timeout"


async def test_a_program_that_cannot_be_started(tmp_path: Path, target: Target) -> None:
    systemctl = Systemctl(user=False, program=str(tmp_path / "none"))
    result = await SystemdProbe(SystemdConfig.model_validate("web"), target, systemctl).run()
    assert (result.status, result.reason) == (Status.UNKNOWN, "limit")
    assert result.message == "systemctl cannot be started: No such file or directory"


FORKLESS = """
import os, resource, selectors, subprocess
from checks.errors import TargetError
from checks.probes.systemd.asking import Systemctl
os.setgid(65534)
os.setuid(65534)
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
try:
    Systemctl(user=False, program="/bin/true").manager(2.0)
except TargetError as error:
    print(error.reason, error)
"""


@pytest.mark.skipif(
    os.geteuid() != 0, reason="takes on another account, of which there may be none"
)
def test_a_fork_that_fails_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKLESS],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == ("limit systemctl cannot be started: Resource temporarily unavailable\n")


async def test_it_gets_a_bare_environment_and_no_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    program = tmp_path / "systemctl"
    write_program(program, 'env; printf "%s\\n" "$@"')
    said = Systemctl(user=False, program=str(program)).units(["a;touch x.service"], 5.0)
    assert "SECRET_TOKEN" not in said
    assert {"LC_ALL=C", "TZ=UTC", "--no-pager", "--", "a;touch x.service"} <= set(said.splitlines())
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    own = Systemctl(user=True, program=str(program)).units(["a"], 5.0)
    assert {"XDG_RUNTIME_DIR=/run/user/7", "--user"} <= set(own.splitlines())


async def test_a_machine_without_systemd_is_told(
    target: Target, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(asking, "_HERE", str(tmp_path / "none"))
    result = await SystemdProbe(SystemdConfig(), target).run()
    assert (result.status, result.reason, result.up) == (Status.UNKNOWN, "missing", False)
    assert result.message.startswith("no systemd runs this machine (or this container)")
    monkeypatch.setattr(asking, "_HERE", str(tmp_path))
    monkeypatch.setattr(asking, "_PATH", str(tmp_path))
    result = await SystemdProbe(SystemdConfig(), target).run()
    assert result.message == "systemctl is not installed here, though systemd runs"


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ("-H evil", "is no name of a unit"),
        ("a b", "is no name of a unit"),
        ({"name": "web", "within": "1d"}, "within is for timers"),
        ({"name": "web", "expects": "active"}, "Extra inputs"),
    ],
)
def test_what_is_no_unit_is_refused(units: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        SystemdConfig.model_validate({"units": [units]})


@pytest.mark.skipif(not runs_systemd(), reason="no systemd runs this machine; see systemd_answers")
async def test_the_systemd_of_this_machine(target: Target) -> None:
    result = await SystemdProbe(SystemdConfig(), target).run()
    assert result.reason not in {"missing", "timeout", "internal"}, result.message
    if result.up:
        assert result.samples.get("node_systemd_units", state="active")
        named = await SystemdProbe(
            SystemdConfig.model_validate({"units": ["no-such-unit", "systemd-journald"]}), target
        ).run()
        assert named.parts[0].status is Status.UNKNOWN
