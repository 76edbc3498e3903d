"""The charts of a report: values of the alerts, failed requests, durations. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from checks.story import telling
from checks.story.figures import ALERT
from checks.story.identities import identity
from checks.story.model import EntryKind
from checks.story.report.charts import Axis, chart
from checks.story.report.markdown import fenced, plain
from checks.story.report.material import Material, name_of, percent, shown_seconds

__all__ = ["charts"]

_LEGEND: Final = "F fired, A acknowledged, S step run, D deployment, N note, R resolved"
_MOST: Final = 3
"""Sources of requests that are drawn."""
_LETTERS: Final = {
    EntryKind.ACKNOWLEDGED: "A",
    EntryKind.STEP: "S",
    EntryKind.DEPLOYMENT: "D",
    EntryKind.NOTE: "N",
}


def charts(material: Material) -> list[str]:
    """A section with a chart for each curve; nothing where none is known."""
    incident = material.incident
    times = [figure.at for figure in material.figures]
    if not times:
        return []
    begin = min(incident.began, *times)
    end = max(material.end, begin + 60.0)
    after = [at + 60.0 for at in times if at > end]
    end = min(max([end, *after]), end + 600.0)
    axis = Axis(begin, end, material.clock, _marks(material))
    lines: list[str] = []
    for title, unit, points in _curves(material):
        drawn = chart(points, axis, _shown_in(unit))
        if drawn:
            lines += ["", f"**{title}**", "", *fenced(drawn)]
    return ["## Charts", "", f"Times are UTC. {_LEGEND}.", *lines] if lines else []


def _curves(material: Material) -> Iterator[tuple[str, str, list[tuple[float, float]]]]:
    by_series: dict[str, list[tuple[float, float]]] = {}
    for figure in material.figures:
        if figure.series.startswith(ALERT) and figure.value is not None:
            name = figure.series.removeprefix(ALERT)
            by_series.setdefault(name, []).append((figure.at, figure.value))
    names = {
        identity(entry.alert): name_of(entry)
        for entries in material.fired.values()
        for entry in entries
    }
    for key, points in by_series.items():
        # Of what is either so or not so a curve tells nothing.
        if len({value for _, value in points}) > 1:
            yield f"Value of {plain(names.get(key, key))}", "", points
    for one in [one for one in material.impacts if one.felt][:_MOST]:
        shares = [(f.at + 30.0, f.errors / f.count) for f in one.minutes if f.count]
        if any(share for _, share in shares):
            yield f"Share of requests of {plain(one.source)} that failed", "ratio", shares
        slow = [(f.at + 30.0, f.value) for f in one.minutes if f.value is not None]
        yield f"p95 of requests of {plain(one.source)}", "s", slow


def _shown_in(unit: str) -> Callable[[float], str]:
    if unit == "ratio":
        return percent
    return shown_seconds if unit == "s" else lambda value: f"{value:.4g}"


def _marks(material: Material) -> list[tuple[float, str]]:
    found = []
    for entry in material.entries:
        if entry.kind is EntryKind.TRANSITION:
            found.append((entry.at, "F" if entry.after == telling.FIRING else "R"))
        elif entry.kind in _LETTERS and entry.after != telling.STEP_ENDED:
            found.append((entry.at, _LETTERS[entry.kind]))
    return found
