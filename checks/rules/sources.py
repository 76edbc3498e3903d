"""Where what rules write comes from: by which rule, of what it reads, and of when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from checks.promql.ast import Selector
from checks.rules.model import RecordRule, RuleGroup
from checks.rules.selectors import Read, reads

__all__ = ["NO_SOURCES", "Recording", "Sources", "behind", "block_of", "of_alerts", "sources_of"]

_NONE: Final[frozenset[str]] = frozenset()
_ALERTS: Final = frozenset({"ALERTS", "ALERTS_FOR_STATE"})


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording rule, which writes into the block ``block`` every ``interval`` milliseconds.

    ``reads`` are its selectors, ``labels`` those that it sets itself: they say nothing of where
    its samples come from.
    """

    block: str
    interval: int
    reads: tuple[Read, ...]
    labels: frozenset[str] = _NONE


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """What rules write.

    Attributes:
        recordings: the recording rules by the metric that they record.
        alerting: the blocks of the alerting rules.
        evaluated: as of when (milliseconds) a rule was last evaluated without an error, by its
            block. What it did not write then was not there.
    """

    recordings: Mapping[str, tuple[Recording, ...]] = field(default_factory=dict)
    alerting: tuple[str, ...] = ()
    evaluated: dict[str, int] = field(default_factory=dict)
    _reached: dict[str, frozenset[str]] = field(default_factory=dict)

    def reached(self, recording: Recording) -> frozenset[str]:
        """The blocks of all recording rules that ``recording`` may read from, in turn too: its own
        is among them where it reads what it writes.
        """
        found = self._reached.get(recording.block)
        if found is None:
            seen, waiting = set[str](), [recording]
            while waiting:
                more = [one for one in self._read_by(waiting.pop()) if one.block not in seen]
                seen.update(one.block for one in more)
                waiting += more
            found = self._reached[recording.block] = frozenset(seen)
        return found

    def _read_by(self, recording: Recording) -> Iterator[Recording]:
        names = {read.selector.name for read in recording.reads}
        # A selector without a name may choose any.
        for name in self.recordings if "" in names else names:
            yield from self.recordings.get(name, ())


NO_SOURCES: Final = Sources()


def block_of(group: RuleGroup, at: int) -> str:
    """The name of the block of the rule at place ``at`` of ``group``."""
    return f"rules/{group.key}/{at}"


def of_alerts(selector: Selector) -> bool:
    """Whether ``selector`` reads what alerting rules write, and nothing else."""
    return selector.name in _ALERTS


def sources_of(groups: Iterable[RuleGroup], interval: int) -> Sources:
    """What the rules of ``groups`` write; those without an interval have ``interval``."""
    found: dict[str, tuple[Recording, ...]] = {}
    alerting: list[str] = []
    for group in groups:
        every = group.interval or interval
        for at, rule in enumerate(group.rules):
            block = block_of(group, at)
            if not isinstance(rule, RecordRule):
                alerting.append(block)
                continue
            read = reads(rule.expression.root, rule.expression.text)
            labels = frozenset(name for name, _ in rule.labels)
            one = Recording(block, every, read, labels)
            found[rule.name] = (*found.get(rule.name, ()), one)
    return Sources(found, tuple(alerting))


def behind(
    reads: Iterable[Read],
    recordings: Mapping[str, Sequence[Recording]],
    seen: frozenset[str] = _NONE,
) -> Iterator[Read]:
    """What the ``recordings`` read that ``reads`` take their samples from, in turn too."""
    for read in reads:
        name = read.selector.name
        if name in recordings and name not in seen:
            moved = [
                replace(one, back=one.back + read.back, offset=one.offset + read.offset)
                for recording in recordings[name]
                for one in recording.reads
            ]
            yield from moved
            yield from behind(moved, recordings, seen | {name})
