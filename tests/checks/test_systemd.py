"""Systemd checks on what real ones of several versions answered; see tools/record-systemd."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.model import Part, Result, Status
from checks.probes.systemd.properties import UNIT
from tests.checks.systemd_kit import FOLDER, VERSIONS, Watching, watching


@pytest.fixture(params=VERSIONS)
def watch(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watching]:
    with watching(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def newest(tmp_path: Path) -> Iterator[Watching]:
    with watching(VERSIONS[-1], tmp_path) as made:
        yield made


def only(result: Result) -> Part:
    (part,) = result.parts
    assert part.status is result.status
    return part


def test_several_versions_were_recorded_and_all_that_is_asked_for() -> None:
    assert VERSIONS == ["247", "252", "257"]
    for version in VERSIONS:
        text = (FOLDER / version / "units").read_text()
        told = {line.partition("=")[0] for line in text.splitlines() if line}
        assert told == set(UNIT) | {"Id"}


OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN


@pytest.mark.parametrize(
    ("unit", "status", "sentence"),
    [
        ("web", OK, r"running since \d+ s, pid \d+"),
        ("web.service", OK, r"running since"),
        ("stays", OK, r"has run and counts as active since \d+ s"),
        ("once", OK, r"ran well \d+ s ago"),
        ("slow", OK, r"is at work since \d+ s"),
        ("starting", OK, r"has been starting for \d+ s \(start\)"),
        ("echo.socket", OK, r"listening since \d+ s"),
        ("job", OK, r"ran well \d+ s ago"),
        ("changed", OK, r"changed on disk: systemctl daemon-reload"),
        ("stopping", WARNING, r"has been stopping for \d+ s \(stop-sigterm\)"),
        ("unlisted", WARNING, r"is not enabled: the next boot .* systemctl enable unlisted$"),
        ("loop", WARNING, r"started anew once within 10 min \(\d in all\); journalctl -u loop"),
        ("restarting", CRITICAL, r"^ended \(exit-code 4\) \d+ s ago and waits to be started anew"),
        ("exits", CRITICAL, r"^failed \(exit-code 7\) \d+ s ago; journalctl -u exits -n 50$"),
        (
            "noexec",
            CRITICAL,
            r"^failed \(exit-code 203/EXEC\) \d+ s ago: its program cannot be run",
        ),
        ("killed", CRITICAL, r"^failed \(signal KILL\) \d+ s ago; journalctl -u killed -n 50$"),
        ("dumped", CRITICAL, r"^failed \(core-dump ABRT\) \d+ s ago"),
        ("timesout", CRITICAL, r"^failed \(timeout\) \d+ s ago: it was not ready"),
        ("watchdog", CRITICAL, r"^failed \(watchdog\) \d+ s ago: it gave no sign of life"),
        ("condition", CRITICAL, r"its conditions were not met; systemctl status condition$"),
        ("broken", CRITICAL, r"its unit file is not valid \(.*bad unit file setting"),
        ("masked", CRITICAL, r"is masked.*systemctl unmask masked$"),
        ("off", CRITICAL, r"^does not run \(dead\): systemctl start off$"),
        ("absent", UNKNOWN, r"there is no such unit: .* systemctl list-unit-files 'absent\*'$"),
    ],
)
async def test_a_unit_is_told_as_people_say_it(
    watch: Watching, unit: str, status: Status, sentence: str
) -> None:
    result = await watch.run(unit)
    part = only(result)
    assert part.status is status, part.message
    assert re.search(sentence, part.message), part.message
    assert result.message == f"{unit.removesuffix('.service')} {part.message}"


async def test_commands_are_for_the_systemd_that_was_asked(watch: Watching) -> None:
    names = ("unlisted", "loop", "absent", "masked", "off", "broken", "exits", "nothing-*")
    told = {}
    for user in (False, True):
        result = await watch.run(*names, user=user, system=True)
        told[user] = [f"{part.name} {part.message}" for part in result.parts]
    pattern = re.compile(r"(systemctl|journalctl|systemd-analyze)(?= )")
    assert told[True] == [pattern.sub(r"\1 --user", text) for text in told[False]]
    assert sum(" --user " in text for text in told[True]) >= len(names)


@pytest.mark.parametrize(
    ("unit", "expect", "status", "sentence"),
    [
        ("off", "inactive", OK, "does not run, as it should be"),
        ("masked", "inactive", OK, "is masked"),
        ("absent", "inactive", OK, "is not installed"),
        ("web", "inactive", CRITICAL, "and should not run: systemctl stop web"),
        ("exits", "inactive", WARNING, "failed (exit-code 7)"),
        ("off", "any", OK, "does not run"),
        ("exits", "any", CRITICAL, "failed"),
    ],
)
async def test_what_is_expected_can_be_said(
    watch: Watching, unit: str, expect: str, status: Status, sentence: str
) -> None:
    for result in (
        await watch.run({"name": unit, "expect": expect}),
        await watch.run(unit, expect=expect),
    ):
        assert only(result).status is status
        assert sentence in only(result).message


async def test_everything_tells_of_what_has_failed_alone(watch: Watching) -> None:
    result = await watch.probe().run()
    assert result.status is Status.CRITICAL
    told = {part.name: part.status for part in result.parts}
    failed = {"broken", "noexec", "exits", "killed", "dumped", "timesout", "watchdog", "badjob"}
    assert failed <= {name for name, status in told.items() if status is Status.CRITICAL}
    assert told["system"] is Status.WARNING
    assert not {"web", "off", "masked", "absent", "once", "unlisted", "condition"} & set(told)
    rows = {row[0] for table in result.tables if table.title == "units" for row in table.rows}
    assert {"web.service", "echo.socket", "job.timer", "off.service"} <= rows
    assert "absent.service" not in rows
    assert dict(result.facts)["systemd"].startswith(watch.answers.version)


async def test_everything_is_asked_for_in_full_once_a_minute(watch: Watching) -> None:
    """In between a listing tells what has changed, and only that is asked after."""
    probe = watch.probe()
    first = await probe.run()
    second = await watch.again(probe)
    asked = watch.answers.asked
    assert ["list-units" in line for line in asked[-3:]] == [True, False, False]
    # Those that are starting or stopping, and of the rest none but one that was between two lives.
    names = set(asked[-2].partition(" -- ")[2].split())
    moving = {"slow", "starting", "restarting", "stopping"}
    assert {name.removesuffix(".service") for name in names} - {"loop"} == moving
    assert [(one.name, one.status) for one in first.parts] == [
        (one.name, one.status) for one in second.parts
    ]
    watch.answers.list = re.sub(
        r"(?m)^(\s*web.service\s+loaded\s+)active\s+running",
        r"\1failed failed",
        watch.answers.list,
    )
    watch.answers.change("web.service", ActiveState="failed", SubState="failed", Result="oom-kill")
    third = await watch.again(probe)
    assert "web has failed (oom-kill)" in third.events
    assert "web.service" in watch.answers.asked[-2]
    await watch.again(probe, 60)
    assert "*.service" in watch.answers.asked[-2]


async def test_what_is_ignored_degrades_nothing(watch: Watching) -> None:
    failing = ["no*", "exits", "killed", "dumped", "timesout", "watchdog", "badjob", "broken"]
    more = ["restarting", "loop", "stopping", "systemd-*"]
    result = await watch.probe(ignore=failing + more).run()
    bad = [part for part in result.parts if part.status is not Status.OK]
    assert bad == []
    assert result.status is Status.OK
    assert "units are as they should be" in result.message


@pytest.mark.parametrize(
    ("state", "status", "sentence"),
    [
        ("running", OK, "everything that was to start has started"),
        ("starting", WARNING, "is being started (3 jobs wait; systemctl list-jobs)"),
        ("maintenance", CRITICAL, "rescue or emergency mode"),
        ("stopping", CRITICAL, "is being shut down"),
        ("degraded", WARNING, "units have failed; systemctl --failed"),
        ("offline", UNKNOWN, "does not run this machine"),
        ("something", UNKNOWN, "its state is something"),
    ],
)
async def test_the_state_of_the_whole(
    newest: Watching, state: str, status: Status, sentence: str
) -> None:
    newest.answers.manager = re.sub(
        "SystemState=.*", f"SystemState={state}", newest.answers.manager
    )
    newest.answers.save()
    result = await newest.run("web", system=True)
    (part,) = (part for part in result.parts if part.name == "system")
    assert part.status is status
    assert sentence in part.message
    running = result.samples.get("node_systemd_system_running")
    assert running == float(state == "running")


async def test_patterns_stand_for_what_they_match(watch: Watching) -> None:
    result = await watch.run("app@*", "nothing*")
    assert {part.name: part.status for part in result.parts} == {
        "app@1": Status.OK,
        "app@2": Status.OK,
        "nothing*.service": Status.UNKNOWN,
    }
    assert "no unit is called nothing*.service" in result.message
    # One that a pattern matches and that is not started at boot is not missed.
    assert (await watch.run("of*")).status is Status.OK


async def test_another_name_of_a_unit_will_do(watch: Watching) -> None:
    result = await watch.run("dbus-org.freedesktop.login1")
    assert only(result).status is Status.OK
    assert result.message.startswith("systemd-logind running since")


async def test_timers(watch: Watching) -> None:
    due = only(await watch.run("job.timer"))
    assert re.search(r"^last started job.service \d+ s ago, due in \d+ min$", due.message)
    never = only(await watch.run("daily.timer"))
    assert re.search(r"^has not been due yet, due in \d+ h$", never.message)
    failed = only(await watch.run("badjob.timer"))
    assert failed.status is Status.CRITICAL
    assert failed.message.startswith("its badjob.service failed (exit-code 9) ")
    missed = only(await watch.run({"name": "daily.timer", "within": "1d"}))
    assert missed.status is Status.CRITICAL
    assert "it should have within 1 d" in missed.message
    kept = only(await watch.run({"name": "job.timer", "within": "1h"}))
    assert kept.status is Status.OK


async def test_a_timer_that_is_overdue(watch: Watching) -> None:
    probe = watch.probe(units=["job.timer"], late="5m")
    await probe.run()
    late = await watch.again(probe, 3_600 + 240)
    assert late.status is Status.OK
    assert "due now" in late.message
    overdue = await watch.again(probe, 120)
    assert overdue.status is Status.WARNING
    assert "overdue by 6 min: systemctl status job.timer" in overdue.message


async def test_what_a_timer_starts_is_asked_for_with_it(newest: Watching) -> None:
    probe = newest.probe(units=["job.timer"], system=False)
    # The recorded answer holds the job; take it out, so that it must be asked for.
    whole = newest.answers.units
    blocks = whole.split("\n\n")
    newest.answers.units = "\n\n".join(b for b in blocks if "\nId=job.service\n" not in f"\n{b}\n")
    newest.answers.save()
    await probe.run()
    newest.answers.units = whole
    newest.answers.save()
    await newest.again(probe)
    units = [line for line in newest.answers.asked if "--all" in line]
    assert [line.partition(" -- ")[2] for line in units] == [
        "job.timer",
        "job.service",
        "job.timer job.service",
    ]


async def test_restarts_are_counted_and_told(watch: Watching) -> None:
    bounds = {"warning": 2, "critical": 4, "window": "10m"}
    probe = watch.probe(units=["web"], restarts=bounds)
    assert (await probe.run()).events == ()
    pid = next(
        line.removeprefix("MainPID=")
        for block in watch.answers.units.split("\n\n")
        if "Id=web.service" in block.splitlines()
        for line in block.splitlines()
        if line.startswith("MainPID=")
    )
    watch.answers.change("web.service", NRestarts="1", MainPID="777")
    result = await watch.again(probe)
    assert result.events == (f"web was restarted by systemd: pid {pid} → 777",)
    assert result.status is Status.OK
    assert result.samples.get("systemd_service_restart_total", name="web.service") == 1
    watch.answers.change("web.service", NRestarts="2", MainPID="778")
    assert (await watch.again(probe)).status is Status.WARNING
    watch.answers.change("web.service", NRestarts="4", MainPID="779")
    result = await watch.again(probe)
    assert result.events == ("web was restarted by systemd 2 times: pid 778 → 779",)
    assert result.status is Status.CRITICAL
    assert "started anew 4 times within 10 min" in result.message
    after_a_reload = watch.probe(units=["web"], restarts=bounds)
    after_a_reload.go_on(probe)
    again = await watch.again(after_a_reload)
    assert (again.status, again.events) == (Status.CRITICAL, ())
    assert "started anew 4 times within 10 min" in again.message
    assert (await watch.again(probe, 700)).status is Status.OK


async def test_what_happens_to_a_unit_is_an_event(watch: Watching) -> None:
    probe = watch.probe(units=["web"])
    await probe.run()
    steps: list[tuple[dict[str, str], str]] = [
        ({"MainPID": "777"}, r"^web was restarted: pid \d+ → 777$"),
        (
            {"ActiveState": "failed", "SubState": "failed", "Result": "signal", "ExecMainCode": "2"}
            | {"ExecMainStatus": "9", "MainPID": "0"},
            r"^web has failed \(signal KILL\)$",
        ),
        (
            {"ActiveState": "active", "SubState": "running", "Result": "success"},
            r"^web was started$",
        ),
        ({"ActiveState": "inactive", "SubState": "dead"}, r"^web was stopped$"),
    ]
    for change, event in steps:
        watch.answers.change("web.service", **change)
        (told,) = (await watch.again(probe)).events
        assert re.search(event, told)


async def test_that_systemd_gave_a_unit_up_is_told_beside_its_restarts(watch: Watching) -> None:
    probe = watch.probe(units=["web"])
    await probe.run()
    failed = {"ActiveState": "failed", "SubState": "failed", "Result": "exit-code", "MainPID": "0"}
    ended = {"ExecMainCode": "1", "ExecMainStatus": "7"}
    watch.answers.change("web.service", NRestarts="5", **failed, **ended)
    assert (await watch.again(probe)).events == (
        "web was restarted by systemd 5 times after exit-code 7",
        "web has failed (exit-code 7)",
    )
    assert (await watch.again(probe)).events == ()


async def test_a_unit_that_appears_and_has_failed_is_an_event(watch: Watching) -> None:
    """systemd forgets units that nobody wants, and so learns of one only when it is started."""
    probe = watch.probe(units=["exit*"])
    blocks = watch.answers.units.split("\n\n")
    whole = watch.answers.units
    watch.answers.units = "\n\n".join(b for b in blocks if "Id=exits.service" not in b)
    watch.answers.save()
    assert (await probe.run()).status is Status.UNKNOWN
    watch.answers.units = whole
    watch.answers.save()
    assert (await watch.again(probe)).events == ("exits has failed (exit-code 7)",)


async def test_one_that_hangs_in_starting(watch: Watching) -> None:
    probe = watch.probe(units=["starting"], starting="1m")
    assert (await probe.run()).status is Status.OK
    result = await watch.again(probe, 120)
    assert result.status is Status.WARNING
    assert "has been starting for 2 min (start): does it hang?" in result.message


async def test_samples_carry_both_exporters_names(watch: Watching) -> None:
    result = await watch.run("web", "exits", "slow", "job.timer", "echo.socket")
    get = result.samples.get
    for name, state, kind, type_ in (
        ("web.service", "active", "service", "simple"),
        ("exits.service", "failed", "service", "simple"),
        ("slow.service", "activating", "service", "oneshot"),
    ):
        own: dict[str, Any] = {"name": name, "state": state}
        assert get("systemd_unit_state", **own, type=kind) == 1
        assert get("node_systemd_unit_state", **own, type=type_) == 1
        assert get("systemd_unit_state", name=name, state="inactive", type=kind) == 0
    assert get("node_systemd_unit_state", name="job.timer", state="active") == 1
    wall = watch.answers.moment.wall
    started = get("systemd_unit_start_time_seconds", name="web.service", type="service")
    assert started == pytest.approx(wall, abs=120)
    assert get("node_systemd_unit_start_time_seconds", name="exits.service") == 0
    last = get("node_systemd_timer_last_trigger_seconds", name="job.timer")
    assert last == get("systemd_timer_last_trigger_seconds", name="job.timer")
    assert last == pytest.approx(wall, abs=120)
    assert get("node_systemd_service_restart_total", name="web.service") == 0
    assert get("systemd_socket_accepted_connections_total", name="echo.socket") == 0
    assert get("node_systemd_units", state="failed") == 1
    version = get("node_systemd_version")
    assert version is not None
    assert int(version) == int(watch.answers.version)
    # What this systemd could not tell is absent, not 0.
    assert get("systemd_unit_tasks_current", name="exits.service") is None


async def test_an_answer_of_another_program_breaks_nothing(newest: Watching) -> None:
    newest.answers.units = "\x1b[31mnonsense\n=\n\n\nId=\x1b[31mweb.service\nNRestarts=many\n" * 3
    newest.answers.save()
    result = await newest.run("web")
    assert "\x1b" not in result.message
    assert result.status in {Status.OK, Status.UNKNOWN, Status.CRITICAL}
