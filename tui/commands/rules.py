"""``onwatch rules``: checks, tests and back-tests Prometheus' rule files."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from checks.errors import ConfigError, ConfigProblem
from checks.model import clean
from checks.numerics import import_numpy
from tui.refusal import ArgumentError

if TYPE_CHECKING:
    from checks.rules.backtest import Backtest
    from checks.rules.dead import Catalogue
    from checks.rules.language import Language
    from checks.rules.model import RuleFile, RuleGroup
    from checks.rules.unit_tests.running import TestReport

__all__ = ["run"]

_WIDE = 4_000


def run(args: argparse.Namespace) -> int:
    """Do what ``args.action`` says; 0 where all is right, 1 where it is not.

    What keeps it from being done at all is a ConfigError, which ends the program with 2.
    """
    import_numpy()
    actions = {"check": _check, "test": _test, "backtest": _backtest}
    return actions[args.action](args)


def _check(args: argparse.Namespace) -> int:
    from checks.promql.api import Engine  # noqa: PLC0415 - imports numpy
    from checks.rules.language import PrometheusLanguage  # noqa: PLC0415

    language = PrometheusLanguage(Engine())
    files, catalogue = _read(args.files, language), _catalogue(args)
    for file in files:
        for line in _about(file, language, catalogue):
            _say(line)
    if catalogue is not None:
        for line in _dead(files, catalogue):
            _say(line)
    return 1 if any(file.problems for file in files) else 0


def _read(names: Sequence[str], language: Language) -> list[RuleFile]:
    from checks.rules.reading import read_rule_file  # noqa: PLC0415 - for this command

    return [read_rule_file(Path(name), language, trusted=True) for name in names]


def _about(file: RuleFile, language: Language, catalogue: Catalogue | None) -> Iterator[str]:
    from checks.rules.remarks import remarks  # noqa: PLC0415 - for this command

    yield from map(str, file.problems)
    if file.doubt:
        yield f"note: {file.name}: {file.doubt}; named in a configuration it would be refused"
    for remark in remarks(file.groups, language, catalogue):
        yield f"note: {remark}"
    broken = f", {_count(file.broken, 'rule')} left out" if file.broken else ""
    groups = _count(len(file.groups), "group")
    yield f"{file.name}: {_count(file.rules, 'rule')} in {groups}{broken}"


def _dead(files: Iterable[RuleFile], catalogue: Catalogue) -> Iterator[str]:
    from checks.rules.dead import dead_rules  # noqa: PLC0415 - for those who ask

    groups = [group for file in files for group in file.groups]
    places = {id(rule): (group, rule) for group in groups for rule in group.rules}
    for one in dead_rules(groups, catalogue):
        group, rule = places[id(one.rule)]
        yield f"dead: {ConfigProblem(group.file, rule.line, rule.name, one.sentence)}"


def _catalogue(args: argparse.Namespace) -> Catalogue | None:
    """What there is, where somebody says where to look."""
    if args.samples:
        from checks.samples.openmetrics import read_openmetrics  # noqa: PLC0415 - imports numpy
        from checks.samples.store import store_of  # noqa: PLC0415

        return store_of(read_openmetrics(args.samples))
    if not args.config:
        return None
    from checks.collect import collect  # noqa: PLC0415 - imports the engine
    from tui.commands.found import found_checks  # noqa: PLC0415
    from tui.config import load  # noqa: PLC0415 - imports pydantic

    config = found_checks(load(args.config).engine)
    return asyncio.run(collect(config, 0.0)).store


def _test(args: argparse.Namespace) -> int:
    from checks.rules.unit_tests.running import run_test_file  # noqa: PLC0415 - imports numpy

    failed = False
    wanted = _wanted(args.run)
    for name in args.files:
        report = run_test_file(Path(name), wanted)
        failed = failed or bool(report.failures)
        _tell(report)
    return 1 if failed else 0


def _wanted(patterns: Sequence[str] | None) -> Callable[[str], bool]:
    """Whether a name has one of ``patterns`` in it; without any every name has."""
    if not patterns:
        return lambda _: True
    try:
        found = re.compile("|".join(patterns))
    except re.error as error:
        raise ArgumentError("--run", f"is no pattern: {error}") from None
    return lambda name: found.search(name) is not None


def _tell(report: TestReport) -> None:
    """As promtool does, with the line of each test that failed."""
    _say(f"Unit Testing:  {report.name}")
    for warning in report.warnings:
        _say(f"  WARNING: {warning}")
    sys.stdout.write("  FAILED:\n" if report.failures else "  SUCCESS\n")
    for failure in report.failures:
        if failure.line:
            _say(f"  {report.name}:{failure.line}:")
        for line in failure.text.split("\n"):
            _say(line)
    sys.stdout.write("\n")
    sys.stdout.flush()


def _backtest(args: argparse.Namespace) -> int:
    from checks.promql.api import Engine  # noqa: PLC0415 - imports numpy
    from checks.rules.backtest import backtest, store_for  # noqa: PLC0415
    from checks.rules.evaluate import Circumstances  # noqa: PLC0415
    from checks.rules.language import PrometheusLanguage  # noqa: PLC0415
    from checks.samples.openmetrics import read_openmetrics  # noqa: PLC0415

    engine = Engine()
    groups = _right(_read(args.files, PrometheusLanguage(engine)))
    samples = read_openmetrics(args.samples)
    if not samples.samples:
        raise ConfigError([ConfigProblem(args.samples, 0, "", "holds no samples")])
    about = Circumstances(
        engine, {}, interval=_interval(args.interval), pure=args.pure, since=samples.first
    )
    done = backtest(groups, about, store_for(samples), samples.first, samples.last)
    from tui.output.backtest import as_text  # noqa: PLC0415 - for this command

    for line in as_text(done):
        _say(line)
    return 1 if _failed(done) else 0


def _failed(done: Backtest) -> bool:
    from checks.rules.outcome import Health  # noqa: PLC0415 - for this command

    return any(one.sentence != Health.NO_HISTORY for one in done.troubles)


def _right(files: Iterable[RuleFile]) -> list[RuleGroup]:
    """The groups of all files. Raises ConfigError where something is wrong with one."""
    found = list(files)
    problems = [problem for file in found for problem in file.problems]
    if problems:
        raise ConfigError(problems)
    return [group for file in found for group in file.groups]


def _interval(text: str) -> int:
    from checks.samples.moments import parse_step  # noqa: PLC0415 - for this command

    try:
        return parse_step(text)
    except ValueError:
        why = f'"{text}" is no duration such as 30s or 1m'
        raise ArgumentError("--interval", why) from None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _say(line: str) -> None:
    sys.stdout.write(f"{clean(line, _WIDE)}\n")
