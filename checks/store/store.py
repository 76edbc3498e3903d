"""Blocks by check, and an index of their series by name and label."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

from checks.model import Samples, Series
from checks.store.abreast import Abreast
from checks.store.block import Block
from checks.store.groups import BlockGroup, Group, Groups, MergedGroup, labels_of
from checks.store.matching import Matcher

__all__ = ["Matcher", "Store"]

SELECTIONS: Final = 2000
"""How many selectors' series are remembered."""
LARGEST: Final = 24 << 20
"""Bytes that a block may come to by being kept longer than the others."""
TOGETHER: Final = 16_384
"""How many series are in a group at most. Groups are read one after the other, which bounds the
memory; smaller ones are slower, since the columns of a part are not contiguous in the block."""


SIDE_BY_SIDE: Final = 64
"""How many sets of blocks are remembered that are read side by side."""

_Selection = tuple[str, tuple[Matcher, ...]]
_Names = tuple[str, tuple[str, ...]]


class Store:
    """All samples held. ``retention`` is in seconds; ``longer`` has more of them for the names of
    single blocks, as far as these stay small.

    Used from the engine's thread alone.
    """

    def __init__(self, retention: float = 3600.0) -> None:
        self.retention = retention
        self.longer: Mapping[str, float] = {}
        self._blocks: dict[str, Block] = {}
        self._homes: dict[Series, tuple[Block, ...]] = {}
        self._by_name: dict[str, dict[Series, None]] = {}
        self._by_label: dict[tuple[str, str], set[Series]] = {}
        self._change = 0
        self._changes: dict[str, int] = {}
        """By metric the number of its last change, and by "" that of all; those that there are."""
        self._chosen: dict[_Selection, tuple[int, Mapping[Block, tuple[Series, ...]]]] = {}
        self._groups: dict[_Selection, tuple[int, Groups]] = {}
        self._abreast: dict[tuple[Block, ...], Abreast] = {}
        self._together: dict[_Names, tuple[tuple[int, ...], tuple[Series, ...]]] = {}

    def append(self, check: str, interval: float, time: float, samples: Samples) -> None:
        """Add one run of ``check`` at ``time`` (seconds), which runs every ``interval`` seconds."""
        block = self._blocks.get(check)
        if block is None:
            block = self._blocks[check] = Block(check, interval)
        elif block.interval != interval:
            block.set_interval(interval)
        home = (block,)  # one for all of them: most series have no other
        for series in block.append(time, samples):
            self._enter(series, home)

    def _enter(self, series: Series, home: tuple[Block]) -> None:
        homes = self._homes.get(series)
        self._homes[series] = home if homes is None else homes + home
        self._changed(series.name)
        if homes is not None:
            return
        self._by_name.setdefault(series.name, {})[series] = None
        for pair in series.labels:
            self._by_label.setdefault(pair, set()).add(series)

    def _leave(self, series: Series, block: Block) -> None:
        homes = tuple(one for one in self._homes[series] if one is not block)
        self._changed(series.name)
        if homes:
            self._homes[series] = homes
            return
        del self._homes[series]
        named = self._by_name[series.name]
        del named[series]
        if not named:
            # Targets may have ever new ones: what has no number is not what it was, either.
            del self._by_name[series.name], self._changes[series.name]
        for pair in series.labels:
            labelled = self._by_label[pair]
            labelled.discard(series)
            if not labelled:
                del self._by_label[pair]

    def expire(self, now: float) -> None:
        """Forget what is older than the retention, or than :attr:`longer` says of its block."""
        for block in self._blocks.values():
            for series in block.expire(now - self._kept(block)):
                self._leave(series, block)

    def _kept(self, block: Block) -> float:
        """Seconds that ``block`` is kept: as long as is wished, while it is not too large."""
        wished = self.longer.get(block.name, 0.0)
        if wished <= self.retention:
            return self.retention
        return max(self.retention, wished * min(1.0, LARGEST / max(1, block.nbytes)))

    def drop(self, check: str) -> None:
        """Forget everything of ``check``."""
        block = self._blocks.pop(check, None)
        if block is not None:
            for series in list(block.series):
                self._leave(series, block)
            self._forget(block)

    def _forget(self, block: Block) -> None:
        """Have no selection hold ``block``, which may never be asked for again."""
        self._abreast.clear()
        self._chosen = {key: held for key, held in self._chosen.items() if block not in held[1]}
        self._groups = {
            key: held
            for key, held in self._groups.items()
            if not any(_reads(group, block) for group in held[1])
        }

    def block(self, check: str) -> Block | None:
        """The block of ``check``."""
        return self._blocks.get(check)

    def select(self, name: str, matchers: Sequence[Matcher] = ()) -> dict[Block, list[Series]]:
        """The series of metric ``name`` that match, by the block that holds them.

        An empty ``name`` selects by matchers alone.
        """
        found: Iterable[Series] = self._by_name.get(name, {}) if name else self._homes
        rest = []
        for matcher in matchers:
            if matcher.op == "=" and matcher.value:
                labelled = self._by_label.get((matcher.label, matcher.value), set())
                found = [series for series in found if series in labelled]
            else:
                rest.append(matcher)
        for matcher in rest:
            found = matcher.keep(found)
        chosen: dict[Block, list[Series]] = {}
        for series in found:
            for block in self._homes[series]:
                chosen.setdefault(block, []).append(series)
        return chosen

    def chosen(
        self, name: str, matchers: tuple[Matcher, ...] = ()
    ) -> Mapping[Block, tuple[Series, ...]]:
        """As :meth:`select`; the same objects again while no such series came or went."""
        change = self._changes.get(name, 0)
        held = self._chosen.get((name, matchers))
        if held is None or held[0] != change:
            if len(self._chosen) >= SELECTIONS:
                self._chosen.clear()
            found = {block: tuple(each) for block, each in self.select(name, matchers).items()}
            held = self._chosen[name, matchers] = (change, found)
        return held[1]

    def together(self, check: str, names: tuple[str, ...]) -> tuple[Series, ...]:
        """The series of ``check`` of the metrics ``names``, a metric after the other.

        The same object again while no such series came or went.
        """
        change = tuple(self._changes.get(name, 0) for name in names)
        held = self._together.get((check, names))
        if held is None or held[0] != change:
            if len(self._together) >= SELECTIONS:
                self._together.clear()
            block = self._blocks.get(check)
            found = [self.chosen(name).get(block, ()) for name in names] if block else []
            held = self._together[check, names] = (change, tuple(chain.from_iterable(found)))
        return held[1]

    def groups(self, name: str, matchers: tuple[Matcher, ...] = ()) -> tuple[Group, ...]:
        """The series of metric ``name`` that match, in groups with common timestamps.

        The same objects again while no such series came or went. No series is in two groups. An
        empty ``name`` selects by matchers alone.
        """
        change = self._changes.get(name, 0)
        held = self._groups.get((name, matchers))
        if held is not None and held[0] == change:
            return held[1]
        made = self._grouped(name, matchers)
        before = held[1] if held is not None else ()
        kept = {(one.block, one.series): one for one in before if isinstance(one, BlockGroup)}
        groups = Groups.of(
            (
                kept.get((one.block, one.series), one) if isinstance(one, BlockGroup) else one
                for one in made
            ),
            self._side_by_side,
        )
        if len(self._groups) >= SELECTIONS:
            self._groups.clear()
        self._groups[name, matchers] = (change, groups)
        return groups

    def _side_by_side(self, blocks: tuple[Block, ...]) -> Abreast:
        """The same for all selections that are of ``blocks``."""
        found = self._abreast.get(blocks)
        if found is None:
            if len(self._abreast) >= SIDE_BY_SIDE:
                self._abreast.clear()
            found = self._abreast[blocks] = Abreast(blocks)
        return found

    def _grouped(self, name: str, matchers: tuple[Matcher, ...]) -> list[Group]:
        chosen = self.chosen(name, matchers)
        shared = [one for one in chain.from_iterable(chosen.values()) if len(self._homes[one]) > 1]
        made: list[Group] = []
        for block, found in chosen.items():
            series = found
            if shared:
                series = tuple(one for one in found if len(self._homes[one]) == 1)
            for at in range(0, len(series), TOGETHER):
                some = series[at : at + TOGETHER]
                made.append(BlockGroup(block, some, labels_of(some)))
        merged = (
            MergedGroup(self._homes[one], (one,), labels_of((one,)))
            for one in dict.fromkeys(shared)
        )
        return [*made, *merged]

    def _changed(self, name: str) -> None:
        """A series of metric ``name`` came or went."""
        self._change += 1
        self._changes[name] = self._changes[""] = self._change

    @property
    def names(self) -> Collection[str]:
        """Every metric name held."""
        return self._by_name.keys()

    def has(self, name: str) -> bool:
        """Whether any series of the metric ``name`` is held."""
        return name in self._by_name

    @property
    def label_names(self) -> Iterable[str]:
        """Every label's name held."""
        return {name for name, _ in self._by_label}

    @property
    def changes(self) -> int:
        """Another number whenever a series has come or gone."""
        return self._changes.get("", 0)

    @property
    def oldest(self) -> int | None:
        """Milliseconds of the oldest row held; None while there is none."""
        begins = (block.oldest() for block in self._blocks.values())
        return min((one for one in begins if one is not None), default=None)

    @property
    def series_count(self) -> int:
        return len(self._homes)

    @property
    def sample_count(self) -> int:
        return sum(block.samples for block in self._blocks.values())

    @property
    def nbytes(self) -> int:
        """Bytes of the columns and timestamps; the index is not counted."""
        return sum(block.nbytes for block in self._blocks.values())


def _reads(group: Group, block: Block) -> bool:
    if isinstance(group, MergedGroup):
        return block in group.blocks
    return isinstance(group, BlockGroup) and group.block is block
