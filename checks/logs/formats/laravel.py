"""Monolog's lines as Laravel writes them: ``[2024-12-26 10:00:00] production.ERROR: message {…}``.

The context stands at the end as JSON; an exception's stack trace is within it, over many lines.
Its fields are called as in Monolog's JSON: ``channel level_name context.user_id extra.…``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from checks.logs.formats.base import MESSAGE_LENGTH, Maker, is_plain, is_tidy, text_of, tidied
from checks.logs.formats.jsonlines import decoded, flat
from checks.logs.levels import level_of
from checks.logs.model import Record, Value
from checks.model import clean

__all__ = ["LARAVEL_HEAD", "Laravel"]

LARAVEL_HEAD = re.compile(r"\[(\d{4}-\d\d-\d\d[T ][^\]]{8,24})\] ([\w.-]{1,80})\.([A-Z]{3,10}): ?")
_CONTEXT: Final = ' {"'
_TRIES: Final = 5
"""Places of a message that may begin its context; a message may have braces of its own."""


class Laravel:
    """Records of Monolog's LineFormatter."""

    name = "laravel"
    alone = False

    def read(self, line: str, more: Sequence[str], to: Maker) -> Record | None:
        found = LARAVEL_HEAD.match(line)
        if found is None:
            return None
        when, channel, level = found.groups()
        body = line[found.end() :]
        fields: dict[str, Value] = {"channel": channel, "level_name": level}
        if _CONTEXT in body:
            body = _without_context(body, more, fields)
        elif body.endswith(" []"):
            body = body.removesuffix(" []").removesuffix(" []")
        if more or not is_tidy(line) or "\\" in line:
            fields = tidied(fields)
        message = body if is_plain(body) else clean(body, MESSAGE_LENGTH)
        text = text_of(line, more)
        return to.of_parts(
            to.times.read(when, to.now), level_of(level), message.strip(), fields, text
        )


def _without_context(body: str, more: Sequence[str], fields: dict[str, Value]) -> str:
    """The message alone; what stands in its context goes into ``fields``."""
    whole = "\n".join((body, *more)) if more else body
    at = -1
    for _ in range(_TRIES):
        at = body.find(_CONTEXT, at + 1)
        if at < 0:
            break
        found = decoded(whole, at + 1)
        if found is not None:
            fields.update(flat(found[0], "context."))
            if whole.startswith(_CONTEXT, found[1]):
                extra = decoded(whole, found[1] + 1)
                fields.update(flat(extra[0], "extra.") if extra is not None else {})
            return body[:at]
    # A stack trace whose end was cut off; the first line says what happened all the same.
    return body.partition(' {"exception"')[0]
