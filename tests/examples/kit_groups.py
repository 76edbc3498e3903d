"""A few groups of an example's rules, seldom evaluated: for conditions that take a day."""

from __future__ import annotations

from dataclasses import replace

from checks.config import EngineConfig

__all__ = ["only_groups"]


def only_groups(config: EngineConfig, seconds: float, *names: str) -> EngineConfig:
    """``config`` with the groups of these names alone, evaluated every ``seconds``."""
    rules = config.rules
    assert rules is not None
    kept = [group for group in rules.groups if group.name in names]
    assert len(kept) == len(names), f"no such group: {names}"
    seldom = tuple(replace(group, interval=round(seconds * 1000)) for group in kept)
    return replace(config, rules=replace(rules, groups=seldom))
