"""What the kernel refuses: hidepid, and the masks of containers; as an account without rights."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.model import Status
from checks.probes.process.details import Details, ProcDetails
from checks.processes.scan import ProcessTable
from tests.checks.confined import confined, may_confine
from tests.checks.process_kit import WAIT, Watching, child, mark, watching
from tests.reliability import Said, UserSees

CHECKS: dict[str, tuple[str, dict[str, Any]]] = {
    "machine": ("host", {}),
    "unseen": ("process", {"name": "no-such-program"}),
    "unwanted": ("process", {"name": "no-such-program", "count": 0}),
    "own": ("process", {"name": "python*"}),
    "of nobody": ("process", {"name": "no-such-program", "user": "65534"}),
}


@pytest.fixture(scope="module")
def hidden() -> Iterator[dict[str, Any]]:
    if not may_confine():
        pytest.skip("mounting another /proc takes root")
    with tempfile.NamedTemporaryFile("w") as open_to_all, tempfile.NamedTemporaryFile() as closed:
        open_to_all.write("1")
        open_to_all.flush()
        Path(open_to_all.name).chmod(0o644)
        by_file = {
            "pid of root": ("process", {"pid_file": open_to_all.name}),
            "closed pid file": ("process", {"pid_file": closed.name}),
        }
        yield confined("hidden", CHECKS | by_file)


@pytest.fixture(scope="module")
def masked() -> dict[str, Any]:
    if not may_confine():
        pytest.skip("mounting another /proc takes root")
    return confined("masked", CHECKS)


def test_what_may_be_hidden_is_not_taken_for_dead(
    hidden: dict[str, Any], user_sees: UserSees
) -> None:
    found = hidden["unseen"]
    assert (found["status"], found["reason"]) == ("UNKNOWN", "permission")
    assert found["message"].startswith("no no-such-program is seen, which says little: ")
    assert "hidepid" in found["message"]
    assert "run onwatch as root" in found["message"]
    user_sees("processes that the kernel hides (hidepid)", Said("unknown", found["message"]))
    assert "namedprocess_namegroup_num_procs" not in found["metrics"]


def test_what_may_be_hidden_is_not_taken_for_absent(hidden: dict[str, Any]) -> None:
    found = hidden["unwanted"]
    assert (found["status"], found["reason"]) == ("UNKNOWN", "permission")
    assert found["message"].startswith("no no-such-program is seen, which says little: ")


def test_ones_own_are_seen_all_the_same(hidden: dict[str, Any]) -> None:
    assert hidden["own"]["status"] == "OK"
    assert "hidepid" in hidden["own"]["facts"]["all processes"]
    # Its own processes are all there to see: that there is none is a fact.
    assert hidden["of nobody"]["status"] == "CRITICAL"


def test_a_pid_file_that_leads_to_what_is_hidden(hidden: dict[str, Any]) -> None:
    found = hidden["pid of root"]
    assert (found["status"], found["reason"]) == ("UNKNOWN", "permission")
    assert found["message"].startswith("process 1 of the pid file ")
    assert "cannot be seen: the kernel shows only this user's own" in found["message"]


def test_a_pid_file_that_may_not_be_read(hidden: dict[str, Any]) -> None:
    found = hidden["closed pid file"]
    assert (found["status"], found["reason"]) == ("UNKNOWN", "permission")
    assert "may not be read by this user: grant it, or choose" in found["message"]


def test_the_machine_is_judged_without_others_processes(hidden: dict[str, Any]) -> None:
    found = hidden["machine"]
    assert found["status"] in {"OK", "WARNING"}
    assert "hidepid" in found["facts"]["processes"]
    assert "node_memory_MemAvailable_bytes" in found["metrics"]


def test_what_a_container_masks_is_said_and_the_rest_goes_on(
    masked: dict[str, Any], user_sees: UserSees
) -> None:
    found = masked["machine"]
    user_sees("figures that a container masks", Said(*found["parts"]["cpu"]))
    assert (found["status"], found["reason"]) == ("UNKNOWN", "permission")
    assert found["parts"]["cpu"] == [
        "UNKNOWN",
        "cpu cannot be judged: /proc/stat is closed to this user (a container that masks it?); "
        "run onwatch where it can be read, or switch it off with "
        "cpu: {warning: null, critical: null}",
    ]
    assert "/proc/meminfo is closed" in found["parts"]["memory"][1]
    assert {"node_load1", "node_filesystem_avail_bytes", "node_network_receive_bytes_total"} < set(
        found["metrics"]
    )
    assert "node_cpu_seconds_total" not in found["metrics"]
    assert masked["own"]["status"] in {"OK", "WARNING"}


def test_figures_of_others_that_are_closed_are_left_out_and_said(masked: dict[str, Any]) -> None:
    found = masked["own"]
    said = found["facts"]["bytes read and written"]
    assert "closed to this user for " in said
    assert "CAP_SYS_PTRACE" in said
    assert "namedprocess_namegroup_read_bytes_total" not in found["metrics"]
    assert "namedprocess_namegroup_cpu_seconds_total" in found["metrics"]


class Closed(ProcDetails):
    """A kernel before 6.2, for an account without rights: no descriptors of others' processes."""

    def details(self, pid: int) -> Details:
        del pid
        return Details(refused=frozenset({"open descriptors"}))


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watching]:
    with watching(tmp_path, ProcessTable(), Closed()) as made:
        yield made


async def test_descriptors_that_cannot_be_seen_are_unknown_where_they_are_asked_for(
    watch: Watching,
) -> None:
    word = mark()
    with child(WAIT, word):
        unasked = await watch.probe(command=word).run()
        asked = await watch.probe(command=word, descriptors={"warning": "50%"}).run()
    assert unasked.status is Status.OK
    assert "open descriptors" in dict(unasked.facts)
    assert unasked.samples.get("namedprocess_namegroup_open_filedesc") is None
    assert (asked.status, asked.reason) == (Status.UNKNOWN, "permission")
    assert "open descriptors cannot be judged: closed to this user for 1 of 1" in asked.message


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_no_proc_at_all_is_said(tmp_path: Path) -> None:
    with watching(tmp_path, ProcessTable(str(tmp_path / "none")), ProcDetails()) as watch:
        result = await watch.probe(name="init").run()
    assert (result.status, result.reason) == (Status.UNKNOWN, "permission")
    assert "is /proc mounted here?" in result.message
