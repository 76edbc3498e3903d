"""Queues kept in Redis: which commands read them, and what the replies mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from checks.model import Part, SampleBuilder, Status
from checks.probes.redis.config import KeySource
from checks.probes.redis.layouts import QueuePlan
from checks.probes.redis.reply import Command, ErrorReply, as_count, as_text, parse_number

__all__ = ["Figure", "judge_queues", "queue_commands", "read_figure"]

_COUNT: Final = {
    "list": "LLEN",
    "set": "SCARD",
    "zset": "ZCARD",
    "hash": "HLEN",
    "stream": "XLEN",
}
_NOUN: Final = {
    "list": "a list",
    "set": "a set",
    "zset": "a sorted set",
    "hash": "a hash",
    "stream": "a stream",
    "value": "a string",
}
_VALUE_BOUND: Final = 63
"""Last byte of a string that is read for a number."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What one key said: a count, or the sentence that says why there is none.

    ``pending`` and ``lag`` are of a stream's group: delivered and not acknowledged, and
    not yet delivered; ``length`` is the whole stream's.
    """

    count: float | None = None
    problem: str = ""
    reason: str = ""
    length: float | None = None
    pending: float | None = None
    lag: float | None = None

    def __add__(self, other: Figure) -> Figure:
        if self.problem or other.problem:
            return self if self.problem else other
        return Figure((self.count or 0) + (other.count or 0))


def queue_commands(plans: Sequence[QueuePlan]) -> list[Command]:
    """The commands that read the queues of ``plans``, in the order :func:`judge_queues` expects."""
    sources = (source for plan in plans for source in plan.sources())
    return [command for source in sources for command in source_commands(source)]


def source_commands(source: KeySource) -> list[Command]:
    """The commands that read one key's figure."""
    if source.kind == "value":
        return [("GETRANGE", source.key, 0, _VALUE_BOUND)]
    count: Command = (_COUNT[source.kind], source.key)
    if source.group is not None:
        return [count, ("XINFO", "GROUPS", source.key)]
    return [count]


def read_figure(source: KeySource, replies: Sequence[object]) -> Figure:
    """What ``replies`` to :func:`source_commands` say; a missing key counts nothing."""
    reply = replies[0]
    if isinstance(reply, ErrorReply):
        return _refused(source, reply)
    if source.kind == "value":
        return _value(source, as_text(reply))
    count = as_count(reply)
    if count is None:
        return Figure(problem=f'key "{source.key}" gave no number', reason="protocol")
    length = count if source.kind == "stream" else None
    if source.group is None or _absent(replies[1]):
        return Figure(count, length=length)
    return _group(source, source.group, count, replies[1])


def _absent(reply: object) -> bool:
    """Whether XINFO says that there is no such key: an empty stream, not a wrong one."""
    return isinstance(reply, ErrorReply) and reply.code == "ERR"


def _refused(source: KeySource, reply: ErrorReply) -> Figure:
    if reply.code == "WRONGTYPE":
        kinds = "list, set, zset, hash, stream or value"
        return Figure(
            problem=f'key "{source.key}" is not {_NOUN[source.kind]}: '
            f"say which of {kinds} it is (TYPE tells)",
            reason="config",
        )
    if reply.code == "NOPERM":
        return Figure(
            problem=f'no permission to read key "{source.key}" ({reply.text}): '
            f"grant it with ACL SETUSER <user> +@read ~{source.key}",
            reason="permission",
        )
    return Figure(problem=f'key "{source.key}" cannot be read: {reply}', reason="protocol")


def _value(source: KeySource, text: str) -> Figure:
    if not text:
        return Figure(0)
    number = parse_number(text)
    if number is None:
        return Figure(problem=f'key "{source.key}" holds "{text}", not a number', reason="config")
    return Figure(number)


def _group(source: KeySource, name: str, length: int, reply: object) -> Figure:
    if isinstance(reply, ErrorReply):
        return replace(_refused(source, reply), length=length)
    for group in reply if isinstance(reply, list) else ():
        fields = dict(zip(map(as_text, group[::2]), group[1::2], strict=False))
        if as_text(fields.get("name", "")) == name:
            lag = as_count(fields.get("lag"))
            pending = as_count(fields.get("pending"))
            count = length if lag is None else lag
            return Figure(count, length=length, pending=pending, lag=lag)
    return Figure(
        problem=f'stream "{source.key}" has no group "{name}"', reason="config", length=length
    )


def judge_queues(
    plans: Sequence[QueuePlan],
    replies: Sequence[object],
    db: int,
    out: SampleBuilder,
    sizes: dict[str, float] | None = None,
) -> list[tuple[Part, str]]:
    """Add the samples of every queue; return a part with its reason for each in trouble.

    ``replies`` are those to the commands of all ``plans``, in order; ``db`` is the
    number of the database they live in. ``sizes`` is given what waits, by queue.
    """
    rest = iter(replies)
    found: list[tuple[Part, str]] = []
    for plan in plans:
        figures: dict[str, Figure] = {}
        for what in ("size", "processing", "failed", "delayed"):
            sources: tuple[KeySource, ...] = getattr(plan, what)
            for source in sources:
                figure = read_figure(source, [next(rest) for _ in source_commands(source)])
                figures[what] = figures[what] + figure if what in figures else figure
                _add_stream(out, source, figure, db)
        _add_queue(out, plan, figures)
        size = figures.get("size")
        if sizes is not None and size is not None and size.count is not None:
            sizes[plan.name] = size.count
        found.extend(_trouble(plan, figures))
    return found


def _add_queue(out: SampleBuilder, plan: QueuePlan, figures: dict[str, Figure]) -> None:
    label = {"queue": plan.name}
    for what, figure in figures.items():
        out.add(f"queue_{what}", figure.count, label)
    size = figures.get("size")
    if size is None:
        return
    if "processing" not in figures:
        out.add("queue_processing", size.pending, label)
    if plan.celery:
        out.add("celery_queue_length", size.count, {"queue_name": plan.name})


def _add_stream(out: SampleBuilder, source: KeySource, figure: Figure, db: int) -> None:
    if source.kind != "stream":
        return
    labels = {"db": f"db{db}", "stream": source.key}
    out.add("redis_stream_length", figure.length, labels)
    if source.group is not None:
        labels = {**labels, "group": source.group}
        out.add("redis_stream_group_messages_pending", figure.pending, labels)
        out.add("redis_stream_group_lag", figure.lag, labels)


def _trouble(plan: QueuePlan, figures: dict[str, Figure]) -> Iterator[tuple[Part, str]]:
    name = f"queue {plan.name}"
    problem = next((f for f in figures.values() if f.problem), None)
    if problem is not None:
        yield Part(name, Status.UNKNOWN, f"queue {plan.name}: {problem.problem}"), problem.reason
        return
    size = figures.get("size")
    if size is None or size.count is None:
        return
    for status, bound in ((Status.CRITICAL, plan.critical), (Status.WARNING, plan.warning)):
        if bound is not None and size.count > bound:
            message = f"queue {plan.name}: {size.count:,.0f} waiting, more than {bound:,}"
            yield Part(name, status, message, f"{size.count:,.0f}"), "limit"
            return
