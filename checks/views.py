"""What the panes show: frozen values, figures already computed, text already clean.

Times are seconds since 1970 in UTC, durations seconds, ratios 0 to 1, sizes bytes,
rates a second. None means unknown; NaN in a history means that no point is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checks.databases.model import Action, Asked, DatabaseFacts
from checks.hosts.model import HostDetail
from checks.model import Status, Table
from checks.records import RecordView
from checks.requests.stats import RequestStats, WindowStats

if TYPE_CHECKING:
    # What rules bring comes long after the first frame, which does not wait for its import.
    from checks.baselines.model import Baseline
    from checks.capacity.views import CapacityView
    from checks.dashboards.views import DashboardName, DashboardView
    from checks.logs.views import LogsView
    from checks.objectives.views import ObjectiveView
    from checks.rules.views import Pairs, QueryView, RulesView
    from checks.runbooks.views import RunbooksView
    from checks.story.views import StoryView

__all__ = [
    "AlertView",
    "Chart",
    "CheckDetails",
    "CheckView",
    "DatabaseView",
    "EngineHealth",
    "EventView",
    "FigureView",
    "FilesystemView",
    "HostView",
    "PartView",
    "Points",
    "QueueTraits",
    "QueueView",
    "RequestView",
    "ResultLine",
    "Snapshot",
]

Points = tuple[float, ...]
"""A short history, oldest first; NaN where nothing is known."""


@dataclass(frozen=True, slots=True)
class QueueTraits:
    """What a check knows of the queue ``name`` besides its figures, or, where that is empty, of
    every queue whose size is the ``metric``.

    ``warning`` and ``critical`` are the sizes beyond which it says so; ``ageless`` says why
    the age of its oldest item is not told, where it never is.
    """

    name: str
    warning: float | None = None
    critical: float | None = None
    ageless: str = ""
    metric: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class PartView:
    """A child row of a check."""

    name: str
    status: Status
    message: str
    value: str
    since: float


@dataclass(frozen=True, slots=True, eq=False)
class CheckView:
    """One row of the services pane.

    ``since`` is when its status last changed; ``history`` the durations of its last
    runs (NaN where it did not answer); ``last_run`` None before the first result.
    """

    name: str
    kind: str
    address: str
    instance: str
    status: Status
    since: float
    message: str
    reason: str
    value: str
    duration: float | None
    history: Points
    parts: tuple[PartView, ...]
    last_run: float | None
    interval: float
    up: bool
    labels: Mapping[str, str]
    depends_on: tuple[str, ...] = ()
    runbook: str = ""
    questions: tuple[tuple[str, str, str], ...] = ()
    """Id, title and help of each question that may be put to it."""
    queues: tuple[str, ...] = ()
    """Names of the queues that it is configured to read."""
    queue_traits: tuple[QueueTraits, ...] = ()
    """What is configured of them."""
    tells_requests: bool = False
    """Whether it is configured to tell of requests."""
    record: RecordView | None = None
    """How good it was; None before the first result."""
    found: bool = False
    """Whether no configuration names it: it was discovered."""
    job: str = ""
    """The label ``job`` of its samples."""
    since_start: bool = False
    """Whether it was so when it was first asked: ``since`` is then that moment, and no more."""


@dataclass(frozen=True, slots=True, eq=False)
class RequestView:
    """Requests of one source, over the window chosen by the user.

    ``silent_since`` is when it could last be read, None while it can: the figures are then
    those of that moment.
    """

    check: str
    window: WindowStats
    stats: RequestStats
    silent_since: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class QueueView:
    """One queue. ``growth`` is items a minute now, None while unknown; ``held`` says that it has
    been like that for long enough to say where it leads.

    ``oldest`` is the age in seconds of what has waited longest, ``ageless`` says why it is not
    known. ``arriving`` and ``leaving`` are items a minute, where something counts them.
    ``warning`` and ``critical`` are the sizes beyond which the check says so. ``course`` are
    the sizes of the last steps of ``course_step`` seconds; empty where there are too many.
    ``course_last`` is the number of the newest one, counted since 1970.
    """

    check: str
    name: str
    size: float | None
    processing: float | None
    failed: float | None
    growth: float | None
    history: Points
    status: Status
    delayed: float | None = None
    oldest: float | None = None
    ageless: str = ""
    workers: float | None = None
    arriving: float | None = None
    leaving: float | None = None
    warning: float | None = None
    critical: float | None = None
    course: Points = ()
    course_step: float = 0.0
    course_last: int = 0
    held: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class FigureView:
    """One figure of a database server and its course; ``unit`` as in :class:`Chart`.

    ``value`` is None while unknown, ``limit`` where nothing bounds it.
    """

    title: str
    unit: str
    value: float | None
    history: Points
    limit: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DatabaseView:
    """One database server.

    ``facts`` are those of the last run that saw it, None before that or for kinds that have
    none (``tables``, of the last run that it answered, then hold what there is); ``silent_since``
    is when that was, None while it can be seen, and ``never`` says that it has not been seen at
    all. ``actions`` may be done to its sessions; empty when nothing may.
    """

    check: str
    kind: str
    status: Status
    figures: tuple[FigureView, ...]
    facts: DatabaseFacts | None
    tables: tuple[Table, ...]
    silent_since: float | None = None
    never: bool = False
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FilesystemView:
    """One filesystem. ``used`` and ``inodes_used`` are ratios."""

    mount: str
    used: float
    size: float
    available: float
    inodes_used: float | None
    readonly: bool


@dataclass(frozen=True, slots=True, eq=False)
class HostView:
    """This machine, or the container it is.

    ``cpu`` is the ratio of ``cores`` in use; ``modes`` the same by mode; ``pressure``
    the share of time somebody waited (``cpu``, ``memory``, ``io``), None where the
    kernel does not tell.
    """

    check: str
    name: str
    status: Status
    cores: float
    cpu: float | None
    modes: Mapping[str, float]
    load: tuple[float, float, float] | None
    memory: float | None
    memory_total: float | None
    memory_available: float | None
    swap: float | None
    pressure: Mapping[str, float]
    filesystems: tuple[FilesystemView, ...]
    disk_read: float | None
    disk_written: float | None
    received: float | None
    sent: float | None
    network_errors: float | None
    cpu_history: Points
    memory_history: Points
    received_history: Points
    sent_history: Points
    processes: Table | None
    boot_time: float | None


@dataclass(frozen=True, slots=True, eq=False)
class AlertView:
    """Something that is wrong now.

    ``id`` stays the same for as long as it lasts. ``cause`` names the check that this
    is a symptom of (by ``depends_on``), empty for a cause of its own.

    Of a rule, ``rule`` is its :attr:`~checks.rules.views.RuleView.key`, and ``check`` the check
    that it is of, empty where its labels tell none. The alert of a check is always firing; its
    labels are ``alertname`` and ``check`` (its name), ``job``, ``instance``, ``severity`` (its
    status) and those that it is configured to have.
    """

    id: str
    name: str
    check: str
    status: Status
    since: float
    sentence: str
    cause: str = ""
    runbook: str = ""
    rule: str = ""
    firing: bool = True
    """Whether it is more than pending."""
    labels: Pairs = ()
    annotations: Pairs = ()
    value: float | None = None
    no_data_since: float | None = None
    """Since when nothing says whether it is over, for want of samples."""
    no_history: bool = False
    """Less is recorded than its rule looks back: it stays as it is."""
    flapping: bool = False
    since_start: bool = False
    """It was so when its check was first asked: since when, nobody here knows."""


@dataclass(frozen=True, slots=True, eq=False)
class EventView:
    """Something that happened to a check; ``answer`` where it answers a question."""

    time: float
    check: str
    text: str
    answer: bool = False

    @property
    def id(self) -> str:
        """What it is known by from picture to picture."""
        return f"{self.time!r}/{self.check}/{self.text}"


@dataclass(frozen=True, slots=True, eq=False)
class ResultLine:
    """One past run of a check."""

    time: float
    status: Status
    message: str
    duration: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A curve for the large chart: ``times`` and ``values`` of the same length.

    ``unit`` is ``s``, ``ratio``, ``bytes``, ``1/s`` or empty. ``warning`` and
    ``critical`` are thresholds in the same unit; ``falling`` where what lies below them is ill.
    """

    title: str
    unit: str
    times: Points
    values: Points
    warning: float | None = None
    critical: float | None = None
    falling: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class CheckDetails:
    """Everything about one check, made only while somebody looks at it."""

    check: str
    charts: tuple[Chart, ...]
    results: tuple[ResultLine, ...]
    phases: tuple[tuple[str, float], ...]
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    samples: tuple[tuple[str, float], ...]
    raw: str
    events: tuple[EventView, ...]
    asked: tuple[Asked, ...] = ()
    """The statements it asks, with what they took; of kinds that ask any."""


@dataclass(frozen=True, slots=True, eq=False)
class EngineHealth:
    """How the engine itself does: late and skipped runs since start, its loop's lag in seconds."""

    checks: int
    runs: int
    late: int
    skipped: int
    lag: float
    tick: float
    series: int
    samples: int
    store_bytes: int
    evaluation: float = 0.0
    """Seconds that all rules took, each the last time."""
    missed: int = 0
    """Evaluations of groups of rules left out since the start."""
    notice: str = ""
    """A sentence about the engine itself (a broken reload, a clock that jumped)."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """One picture of everything, at ``time``.

    Checks, alerts and queues are in the order they are shown: alerts of checks and of rules as
    :func:`checks.alerts.of_checks.alerts_of` says (pending ones last), checks as their alerts and
    then as configured, queues worst first; what did not change is the same object as in the
    picture before.
    """

    time: float
    hostname: str
    window: float
    checks: tuple[CheckView, ...]
    requests: tuple[RequestView, ...]
    queues: tuple[QueueView, ...]
    hosts: tuple[HostView, ...]
    alerts: tuple[AlertView, ...]
    events: tuple[EventView, ...]
    health: EngineHealth
    databases: tuple[DatabaseView, ...] = ()
    details: CheckDetails | None = None
    host: HostDetail | None = None
    """Of the machine that somebody looks at."""
    source: str = "live"
    rules: RulesView | None = None
    """None until rules are loaded, and where none are."""
    query: QueryView | None = None
    """What came of the query that somebody looks at."""
    runbooks: RunbooksView | None = None
    """None until they are read."""
    story: StoryView | None = None
    """None until its file is read, and where none is kept."""
    logs: LogsView | None = None
    """The records that somebody looks at."""
    dashboards: tuple[DashboardName, ...] = ()
    """Those that can be shown."""
    dashboard: DashboardView | None = None
    """The one that somebody looks at."""
    objectives: tuple[ObjectiveView, ...] = ()
    """What is promised, as configured, and how it stands."""
    capacity: tuple[CapacityView, ...] = ()
    """What fills or grows, and where it is going."""
    baseline: Baseline | None = None
    """The figures of a good day, where some are saved."""

    def check(self, name: str) -> CheckView | None:
        """The check called ``name``."""
        return next((check for check in self.checks if check.name == name), None)
