"""Replacement texts with ``$1`` and ``${name}``, as Go's regexp.Expand understands them."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["expanded"]

_REFERENCE: Final = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")
"""``\\w`` is letters, digits and the underscore of all scripts, as Go's names are."""
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,8}")


def expanded(template: str, found: re.Match[str]) -> str:
    """``template`` with its references replaced by what ``found`` captured.

    A group that is not there, or took no part, gives nothing; ``$$`` is a dollar; a dollar
    that begins no reference stays.
    """
    if "$" not in template:
        return template
    return _REFERENCE.sub(lambda reference: _value(reference, found), template)


def _value(reference: re.Match[str], found: re.Match[str]) -> str:
    dollar, braced, plain = reference.groups()
    if dollar:
        return "$"
    name = braced or plain
    if not _NUMBER.fullmatch(name):
        return found.groupdict().get(name) or ""
    number = int(name)
    return (found.group(number) or "") if number <= found.re.groups else ""
