"""Loading: from a file, or from none, to what the engine and the monitor are given."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from checks.config import EngineConfig, RulesConfig, RunbooksConfig, StoryConfig
from checks.documents.document import Document, parse
from checks.documents.document import Path as Where
from checks.documents.reading import read_text
from checks.errors import ConfigError, ConfigProblem
from checks.rules.own_bounds import own_bounds
from tui.config import build, files
from tui.config.capacity import read_capacity
from tui.config.dashboards import ReadDashboards, read_dashboards
from tui.config.expand import expand
from tui.config.keys import KeyJudge, ReadKeys, read_keybindings
from tui.config.models import LATER_KEYS, Defaults, File, Included
from tui.config.objectives import read_objectives, with_packs
from tui.config.problems import Report
from tui.config.rules import read_rules
from tui.config.runbooks import StepJudge, read_runbooks, refuse_unknown
from tui.config.story import read_story

__all__ = ["Loaded", "load"]

ThemeJudge = Callable[[str], str]
"""Why there is no theme of this name; empty where there is."""

log = logging.getLogger("onwatch.config")


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A configuration in force.

    ``path`` is the file as the user knows it, empty where there is none and this machine
    is watched instead. ``keybindings`` maps an action's id to keys joined by commas; ``theme``
    is empty where none is named. ``attention`` says whether the monitor calls somebody.
    ``step_keys`` maps a key to the runbook and the step that it opens; where the step is empty,
    the first.
    ``disabled`` counts checks that are written down and do not run. ``baseline`` names the saved
    one to compare with, empty for the newest.
    """

    engine: EngineConfig
    path: str = ""
    keybindings: Mapping[str, str] = field(default_factory=dict)
    disabled: int = 0
    theme: str = ""
    attention: bool = True
    step_keys: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    baseline: str = ""


def load(
    path: str | None = None,
    environ: Mapping[str, str] = os.environ,
    *,
    key_judge: KeyJudge | None = None,
    theme_judge: ThemeJudge | None = None,
    step_judge: StepJudge | None = None,
    strict: bool = False,
) -> Loaded:
    """The configuration at ``path``, or the one found where one is looked for.

    Without any file the outcome is a check of this machine and a finder of what runs on it; a
    file that comes to be where one is looked for is taken over. What ``key_judge``,
    ``theme_judge`` and ``step_judge`` refuse is a problem like any other; without them, keys, the
    theme and the steps of runbooks are left for the monitor to judge, which keeps those it has and
    starts all the same. A mistake in a single rule costs this rule, unless it is to be ``strict``:
    then it is a problem, too.

    Raises:
        ConfigError: with every problem of every file read, and the warnings there are besides.
    """
    found = files.find(path, environ)
    if found is None:
        log.info("no configuration found; looking for what runs on this machine")
        from tui.config.discovered import this_machine  # noqa: PLC0415 - not with a file

        return Loaded(this_machine(environ)[0])
    log.info("reading %s", found)
    named = bool(path or environ.get(files.VARIABLE))
    try:
        text, warning = read_text(found, trusted=named)
    except ConfigError as error:
        raise _tell_origin(error, path, environ) from None
    judges = _Judges(key_judge, theme_judge, step_judge)
    return _Loading(found, environ, [warning] if warning else [], strict=strict).run(text, judges)


def _tell_origin(error: ConfigError, path: str | None, environ: Mapping[str, str]) -> ConfigError:
    """Say that a file which nobody typed was named by the variable."""
    if path or not environ.get(files.VARIABLE):
        return error
    first = error.problems[0]
    text = f"{first.text} (named by ${files.VARIABLE})"
    return ConfigError([ConfigProblem(first.file, first.line, first.key, text)])


@dataclass(frozen=True, slots=True)
class _Judges:
    """Who knows what the monitor has; None where it judges itself."""

    keys: KeyJudge | None
    theme: ThemeJudge | None
    steps: StepJudge | None


class _Loading:
    """One file with what it includes; problems are gathered on the way.

    ``_complete`` turns false where an included file cannot be read: what others refer to
    may be in there.
    """

    def __init__(
        self, path: Path, environ: Mapping[str, str], warnings: list[str], *, strict: bool
    ) -> None:
        self._path = path
        self._strict = strict
        self._base = path.parent.absolute()
        self._files = [path.absolute()]
        self._environ = environ
        self._warnings = warnings
        # At most one, which says who else could have written this file.
        self._doubt = warnings[0].partition(": ")[2] if warnings else ""
        self._problems: list[ConfigProblem] = []
        self._declared: list[build.Declared] = []
        self._complete = True
        self._dashboards = ReadDashboards()

    def run(self, text: str, judges: _Judges) -> Loaded:
        report = self._report(self._path, text)
        top = self._model(report, File)
        head = top if isinstance(top, File) else _usable(report.document.data)
        entries = self._entries(report, head.defaults)
        if self._doubt:
            build.refuse_programs(entries, self._doubt)
        entries += self._included(report, head.defaults)
        build.check_names(self._declared)
        build.check_dependencies(self._declared, complete=self._complete)
        if not {"checks", "include"} & set(report.document.data):
            report.add((), 'the key "checks" is missing')
        keys = read_keybindings(report, head.keybindings, self._warnings, judges.keys)
        if judges.theme and head.theme and (text := judges.theme(head.theme)):
            report.add(("theme",), text)
        rules = read_rules(report, head.rules, self._base, self._path.parent, strict=self._strict)
        self._files += rules.watched
        self._warnings += rules.warnings
        books = read_runbooks(report, head.runbooks, self._base, self._path.parent, self._warnings)
        refuse_unknown(report, books, entries, keys, judges.steps)
        story = read_story(report, head)
        names = [check.name for check in self._declared]
        promised = read_objectives(report, head, names, complete=self._complete)
        capacity = read_capacity(report, head)
        self._read_dashboards(report, entries)
        self._warnings += map(str, build.warnings(entries, self._base))
        if self._problems:
            raise ConfigError(_in_order(self._problems), self._files, self._warnings)
        judging = with_packs(rules.config, promised, capacity)
        loaded = self._loaded(head, keys, entries, judging, books, story=story)
        engine = replace(loaded.engine, objectives=promised, capacity=capacity)
        return replace(loaded, engine=engine, baseline=head.baseline)

    def _loaded(
        self,
        head: File,
        keys: ReadKeys,
        entries: list[build.Entry],
        rules: RulesConfig,
        books: RunbooksConfig,
        *,
        story: StoryConfig,
    ) -> Loaded:
        warnings = list(self._warnings)
        specs = build.enabled_specs(entries)
        rules = replace(rules, own_bounds=own_bounds(specs, head.external_labels))
        if not specs:
            warnings.append(f"{self._path}: no check is enabled")
        engine = EngineConfig(
            checks=specs,
            external_labels=head.external_labels,
            base_dir=self._base,
            path=str(self._path),
            files=tuple(self._files),
            warnings=tuple(warnings),
            rules=rules,
            story=story,
            runbooks=books,
            dashboards=self._dashboards.dashboards,
        )
        disabled = len(entries) - len(specs)
        return Loaded(
            engine,
            str(self._path),
            keys.bindings,
            disabled,
            head.theme,
            head.attention,
            keys.steps,
        )

    def _read_dashboards(self, report: Report, entries: list[build.Entry]) -> None:
        specs = [entry.spec for entry in entries]
        read = read_dashboards(report, specs, self._base, self._path.parent)
        self._dashboards = read
        self._files += read.watched
        self._warnings += read.warnings

    def _report(self, path: Path, text: str) -> Report:
        """The document with its variables expanded, and where its problems go.

        Dashboards stay as they are: what looks like ours there is theirs.
        """
        document = parse(str(path), text)
        own = {key: value for key, value in document.data.items() if key == "dashboards"}
        others = {key: value for key, value in document.data.items() if key not in own}
        data = expand(others, self._environ, Report(document, self._problems).add) | own
        expanded = Document(document.name, data, document.lines)
        return Report(expanded, self._problems, written=document.data)

    def _model(self, report: Report, model: type[BaseModel]) -> BaseModel | None:
        """The keys around the checks; the checks themselves are read one by one."""
        data = dict(report.document.data)
        for key in data.keys() & set(LATER_KEYS):
            del data[key]
            report.add((key,), f"this version has no {key} yet; leave it out")
        for key in data.keys() & (File.model_fields.keys() - model.model_fields.keys()):
            del data[key]
            report.add((key,), "belongs in the file that includes this one")
        try:
            return model.model_validate(data)
        except ValidationError as error:
            report.explain((), error, model, data)
        return None

    def _entries(self, report: Report, defaults: Defaults) -> list[build.Entry]:
        checks: Any = report.document.data.get("checks")
        if not isinstance(checks, list):
            return []
        entries = []
        for index, data in enumerate(checks):
            path = ("checks", index)
            declared = build.declared(report, path, data)
            entry = build.read_check(report, path, data, defaults)
            self._declared += [declared] if declared else []
            entries += [entry] if entry else []
        return entries

    def _included(self, report: Report, defaults: Defaults) -> list[build.Entry]:
        """The checks of the files that ``include`` names."""
        entries: list[build.Entry] = []
        given = report.document.data.get("include")
        for index, include in enumerate(given if isinstance(given, list) else [given]):
            where = ("include", index) if isinstance(given, list) else ("include",)
            if isinstance(include, str):
                for path in self._paths(report, where, include):
                    entries += self._read_included(report, where, path, defaults)
        return entries

    def _paths(self, report: Report, where: Where, include: str) -> list[Path]:
        own = self._path.absolute()
        if not files.is_pattern(include):
            path = self._base / files.expanded(include)
            if path == own:
                report.add(where, "is this file itself; leave it out")
            return [] if path == own else [path]
        # Watched like a file: what matches it later is read then.
        self._files.append(self._base / files.expanded(include))
        paths = [path for path in files.matching(include, self._base) if path != own]
        if not paths:
            problem = report.document.problem(where, f"no file matches {include}")
            self._warnings.append(str(problem))
        return paths

    def _read_included(
        self, report: Report, where: Where, path: Path, defaults: Defaults
    ) -> list[build.Entry]:
        shown = files.shown(path, self._base, self._path.parent)
        try:
            self._files.append(path)
            text, _ = read_text(path, trusted=False, shown=shown)
        except ConfigError as error:
            self._complete = False
            for problem in error.problems:
                place = f"{problem.file}:{problem.line}" if problem.line else problem.file
                report.add(where, f"{place} {problem.text}")
            return []
        try:
            inner = self._report(shown, text)
        except ConfigError as error:
            self._complete = False
            self._problems += error.problems
            return []
        self._model(inner, Included)
        return self._entries(inner, defaults)


def _usable(data: Mapping[str, Any]) -> File:
    """What is right in the head of a broken file: a mistake there hides no other."""
    right: dict[str, Any] = {"version": 1}
    for key in data.keys() & (File.model_fields.keys() - {"version", "checks", "include"}):
        with contextlib.suppress(ValidationError):
            File.model_validate({"version": 1, key: data[key]})
            right[key] = data[key]
    return File.model_validate(right)


def _in_order(problems: list[ConfigProblem]) -> list[ConfigProblem]:
    """By file and line; of several about one key the first alone."""
    files_seen = list(dict.fromkeys(problem.file for problem in problems))
    first: dict[tuple[str, int, str], ConfigProblem] = {}
    for problem in problems:
        first.setdefault((problem.file, problem.line, problem.key), problem)
    return sorted(first.values(), key=lambda p: (files_seen.index(p.file), p.line))
