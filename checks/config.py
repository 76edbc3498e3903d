"""What the engine is given to work on: the outcome of reading a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from checks.probe import CheckSpec

if TYPE_CHECKING:
    from checks.baselines.model import Baseline
    from checks.capacity.model import Capacity
    from checks.dashboards.model import Dashboard
    from checks.dashboards.views import DashboardName
    from checks.objectives.model import Objective
    from checks.rules.model import RuleGroup
    from checks.rules.own_bounds import OwnBound
    from checks.story.maintenance import Window
    from checks.story.targets import Targets

__all__ = ["EngineConfig", "Finder", "RulesConfig", "RunbooksConfig", "StoryConfig"]


@dataclass(frozen=True, slots=True, eq=False)
class RulesConfig:
    """Which rules run.

    Attributes:
        packs: names of the built-in packs.
        groups: of the user's own rule files, what is right in them.
        disable: names of alerts and recorded metrics that do not run, of whatever file.
        interval: seconds between the evaluations of groups that do not say it themselves.
        problems: sentences on rules that are left out.
        memory: the file that keeps the alerts over a restart; None keeps them nowhere.
        own_bounds: where built-in alerts give way to bounds of a check's own.
    """

    packs: tuple[str, ...] = ()
    groups: tuple[RuleGroup, ...] = ()
    disable: tuple[str, ...] = ()
    interval: float = 60.0
    problems: tuple[str, ...] = ()
    memory: Path | None = None
    own_bounds: tuple[OwnBound, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class StoryConfig:
    """What is done about alerts, and kept of it.

    Attributes:
        memory: the file that keeps it over a restart; None keeps it in memory alone.
        windows: planned maintenance.
        targets: when alerts are to be acknowledged; None for the built-in ones.
        annotates: whether alerts can be acknowledged, silenced, and notes be written.
    """

    memory: Path | None = None
    windows: tuple[Window, ...] = ()
    targets: Targets | None = None
    annotates: bool = True


@dataclass(frozen=True, slots=True)
class RunbooksConfig:
    """Where the user's runbooks are.

    ``patterns`` are as :func:`glob.glob` takes them, absolute; ``base`` is the configuration's
    folder and ``shown_base`` the same as the user knows it. ``audit`` is the file in which each
    run of a step is written down; without one, in tests, none is. ``config`` is the configuration
    that the runs are of, as an absolute path; empty where there is none.
    """

    patterns: tuple[str, ...] = ()
    base: Path = field(default_factory=Path)
    shown_base: Path = field(default_factory=Path)
    audit: Path | None = None
    config: str = ""


@dataclass(frozen=True, eq=False)
class EngineConfig:
    """Checks and what they share.

    ``base_dir`` is what relative paths are relative to; ``path`` names the file it came
    from, empty where there is none; ``files`` are all that it was read from, and the patterns
    that further ones may come to match, watched for changes; ``warnings`` are sentences for
    the user, ``remarks`` such as are worth saying once. ``read_only`` leaves the actions out.
    ``finder`` looks for more checks while they run. ``rules`` are evaluated on what these
    collect; none where it is None. ``story`` likewise says whether there is one of incidents, and
    what is done about alerts. ``dashboards`` are those that can be shown. ``objectives`` are what
    is promised, ``capacity`` what is watched for where it is going besides what always is, and
    ``baseline`` figures of a good day.
    """

    checks: tuple[CheckSpec, ...]
    external_labels: Mapping[str, str] = field(default_factory=dict)
    base_dir: Path = field(default_factory=Path.cwd)
    path: str = ""
    files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    read_only: bool = False
    remarks: tuple[str, ...] = ()
    finder: Finder | None = None
    rules: RulesConfig | None = None
    runbooks: RunbooksConfig = field(default_factory=RunbooksConfig)
    story: StoryConfig | None = None
    dashboards: tuple[Dashboard, ...] = ()
    objectives: tuple[Objective, ...] = ()
    capacity: tuple[Capacity, ...] = ()
    baseline: Baseline | None = None

    @property
    def looks_far(self) -> bool:
        """Whether it is told what takes days to tell: what fills, wherever there are rules."""
        return bool(self.objectives or self.capacity) or self.rules is not None

    @cached_property
    def dashboard_names(self) -> tuple[DashboardName, ...]:
        """What the :attr:`dashboards` are called."""
        if not self.dashboards:
            return ()
        from checks.dashboards.views import DashboardName  # noqa: PLC0415 - where there are any

        return tuple(DashboardName(one.name, one.title, one.place) for one in self.dashboards)


class Finder(Protocol):
    """Something that looks for what there is to check, again and again."""

    async def look(self, config: EngineConfig) -> EngineConfig:
        """``config`` with all that is known now; the same object while nothing is new.

        A check that did not change is the same :class:`~checks.probe.CheckSpec` as before.
        """

    @property
    def sure(self) -> bool:
        """Whether what it has not found by now is not there, as far as it can tell."""

    async def rest(self) -> None:
        """Wait until it is worth looking again."""

    def forget(self, name: str) -> None:
        """Look for what the check ``name`` is of no more, from the next look on, which is soon.

        Later sessions do not miss it either, until it is found running again.
        """

    def close(self) -> None:
        """Look no more, and end what looking has begun."""
