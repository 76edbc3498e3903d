"""What the store has for the selectors of an expression: whether samples, and how far back.

A selector is narrowed to an alert by the labels ``job`` and ``instance``, where its series have
these at all: a metric without them is everybody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from checks.alerts.model import SCOPE, Pairs
from checks.model import Series
from checks.rules.selectors import Read, written
from checks.rules.sources import NO_SOURCES, Recording, Sources, of_alerts
from checks.store.block import Block, is_stale
from checks.store.matching import Matcher
from checks.store.store import Store

__all__ = ["Coverage", "nobody_doubts"]

Chosen: TypeAlias = Mapping[Block, Sequence[Series]]
_Recorded: TypeAlias = "dict[tuple[str, int, frozenset[str]], Coverage]"
"""What recording rules read, by their block, the time, and on whose behalf it is asked."""
_EVER: Final = -(1 << 62)
"""Earlier than any sample."""


def nobody_doubts(check: str) -> bool:
    """Where nothing is known of how checks did."""
    del check
    return True


class Coverage:
    """What ``store`` has at ``at`` (milliseconds) for the ``reads`` of one expression.

    ``judges`` tells of a check by its name whether its last run could judge, ``sources`` where
    what rules write comes from; ``within`` are the blocks of the recording rules that it is asked
    on behalf of, and ``recorded`` what those that are asked so share.
    """

    def __init__(
        self,
        store: Store,
        reads: Sequence[Read],
        at: int,
        judges: Callable[[str], bool] = nobody_doubts,
        *,
        sources: Sources = NO_SOURCES,
        within: frozenset[str] = frozenset(),
        recorded: _Recorded | None = None,
    ) -> None:
        self._store = store
        self._reads = reads
        self._at = at
        self._judges = judges
        self._sources = sources
        self._within = within
        self._selected: dict[int, Chosen] = {}
        self._whole: dict[int, bool] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        self._grouped: dict[tuple[int, tuple[str, ...]], Mapping[tuple[str, ...], Chosen]] = {}
        self._sampled: dict[tuple[int, int], bool] = {}
        """By a read and the identity of what is chosen of it, which is held above: alerts of one
        target ask for the same."""
        self._heard: dict[tuple[int, Pairs, int, tuple[str, ...]], bool] = {}
        """Whether the checks of a read have answered, by its scope, since when and their names."""
        self._named: dict[tuple[Pairs, tuple[int, ...]], tuple[str, ...]] = {}
        """The checks of reads, by the scope and which are watched: alerts of one target have the
        same."""
        self._recorded: _Recorded = {} if recorded is None else recorded

    def watched(self, scope: Pairs) -> tuple[int, ...]:
        """Which reads have samples for ``scope``: those whose silence would say something.

        Counted from 0. Where none has any that is narrowed, those that have some at all, counted
        down from -1.
        """
        usable = [at for at, read in enumerate(self._reads) if not read.vetoes]
        narrowed = tuple(at for at in usable if self._has_samples(at, self._narrowed(at, scope)))
        if narrowed:
            return narrowed
        return tuple(-at - 1 for at in usable if self._has_samples(at, self._select(at)))

    def checks(self, scope: Pairs, watched: Sequence[int]) -> tuple[str, ...]:
        """The checks that the samples of the ``watched`` reads come from, by way of recording
        rules too.
        """
        key = scope, tuple(watched)
        names = self._named.get(key)
        if names is None:
            names = self._named[key] = self._checks(*key)
        return names

    def _checks(self, scope: Pairs, watched: tuple[int, ...]) -> tuple[str, ...]:
        ups, found = self._store.chosen("up"), dict[str, None]()
        for code in watched:
            at, narrowed = (code, scope) if code >= 0 else (-code - 1, ())
            found |= {block.name: None for block in self._chosen(at, narrowed) if block in ups}
            for one in self._recordings(at, narrowed):
                if one.block in self._within:
                    continue
                behind, every = self._behind(one, self._at), range(len(one.reads))
                found |= dict.fromkeys(behind.checks(_but_for(narrowed, one.labels), every))
        return tuple(found)

    def known(self, scope: Pairs, seen: int, checks: tuple[str, ...]) -> bool:
        """Whether each read that counts has samples for ``scope``, or is known to have none, as
        :meth:`silent` has it.
        """
        return all(
            read.vetoes
            or self._has_samples(at, self._narrowed(at, scope))
            or self._answered(at, scope, seen, checks)
            for at, read in enumerate(self._reads)
        )

    def silent(
        self, scope: Pairs, watched: Sequence[int], seen: int, checks: tuple[str, ...] = ()
    ) -> str:
        """The first of the ``watched`` reads that has no samples, so that nobody knows whether
        there would be something to tell; empty where there is none.

        Where the check that it is of has answered since ``seen`` (milliseconds), it is known: what
        it does not return any more is not there any more. ``checks`` are those that it was of
        while it was there, where that is known.
        """
        missing = self._missing(scope, watched)
        asked = (one for one in missing if not self._answered(*one, seen, checks))
        return next((self._written(*one) for one in asked), "")

    def ended(self, scope: Pairs, watched: Sequence[int]) -> str:
        """The first of the ``watched`` reads of a target that has no samples at all; empty for
        none."""
        missing = self._missing(scope, watched)
        ended = (one for one in missing if not of_alerts(self._reads[one[0]].selector))
        return next((self._written(*one) for one in ended), "")

    def _missing(self, scope: Pairs, watched: Sequence[int]) -> Iterator[tuple[int, Pairs]]:
        """The reads of these that have no samples, each with what it is narrowed to."""
        for code in watched:
            at, narrowed = (code, scope) if code >= 0 else (-code - 1, ())
            if at < len(self._reads) and not self._has_samples(at, self._chosen(at, narrowed)):
                yield at, narrowed

    def _chosen(self, at: int, scope: Pairs) -> Chosen:
        return self._narrowed(at, scope) if scope else self._select(at)

    def _written(self, at: int, scope: Pairs) -> str:
        more = [Matcher(name, "=", value) for name, value in self._places(at, scope)]
        return written(self._reads[at].selector, more)

    def _places(self, at: int, scope: Pairs) -> Iterator[tuple[str, str]]:
        given = dict(scope)
        for name in SCOPE:
            if given.get(name) and not _fixes(self._reads[at], name):
                yield name, given[name]

    def _answered(self, at: int, scope: Pairs, seen: int, checks: tuple[str, ...]) -> bool:
        """Whether every check that the read is of has answered since ``seen``, without it.

        Once its series are forgotten, ``checks`` count, or where these are not known those of what
        ``scope`` says, after as long as an instant looks back: what they tell only now and then
        has been told by then. What rules write they must have left out since.
        """
        key = at, scope, seen, checks
        found = self._heard.get(key)
        if found is None:
            found = self._heard[key] = self._have_answered(*key)
        return found

    def _have_answered(self, at: int, scope: Pairs, seen: int, checks: tuple[str, ...]) -> bool:
        read = self._reads[at]
        if read.at is not None:
            return False
        moment, since = self._at - read.offset, seen - read.offset
        if of_alerts(read.selector) and not self._alerts_ended(at, scope, moment):
            return False
        ups, chosen = self._store.chosen("up"), self._chosen(at, scope)
        recordings = self._recordings(at, scope)
        written = bool(recordings) or of_alerts(read.selector)
        blocks = [block for block in chosen if block in ups or not written]
        if not blocks and not written:
            found = self._forgotten(scope, moment, checks)
            if not found:
                return False
            blocks = found
        ups = self._store.chosen("up", _matchers(scope))
        return all(
            self._judges(block.name) and _is_up(block, ups.get(block, ()), since, moment)
            for block in blocks
        ) and all(
            self._left_out(one, scope, moment, since, checks)
            for one in recordings
            if one.block not in self._within
        )

    def _forgotten(self, scope: Pairs, moment: int, checks: tuple[str, ...]) -> list[Block]:
        """The blocks of the checks that a read without any series is of; none where one of them
        has not been asked for long enough."""
        blocks = [self._store.block(name) for name in checks]
        if not checks:
            blocks = [*self._store.chosen("up", _matchers(scope))]
            return [one for one in blocks if one and _as_old_as(one, moment - one.lookback)]
        there = [one for one in blocks if one and _as_old_as(one, moment - one.lookback)]
        return there if len(there) == len(checks) else []

    def _recordings(self, at: int, scope: Pairs) -> tuple[Recording, ...]:
        """The recording rules whose records the read reads."""
        recordings, name = self._sources.recordings, self._reads[at].selector.name
        if name or not recordings:
            return recordings.get(name, ())
        blocks = {block.name for block in self._chosen(at, scope)}
        return tuple(one for each in recordings.values() for one in each if one.block in blocks)

    def _left_out(
        self, recording: Recording, scope: Pairs, moment: int, since: int, checks: tuple[str, ...]
    ) -> bool:
        """Whether ``recording`` was evaluated after ``since``, and it was known then what there is
        of all that it reads."""
        at = self._sources.evaluated.get(recording.block)
        if at is None:
            return False
        if at > moment:
            at += (moment - at) // recording.interval * recording.interval
        if at <= since:
            return False
        narrowed = _but_for(scope, recording.labels)
        return self._behind(recording, at).known(narrowed, since, checks)

    def _behind(self, recording: Recording, at: int) -> Coverage:
        """What ``recording`` reads at ``at`` (milliseconds)."""
        # Of those on whose behalf it is asked, only what it comes upon again makes a difference:
        # a record that many others read is gone through once.
        within = (self._within | {recording.block}) & self._sources.reached(recording)
        found = self._recorded.get((recording.block, at, within))
        if found is None:
            found = self._recorded[recording.block, at, within] = Coverage(
                self._store,
                recording.reads,
                at,
                self._judges,
                sources=self._sources,
                within=within,
                recorded=self._recorded,
            )
        return found

    def _alerts_ended(self, at: int, scope: Pairs, moment: int) -> bool:
        """Whether every alerting rule was evaluated, and has written that none of these alerts is
        there any more. One that fails, whose alerts stay, has not."""
        if not self._sources.evaluated.keys() >= set(self._sources.alerting):
            return False
        ups = self._store.chosen("up")
        rows = (
            block.row(series, _EVER, moment)
            for block, series in self._chosen(at, scope).items()
            if block not in ups
        )
        return all(row is None or bool(is_stale(row[1]).all()) for row in rows)

    def unrecorded(self, scope: Pairs, since: int) -> bool:
        """Whether a read goes back further than what is recorded for ``scope``.

        ``since`` is when recording began at all (milliseconds).
        """
        for at, read in enumerate(self._reads):
            if read.back <= 0 or self._covers_all(at, since):
                continue
            if self._lacks(read, self._narrowed(at, scope), since) > 0:
                return True
        return False

    def _covers_all(self, at: int, since: int) -> bool:
        """Whether every block goes back far enough, which saves narrowing."""
        found = self._whole.get(at)
        if found is None:
            blocks: list[Chosen] = [{block: each} for block, each in self._select(at).items()]
            lacks = (self._lacks(self._reads[at], one, since) for one in blocks or [{}])
            found = self._whole[at] = not any(lack > 0 for lack in lacks)
        return found

    def lacking(self, since: int) -> tuple[int, int] | None:
        """How far back a read goes and how far back there is something, where that is less.

        Of all that it selects the one that is recorded for longest counts. Milliseconds; None
        where everything is covered.
        """
        for at, read in enumerate(self._reads):
            lack = self._lacks(read, self._select(at), since) if read.back > 0 else 0
            if lack > 0:
                return read.back, read.back - lack
        return None

    def _lacks(self, read: Read, chosen: Mapping[Block, Sequence[Series]], since: int) -> int:
        """Milliseconds that the record of ``chosen`` is too short by; 0 where it is not."""
        if read.at is not None:
            return 0
        began = ((block.oldest(), block.interval) for block in chosen)
        known = [(first, interval) for first, interval in began if first is not None]
        first, interval = min(known, default=(since, 0.0))
        # Within a run before the window's edge nothing can be known.
        return max(0, first - round(interval * 1000) - (self._at - read.back))

    def _select(self, at: int) -> Chosen:
        found = self._selected.get(at)
        if found is None:
            selector = self._reads[at].selector
            found = self._store.chosen(selector.name, selector.matchers)
            self._selected[at] = found
        return found

    def _narrowed(self, at: int, scope: Pairs) -> Chosen:
        given = dict(scope)
        names = tuple(name for name in self._narrowing(at) if given.get(name))
        groups = self._grouped.get((at, names))
        if groups is None:
            groups = self._grouped[at, names] = _grouped(self._select(at), names)
        return groups.get(tuple(given[name] for name in names), {})

    def _narrowing(self, at: int) -> tuple[str, ...]:
        """The labels that narrow a read: those that any of its series has."""
        found = self._names.get(at)
        if found is None:
            chosen = self._select(at).values()
            found = self._names[at] = tuple(
                name for name in SCOPE if any(one.label(name) for each in chosen for one in each)
            )
        return found

    def _has_samples(self, at: int, chosen: Chosen) -> bool:
        read = self._reads[at]
        if read.at is not None or not chosen:
            return bool(chosen)
        found = self._sampled.get((at, id(chosen)))
        if found is None:
            found = any(self._block_has(read, block, each) for block, each in chosen.items())
            self._sampled[at, id(chosen)] = found
        return found

    def _block_has(self, read: Read, block: Block, series: Sequence[Series]) -> bool:
        end = self._at - read.offset
        if read.back > read.offset:
            _, values = block.read(series, self._at - read.back, end)
            return bool(values.size and not is_stale(values).all())
        newest = block.row(series, end - block.lookback, end)
        return newest is not None and not bool(is_stale(newest[1]).all())


def _as_old_as(block: Block, moment: int) -> bool:
    oldest = block.oldest()
    return oldest is not None and oldest <= moment


def _is_up(block: Block, ups: Sequence[Series], since: int, moment: int) -> bool:
    """Whether the last run up to ``moment`` was later than ``since``, and all ``ups`` were up."""
    row = block.row(tuple(ups), since, moment) if ups else None
    if row is None:
        return False
    there = row[1][~is_stale(row[1])]
    return bool(len(there)) and bool((there == 1.0).all())


def _matchers(scope: Pairs) -> tuple[Matcher, ...]:
    given = dict(scope)
    return tuple(Matcher(name, "=", given[name]) for name in SCOPE if given.get(name))


def _but_for(scope: Pairs, labels: frozenset[str]) -> Pairs:
    return tuple(pair for pair in scope if pair[0] not in labels)


def _fixes(read: Read, name: str) -> bool:
    return any(one.label == name and one.op == "=" for one in read.selector.matchers)


def _grouped(chosen: Chosen, names: tuple[str, ...]) -> Mapping[tuple[str, ...], Chosen]:
    """``chosen`` by the values of the labels ``names``."""
    groups: dict[tuple[str, ...], dict[Block, list[Series]]] = {}
    for block, each in chosen.items():
        for one in each:
            values = tuple(one.label(name) for name in names)
            groups.setdefault(values, {}).setdefault(block, []).append(one)
    return groups
