"""Numbers that an application keeps in Redis, as metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from checks.model import Part, SampleBuilder, Status
from checks.probes.redis.config import Value
from checks.probes.redis.reply import Command, ErrorReply, as_text, parse_number

__all__ = ["judge_values", "value_command"]

_BOUND: Final = 63
"""Last byte of a string that is read for a number."""


def value_command(value: Value) -> Command:
    """The command that reads ``value``: of a string what a number needs, a hash's field whole."""
    if value.field is not None:
        return ("HGET", value.key, value.field)
    return ("GETRANGE", value.key, 0, _BOUND)


def judge_values(
    values: Sequence[Value], replies: Sequence[object], out: SampleBuilder
) -> list[tuple[Part, str]]:
    """Add a sample for each number found; return a part with its reason for each other."""
    found: list[tuple[Part, str]] = []
    for value, reply in zip(values, replies, strict=True):
        number, problem, reason = _read(value, reply)
        if number is not None:
            out.add(value.metric, number, value.labels)
            continue
        message = f"{value.metric}: {problem}"
        found.append((Part(f"value {value.metric}", Status.UNKNOWN, message), reason))
    return found


def _read(value: Value, reply: object) -> tuple[float | None, str, str]:
    """The number, or the sentence and the reason why there is none."""
    what = f'key "{value.key}"'
    if value.field is not None:
        what = f'field "{value.field}" of {what}'
    if isinstance(reply, ErrorReply):
        return None, *_refused(value, what, reply)
    text = "" if reply is None else as_text(reply)
    if not text:
        return None, f"{what} is missing or empty", "missing"
    number = parse_number(text)
    if number is None:
        return None, f'{what} holds "{text[:40]}", not a number', "config"
    return number, "", ""


def _refused(value: Value, what: str, reply: ErrorReply) -> tuple[str, str]:
    if reply.code == "WRONGTYPE":
        hint = "it is no hash" if value.field is not None else "a hash needs field:"
        return f"{what} is of another type; {hint}", "config"
    if reply.code == "NOPERM":
        command = "hget" if value.field is not None else "getrange"
        sentence = (
            f"no permission to read {what} ({reply.text}): "
            f"grant it with ACL SETUSER <user> +{command} ~{value.key}"
        )
        return sentence, "permission"
    return f"{what} cannot be read: {reply}", "protocol"
