"""What series are called in a panel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from checks.model import clean
from checks.promql.answers import series_name
from checks.promql.values import NAME, LabelSet

__all__ = ["AUTO", "names_of"]

AUTO: Final = "__auto"
"""Grafana's word for a legend that it makes itself."""
_LABEL: Final = re.compile(r"\{\{\s*([\w.:]+)\s*\}\}")
_LONGEST: Final = 120


def names_of(labels: Sequence[LabelSet], legend: str, otherwise: str) -> tuple[str, ...]:
    """A name for each series: by ``legend`` (``{{job}} on {{instance}}``), where there is one,
    else by the labels in which they differ. ``otherwise`` names one that has nothing of its own.
    """
    if legend and legend != AUTO:
        return tuple(clean(_filled(legend, dict(one)), _LONGEST) for one in labels)
    if len(labels) == 1:
        return (clean(_alone(labels[0], otherwise), _LONGEST),)
    common = set.intersection(*map(set, labels)) if labels else set()
    return tuple(clean(_own(one, common, otherwise), _LONGEST) for one in labels)


def _filled(legend: str, labels: Mapping[str, str]) -> str:
    """``legend`` with its labels' values; with the labels' names where nothing would be left."""
    filled = _LABEL.sub(lambda found: labels.get(found[1], ""), legend)
    return filled if filled.strip() else _LABEL.sub(r"\1", legend)


def _alone(labels: LabelSet, otherwise: str) -> str:
    """The metric's name of a single series, or what sets it apart from others."""
    rest = tuple(pair for pair in labels if pair[0] not in ("job", "instance"))
    named = dict(labels).get(NAME, "")
    if len(rest) <= 1 and (named or not rest):
        return named or otherwise
    return series_name(rest)


def _own(labels: LabelSet, common: set[tuple[str, str]], otherwise: str) -> str:
    """The labels that others do not share."""
    left = tuple(pair for pair in labels if pair not in common)
    if len(left) == 1 and left[0][0] != NAME:
        return left[0][1]
    return series_name(left) if left else otherwise
