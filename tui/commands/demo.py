"""``onwatch demo``: the live monitor on an embedded stack of real servers."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from checks.errors import OnwatchError

if TYPE_CHECKING:
    from tui.demo.control import Control
    from tui.demo.endpoints import Endpoints
    from tui.demo.incidents import Incident
    from tui.demo.stack import Stack
    from tui.palette import PaletteCommand

__all__ = ["incident_commands", "run"]

_ON_SCREEN: Final = 0.3
"""Seconds that the supervisor may take to answer while the screen waits."""
_FRESH: Final = 0.7
"""Seconds for which what it has answered is good enough."""


def run(args: argparse.Namespace) -> int:
    """Start the servers, watch them, end them; the exit code.

    2 where the command line is wrong, 3 where the servers do not start. ``args`` has
    ``seed``, ``incidents`` (whether the schedule runs), ``databases`` (whether PostgreSQL and
    MariaDB take part), ``incident`` (one that lasts until it is mended, or None), ``hold``
    (which it does anyway), ``headless``, and the options of the monitor.
    """
    problem = _usage_problem(args)
    if problem:
        print(f"onwatch demo: {problem}", file=sys.stderr)
        return 2
    from tui.demo.stack import Stack  # noqa: PLC0415 - other commands pay nothing for it

    with Stack.start(*_options(args)) as stack:
        return _stay(stack) if args.headless else _watch(stack, args)


def _usage_problem(args: argparse.Namespace) -> str:
    from tui.demo.incidents import INCIDENTS  # noqa: PLC0415

    names = [known.name for known in INCIDENTS]
    if args.config:
        return "it watches servers of its own; leave -c out"
    if args.incident and args.incident not in names:
        return f"there is no incident {args.incident!r}; there are {', '.join(names)}"
    if args.hold and not args.incident:
        return "--hold goes with --incident NAME"
    return ""


def _options(args: argparse.Namespace) -> list[str]:
    options = ["--seed", str(args.seed)]
    if not args.incidents:
        options.append("--no-incidents")
    if not args.databases:
        options.append("--no-databases")
    if args.incident:
        options += ["--incident", args.incident, "--hold"]
    return options


def _stay(stack: Stack) -> int:
    """Say where the servers are, and keep them until Ctrl-C."""
    from tui.demo.incidents import MARIADB, POSTGRES  # noqa: PLC0415

    places = stack.endpoints
    try:
        print(f"http      {places.http}  (/health, /health/detailed, /metrics, /api/…)")
        print(f"redis     {places.redis}")
        print(f"postgres  {_place(places, POSTGRES, places.postgres)}")
        print(f"mariadb   {_place(places, MARIADB, places.mariadb)}")
        print(f"database  {places.database}")
        print(f"config    {places.config}")
        print(f"control   {places.control}")
        print("Ctrl-C ends it.", flush=True)
        stack.wait()
    except KeyboardInterrupt:
        return 0
    print("onwatch demo: the supervisor of the servers has ended", file=sys.stderr)
    return 3


def _place(places: Endpoints, product: str, url: str) -> str:
    """Where a database server is, with the file of its password; or why there is none."""
    missing = places.missing.get(product)
    return f"none: {missing}" if missing else f"{url}  (password: {places.password})"


def _watch(stack: Stack, args: argparse.Namespace) -> int:
    """The monitor on the stack's configuration, with the incidents in its palette."""
    from tui.commands import monitor  # noqa: PLC0415 - first the servers, then this

    for product, why in stack.endpoints.missing.items():
        # Still there when the monitor has given the terminal back.
        print(f"onwatch demo: without {product}: {why}", file=sys.stderr)
    return monitor.open_monitor(
        str(stack.endpoints.config),
        theme=args.theme,
        ascii_only=args.ascii,
        mouse=args.mouse,
        low_bandwidth=args.low_bandwidth,
        wall=args.wall,
        read_only=args.read_only,
        annotate=args.annotate,
        remember=False,
        commands=_Incidents(stack.control.within(_ON_SCREEN)),
    )


class _Incidents:
    """The commands as they are now, for a palette that asks with each key that is typed."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._made: tuple[PaletteCommand, ...] = ()
        self._until = 0.0

    def __call__(self) -> tuple[PaletteCommand, ...]:
        if time.monotonic() >= self._until:
            self._made = incident_commands(self._control)
            self._until = time.monotonic() + _FRESH
        return self._made


def incident_commands(control: Control) -> tuple[PaletteCommand, ...]:
    """For each incident a command that begins one that lasts, or ends it, and one that begins it
    for a while; one for all.

    What runs comes first and says so.
    """
    from tui.demo.incidents import INCIDENTS  # noqa: PLC0415
    from tui.palette import PaletteCommand  # noqa: PLC0415

    running = _running(control)
    commands = []
    for known in sorted(INCIDENTS, key=lambda known: known.name not in running):
        lever = _Lever(control, known)
        title = f"incident: {known.title.lower()}"
        commands += [
            PaletteCommand(
                title, f"{running.get(known.name, 'begin it')}: {known.sight}", lever.toggle
            ),
            PaletteCommand(f"{title}, for a while", known.sight, lever.show, common=False),
        ]
    everything = PaletteCommand("incident: end all", "back to normal", lambda: _end_all(control))
    return (*commands, everything)


def _running(control: Control) -> dict[str, str]:
    """What is said of each incident under way; nothing where the demo does not answer."""
    try:
        status = control.status()
    except OnwatchError:
        return {}
    return {
        run.name: "running until mended; end it"
        if run.left is None
        else f"running, {run.left:.0f} s left; end it"
        for run in status
    }


@dataclass(frozen=True, slots=True)
class _Lever:
    """Begins and ends one incident; every method returns the sentence to show."""

    control: Control
    incident: Incident

    def toggle(self) -> str:
        try:
            running = self.control.toggle(self.incident.name, hold=True)
        except OnwatchError as error:
            return str(error)
        if any(run.name == self.incident.name for run in running):
            return f"{self.incident.title}, until it is mended: {self.incident.sight}"
        return f"{self.incident.title}: ended"

    def show(self) -> str:
        try:
            self.control.start(self.incident.name)
        except OnwatchError as error:
            return str(error)
        return f"{self.incident.title}, for {self.incident.duration:.0f} s: {self.incident.sight}"


def _end_all(control: Control) -> str:
    try:
        control.stop()
    except OnwatchError as error:
        return str(error)
    return "No incident runs"
