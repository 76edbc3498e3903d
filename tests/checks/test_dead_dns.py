"""A name server that never answers, for the whole engine: those who need no name go on."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from itertools import pairwise
from typing import Any

from tests.checks.dead_dns_scene import INTERVAL, SECONDS
from tests.checks.rooms import ROOT, apart
from tests.patience import tried_again
from tests.reliability import Said, UserSees


@functools.cache
def found() -> dict[str, Any]:
    """What twenty checks came to on a machine whose name server is dead."""
    command = apart("ip", "mount", mounts=True)
    done = subprocess.run(
        [*command, sys.executable, "-m", "tests.checks.dead_dns_scene"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@tried_again
def test_what_needs_no_name_server_goes_on_at_its_interval() -> None:
    try:
        keep_their_interval(found()["checks"])
    except AssertionError:
        found.cache_clear()
        raise


def keep_their_interval(checks: dict[str, Any]) -> None:
    well = {name: told for name, told in checks.items() if name.startswith("well")}
    assert len(well) == 10
    for name, told in well.items():
        assert told["status"] == "ok", (name, told["said"])
        began = told["began"][1:]
        assert len(began) >= SECONDS / INTERVAL - 4, name
        assert max(b - a for a, b in pairwise(began)) < 1.6 * INTERVAL, name


def test_the_others_say_what_is_wrong_where_and_what_to_do(user_sees: UserSees) -> None:
    assert found()["asked"], "the dead name server was never asked"
    lost = {name: told for name, told in found()["checks"].items() if name.startswith("lost")}
    assert len(lost) == 10
    first = lost["lost-0"]["said"]
    hanging = next(said for said in first if said.startswith("no answer from shop-0.example:"))
    user_sees("the name server answers no more", Said("critical", hanging))
    for name, told in lost.items():
        assert told["status"] == "critical"
        host = f"shop-{name.removeprefix('lost-')}.example"
        hanging = [said for said in told["said"] if said.startswith(f"no answer from {host}:")]
        assert hanging, told["said"]
        assert hanging[0].endswith(
            f"within {INTERVAL * 1000:.0f} ms: the name look-up hangs; "
            "is the name server in /etc/resolv.conf up?"
        )
        # Once the C library has given up, it is known that it is the name server.
        assert (
            f"cannot resolve {host}: the name server does not answer; "
            "check /etc/resolv.conf and the network"
        ) in told["said"]
        # They keep an interval, too: each run that hangs is ended by its timeout.
        assert len(told["began"]) >= SECONDS / INTERVAL / 2


def test_hanging_look_ups_hold_a_thread_each_and_no_more() -> None:
    # Ten look-ups, the server's own and one for each of its ten kept connections, the main one,
    # and the engine's lanes: story, runbooks, reports.
    assert found()["threads"] <= 10 + 1 + 10 + 1 + 3
