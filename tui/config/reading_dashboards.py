"""Dashboards, made of what a configuration says of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from checks.dashboards.grafana.reading import read_grafana
from checks.dashboards.model import (
    Column,
    Dashboard,
    Panel,
    PanelKind,
    Query,
    Threshold,
    Variable,
    Words,
)
from checks.dashboards.patterns import pattern_of
from checks.dashboards.probing import mistake_in
from checks.dashboards.units import unit_of
from checks.documents.document import Path as Where
from checks.errors import ConfigError
from checks.model import Status, clean, clean_lines
from checks.probe import CheckSpec
from tui.config import files
from tui.config.dashboard_models import DashboardEntry, DashboardPanel, DashboardVariable
from tui.config.problems import Report
from tui.config.wording import meant

__all__ = ["Reading"]

SQL_KINDS: Final = ("mysql", "postgres", "sqlite")
_SPAN: Final = 3600.0
_WIDTH: Final = 24
_ASKS: Final = ("expr", "exprs", "sql", "value", "text")
_BOUND: Final = r"\s*(-?[\d.]+(?:e[+-]?\d+)?)\s*"
_RANGE: Final = re.compile(rf"{_BOUND}\.\.{_BOUND}")
_HEIGHTS: Final = {PanelKind.NUMBER: 4, PanelKind.GAUGE: 4}


class Reading:
    """The items of `dashboards:`, one after the other."""

    def __init__(
        self, report: Report, checks: Mapping[str, CheckSpec], base: Path, shown_base: Path
    ) -> None:
        self.dashboards: list[Dashboard] = []
        self.watched: list[Path] = []
        self.warnings: list[str] = []
        self._report = report
        self._checks = checks
        self._base = base
        self._shown_base = shown_base

    def read(self, where: Where, data: Any) -> None:
        """The item at ``where``; what is wrong with it is reported."""
        try:
            entry = DashboardEntry.model_validate(data)
        except ValidationError as error:
            self._report.explain(where, error, DashboardEntry, data)
            return
        if bool(entry.file) == bool(entry.panels):
            text = "give either panels or a file" if entry.file else "has neither panels nor a file"
            self._report.add(where, text)
        elif entry.file:
            self._read_files(where, entry)
        else:
            self._add(where, self._of_panels(where, entry))

    def _add(self, where: Where, made: Dashboard) -> None:
        taken = next((one for one in self.dashboards if one.name == made.name), None)
        if taken is not None:
            text = f'the name "{made.name}" is taken by the dashboard at {taken.place}; name it'
            self._report.add((*where, "name"), text)
            return
        self.dashboards.append(made)

    def _read_files(self, where: Where, entry: DashboardEntry) -> None:
        """The file or files of Grafana's that the item names."""
        pattern = files.is_pattern(entry.file)
        self.watched.append(self._base / files.expanded(entry.file))
        found = (
            files.matching(entry.file, self._base)
            if pattern
            else [self._base / files.expanded(entry.file)]
        )
        if entry.variables:
            self._report.add((*where, "variables"), "belongs to panels; a file has its own")
        if pattern and (entry.name or entry.title):
            key = "name" if entry.name else "title"
            self._report.add((*where, key), "a pattern can be of several files: leave it out")
        if not found:
            problem = self._report.document.problem(
                (*where, "file"), f"no file matches {entry.file}"
            )
            self.warnings.append(str(problem))
        elif not pattern and (why := files.unusable(found[0], entry.file)):
            self._report.add((*where, "file"), why)
            return
        self._known(where, entry.check, sql=True)
        for path in found:
            self.watched.append(path)
            self._read_file(where, entry, path)

    def _read_file(self, where: Where, entry: DashboardEntry, path: Path) -> None:
        try:
            made = read_grafana(path, shown=str(files.shown(path, self._base, self._shown_base)))
        except ConfigError as error:
            self._report.problems.extend(error.problems)
            return
        taken = {one.name for one in self.dashboards}
        name = made.name if made.name not in taken else f"{path.parent.name}-{made.name}"
        made = replace(
            made,
            name=clean(entry.name or name, 100),
            title=clean(entry.title, 120) or made.title,
            span=entry.span or made.span,
        )
        if entry.check:
            panels = tuple(_asking(one, entry.check) for one in made.panels)
            variables = tuple(replace(one, check=entry.check) for one in made.variables)
            made = replace(made, panels=panels, variables=variables)
        self._add(where, made)

    def _of_panels(self, where: Where, entry: DashboardEntry) -> Dashboard:
        title = clean(entry.title or entry.name or f"dashboard {where[-1]}", 120)
        for at, given in enumerate(entry.variables):
            self._judge((*where, "variables", at), given)
            if given.name in {one.name for one in entry.variables[:at]}:
                text = f'another variable is called "{given.name}"'
                self._report.add((*where, "variables", at, "name"), text)
        variables = tuple(map(_variable, entry.variables))
        panels = [
            self._panel((*where, "panels", at), one, variables)
            for at, one in enumerate(entry.panels)
        ]
        if any(one.width is not None or one.height is not None for one in entry.panels):
            panels = list(_placed(panels, entry.panels))
        document = self._report.document
        return Dashboard(
            clean(entry.name, 100) or _name_of(title),
            title,
            tuple(panels),
            variables,
            entry.span or _SPAN,
            f"{document.name}:{document.line(where)}",
        )

    def _judge(self, where: Where, given: DashboardVariable) -> None:
        """Report what is wrong with a variable."""
        if given.check:
            self._known(where, given.check, sql=True)
        if given.regex:
            try:
                pattern_of(given.regex)
            except ValueError as wrong:
                self._report.add((*where, "regex"), str(wrong))
        asks = [key for key in ("query", "sql", "options") if getattr(given, key)]
        if not asks and not given.free:
            self._report.add(where, "give one of query, sql, options, or free: true")

    def _panel(self, where: Where, given: DashboardPanel, variables: tuple[Variable, ...]) -> Panel:
        asks = [key for key in _ASKS if getattr(given, key)]
        if len(asks) != 1:
            text = f"give one of {', '.join(_ASKS)}"
            self._report.add((*where, asks[1]) if asks else where, text)
        names = {one.name for one in variables}
        for key in ("repeat", "repeat_group"):
            name = getattr(given, key)
            if name and name not in names:
                self._report.add((*where, key), f"there is no variable {name}")
        unit, scale = unit_of(given.unit)
        kind = PanelKind(given.show or ("text" if given.text else "chart"))
        return Panel(
            clean(given.title, 120),
            kind,
            tuple(self._queries(where, given, variables)),
            unit,
            given.decimals,
            None if given.min is None else given.min * scale,
            None if given.max is None else given.max * scale,
            tuple(self._thresholds(where, given, scale)),
            group=clean(given.group, 120),
            text=clean_lines(given.text, 20_000, 500),
            scale=scale,
            calc=given.calc,
            words=tuple(self._words(where, given, scale)),
            columns=tuple(
                Column(name, one.title, *unit_of(one.unit), one.decimals, one.hidden, one.place)
                for name, one in given.columns.items()
            ),
            repeat=given.repeat,
            repeat_group=given.repeat_group,
            negative=tuple(self._patterns(where, given)),
        )

    def _queries(
        self, where: Where, given: DashboardPanel, variables: tuple[Variable, ...]
    ) -> Iterator[Query]:
        if given.expr:
            self._expression((*where, "expr"), given.expr, variables)
            yield Query(given.expr, legend=given.legend, instant=given.instant)
        for at, one in enumerate(given.exprs):
            place = (*where, "exprs", at)
            self._expression(place, one.expr, variables)
            yield Query(
                one.expr,
                legend=one.legend,
                instant=one.instant,
                negative=one.negative,
                name=chr(65 + at % 26),
            )
        if given.sql:
            self._known(where, given.check, sql=True)
            yield Query(sql=given.sql, check=given.check, legend=given.legend)
        if given.value:
            yield from self._value(where, given, given.value)

    def _value(self, where: Where, given: DashboardPanel, metric: str) -> Iterator[Query]:
        if not given.check:
            self._report.add((*where, "value"), "the check that it is of is missing: add check")
            return
        spec = self._known(where, given.check, sql=False)
        if spec is not None:
            labels = spec.target_labels({})
            inner = ",".join(
                f"{name}={json.dumps(labels[name])}"
                for name in ("job", "instance")
                if labels.get(name)
            )
            yield Query(
                f"{metric}{{{inner}}}", check=given.check, legend=given.legend, value=metric
            )

    def _expression(self, where: Where, expr: str, variables: tuple[Variable, ...]) -> None:
        mistake = mistake_in(expr, variables)
        if mistake:
            self._report.add(where, mistake)

    def _known(self, where: Where, check: str, *, sql: bool) -> CheckSpec | None:
        """The check of that name; reported where there is none, or it is no database."""
        spec = self._checks.get(check)
        if not check:
            return None
        if spec is None:
            text = f'no check is called "{check}"{meant(check, self._checks)}'
            self._report.add((*where, "check"), text)
        elif sql and spec.kind not in SQL_KINDS:
            kinds = ", ".join(SQL_KINDS)
            text = f"is a check of the kind {spec.kind}; SQL goes to one of {kinds}"
            self._report.add((*where, "check"), text)
        return spec

    def _thresholds(self, where: Where, given: DashboardPanel, scale: float) -> Iterator[Threshold]:
        both = given.warning is not None and given.critical is not None
        falling = given.falling
        if falling is None:
            falling = both and (given.critical or 0.0) < (given.warning or 0.0)
        elif both and falling != ((given.critical or 0.0) < (given.warning or 0.0)):
            way = "below" if falling else "above"
            self._report.add(
                (*where, "critical"), f"must lie {way} warning, or falling be left out"
            )
        levels = ((given.warning, Status.WARNING), (given.critical, Status.CRITICAL))
        for value, status in levels:
            if value is not None:
                yield Threshold(value * scale, status, falling)

    def _words(self, where: Where, given: DashboardPanel, scale: float) -> Iterator[Words]:
        for value, text in given.words.items():
            found = _RANGE.fullmatch(value)
            try:
                low, high = (found[1], found[2]) if found else (value, value)
                bounds = (float("nan"),) * 2 if value == "none" else (float(low), float(high))
            except ValueError:
                self._report.add((*where, "words", value), 'is no value: write "1", "2..5" or none')
                continue
            yield Words(bounds[0] * scale, bounds[1] * scale, clean(text, 100))

    def _patterns(self, where: Where, given: DashboardPanel) -> Iterator[str]:
        for at, pattern in enumerate(given.negative):
            try:
                pattern_of(pattern)
            except ValueError as wrong:
                self._report.add((*where, "negative", at), str(wrong))
            else:
                yield pattern


def _variable(given: DashboardVariable) -> Variable:
    everything = ("" if given.all else None) if isinstance(given.all, bool) else given.all
    return Variable(
        given.name,
        given.label,
        given.query,
        tuple(given.options),
        tuple(given.default),
        multi=given.multi,
        all_value=everything,
        hidden=given.hidden,
        pattern=given.regex,
        sort=given.sort,
        free=given.free,
        sql=given.sql,
        check=given.check,
    )


def _asking(panel: Panel, check: str) -> Panel:
    """``panel`` with its statements put to ``check``."""
    queries = tuple(replace(one, check=check) if one.sql else one for one in panel.queries)
    return replace(panel, queries=queries)


def _name_of(title: str) -> str:
    """``title`` as a word to type."""
    return re.sub(r"[^\w.]+", "-", title.lower()).strip("-") or "dashboard"


def _placed(panels: list[Panel], given: list[DashboardPanel]) -> Iterator[Panel]:
    """The panels beside and below one another, in their order; a group begins a line."""
    x = y = line = 0
    group = ""
    for panel, one in zip(panels, given, strict=True):
        width = one.width or _WIDTH // 2
        height = one.height or _HEIGHTS.get(panel.kind, 8)
        if x + width > _WIDTH or (x and panel.group != group):
            x, y, line = 0, y + line, 0
        group = panel.group
        yield replace(panel, place=(x, y, width, height))
        x, line = x + width, max(line, height)
