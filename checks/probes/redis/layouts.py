"""Where the libraries that keep queues in Redis keep them, and where what waits longest is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from checks.probes.redis.config import KeySource, Queue

__all__ = ["Oldest", "QueuePlan", "plan_queues"]

# kombu.transport.redis: a queue's lists for the priorities 3, 6 and 9 beside that for 0.
_CELERY_PRIORITIES: Final = ("", "\x06\x163", "\x06\x166", "\x06\x169")
_BY_KEYS: Final = (
    "its items' layout is not known: layout: laravel, sidekiq, bull or rq, where it is one of "
    "these, tells where they keep the time"
)
_UNORDERED: Final = "what waits has no order in a {kind}, so that none is the oldest"
_CELERY: Final = "Celery's messages do not say when they were sent"
_GROUP: Final = "a stream's group does not tell when what it has not delivered yet came"


@dataclass(frozen=True, slots=True)
class Oldest:
    """Where the item that has waited longest is: at ``index`` of the list ``key``, or first in
    the stream of that key.

    ``fields`` are the names under which the item, a JSON object, may keep the time. Where it
    is an id instead, the hash ``of_id`` followed by the id keeps it in ``field``.
    """

    kind: Literal["list", "stream"]
    key: str
    index: int = 0
    fields: tuple[str, ...] = ()
    of_id: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """One queue and the keys of its figures; a figure is the sum of its keys'.

    ``ageless`` says why the age of its oldest item cannot be told, where ``oldest`` is None.
    """

    name: str
    size: tuple[KeySource, ...] = ()
    processing: tuple[KeySource, ...] = ()
    failed: tuple[KeySource, ...] = ()
    delayed: tuple[KeySource, ...] = ()
    celery: bool = False
    warning: int | None = None
    critical: int | None = None
    oldest: Oldest | None = None
    ageless: str = ""

    def sources(self) -> tuple[KeySource, ...]:
        """Every key of the queue, size first, then in the order of the fields."""
        return self.size + self.processing + self.failed + self.delayed


def plan_queues(queues: Sequence[Queue]) -> tuple[QueuePlan, ...]:
    """The queues that ``queues`` stand for, layouts spelled out."""
    return tuple(plan for queue in queues for plan in _plans(queue))


def _plans(queue: Queue) -> Iterator[QueuePlan]:
    bare = QueuePlan("", warning=queue.warning, critical=queue.critical)
    if queue.size is not None:
        yield _by_keys(bare, queue, queue.size)
    yield from _celery(bare, queue.names("celery"), queue.prefix)
    for layout, plan in (
        ("laravel", _laravel),
        ("sidekiq", _sidekiq),
        ("bull", _bull),
        ("rq", _rq),
    ):
        yield from (plan(bare, name, queue.prefix) for name in queue.names(layout))


def _by_keys(bare: QueuePlan, queue: Queue, size: KeySource) -> QueuePlan:
    oldest, ageless = None, _UNORDERED.format(kind=size.kind)
    if size.kind == "list":
        ageless = _BY_KEYS
    elif size.kind == "value":
        ageless = "its size is a number that an application counts"
    elif size.kind == "stream" and size.group:
        ageless = _GROUP
    elif size.kind == "stream":
        oldest, ageless = Oldest("stream", size.key), ""
    return replace(
        bare,
        name=queue.name,
        size=(size,),
        processing=(queue.processing,) if queue.processing else (),
        failed=(queue.failed,) if queue.failed else (),
        oldest=oldest,
        ageless=ageless,
    )


def _celery(bare: QueuePlan, names: Sequence[str], prefix: str) -> Iterator[QueuePlan]:
    unacked = (KeySource(hash=f"{prefix}unacked"),)
    for name in names:
        lists = tuple(KeySource(list=f"{prefix}{name}{step}") for step in _CELERY_PRIORITIES)
        own = unacked if len(names) == 1 else ()
        yield replace(bare, name=name, size=lists, processing=own, celery=True, ageless=_CELERY)
    if len(names) > 1:
        yield QueuePlan("unacked", processing=unacked, ageless=_CELERY)


def _laravel(bare: QueuePlan, name: str, prefix: str) -> QueuePlan:
    key = f"{prefix}queues:{name}"
    return replace(
        bare,
        name=name,
        size=(KeySource(list=key),),
        processing=(KeySource(zset=f"{key}:reserved"),),
        delayed=(KeySource(zset=f"{key}:delayed"),),
        # Pushed at the right, taken at the left. pushedAt is Horizon's.
        oldest=Oldest("list", key, 0, ("pushedAt", "createdAt")),
    )


def _sidekiq(bare: QueuePlan, name: str, prefix: str) -> QueuePlan:
    key = f"{prefix}queue:{name}"
    oldest = Oldest("list", key, -1, ("enqueued_at", "created_at"))
    return replace(bare, name=name, size=(KeySource(list=key),), oldest=oldest)


def _bull(bare: QueuePlan, name: str, prefix: str) -> QueuePlan:
    key = f"{prefix or 'bull:'}{name}:"
    return replace(
        bare,
        name=name,
        size=(KeySource(list=f"{key}wait"),),
        processing=(KeySource(list=f"{key}active"),),
        failed=(KeySource(zset=f"{key}failed"),),
        delayed=(KeySource(zset=f"{key}delayed"),),
        oldest=Oldest("list", f"{key}wait", -1, of_id=key, field="timestamp"),
    )


def _rq(bare: QueuePlan, name: str, prefix: str) -> QueuePlan:
    def key(what: str) -> str:
        return f"{prefix}rq:{what}:{name}"

    return replace(
        bare,
        name=name,
        size=(KeySource(list=key("queue")),),
        processing=(KeySource(zset=key("wip")),),
        failed=(KeySource(zset=key("failed")),),
        delayed=(KeySource(zset=key("scheduled")),),
        oldest=Oldest("list", key("queue"), 0, of_id=f"{prefix}rq:job:", field="enqueued_at"),
    )
