"""The contract between the scheduler and a kind of check."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, Self, runtime_checkable

from checks.clock import Clock
from checks.databases.model import Action, FigureSpec
from checks.errors import SecretError
from checks.model import Result, Sampler
from checks.secrets import Masker
from checks.settings import KindConfig, Secret, SecretCommand
from checks.turns import Turns
from checks.views import QueueTraits

if TYPE_CHECKING:
    from checks.lanes import Lanes
    from checks.resolver import Resolver
    from checks.store.window import Window

__all__ = [
    "Acting",
    "Answering",
    "Attended",
    "ChartSpec",
    "CheckSpec",
    "Continuing",
    "Expected",
    "Inspecting",
    "Kind",
    "Metric",
    "Probe",
    "ProbeEnv",
    "Question",
    "Target",
    "response_time",
]


PROGRAMS_AT_ONCE: Final = 8
"""Programs that the checks of an engine may run at the same moment."""
SLOW_PROGRAMS: Final = 8
"""So many more may run that have gone on for long and leave their turns to others."""
FIRST_RUNS: Final = 200
"""So many more at most, of those that run for the first time and only wait: where hundreds hang,
the others would else wait for minutes until each of these has been found out."""
_PROGRAM: Final = 10_000_000
"""Bytes that a program may take, of those for which there is room in a part of the memory."""


def _program_turns() -> Turns:
    """Turns for programs; in little memory as few run for the first time as usually do."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, ValueError, StopIteration):
        free = 0
    room = free * 1024 // 4 // _PROGRAM
    return Turns(PROGRAMS_AT_ONCE, SLOW_PROGRAMS, max(SLOW_PROGRAMS, min(FIRST_RUNS, room)))


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric a kind yields: for the docs, the schema and the rules' dead-selector check."""

    name: str
    type: str
    """gauge, counter, histogram or info."""
    help: str
    unit: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChartSpec:
    """A curve of the detail screen: a metric, or a counter's increase a second.

    ``unit`` is one of :class:`checks.views.Chart`'s; bounds are in that unit, or ratios of the
    metric ``limit`` where one is named. Nothing is above the metric ``ceiling`` of the same run:
    an increase between two runs close together can be rough.
    """

    title: str
    metric: str
    unit: str = ""
    rate: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    warning: float | None = None
    critical: float | None = None
    limit: str = ""
    falling: bool = False
    """Whether it is ill below its bounds, not above."""
    ceiling: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CheckSpec:
    """A check as configured: what every kind has in common, and its kind's own model.

    ``interval`` and ``timeout`` are seconds. ``place`` is ``file:line`` of its entry.
    ``expected`` says why its target should run: the sentence begins with it where nobody is
    there. ``advice`` says what helps besides where the target refuses us. ``found`` says that
    no configuration names it: discovery found it.
    """

    name: str
    kind: str
    config: KindConfig
    interval: float = 5.0
    timeout: float = 3.0
    job: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    runbook: str = ""
    place: str = ""
    expected: str = ""
    advice: str = ""
    found: bool = False

    def target_labels(self, external: Mapping[str, str]) -> dict[str, str]:
        """The labels that every sample of this check carries."""
        return {
            **external,
            "job": self.job or self.name,
            "instance": self.config.instance(),
            **self.labels,
        }


def _when_due(check: str) -> None:
    """No run before it is due: there is no scheduler."""
    del check


@dataclass(frozen=True, slots=True, eq=False)
class ProbeEnv:
    """What a probe may use of the machine; shared by all checks of an engine.

    ``base_dir`` is what relative paths in the configuration are relative to. ``turns`` bounds
    how many programs run at once: who starts one holds a turn while it runs. ``again`` has the
    check of that name run once more, before it is due: what came to pass must be told at once.
    """

    clock: Clock
    resolver: Resolver
    lanes: Lanes
    masker: Masker
    base_dir: Path
    turns: Turns = field(default_factory=_program_turns)
    again: Callable[[str], None] = _when_due

    def path(self, text: str) -> Path:
        """``text`` as a path: ``~`` expanded, relative to the configuration's folder."""
        path = Path(text)
        # The home of a user who does not exist stays as it was written.
        with contextlib.suppress(RuntimeError):
            path = path.expanduser()
        return self.base_dir / path

    async def secret(self, source: Secret) -> str:
        """The credential, read anew; the masker learns it.

        Raises:
            SecretError: with a sentence that says which source gave nothing and why.
        """
        if isinstance(source, str):
            self.masker.learn(source)
            return source
        value = await self._fetch(source)
        self.masker.learn(value, source)
        return value

    async def _fetch(self, source: SecretCommand) -> str:
        from checks.credentials import read_command, read_env, read_file  # noqa: PLC0415
        from checks.lanes import LaneBusyError  # noqa: PLC0415

        if source.env:
            return read_env(source.env)
        if source.file:
            path = self.path(source.file)
            try:
                return await self.lanes.share(f"credential {path}", lambda: read_file(path))
            except LaneBusyError:
                raise SecretError(f"reading the credential file {path} hangs") from None
        if source.command:
            return await read_command(source.command, source.timeout, self.base_dir)
        raise SecretError("a credential names no source")


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What a probe is told of the check it serves.

    ``timeout`` is the seconds one run may take; a probe ends itself a little earlier
    where it has a better sentence than "no answer within 3 s".
    """

    name: str
    interval: float
    timeout: float
    sampler: Sampler
    env: ProbeEnv


class Probe(Protocol):
    """One check's worker. The scheduler never runs two runs of it at once."""

    async def run(self) -> Result:
        """Ask the target once.

        Returns a :class:`Result` for everything the target may do. It may be cancelled
        at the hard timeout and must leave nothing behind when it is. ``up``,
        ``probe_success`` and ``scrape_duration_seconds`` are added by the scheduler.
        """

    async def close(self) -> None:
        """Give back connections and files. Called once, also after a failed run."""


def response_time(bounds: Bounded | None = None) -> ChartSpec:
    """The curve of how long runs took, with the bounds of a latency."""
    return ChartSpec(
        "response time",
        "probe_duration_seconds",
        "s",
        warning=bounds.warning if bounds else None,
        critical=bounds.critical if bounds else None,
    )


class Bounded(Protocol):
    """Something with a warning and a critical bound."""

    @property
    def warning(self) -> float | None: ...

    @property
    def critical(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Expected:
    """What a check is configured to bring for the panes, whether or not it could be read yet."""

    queues: tuple[str, ...] = ()
    """Names of its queues."""
    queue_traits: tuple[QueueTraits, ...] = ()
    """What is known of them besides."""
    requests: bool = False
    """Whether it tells of requests."""


def _nothing_more(config: KindConfig) -> Expected:
    del config
    return Expected()


def _no_charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    del config
    return ()


def _no_curves(config: KindConfig, window: Window) -> tuple[ChartSpec, ...]:
    del config, window
    return ()


@dataclass(frozen=True, slots=True)
class Question:
    """Something a user may ask of a check besides its runs; answering it changes nothing."""

    id: str
    title: str
    help: str


@runtime_checkable
class Answering(Protocol):
    """A probe that answers questions."""

    async def ask(self, question: str) -> str:
        """The answer to the question of that id, a sentence; may take its time."""


@runtime_checkable
class Attended(Protocol):
    """A probe with an on-demand tier: what it asks only while somebody looks."""

    def attend(self, watched: bool) -> None:
        """Whether somebody looks at the check from now on; a run follows at once."""


@runtime_checkable
class Inspecting(Protocol):
    """A probe that can be told to look at one thing in particular, while it is attended."""

    def inspect(self, subject: str) -> None:
        """Look at ``subject`` too from now on (a :attr:`checks.hosts.model.ProcessRow.key`), or
        at none where it is empty; a run follows at once."""


@runtime_checkable
class Continuing(Protocol):
    """A probe that remembers what its target does not tell again: restarts, means over a window."""

    def go_on(self, before: Self) -> None:
        """Go on where ``before`` ended, which was closed when the configuration was read again: the
        probe of the same check with the same configuration."""


@runtime_checkable
class Acting(Protocol):
    """A probe that can do its kind's actions."""

    async def act(self, action: str, subject: str) -> str:
        """Do the action of that id to the session ``subject``
        (a :attr:`checks.databases.model.SessionRow.id`), and say what came of it.

        Refused, with a sentence, where the session is no longer the one that was meant.
        """


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of check: one file holds its model, its probe and its metric names."""

    name: str
    summary: str
    config: type[KindConfig]
    probe: Callable[[KindConfig, Target], Probe]
    metrics: tuple[Metric, ...]
    counters: bool = False
    """Whether a judgement needs two samples (`onwatch check` then takes two a second apart)."""
    questions: tuple[Question, ...] = ()
    """What its probe, which is then :class:`Answering`, may be asked."""
    drivers: tuple[str, ...] = ()
    """Modules that its probe imports late; loaded before the first run, which is timed."""
    charts: Callable[[KindConfig], tuple[ChartSpec, ...]] = _no_charts
    """Curves for the detail screen beside the run's duration, which every check has."""
    curves: Callable[[KindConfig, Window], tuple[ChartSpec, ...]] = _no_curves
    """Curves that are only known once something was measured; after ``charts``."""
    expects: Callable[[KindConfig], Expected] = _nothing_more
    """What the panes may say is configured before it could be read."""
    figures: tuple[FigureSpec, ...] = ()
    """What the databases screen shows of it; a kind with any is a database server."""
    actions: tuple[Action, ...] = ()
    """What its probe, which is then :class:`Acting`, can do to a session."""
    bounds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By the key of a bound (``expect.latency`` is one within another): the built-in alerts on the
    same figure, which give way to it where it is written in the configuration."""
