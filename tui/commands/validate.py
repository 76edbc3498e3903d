"""``onwatch validate``: says whether the configuration is right, and what it holds."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from checks.documents.keys import nearest
from checks.errors import ConfigError, ConfigProblem

if TYPE_CHECKING:
    from checks.config import EngineConfig, RunbooksConfig
    from checks.probe import CheckSpec
    from tui.config import Loaded

__all__ = ["describe", "listed", "run"]


def run(args: argparse.Namespace) -> int:
    """Print one line about the configuration and one for each warning; 0 where it is right.

    What is wrong with it is a ConfigError, which has the warnings too and ends the program with 2.
    """
    from checks.registry import third_party  # noqa: PLC0415 - imports pydantic
    from tui.config import load  # noqa: PLC0415 - the same

    loaded = load(
        args.file or args.config,
        key_judge=_refused_keys,
        theme_judge=_refused_theme,
        step_judge=_missing_step,
        strict=True,
    )
    unusable, doubts = _about_runbooks(loaded.engine)
    warnings = [
        *loaded.engine.warnings,
        *doubts,
        *_about_links(loaded.engine),
        *_about_dashboards(loaded.engine),
        *_about_baseline(loaded.baseline),
        *third_party().complaints,
    ]
    if unusable:
        raise ConfigError(unusable, warnings=map(str, warnings))
    print(describe(loaded))
    for warning in warnings:
        print(f"warning: {warning}")
    return 0


def _about_baseline(name: str) -> Iterator[str]:
    """Why nothing can be compared with the baseline of that name, where one is named."""
    if not name:
        return
    from checks.baselines.files import BaselineError, read  # noqa: PLC0415 - where one is named

    try:
        read(name)
    except BaselineError as error:
        yield f"baseline: {error}"


def _refused_keys(wanted: Mapping[str, str], steps: Iterable[str]) -> Mapping[str, str]:
    """What the monitor would refuse, by the binding's id or the step's key."""
    from tui.bindings import all_bindings  # noqa: PLC0415 - imports the monitor
    from tui.keymap import plan  # noqa: PLC0415
    from tui.step_keys import refused_step_keys  # noqa: PLC0415

    planned = plan(wanted, all_bindings())
    return {**planned.refused, **refused_step_keys(steps, planned.keymap, all_bindings())}


def _refused_theme(name: str) -> str:
    """Why the monitor has no such theme."""
    from tui.themes import theme_problem  # noqa: PLC0415 - imports the terminal library

    return theme_problem(name)


def _missing_step(config: RunbooksConfig, runbook: str, step: str) -> str:
    """Why the runbook has no such step; empty where it has."""
    from checks.runbooks.library import Library  # noqa: PLC0415 - where a key names a step

    books = Library(config)
    books.refresh()
    found = books.get(runbook)
    if found is None:
        return books.missing(runbook)
    if not step or found.step(step) is not None:
        return "" if found.steps else f"the runbook {runbook} has no steps"
    near = nearest(step, [each.name for each in found.steps])
    hint = f'; did you mean "{near}"?' if near else ""
    return f'the runbook {runbook} has no step "{step}"{hint}'


def _about_runbooks(
    config: EngineConfig,
) -> tuple[tuple[ConfigProblem, ...], list[ConfigProblem]]:
    """Which files of the user's are no runbooks at all, and what is probably wrong with others."""
    if not config.runbooks.patterns:
        return (), []
    from checks.runbooks.checking import doubts  # noqa: PLC0415 - where there are some
    from checks.runbooks.facts import variables_of_checks  # noqa: PLC0415
    from checks.runbooks.library import Library  # noqa: PLC0415

    books = Library(config.runbooks)
    books.refresh()
    kinds = {spec.name: spec.kind for spec in config.checks}
    labels = variables_of_checks(config.checks)
    unusable = books.unusable
    found = [one for one in books.problems if one not in unusable]
    for runbook in books.own:
        found += doubts(runbook, kinds, labels)
    return unusable, found


def _about_links(config: EngineConfig) -> Iterator[ConfigProblem]:
    """Which of the user's rules name a runbook that there is not, and no page elsewhere."""
    if config.rules is None:
        return
    from checks.rules.model import AlertRule  # noqa: PLC0415 - imports numpy
    from checks.runbooks.library import Library  # noqa: PLC0415
    from checks.runbooks.links import is_elsewhere, link_of  # noqa: PLC0415

    books = Library(config.runbooks)
    books.refresh()
    alerts = ((g.file, r) for g in config.rules.groups for r in g.rules if isinstance(r, AlertRule))
    for file, rule in alerts:
        link = dict(rule.annotations).get("runbook_url", "")
        if not link or "{{" in link or is_elsewhere(link):
            continue
        name = link_of(link).name
        if books.get(name) is None and (why := books.missing(name)):
            yield ConfigProblem(file, rule.line, rule.name, f"runbook_url: {why}")


def _about_dashboards(config: EngineConfig) -> Iterator[str]:
    """What of the dashboards is not shown, or otherwise than where it came from."""
    if not config.dashboards:
        return
    from checks.dashboards.naming import misnamed  # noqa: PLC0415 - where there are some
    from checks.dashboards.probing import doubts_about  # noqa: PLC0415

    misnamed_in = misnamed(config)
    for one in config.dashboards:
        for sentence in (*one.notes, *doubts_about(one), *misnamed_in(one)):
            yield f"{one.place}: {sentence}"


def describe(loaded: Loaded) -> str:
    """``onwatch.yaml: 12 checks (5 http, 7 tcp), 1 more disabled; 2 objectives; 1 dashboard``."""
    checks = loaded.engine.checks
    if not loaded.path:
        return (
            f"no configuration found: this machine ({_kinds(checks)}) and what is discovered on "
            "it would be watched"
        )
    text = f"{loaded.path}: {listed(checks)}"
    text += f", {loaded.disabled} more disabled" if loaded.disabled else ""
    groups = loaded.engine.rules.groups if loaded.engine.rules else ()
    engine = loaded.engine
    counted = (
        (sum(len(group.rules) for group in groups), "rule", " of its own"),
        (len(engine.objectives), "objective", ""),
        (_runbooks(engine.runbooks), "runbook", " of its own"),
        (len(engine.dashboards), "dashboard", ""),
    )
    for count, noun, more in counted:
        text += f"; {count} {noun}{'' if count == 1 else 's'}{more}" if count else ""
    return text


def _runbooks(config: RunbooksConfig) -> int:
    """How many files there are of the user's."""
    from tui.config.files import matching  # noqa: PLC0415 - imports pydantic with its package

    return len({path for one in config.patterns for path in matching(one, config.base)})


def listed(checks: Sequence[CheckSpec]) -> str:
    """``12 checks (5 http, 7 tcp)``."""
    text = f"{len(checks)} check{'' if len(checks) == 1 else 's'}"
    return text + (f" ({_kinds(checks)})" if checks else "")


def _kinds(checks: Sequence[CheckSpec]) -> str:
    kinds = Counter(check.kind for check in checks)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
