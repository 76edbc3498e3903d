"""What programs and machines do wrong: nothing hangs, nothing is left, and a sentence says it."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import psutil
import pytest

from checks.config import EngineConfig
from checks.engine import Engine
from checks.model import Result, Status
from checks.probe import CheckSpec, Probe
from checks.probes.command import child as child_module
from checks.probes.command.config import CommandConfig
from checks.probes.command.guard import GUARD, Guard
from tests.checks.command_kit import Scripts, descriptors, gone, runs, until, watch_over
from tests.checks.http_kit import probing
from tests.patience import PATIENCE, tried_again
from tests.reliability import Said, UserSees
from tests.servers import fuse


@pytest.fixture
def scripts(tmp_path: Path) -> Scripts:
    return Scripts(tmp_path)


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that other users may enter."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No descriptor and no child outlives a test."""
    # Servers that tests of the same process share are children of it, too.
    before, others = descriptors(), set(psutil.Process().children())
    yield
    watch_over()
    assert descriptors() <= before + 1
    assert set(psutil.Process().children()) <= others


async def timed(argv: list[str], timeout: float, **more: object) -> tuple[Result, float]:
    began = time.monotonic()
    async with probing("command", {"argv": argv, **more}, timeout=timeout) as probe:
        result = await probe.run()
        return result, time.monotonic() - began


async def test_a_program_that_hangs_is_ended_with_all_that_it_started(scripts: Scripts) -> None:
    script = scripts.write("sleep 77 & echo $! >inner; echo working; wait")
    began = time.monotonic()
    async with probing("command", script, timeout=1.5, base_dir=scripts.folder) as probe:
        result = await probe.run()
        took = time.monotonic() - began
        inner = await scripts.number("inner")
        await gone(inner)
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "timeout", False)
    assert result.message == (
        'probe.sh did not end within 1.5 s and was ended; it had said "working"'
    )
    assert 1.4 < took < 1.5 + 0.8 * child_module.GRACE, "its end is not waited for"
    assert result.raw == "working"


async def test_a_script_that_ignores_being_asked(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.probes.command.probe.GRACE", 3.0)
    script = scripts.write("trap '' TERM; echo $$ >own; while :; do sleep 1; done")
    async with probing("command", script, timeout=0.8, base_dir=scripts.folder) as probe:
        began = time.monotonic()
        first = await probe.run()
        assert time.monotonic() - began < 3.0, "it is not waited for"
        own = await scripts.number("own")
        assert runs(own)
        # The next run comes while it is still being asked, and does not begin beside it.
        second = await probe.run()
        assert "did not end within 800 ms" in first.message
        assert f"process {own} of probe.sh still runs from the run before" in second.message
        await gone(own)
        (scripts.folder / "own").unlink()
        assert "was ended" in (await probe.run()).message
        again = await scripts.number("own")
    await gone(again)


async def test_a_script_may_clean_up_when_it_is_asked_to_end(scripts: Scripts) -> None:
    script = scripts.write("trap 'echo $$ >cleaned; exit' TERM; while :; do sleep 0.05; done")
    async with probing("command", script, timeout=0.8, base_dir=scripts.folder) as probe:
        await probe.run()
        await gone(await scripts.number("cleaned"))


async def test_closing_ends_a_run_at_once(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Closing gives it less time than it has otherwise.
    monkeypatch.setattr("checks.probes.command.probe.GRACE", 30.0)
    script = scripts.write("trap '' TERM; echo $$ >own; while :; do sleep 1; done")
    async with probing("command", script, timeout=9, base_dir=scripts.folder) as probe:
        run = asyncio.create_task(probe.run())
        await until((scripts.folder / "own").exists)
        own = await scripts.number("own")
        run.cancel()
        began = time.monotonic()
        await probe.close()
        assert time.monotonic() - began < 3.0
        # Killed it is; when the kernel has taken it away is another matter.
        await gone(own)
        with pytest.raises(asyncio.CancelledError):
            await run


async def test_a_close_that_is_cut_short_ends_a_run_all_the_same(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine the engine gives up waiting for it; its guard is not to stay for ever."""
    monkeypatch.setattr("checks.probes.command.probe.GRACE", 30.0)
    script = scripts.write("trap '' TERM; echo $$ >own; while :; do sleep 1; done")
    async with probing("command", script, timeout=9, base_dir=scripts.folder) as probe:
        before = GUARD._users
        run = asyncio.create_task(probe.run())
        await until((scripts.folder / "own").exists)
        own = await scripts.number("own")
        assert GUARD._users == before + 1
        run.cancel()
        closing = asyncio.create_task(probe.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait({run, closing})
        assert closing.cancelled()
        assert GUARD._users == before
        await gone(own)


async def test_the_engine_leaves_no_program_behind(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.probes.command.probe.GRACE", 30.0)
    script = scripts.write("trap '' TERM; echo $$ >own; while :; do sleep 1; done")
    spec = CheckSpec("hung", "command", CommandConfig(argv=[script]), timeout=9)
    engine = Engine(EngineConfig((spec,), base_dir=scripts.folder))
    running = asyncio.create_task(engine.run(lambda _: None))
    await until((scripts.folder / "own").exists)
    own = await scripts.number("own")
    began = time.monotonic()
    running.cancel()
    await asyncio.wait({running})
    assert time.monotonic() - began < 5.0
    await gone(own)


async def test_a_check_that_is_taken_out_takes_its_program_along(scripts: Scripts) -> None:
    script = scripts.write("echo $$ >own; sleep 77")
    spec = CheckSpec("old", "command", CommandConfig(argv=[script]), timeout=9)
    config = EngineConfig((spec,), base_dir=scripts.folder)
    engine = Engine(config)
    running = asyncio.create_task(engine.run(lambda _: None))
    await until((scripts.folder / "own").exists)
    own = await scripts.number("own")
    await engine.amend(EngineConfig((), base_dir=scripts.folder))
    await gone(own)
    running.cancel()
    await asyncio.wait({running})


async def test_output_held_open_by_a_child_does_not_hold_up_the_run(scripts: Scripts) -> None:
    script = scripts.write("sleep 77 & echo $! >inner; echo 'all fine'")
    async with probing("command", script, timeout=30, base_dir=scripts.folder) as probe:
        began = time.monotonic()
        result = await probe.run()
        assert time.monotonic() - began < 10.0
    assert (result.status, result.message) == (Status.OK, "all fine")
    assert "keeps its output open" in dict(result.facts)["left running"]
    # It was in the script's group, and nobody needs it any more.
    await gone(await scripts.number("inner"))


async def test_a_daemon_that_keeps_the_output_open(scripts: Scripts) -> None:
    script = scripts.write(
        "setsid sh -c 'echo $$ >inner; exec sleep 77' &\n"
        "while [ ! -s inner ]; do sleep 0.01; done; echo on"
    )
    async with probing("command", script, timeout=30, base_dir=scripts.folder) as probe:
        began = time.monotonic()
        result = await probe.run()
        assert time.monotonic() - began < 10.0
    assert (result.status, result.message) == (Status.OK, "on")
    inner = await scripts.number("inner")
    assert runs(inner)
    os.kill(inner, 9)


async def test_a_hung_script_whose_daemon_keeps_the_output_open(scripts: Scripts) -> None:
    script = scripts.write("setsid sleep 78 & echo $! >inner; sleep 79")
    result, took = await timed([script], 1.5, cwd=str(scripts.folder))
    assert (result.reason, took < 10) == ("timeout", True)
    os.kill(await scripts.number("inner"), 9)


async def test_what_is_left_running_quietly_is_ended_too(scripts: Scripts) -> None:
    script = scripts.write("sleep 77 >/dev/null 2>&1 & echo $! >inner; echo done")
    async with probing("command", script, base_dir=scripts.folder) as probe:
        result = await probe.run()
        assert (result.message, "left running" in dict(result.facts)) == ("done", False)
        await gone(await scripts.number("inner"))


async def test_a_killed_onwatch_leaves_no_program_running(scripts: Scripts) -> None:
    """With all that it has started; a shell of the same death watches over it."""
    script = scripts.write("echo $$ >outer; sleep 77 & echo $! >inner; wait")
    quick = scripts.write("echo fine", name="quick.sh")
    program = f"""
        import asyncio
        from pathlib import Path
        from tests.checks.http_kit import probing
        async def main():
            folder = Path({str(scripts.folder)!r})
            async with probing("command", {quick!r}, timeout=60, base_dir=folder) as other:
                await other.run()
                async with probing("command", {script!r}, timeout=60, base_dir=folder) as probe:
                    await probe.run()
        asyncio.run(main())
    """
    parent = subprocess.Popen([sys.executable, "-c", dedent(program)])
    try:
        outer, inner = await scripts.number("outer"), await scripts.number("inner")
        shells = [one for one in psutil.Process(parent.pid).children() if one.pid != outer]
        assert len(shells) == 1
    finally:
        parent.kill()
        parent.wait()
    await gone(outer)
    await gone(inner)
    await gone(shells[0].pid)


async def test_a_gigabyte_is_not_read() -> None:
    argv = ["sh", "-c", "echo begins; head -c 1000000000 /dev/zero"]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu = time.process_time()
    result, took = await timed(argv, 30.0)
    assert (result.status, result.reason) == (Status.UNKNOWN, "limit")
    assert result.message == "sh was ended, since it wrote more than 8.0 MB"
    assert took < 10.0
    assert time.process_time() - cpu < 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


async def test_more_than_is_kept_is_read_to_the_end() -> None:
    argv = ["sh", "-c", "echo 'fine | a=1'; head -c 3000000 /dev/zero | tr '\\0' x; exit 1"]
    result, _ = await timed(argv, 30.0, max_output="1kB")
    assert (result.status, result.message) == (Status.WARNING, "fine")
    assert dict(result.facts)["output"].startswith("longer than max_output: the first 1.0 kB")
    assert len(result.raw) < 1100


async def test_a_flood_on_standard_error() -> None:
    result, _ = await timed(["sh", "-c", "yes no >&2"], 30.0)
    assert result.message == "sh was ended, since it wrote more than 8.0 MB"


async def test_no_more_than_eight_at_once(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    # None takes so long that it makes room for another.
    monkeypatch.setattr("checks.probes.command.probe._LONG", 600.0)
    script = scripts.write(
        "mkdir running/$$; ls running | wc -l >>counts\n"
        "while [ $(wc -l <counts) -lt 8 ]; do sleep 0.02; done\n"
        "rmdir running/$$; echo ok"
    )
    (scripts.folder / "running").mkdir()
    specs = [
        CheckSpec(f"c{n}", "command", CommandConfig(argv=[script]), timeout=60) for n in range(24)
    ]
    engine = Engine(EngineConfig(tuple(specs), base_dir=scripts.folder))
    await engine.scheduler.once()
    views = [state.view for state in engine.states.values()]
    await engine.close()
    assert {view.status for view in views} == {Status.OK}
    counts = [int(line) for line in (scripts.folder / "counts").read_text().split()]
    assert len(counts) == 24
    assert max(counts) == 8


async def test_waiting_for_a_turn_in_vain_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.probes.command.probe._LONG", 600.0)
    specs = [
        CheckSpec(f"c{n}", "command", CommandConfig(argv=["sleep", "77"]), timeout=timeout)
        for n, timeout in enumerate([1.2] * 8 + [0.6, 3.0])
    ]
    engine = Engine(EngineConfig(tuple(specs)))
    await engine.scheduler.once()
    views = [state.view for state in engine.states.values()]
    await engine.close()
    (late,) = [view for view in views if view.reason == "limit"]
    assert (late.name, late.status) == ("c8", Status.UNKNOWN)
    assert late.message == (
        "sleep was not started within 600 ms: 8 other commands were running all the time; run "
        "them less often, or give them shorter timeouts"
    )
    (last,) = [view for view in views if view.name == "c9"]
    assert re.fullmatch(
        r"sleep did not end within 3 s and was ended; it had said nothing; [\d.]+ m?s went by "
        r"before it had its turn",
        last.message,
    )


@tried_again
async def test_however_many_programs_hang_the_others_run() -> None:
    """A hundred and fifty that never end, each interval anew: who ended once need not wait."""
    patience = 2.0
    specs = [
        CheckSpec(f"hung{n}", "command", CommandConfig(argv=["sleep", "77"]), patience, patience)
        for n in range(150)
    ]
    well = CheckSpec("well", "command", CommandConfig(argv=["true"]), 60, patience)
    engine = Engine(EngineConfig((well, *specs)))
    running = asyncio.create_task(engine.scheduler.run())
    await asyncio.sleep(patience + 1)
    runner = next(one for one in engine.runners if one.spec.name == "well")
    took = []
    for _ in range(8):
        began = time.monotonic()
        await engine.scheduler.fresh(runner)
        took.append(time.monotonic() - began)
        assert engine.states["well"].view.status is Status.OK, engine.states["well"].view.message
        await asyncio.sleep(0.3)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    said = [line.message for state in engine.states.values() for line in state.results]
    await engine.close()
    assert any("8 other commands were running all the time" in text for text in said)
    assert sorted(took)[4] < patience / 4, took


async def test_first_runs_of_many_that_hang_keep_no_other_from_its_own() -> None:
    """Nobody knows yet who hangs: what only waits makes room for those who come after it."""
    patience = 10.0
    specs = [
        CheckSpec(f"hung{n}", "command", CommandConfig(argv=["sleep", "77"]), patience, patience)
        for n in range(100)
    ]
    well = CheckSpec("well", "command", CommandConfig(argv=["true"]), patience, patience)
    engine = Engine(EngineConfig((*specs, well)))
    running = asyncio.create_task(engine.scheduler.run())
    begun = time.monotonic()
    while engine.states["well"].view.last_run is None and time.monotonic() - begun < 3 * patience:
        await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    view = engine.states["well"].view
    await engine.close()
    assert view.status is Status.OK, view.message
    assert time.monotonic() - begun < 1.5 * patience


@tried_again
async def test_other_checks_go_on_while_programs_hang_and_flood() -> None:
    specs = [
        CheckSpec("hung", "command", CommandConfig(argv=["sleep", "77"]), timeout=0.8),
        CheckSpec("flood", "command", CommandConfig(argv=["yes"]), timeout=0.8),
    ]
    engine = Engine(EngineConfig(tuple(specs)))
    loop = asyncio.get_running_loop()
    round_trips = []
    runs_on = asyncio.create_task(engine.scheduler.once())
    while not runs_on.done():
        began = loop.time()
        await asyncio.sleep(0.01)
        round_trips.append(loop.time() - began)
    await engine.close()
    assert sorted(round_trips)[len(round_trips) // 2] < 0.02
    assert max(round_trips) < 0.25


@pytest.mark.skipif(bool(fuse.why_not()), reason=fuse.why_not() or "mounts can be made")
@pytest.mark.parametrize("where", ["program", "interpreter", "folder"])
async def test_a_mount_that_is_gone_holds_up_nobody_else(
    where: str, scripts: Scripts, user_sees: UserSees
) -> None:
    """A real filesystem that answers no more, under what has to be looked at."""
    point = scripts.folder / "mnt"
    point.mkdir()
    script = scripts.write(f"#!{point}/python\n" if where == "interpreter" else "echo on")
    config: dict[str, object] = {"argv": [script]}
    if where == "program":
        config = {"argv": [f"{point}/check"]}
    elif where == "folder":
        config = {"argv": [script], "cwd": f"{point}/inner"}
    with fuse.mounted(point) as mount:
        mount.tell("hang")
        async with (
            probing("command", config, timeout=2.0) as hung,
            probing("command", "true") as well,
        ):
            began = time.monotonic()
            run = asyncio.create_task(hung.run())
            await asyncio.sleep(0.1)
            assert (await well.run()).status is Status.OK
            assert time.monotonic() - began < 1.8
            first = await run
            assert (first.status, first.reason) == (Status.UNKNOWN, "timeout")
            assert "was not started within 2 s: looking at it hangs; is the mount" in (
                first.message
            )
            if where == "program":
                user_sees("a program on a mount whose server is gone", first)
            # The look that hangs is not joined by another.
            assert (await hung.run()).message == first.message
            mount.tell("answer")
            await until(lambda: not hung._target.env.lanes.busy("command test"))  # type: ignore[attr-defined]
            assert (await hung.run()).reason == "config"


async def test_a_start_that_comes_too_late_leaves_nothing(scripts: Scripts) -> None:
    script = scripts.write("echo $$ >own; sleep 77")
    async with probing("command", script, timeout=5, base_dir=scripts.folder) as probe:
        for patience in (0.0, 0.0005, 0.001, 0.002, 0.004, 0.008):
            run = asyncio.create_task(probe.run())
            await asyncio.sleep(patience)
            run.cancel()
            # While the start that was given up goes on, there is no other.
            ended = (await asyncio.gather(run, return_exceptions=True))[0]
            if isinstance(ended, Result):
                assert "hangs" in ended.message
            else:
                assert isinstance(ended, asyncio.CancelledError)
        # Whatever had been started is ended before the probe is closed.
    await asyncio.sleep(0.05)
    own = scripts.folder / "own"
    # Empty where it was ended between opening the file and writing to it.
    if own.exists() and own.read_text():
        await gone(await scripts.number("own"))


async def test_closing_waits_for_a_program_that_is_just_being_started(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs, and nobody knows of it yet who would end it if onwatch ended now."""
    known = threading.Event()
    monkeypatch.setattr(Guard, "started", lambda *_: known.wait(PATIENCE))
    script = scripts.write("echo $$ >own; sleep 77")
    async with probing("command", script, timeout=9, base_dir=scripts.folder) as probe:
        run = asyncio.create_task(probe.run())
        own = await scripts.number("own")
        run.cancel()
        closing = asyncio.create_task(probe.close())
        await asyncio.sleep(0.05)
        assert not closing.done()
        known.set()
        await closing
        assert not runs(own)
        with pytest.raises(asyncio.CancelledError):
            await run


async def test_closing_does_not_wait_long_for_a_start_that_hangs(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = threading.Event()
    monkeypatch.setattr(Guard, "started", lambda *_: known.wait(PATIENCE))
    script = scripts.write("echo $$ >own; sleep 77")
    async with probing("command", script, timeout=9, base_dir=scripts.folder) as probe:
        run = asyncio.create_task(probe.run())
        own = await scripts.number("own")
        run.cancel()
        async with asyncio.timeout(PATIENCE / 2):
            await probe.close()
        assert runs(own)
        known.set()
        await gone(own)
        with pytest.raises(asyncio.CancelledError):
            await run


async def test_without_pidfd(monkeypatch: pytest.MonkeyPatch, scripts: Scripts) -> None:
    """macOS has none, nor have old kernels and some containers."""
    monkeypatch.delattr(os, "pidfd_open")
    result, took = await timed(["sh", "-c", "echo hi; sleep 0.1; exit 2"], 30.0)
    assert (result.status, result.message, took < 10) == (Status.CRITICAL, "hi", True)
    hung, _ = await timed(["sleep", "77"], 0.3)
    assert hung.reason == "timeout"
    monkeypatch.setattr(child_module, "_CAN_PEEK", False)
    result, _ = await timed(["sh", "-c", "echo hi; exit 1"], 30.0)
    assert (result.status, result.message) == (Status.WARNING, "hi")
    script = scripts.write("trap '' TERM; echo $$ >own; while :; do sleep 1; done")
    hung, _ = await timed([script], 1.5, cwd=str(scripts.folder))
    assert hung.reason == "timeout"
    await gone(await scripts.number("own"))


async def test_without_exit_codes() -> None:
    code = dedent(
        """\
        import asyncio, signal
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        from tests.checks.http_kit import ask
        print(asyncio.run(ask("command", {"argv": ["sh", "-c", "echo x; exit 2"]})).message)
        """
    )
    assert await child(code) == (
        "the exit code of sh is lost: onwatch was started with SIGCHLD ignored; start it without"
    )


async def child(code: str) -> str:
    """What Python prints that runs ``code`` in a process of its own."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


async def test_no_descriptors_left() -> None:
    code = dedent(
        """\
        import asyncio, os, resource
        from tests.checks.http_kit import probing

        async def main():
            async with probing("command", {"argv": ["sh", "-c", "echo hi"]}) as probe:
                assert (await probe.run()).message == "hi"
                held = len(os.listdir("/proc/self/fd")) - 1
                for spare in range(11):
                    resource.setrlimit(resource.RLIMIT_NOFILE, (held + spare, 4096))
                    result = await probe.run()
                    print(spare, result.status.value, result.reason, result.message)
                resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
                assert (await probe.run()).message == "hi"
                assert len(os.listdir("/proc/self/fd")) - 1 == held
        asyncio.run(main())
        """
    )
    lines = (await child(code)).splitlines()
    assert len(lines) == 11
    assert lines[0].startswith("0 unknown limit cannot start /")
    assert lines[0].endswith("onwatch has no file descriptors left; raise its limit (ulimit -n)")
    for line in lines[1:]:
        assert "unknown limit cannot start" in line or line.endswith("ok ok hi"), line
    assert lines[-1].endswith("ok ok hi")


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user takes root")
async def test_a_fork_that_fails(user_sees: UserSees) -> None:
    code = dedent(
        """\
        import asyncio, os, resource
        from tests.checks.http_kit import probing
        import checks.probes.command, numpy
        from pathlib import Path

        argv = {"argv": ["sh", "-c", "echo hi"]}

        async def main():
            async with probing("command", argv, base_dir=Path("/")) as probe:
                first = await probe.run()
                assert first.message == "hi", first.message
                resource.setrlimit(resource.RLIMIT_NPROC, (1, 1000))
                result = await probe.run()
                print(result.status.value, result.reason, result.message)
                resource.setrlimit(resource.RLIMIT_NPROC, (1000, 1000))
                assert (await probe.run()).message == "hi"

        os.setgid(65534)
        os.setuid(61234)
        asyncio.run(main())
        """
    )
    said = await child(code)
    assert said.startswith("unknown limit cannot start /")
    assert said.endswith(
        "sh: this user may have no more processes, or the machine can hold no more"
    )
    user_sees("a fork that fails", Said("unknown", said.removeprefix("unknown limit ")))


def open_to_others(folder: Path) -> bool:
    return all(above.stat().st_mode & 0o001 for above in (folder, *folder.parents))


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user takes root")
@pytest.mark.skipif(
    not open_to_others(Path(__file__).parents[2]), reason="other users may not read the project"
)
async def test_a_program_that_has_become_another_user(shared_folder: Path) -> None:
    """As sudo's children do. The engine's user may not end it."""
    helper = shared_folder / "python"
    helper.write_bytes(Path(sys.executable).resolve().read_bytes())
    helper.chmod(0o4755)
    room = shared_folder / "room"
    room.mkdir()
    room.chmod(0o777)
    end = str(room / "end")
    program = f"""if True:
        import os, time
        os.setuid(0)
        print(os.getpid(), flush=True)
        while not os.path.exists({end!r}): time.sleep(0.02)"""
    code = dedent(
        f"""\
        import asyncio, os
        from pathlib import Path
        from tests.checks.command_kit import gone
        from tests.checks.http_kit import probing
        import checks.probes.command, numpy

        async def main():
            argv, end = [{str(helper)!r}, "-S", "-E", "-c", {program!r}], Path({end!r})
            async with probing("command", {{"argv": argv}}, timeout=1.5) as probe:
                print((await probe.run()).message)
                print(second := (await probe.run()).message)
                end.touch()
                await gone(int(second.split()[1]))
                end.unlink()
                print((await probe.run()).message)
                end.touch()

        os.setgid(65534)
        os.setuid(61234)
        asyncio.run(main())
        """
    )
    first, second, third = (await child(code)).splitlines()
    assert "did not end within 1.5 s" in first
    assert second.startswith("process ")
    assert "as another user whom this user may not end" in second
    assert "did not end within 1.5 s" in third


async def test_it_works_in_a_thread_as_the_engine_has_it() -> None:
    """The engine's loop is not the main thread's, where asyncio would watch for children."""
    found: list[Result] = []

    async def work() -> None:
        async with probing("command", {"argv": ["sh", "-c", "sleep 0.05; exit 2"]}) as probe:
            found.append(await probe.run())
        async with probing("command", {"argv": ["sleep", "77"]}, timeout=0.3) as probe:
            found.append(await probe.run())

    before = set(threading.enumerate())
    thread = threading.Thread(target=asyncio.run, args=(work(),))
    thread.start()
    while thread.is_alive():
        # Lanes, of which one may just be ending, and no thread for the child.
        more = [one.name for one in threading.enumerate() if one not in {*before, thread}]
        assert all(name.startswith("lane ") for name in more), more
        assert len(more) <= 2
        await asyncio.sleep(0.01)
    thread.join()
    assert [(one.status, one.reason) for one in found] == [
        (Status.CRITICAL, "expectation"),
        (Status.CRITICAL, "timeout"),
    ]


async def test_a_flaw_in_reading_leaves_no_program(
    monkeypatch: pytest.MonkeyPatch, scripts: Scripts
) -> None:
    """Even where the probe itself is broken."""
    script = scripts.write("echo $$ >own; sleep 77")

    async def broken(_child: object) -> None:
        await until((scripts.folder / "own").exists)
        raise RuntimeError("broken")

    monkeypatch.setattr(child_module.Child, "ended", broken)
    probe: Probe
    async with probing("command", script, timeout=5, base_dir=scripts.folder) as probe:
        with pytest.raises(RuntimeError, match="broken"):
            await probe.run()
        await gone(await scripts.number("own"))


async def test_many_runs_leave_nothing() -> None:
    async with probing("command", "true") as probe:
        await probe.run()
        before = descriptors()
        for _ in range(200):
            assert (await probe.run()).status is Status.OK
        assert descriptors() == before
