"""Why an expression comes to nothing: what it reads is not there, cannot match, or is too young."""

from __future__ import annotations

from typing import Final, Protocol

from checks.model import clean
from checks.promql.api import Expression
from checks.promql.ast import Node, Selector
from checks.promql.storage import Storage
from checks.rules.coverage import Coverage
from checks.rules.dead import ALWAYS_KNOWN, Catalogue, empty_selectors, missing
from checks.rules.never_matching import never_matching, told_by_names, told_by_series
from checks.rules.selectors import reads
from checks.store.groups import BlockGroup
from checks.store.store import Store
from checks.wording import span

__all__ = ["Sampled", "not_brought", "why_empty"]

_PARTS: Final = ("_bucket", "_sum", "_count", "_total")


class Sampled(Storage, Catalogue, Protocol):
    """Samples, and the names of the metrics that there are."""


def why_empty(expression: Expression, store: Sampled, now: float) -> str:
    """A sentence on why ``expression`` has no series at ``now``, with what to do."""
    root, text = expression.root, expression.text

    def exists(selector: Selector) -> bool:
        known = selector.name in ALWAYS_KNOWN
        return known or bool(store.groups(selector.name, selector.matchers))

    for selector in empty_selectors(root, exists):
        return clean(_not_there(selector, store), 300)
    known = told_by_series(store, told_by_names(frozenset()))
    for sentence in never_matching(root, text, known):
        return clean(sentence, 300)
    if short := _too_short(root, text, store):
        return short
    if isinstance(store, Store):
        at = round(now * 1000)
        lacking = Coverage(store, reads(root, text), at).lacking(at)
        if lacking is not None:
            back, there = (max(0, one) / 1000 for one in lacking)
            return (
                f"not enough history yet: it looks back {span(back)}, and there are samples of "
                f"{span(there)}"
            )
    return "nothing at present: what it reads is there, and gives no result"


def _too_short(root: Node, text: str, store: Sampled) -> str:
    """What to say of a window too short for two samples, which a rate wants."""
    for read in reads(root, text):
        selector = read.selector
        for group in store.groups(selector.name, selector.matchers) if read.range else ():
            apart = group.block.interval if isinstance(group, BlockGroup) else 0.0
            if read.range < 1000 * apart:
                return (
                    f"its window of {span(read.range / 1000)} is too short for samples that come "
                    f"{span(apart)} apart: $__rate_interval suits them"
                )
    return ""


def _not_there(selector: Selector, store: Sampled) -> str:
    """What is not there, and what may be meant."""
    near, sentence = missing(selector, store)
    name = selector.name
    if not name or near == name:
        return sentence
    said = not_brought(name)
    parts = [part for part in _PARTS if store.groups(name + part)]
    if "_bucket" in parts:
        wanted = next((one.value for one in selector.matchers if one.label == "quantile"), "")
        quantile = wanted or "0.95"
        return (
            f"{said}; {name}_bucket is there, so that "
            f"histogram_quantile({quantile}, sum by (le) (rate({name}_bucket[5m]))) has it"
        )
    if parts:
        return f"{said}; {', '.join(name + part for part in parts)} {_is(parts)} there"
    return f"{said}; the nearest metric is {near}" if near else said


def not_brought(name: str) -> str:
    """That there is no metric ``name``."""
    return f"nothing brings {name}: no check has it"


def _is(parts: list[str]) -> str:
    return "is" if len(parts) == 1 else "are"
