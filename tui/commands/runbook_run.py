"""``onwatch runbook run NAME``: runs steps of a runbook without the screen, each as it is marked.

What is safe runs. What is not is shown and asked for: a danger wants its target typed. Who is
not there to be asked has to have said so on the command line (``--yes``, ``--yes-danger TARGET``);
otherwise nothing that asks runs. The output goes to standard output, everything else to standard
error, and the exit code is the step's.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from checks.clock import SystemClock
from checks.lanes import Lanes
from checks.model import clean
from checks.probe import ProbeEnv
from checks.resolver import Resolver
from checks.runbooks.audit import Audit, audit_file
from checks.runbooks.model import Marking
from checks.runbooks.offering import Offered
from checks.runbooks.running.foreground import run_foreground
from checks.runbooks.running.model import Around, Ended, Job, Who
from checks.runbooks.running.output import Output
from checks.runbooks.running.start import Run
from checks.runbooks.views import RunState
from tui.commands.runbook_session import Session, session_of
from tui.config.files import identity

__all__ = ["run"]

REFUSED: Final = 2
NOT_RUN: Final = 126
"""As a shell has it of what it cannot run."""
TIMED_OUT: Final = 124
"""As ``timeout`` has it."""
CANCELLED: Final = 130
_READ_ONLY: Final = "ONWATCH_READ_ONLY"
_ENDING: Final = 1.5
_WIDTH: Final = 2_000
_PIECE: Final = 1_900
"""Characters of a command that are shown on a line; nothing of one is left out."""


def run(args: argparse.Namespace) -> int:
    """Run what ``args`` says; its exit code, 2 where nothing is run at all."""
    if args.read_only:
        _say(f"onwatch: --read-only, or {_READ_ONLY} is set: no step runs")
        return REFUSED
    session = session_of(args, _say)
    names = [args.step] if args.step else [step.name for step in session.runbook.steps]
    refused = _refusal(session, names)
    if refused:
        _say(f"onwatch: {refused}")
        return REFUSED
    asyncio.run(_learn(session))
    return _run_all(session, names)


# What may run


def _refusal(session: Session, names: Sequence[str]) -> str:
    """Why the step that is named is not run without somebody to ask; empty where it may be."""
    if len(names) != 1 or not session.args.step or session.asks:
        return ""
    offer = session.offer(names[0]).view
    if offer.refused or offer.marking is Marking.SAFE or _agreed(session, offer.target, names[0]):
        return ""
    if offer.marking is Marking.DANGER:
        return (
            f"{offer.name} is dangerous, and there is no terminal to ask on: run it with "
            f"--yes-danger {offer.target}"
        )
    return (
        f"{offer.name} asks before it runs, and there is no terminal to ask on: run it with --yes"
    )


def _agreed(session: Session, target: str, step: str) -> bool:
    """Whether the command line says already that the step may run."""
    found = session.runbook.step(step)
    if found is not None and found.marking is Marking.DANGER:
        return bool(session.args.yes_danger == target)
    return bool(session.args.yes)


async def _learn(session: Session) -> None:
    """Know the secrets of the configuration, so that no output shows them."""
    from checks.runbooks.running.known import learn_secrets  # noqa: PLC0415 - for this command

    env = _environment(session)
    try:
        await learn_secrets(session.config.checks, env)
    finally:
        env.lanes.close()


# Running


def _run_all(session: Session, names: Sequence[str]) -> int:
    """Run them in their order; the exit code of the first that fails.

    Where one that changes something fails, those after it are not run.
    """
    code = 0
    left: list[str] = []
    for name in names:
        offer = session.offer(name)
        if not _wanted(session, offer, alone=len(names) == 1):
            left.append(name)
            continue
        ended = _run(session, offer)
        if ended.captured is not None:
            session.captured[ended.captured[0]] = ended.captured[1]
        code = code or _code(ended)
        if _code(ended) and (offer.step.marking is not Marking.SAFE or _code(ended) == CANCELLED):
            break
    if left:
        _say(f"onwatch: not run, since nobody agreed: {', '.join(left)}{_ways(session, left)}")
    return code or (REFUSED if left and len(names) == 1 else 0)


def _ways(session: Session, left: Sequence[str]) -> str:
    """With which options these steps run where there is nobody to ask; empty where there is."""
    if session.asks:
        return ""
    ways: dict[str, list[str]] = {}
    for name in left:
        view = session.offer(name).view
        way = f"--yes-danger {view.target}" if view.marking is Marking.DANGER else "--yes"
        ways.setdefault(way, []).append(name)
    told = "; ".join(f"{way} runs {', '.join(names)}" for way, names in ways.items())
    return f" (there is no terminal to ask on: {told})"


def _wanted(session: Session, offer: Offered, *, alone: bool) -> bool:
    """Whether the step is to run: shown, and asked for where it is not safe."""
    view = offer.view
    agreed = _agreed(session, view.target, view.name)
    if not (session.asks or agreed or view.marking is Marking.SAFE):
        return False
    _show(offer, session)
    if view.refused or agreed or view.marking is Marking.SAFE:
        return True
    if view.marking is Marking.DANGER:
        return _ask(f"This is dangerous. Type {view.target} to run it: ") == view.target
    question = "Run it? [y/N] " if alone else "Run it? [y to run, Enter to leave it out] "
    return _ask(question).lower() in ("y", "yes")


def _show(offer: Offered, session: Session) -> None:
    """The whole of what runs."""
    view = offer.view
    _say(f"── {view.name} · {view.marking.value} · {view.language.value}")
    for line in view.text.split("\n"):
        _say(f"   {line[:_PIECE]}")
        for at in range(_PIECE, len(line), _PIECE):
            _say(f" … {line[at : at + _PIECE]}")
    for name, value in view.variables:
        _say(f"   ${name} = {session.masker.text(value)}")
    if view.login:
        _say(f"   logs in as the check {view.login} does")
    if view.target:
        _say(f"   on {view.target}")


def _ask(question: str) -> str:
    """What somebody types; empty at the end of input."""
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _run(session: Session, offer: Offered) -> Ended:
    view = offer.view
    if view.refused:
        ended = Ended(RunState.FAILED, None, f"not run: {view.refused}")
    elif view.interactive:
        env = _environment(session)
        try:
            ended = run_foreground(_job(session, offer), _around(session, env))
        finally:
            env.lanes.close()
    else:
        ended = asyncio.run(_run_apart(session, _job(session, offer)))
    _say(f"── {view.name}: {session.masker.text(ended.said)}")
    return ended


async def _run_apart(session: Session, job: Job) -> Ended:
    """Run a step, its lines printed as they come."""
    env = _environment(session)
    run = Run(job, Output(session.masker, _Printer()), _around(session, env))
    loop = asyncio.get_running_loop()
    ends = _Ends(run)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ends.signalled, number)
    try:
        return await run.go()
    finally:
        await env.resolver.close()
        env.lanes.close()


class _Ends:
    """Ctrl-C ends the step; pressed again, or told from elsewhere, soon."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._asked = False

    def signalled(self, number: int) -> None:
        if number == signal.SIGINT and not self._asked:
            self._asked = True
            self._run.cancel()
        else:
            self._run.hurry(_ENDING)


def _job(session: Session, offer: Offered) -> Job:
    step = offer.step
    if session.timeout is not None:
        step = replace(step, timeout=session.timeout)
    return Job(
        id=secrets.token_hex(6),
        runbook=session.runbook,
        step=step,
        variables=dict(offer.view.variables),
        who=Who.present(),
        target=offer.target,
        subject=offer.situation.subject,
        file=session.file,
    )


def _environment(session: Session) -> ProbeEnv:
    clock, lanes = SystemClock(), Lanes()
    return ProbeEnv(clock, Resolver(lanes, clock), lanes, session.masker, session.config.base_dir)


def _around(session: Session, env: ProbeEnv) -> Around:
    config = identity(session.config.path)
    file = audit_file(socket.gethostname())
    audit = Audit(file, session.masker, env.clock, config=config)
    return Around(env, audit)


def _code(ended: Ended) -> int:
    match ended.state:
        case RunState.TIMED_OUT:
            return TIMED_OUT
        case RunState.CANCELLED:
            return CANCELLED
        case _:
            return NOT_RUN if ended.exit_code is None else ended.exit_code


class _Printer:
    """Prints lines for as long as somebody reads them; a step that mends something is not ended
    amid it because a pager was."""

    def __init__(self) -> None:
        self._read = True

    def __call__(self, line: str) -> None:
        if self._read:
            try:
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
            except BrokenPipeError:
                self._read = False


def _say(line: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"{clean(line, _WIDTH)}\n")
