"""Steps in a shell: real processes on real terminals, and nothing left of them."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from checks.runbooks.model import Language
from checks.runbooks.running import shell
from checks.runbooks.running.sessions import members
from checks.runbooks.views import RunState
from tests.checks.command_kit import descriptors, gone, runs, until, watch_over
from tests.checks.runbooks.running_kit import Place

STUBBORN = "trap '' INT TERM HUP; echo stubborn; while :; do sleep 0.05; done"


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No descriptor and no child outlives a test."""
    before, others = descriptors(), set(psutil.Process().children(recursive=True))
    yield
    watch_over()
    assert descriptors() <= before + 1
    started = set(psutil.Process().children(recursive=True)) - others
    # Servers that other tests use have children of their own, which come and go.
    assert {parent_of(child) for child in started} - {None} <= {other.pid for other in others}


def parent_of(process: psutil.Process) -> int | None:
    """The id of its parent; None where it has just ended."""
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return None


async def number_in(path: Path) -> int:
    """The number that a step writes there."""
    await until(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


@pytest.mark.parametrize("language", [Language.BASH, Language.SH])
async def test_a_step_runs_in_its_shell(place: Place, language: Language) -> None:
    text = 'echo "$0 on $QUEUE"; echo lost >&2; false; echo ${BASH_VERSION:+bash}; exit 3'
    ran = await place.run(text, {"QUEUE": "default"}, language=language)
    lines = ["look on default", "lost", "bash" if language is Language.BASH else ""]
    assert list(ran.output.lines) == lines
    assert (ran.ended.state, ran.ended.exit_code) == (RunState.DONE, 3)
    assert ran.ended.said.startswith("failed with exit code 3 after ")


async def test_what_a_step_finds(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "s3cret")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    with (place.folder / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        ran = await place.run(
            "pwd; umask; tty <&1; stty size <&1; ls /proc/$$/fd | tr '\\n' ' '; echo; env | sort"
        )
    pwd, umask, tty, size, open_files, *environment = ran.output.lines
    assert (pwd, umask, size) == (str(place.folder), "0022", "50 160")
    assert tty.startswith("/dev/pts/")
    assert set(open_files.split()) <= {"0", "1", "2", "3", "255"}
    names = {line.partition("=")[0] for line in environment}
    assert {"PATH", "HOME", "TERM", "SSH_AUTH_SOCK"} <= names
    assert "PGPASSWORD" not in names
    assert "TERM=dumb" in environment


async def test_a_step_that_calls_onwatch_reads_the_environment_from_its_file(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the documentation has it; of onwatch's own environment nothing gets there."""
    page = Path("docs/runbooks.md").read_text()
    text = page.partition("## Steps that call onwatch")[2].partition("```bash {safe}\n")[2]
    text = text.partition("```")[0]
    assert "onwatch check -c onwatch.yaml" in text
    # The shell finds a function before a program, and the function's child what it would find.
    text = f"onwatch() {{ echo $*; printenv SHOP_DATABASE || echo none; }}\n{text}"
    monkeypatch.setenv("SHOP_DATABASE", "ours")
    file = place.folder / "onwatch.env"
    for content, found in (("SHOP_DATABASE=shop.db\n", "shop.db"), ("", "none")):
        file.write_text(content)
        ran = await place.run(text)
        assert ran.output.lines == ("check -c onwatch.yaml", found)


async def test_its_session_and_terminal_are_its_own(place: Place) -> None:
    ran = await place.run("cut -d' ' -f5,6,7,8 /proc/$$/stat; echo $$")
    group, session, terminal, front = map(int, ran.output.lines[0].split())
    assert group == session == front == int(ran.output.lines[1])
    assert terminal != 0
    assert session != os.getsid(0)


@pytest.mark.parametrize(
    "text",
    ["read x || echo none", "read x </dev/tty || echo none", "cat; cat </dev/tty; echo none"],
)
async def test_a_step_that_asks_gets_nothing_and_goes_on(place: Place, text: str) -> None:
    ran = await place.run(text, timeout=5)
    assert ran.output.lines == ("none",)


async def test_a_question_without_an_answer_is_told(place: Place) -> None:
    ran = await place.run("printf 'Continue? [y/N]'; read x || exit 1")
    assert 'it asked "Continue? [y/N]" and a step gets no answers' in ran.ended.said
    assert "interactive" in ran.ended.said


async def test_output_comes_while_it_runs(place: Place) -> None:
    run = place.made("echo first; sleep 0.4; echo second")
    task = asyncio.create_task(run.go())
    while not run.output.lines:
        await asyncio.sleep(0.005)
    assert list(run.output.lines) == ["first"]
    assert not task.done()
    await task
    assert list(run.output.lines) == ["first", "second"]


async def test_its_last_line_is_captured(place: Place) -> None:
    ran = await place.run("echo noise; echo ' 4711 '; echo", capture="PID")
    assert ran.ended.captured == ("PID", "4711")
    ran = await place.run("true", capture="PID")
    assert ran.ended.captured is None
    assert "it wrote nothing to take $PID from" in ran.ended.said
    ran = await place.run("echo 4711; exit 1", capture="PID")
    assert ran.ended.captured is None


# Ending


async def test_cancelling_interrupts_the_whole_group(place: Place) -> None:
    loop = "trap 'echo child; exit' INT; echo ready; while :; do sleep 0.05; done"
    run = place.made(f"({loop}) & wait; echo not reached")
    task = asyncio.create_task(run.go())
    while "ready" not in run.output.lines:
        await asyncio.sleep(0.01)
    run.cancel()
    ended = await task
    assert (ended.state, ended.exit_code) == (RunState.CANCELLED, 128 + signal.SIGINT)
    assert "not reached" not in run.output.lines
    ready = place.folder / "ready"
    text = "trap 'echo mended; exit 9' INT; touch ready; sleep 60 & wait"
    ran = await place.run(text, cancel_once=ready.exists)
    assert (ran.output.last_line, ran.ended.exit_code) == ("mended", 9)


async def test_groups_of_its_children_are_ended_too(place: Place) -> None:
    """``timeout`` leads a group of its own, which a signal to the shell's does not reach."""
    text = "timeout 60 sh -c 'echo $$ >inner; sleep 60' & echo on; wait"
    inner = place.folder / "inner"
    ran = await place.run(text, cancel_once=lambda: inner.exists() and bool(inner.read_text()))
    assert ran.ended.state is RunState.CANCELLED
    assert not runs(await number_in(inner))


async def test_what_ignores_signals_is_killed(place: Place) -> None:
    run = place.made(f"({STUBBORN}) & {STUBBORN}")
    task = asyncio.create_task(run.go())
    while run.output.lines.count("stubborn") < 2:
        await asyncio.sleep(0.01)
    run.cancel()
    await asyncio.sleep(0.1)
    assert not task.done()
    run.hurry(1.0)
    began = time.monotonic()
    ended = await task
    # Otherwise it has seven.
    assert time.monotonic() - began < 5
    assert (ended.state, ended.exit_code) == (RunState.CANCELLED, 128 + signal.SIGKILL)


async def test_a_step_has_its_time(place: Place) -> None:
    ran = await place.run("echo begun; sleep 60", timeout=1.5)
    assert (ran.ended.state, ran.output.lines) == (RunState.TIMED_OUT, ("begun",))
    assert "since it took longer than 1.5 s" in ran.ended.said


async def test_what_is_left_behind_is_hung_up_on_and_told(place: Place) -> None:
    text = (
        "timeout 60 sleep 60 & echo $! >left\n"
        "until grep -q timeout /proc/$!/comm; do sleep 0.02; done; echo done"
    )
    ran = await place.run(text)
    assert (ran.ended.state, ran.ended.exit_code) == (RunState.DONE, 0)
    assert "left timeout (" in ran.ended.said
    assert "which was ended with it; what is to stay wants setsid or nohup" in ran.ended.said
    assert not runs(await number_in(place.folder / "left"))


async def test_what_is_meant_to_stay_stays(place: Place) -> None:
    text = (
        "nohup sh -c 'echo $$ >left; sleep 60' >/dev/null 2>&1 &\n"
        "until [ -s left ]; do sleep 0.02; done"
    )
    ran = await place.run(text)
    left = await number_in(place.folder / "left")
    try:
        assert "which ignores hangups (nohup)" in ran.ended.said
        assert runs(left)
    finally:
        for member in members(os.getsid(left)):
            os.kill(member.pid, signal.SIGKILL)


@pytest.mark.parametrize("rest", ["", "\necho started", " true"])
async def test_what_leaves_the_session_on_the_last_line_has_a_moment_for_it(
    place: Place, rest: str
) -> None:
    """A shell that ends at once takes its terminal along before `setsid` has left it."""
    for _ in range(3):
        # A slow start, as of a busy machine: the race is lost each time without that moment.
        text = "(sleep 0.05; exec setsid sh -c 'echo $$ >left; exec sleep 60') >/dev/null 2>&1 &"
        ran = await place.run(text + rest)
        left = await number_in(place.folder / "left")
        try:
            assert (ran.ended.state, ran.ended.exit_code) == (RunState.DONE, 0)
            assert runs(left)
        finally:
            os.kill(left, signal.SIGKILL)
            (place.folder / "left").unlink()


async def test_a_shell_that_has_a_moment_for_others_ends_as_any(place: Place) -> None:
    ran = await place.run("setsid true &\nkill -TERM $$")
    assert (ran.ended.exit_code, ran.output.lines) == (128 + signal.SIGTERM, ())
    ran = await place.run("setsid true & sleep 60", timeout=0.3)
    assert ran.ended.state is RunState.TIMED_OUT


async def test_a_crowd_is_ended(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a fork bomb comes to, at a bound that does the machine no harm."""
    monkeypatch.setattr(shell, "CROWD", 20)
    monkeypatch.setattr(shell, "_LOOK", 0.1)
    ran = await place.run("for i in $(seq 30); do sleep 60 & done; wait")
    assert ran.ended.state is RunState.FAILED
    assert re.search(r"since it had started (2[1-9]|3[01]) processes", ran.ended.said)


async def test_a_flood_is_held_back(place: Place) -> None:
    began, load = time.monotonic(), time.process_time()
    run = place.made("yes", timeout=1.5)
    task = asyncio.create_task(run.go())
    while not task.done():
        assert len(run.output.lines) <= 5_000
        await asyncio.sleep(0.25)
    assert task.result().state is RunState.TIMED_OUT
    share = (time.process_time() - load) / (time.monotonic() - began)
    assert share < 0.25
    assert run.output.total < 4_000_000


async def test_who_waits_is_cancelled(place: Place) -> None:
    """The engine ends amid a step: it does not wait, and leaves nothing."""
    run = place.made("echo $$ >shell; sleep 60")
    task = asyncio.create_task(run.go())
    pid = await number_in(place.folder / "shell")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gone(pid)


async def test_a_step_that_is_cancelled_before_it_begins(place: Place) -> None:
    run = place.made("echo never")
    run.cancel()
    ended = await run.go()
    assert (ended.state, run.output.lines) == (RunState.CANCELLED, ())


async def test_what_cannot_be_started_says_why(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    ran = await place.run("echo x")
    assert (ran.ended.state, ran.ended.exit_code) == (RunState.FAILED, None)
    assert "there is no program bash in /nonexistent" in ran.ended.said


async def test_a_program_that_is_not_there(place: Place) -> None:
    ran = await place.run("echo x; no-such-program")
    assert ran.ended.exit_code == 127
    assert "no-such-program: command not found" in ran.text


async def test_under_nohup_nothing_is_meant_to_stay(place: Place) -> None:
    """What ignores hangups because onwatch does was asked by nobody to stay."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        ran = await place.run(
            "sh -c 'echo $$ >left; sleep 60' &\nuntil [ -s left ]; do sleep 0.02; done"
        )
    finally:
        signal.signal(signal.SIGHUP, before)
    assert "which was ended with it" in ran.ended.said
    assert not runs(await number_in(place.folder / "left"))


async def test_a_password_that_sudo_wants(place: Place) -> None:
    ran = await place.run("echo 'sudo: a password is required' >&2; exit 1")
    assert "allow this command without one (NOPASSWD in sudoers)" in ran.ended.said
    assert "interactive" in ran.ended.said


async def test_who_waits_is_cancelled_and_other_groups_end_too(place: Place) -> None:
    run = place.made("timeout 60 sh -c 'echo $$ >inner; sleep 60'")
    task = asyncio.create_task(run.go())
    pid = await number_in(place.folder / "inner")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gone(pid)
