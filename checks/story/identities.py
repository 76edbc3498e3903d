"""What tells alerts apart over restarts: their ids without when they began. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["identity", "name_in", "of_rule"]

_BEGAN = re.compile(r"@\d+(?:\.\d+)?(?=\{|$)")


@lru_cache(maxsize=8192)
def identity(alert: str) -> str:
    """What an alert's id and that of the same alert before or after have in common: the check, or
    the rule and the labels, without when it began.
    """
    return _BEGAN.sub("", alert, count=1)


def of_rule(key: str) -> bool:
    """Whether an identity is that of a rule's alert: a rule's key has such parts."""
    return key.partition("{")[0].count(";") >= 3


def name_in(key: str) -> str:
    """The rule's name in an identity, or the check's."""
    return key.partition("{")[0].split(";")[-3] if of_rule(key) else key
