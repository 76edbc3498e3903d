"""Reads a file of Grafana's JSON as a dashboard."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from checks.dashboards.grafana.layout import panels_of
from checks.dashboards.grafana.node import BadShapeError, Node
from checks.dashboards.grafana.sources import Sources
from checks.dashboards.grafana.variables import variables_of
from checks.dashboards.model import Dashboard, Panel
from checks.documents.reading import as_text, read_bytes
from checks.errors import ConfigError, ConfigProblem
from checks.model import clean
from checks.settings import parse_duration

__all__ = ["dashboard_of", "read_grafana"]

LARGEST: Final = 2 * 1024 * 1024
_COMMENT: Final = re.compile(r"\A(?:[ \t]*//[^\n]*\n|\s+)+")
_AGO: Final = re.compile(r"now-(\d+\w)(?:/\w)?")
_SPAN: Final = 3600.0


def read_grafana(path: Path, *, shown: str = "", trusted: bool = False) -> Dashboard:
    """The dashboard in the file ``path``, called by its stem; ``shown`` is what messages call it.

    Raises:
        ConfigError: it cannot be read, or is no dashboard, with the place in its JSON.
    """
    named = Path(shown or path)
    data, _ = read_bytes(
        path,
        trusted=trusted,
        shown=named,
        power="can send statements to databases",
        split="leave out what is not needed",
        limit=LARGEST,
    )
    return dashboard_of(as_text(named, data), path.stem, str(named))


def dashboard_of(text: str, name: str, place: str) -> Dashboard:
    """The dashboard that ``text`` is, called ``name``; ``place`` is its file.

    Raises:
        ConfigError: as :func:`read_grafana`.
    """
    document = Node(_parsed(text, place))
    try:
        return _read(_unwrapped(document), name, place)
    except BadShapeError as wrong:
        raise ConfigError([ConfigProblem(place, 0, wrong.path, str(wrong))]) from None


def _parsed(text: str, place: str) -> Any:
    """The document; comments above it are allowed, which people put there."""
    above = _COMMENT.match(text)
    skipped = above[0].count("\n") if above else 0
    try:
        return json.loads(text[above.end() :] if above else text)
    except json.JSONDecodeError as wrong:
        said = f"is no JSON: {wrong.msg[0].lower()}{wrong.msg[1:]} (column {wrong.colno})"
        raise ConfigError([ConfigProblem(place, wrong.lineno + skipped, "", said)]) from None
    except RecursionError:
        raise ConfigError([ConfigProblem(place, 0, "", "is nested too deeply")]) from None
    except ValueError:
        # Python reads no numbers of thousands of digits.
        raise ConfigError(
            [ConfigProblem(place, 0, "", "has a number of too many digits")]
        ) from None


def _unwrapped(document: Node) -> Node:
    """The dashboard itself, out of what an API or a provisioning tool puts around it."""
    if not isinstance(document.data, dict):
        raise BadShapeError("", "is no dashboard: an object with panels is expected")
    if isinstance(document["spec"].data, dict) and "panels" not in document:
        spec = document["spec"]
        if "elements" in spec:
            raise BadShapeError(
                "spec.elements",
                "is a dashboard of Grafana's schema v2; export it as the classic JSON model",
            )
        return spec
    if isinstance(document["dashboard"].data, dict):
        return document["dashboard"]
    return document


def _read(node: Node, name: str, place: str) -> Dashboard:
    if "panels" not in node and "rows" not in node:
        raise BadShapeError(node.path, "is no dashboard: it has neither panels nor rows")
    sources = Sources(node)
    panels = panels_of(node, sources)
    variables, notes = variables_of(node, sources)
    title = node["title"].text or node["dashboard"].text or name
    return Dashboard(
        name,
        clean(title, 120),
        panels,
        variables,
        _span(node["time"]["from"].text),
        place,
        (*_said(panels), *notes),
    )


def _span(since: str) -> float:
    found = _AGO.fullmatch(since.strip())
    if found is None:
        return _SPAN
    try:
        return min(max(parse_duration(found[1]), 60.0), 86_400.0)
    except ValueError:
        return _SPAN


def _said(panels: tuple[Panel, ...]) -> list[str]:
    """What is not shown, or otherwise, of each panel."""
    made = []
    for panel in panels:
        title = f"panel {panel.title or '(untitled)'}"
        if panel.unshown:
            made.append(f"{title}: not shown: {panel.unshown}")
        made += [f"{title}: {note}" for note in panel.notes]
    return made
