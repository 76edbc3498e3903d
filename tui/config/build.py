"""From the values of a configuration to checks: common keys, kinds, defaults, dependencies."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from checks.documents.document import Path
from checks.errors import ConfigProblem, OnwatchError
from checks.model import clean
from checks.probe import CheckSpec
from checks.registry import KINDS, kind, known, names, third_party
from checks.secrets import mask_url
from checks.settings import KindConfig
from tui.config.models import Common, Defaults
from tui.config.named import missing_files
from tui.config.problems import Report
from tui.config.wording import meant, unknown_key

__all__ = [
    "Declared",
    "Entry",
    "check_dependencies",
    "check_names",
    "declared",
    "enabled_specs",
    "read_check",
    "refuse_programs",
    "warnings",
]

log = logging.getLogger("onwatch.config")


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A check with where it stands."""

    spec: CheckSpec
    enabled: bool
    report: Report
    path: Path


def read_check(report: Report, path: Path, data: Any, defaults: Defaults) -> Entry | None:
    """The check at ``path``; None after reporting what is wrong with it."""
    if not isinstance(data, dict):
        report.add(path, "expected a check: a name and a kind of check")
        return None
    before = len(report.problems)
    common = _read_common(report, path, data)
    name = _kind_name(report, path, data)
    config = _read_kind(report, (*path, name), name, data[name]) if name else None
    if common is None or config is None or len(report.problems) > before:
        return None
    document = report.document
    place = f"{document.name}:{document.line(path)}"
    return Entry(_spec(common, config, defaults, name, place), common.enabled, report, path)


def _read_common(report: Report, path: Path, data: Mapping[str, Any]) -> Common | None:
    values = {key: value for key, value in data.items() if key in Common.model_fields}
    try:
        return Common.model_validate(values)
    except ValidationError as error:
        report.explain(path, error, Common, values)
        return None


def _kind_name(report: Report, path: Path, data: Mapping[str, Any]) -> str:
    """The one kind that the check gives; empty after reporting a problem with that."""
    rest = [key for key in data if key not in Common.model_fields]
    odd = [key for key in rest if key not in KINDS and not known(key)]
    given = [key for key in rest if key not in odd]
    for key in odd:
        report.add((*path, key), _odd_key(key))
    if len(given) > 1:
        report.add(path, f"has the kinds {' and '.join(given)}; write a check for each")
    elif not given and not odd:
        report.add(path, f"has no kind; give it one of {', '.join(names())}")
    return given[0] if len(given) == 1 else ""


def _odd_key(key: str) -> str:
    return unknown_key(key, [*Common.model_fields, *names()])


def _read_kind(report: Report, path: Path, name: str, data: Any) -> KindConfig | None:
    try:
        model = kind(name).config
    except OnwatchError as error:
        report.add(path, str(error))
        return None
    try:
        config = model.model_validate(data)
        if name not in KINDS:
            # The engine asks for them before it runs; here it can be said where it goes wrong.
            config.instance(), config.address()
    except ValidationError as error:
        report.explain(path, error, model, data)
        return None
    except Exception as error:
        # The rim: what somebody else's kind does with its configuration is not ours to foresee.
        log.debug("the kind %s failed", name, exc_info=True)
        report.add(path, _failed(name, error))
        return None
    return config


def _failed(name: str, error: Exception) -> str:
    """The sentence for a kind that fails with a configuration instead of judging it."""
    whose = "onwatch" if name in KINDS else third_party().package(name)
    said = f"{type(error).__name__}: {clean(mask_url(str(error)), 200)}".rstrip(": ")
    return f"the kind {name} of {whose} failed with this configuration: {said}"


def _spec(
    common: Common, config: KindConfig, defaults: Defaults, kind_name: str, place: str
) -> CheckSpec:
    interval = common.interval or defaults.interval
    return CheckSpec(
        name=common.name,
        kind=kind_name,
        config=config,
        interval=interval,
        timeout=common.timeout or min(defaults.timeout, interval),
        job=common.job,
        labels={**defaults.labels, **common.labels},
        depends_on=tuple(dict.fromkeys(common.depends_on)),
        runbook=common.runbook,
        place=place,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """A check as far as others refer to it, whether or not the rest of it is right."""

    name: str
    depends_on: tuple[str, ...]
    report: Report
    path: Path

    def add(self, key: str, text: str) -> None:
        """Report something wrong with one of its keys."""
        self.report.add((*self.path, key), text)

    @property
    def place(self) -> str:
        """The file and line."""
        return f"{self.report.document.name}:{self.report.document.line(self.path)}"


def declared(report: Report, path: Path, data: Any) -> Declared | None:
    """What others can refer to in the check at ``path``; None where it has no name."""
    name = data.get("name") if isinstance(data, dict) else None
    if not isinstance(name, str) or not name:
        return None
    needs = data.get("depends_on")
    found = needs if isinstance(needs, list) else [needs]
    texts = dict.fromkeys(need for need in found if isinstance(need, str))
    return Declared(name, tuple(texts), report, path)


def refuse_programs(entries: Iterable[Entry], doubt: str) -> None:
    """Report each check that runs a program, in a file that others could have written."""
    for entry in entries:
        if entry.spec.config.runs_programs:
            text = f"refused, since it runs a program and this file is not safe: {doubt}"
            entry.report.add((*entry.path, entry.spec.kind), text)


def check_names(checks: Iterable[Declared]) -> None:
    """Report each name that an earlier check has already."""
    taken: dict[str, Declared] = {}
    for check in checks:
        first = taken.setdefault(check.name, check)
        if first is not check:
            check.add("name", f'the name "{check.name}" is taken by the check at {first.place}')


def check_dependencies(checks: Sequence[Declared], *, complete: bool) -> None:
    """Report each circle, and where ``checks`` are all there are, what does not exist."""
    known: dict[str, Declared] = {}
    for check in checks:
        known.setdefault(check.name, check)
    for check in checks:
        for name in check.depends_on if complete else ():
            if name not in known:
                check.add("depends_on", f'no check is called "{name}"{meant(name, known)}')
    for circle in _circles({name: check.depends_on for name, check in known.items()}):
        known[circle[0]].add("depends_on", f"goes round in a circle: {' → '.join(circle)}")


def _circles(graph: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """Every circle that a walk through ``graph`` runs into, each once."""
    circles: list[list[str]] = []
    done: set[str] = set()
    for start in graph:
        trail: list[str] = []
        ahead = [(start, 0)]
        while ahead:
            name, depth = ahead.pop()
            done.update(trail[depth:])
            del trail[depth:]
            if name in trail:
                circles.append([*trail[trail.index(name) :], name])
            elif name in graph and name not in done:
                trail.append(name)
                ahead += [(other, depth + 1) for other in reversed(graph[name])]
        done.update(trail)
    return circles


def enabled_specs(entries: Iterable[Entry]) -> tuple[CheckSpec, ...]:
    """The checks that run, without dependencies on such as do not."""
    running = [entry.spec for entry in entries if entry.enabled]
    names = {spec.name for spec in running}
    return tuple(
        spec
        if names.issuperset(spec.depends_on)
        else replace(spec, depends_on=tuple(n for n in spec.depends_on if n in names))
        for spec in running
    )


def warnings(entries: Iterable[Entry], base: FilePath) -> Iterator[ConfigProblem]:
    """What is allowed and probably not meant; paths are relative to ``base``."""
    for entry in entries:
        document, spec = entry.report.document, entry.spec
        if spec.timeout > spec.interval:
            text = "is longer than the interval; runs will be left out"
            yield document.problem((*entry.path, "timeout"), text)
        for where, text in missing_files(spec.config, base) if entry.enabled else ():
            yield document.problem((*entry.path, spec.kind, *where), text)
        for where, text in _told(spec, spec.config.doubts) if entry.enabled else ():
            yield document.problem((*entry.path, spec.kind, *where), text)
        for where, text in _told(spec, spec.config.in_clear):
            path = (*entry.path, spec.kind, *where)
            if entry.report.is_written(path):
                yield document.problem(path, text)


_Doubt = tuple[tuple[str | int, ...], str]


def _told(spec: CheckSpec, tell: Callable[[], Iterable[_Doubt]]) -> list[_Doubt]:
    try:
        return list(tell())
    except Exception as error:
        # The rim, as above; the check runs without its doubts.
        log.debug("the kind %s failed", spec.kind, exc_info=True)
        return [((), _failed(spec.kind, error))]
