"""What a configuration says of rules: built-in packs, rule files, and what is switched off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from checks.config import RulesConfig
from checks.documents.keys import nearest
from checks.errors import ConfigProblem
from checks.rules.loading import called
from checks.rules.packs import names_in, pack_names
from tui.config import files
from tui.config.models import Rules
from tui.config.problems import Report

if TYPE_CHECKING:
    from checks.rules.model import RuleFile, RuleGroup

__all__ = ["ReadRules", "built_in", "read_rules"]

ALL: Final = "all"
_TOLD: Final = 3
"""Problems of single rules that the notice names; the screen of alerts has them all."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadRules:
    """The rules, the files and patterns to watch for them, and warnings."""

    config: RulesConfig
    watched: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()


def built_in() -> RulesConfig:
    """The rules where nobody says anything: every pack."""
    return RulesConfig(packs=pack_names())


def read_rules(
    report: Report, rules: Rules, base: Path, shown_base: Path, *, strict: bool = False
) -> ReadRules:
    """The rules that ``rules`` names; relative paths are relative to ``base``.

    ``shown_base`` is that folder as the user knows it. Reported is what is no rule file at all;
    a mistake in a single rule costs this rule, and is a warning, or reported too where it is
    ``strict``.
    """
    packs = _packs(report, rules.packs)
    watched: list[Path] = []
    warnings: list[str] = []
    paths: dict[Path, Path] = {}
    for index, given in enumerate(rules.files):
        where = _where(report, "files", index)
        found = _matching(given, base)
        watched.append(base / files.expanded(given))
        watched += found
        if not found:
            warnings.append(str(report.document.problem(where, f"no file matches {given}")))
        for path in found:
            paths.setdefault(path, files.shown(path, base, shown_base))
    read = _read(paths)
    refused = [file for file in read if strict or _is_none(file)]
    report.problems.extend(problem for file in refused for problem in file.problems)
    usable = [file for file in read if not _is_none(file)]
    wrong = [str(problem) for file in usable for problem in file.problems]
    warnings += [] if strict else _told(wrong)
    groups = [group for file in usable for group in file.groups]
    warnings += map(str, _unknown(report, rules.disable, groups, packs))
    config = RulesConfig(
        packs=packs,
        groups=tuple(groups),
        disable=tuple(rules.disable),
        interval=rules.interval,
        problems=tuple(wrong),
    )
    return ReadRules(config, tuple(dict.fromkeys(watched)), tuple(warnings))


def _told(wrong: Sequence[str]) -> list[str]:
    """Warnings of what is ``wrong`` with single rules."""
    more = len(wrong) - _TOLD
    rest = [f"rules: {more} more mistakes; see onwatch rules check"] if more > 0 else []
    return [*wrong[:_TOLD], *rest]


def _packs(report: Report, given: list[str]) -> tuple[str, ...]:
    there = pack_names()
    for index, name in enumerate(given):
        if name not in there and name != ALL:
            near = nearest(name, there)
            hint = f'did you mean "{near}"?' if near else f"there are {', '.join(there)}, and all"
            where = _where(report, "packs", index)
            report.add(where, f'there is no built-in pack "{name}"; {hint}')
    return there if ALL in given else tuple(name for name in there if name in given)


def _where(report: Report, key: str, index: int) -> tuple[str | int, ...]:
    """The place of an item of a key that takes a list, or one text for a list of one."""
    rules = report.document.data.get("rules")
    given = rules.get(key) if isinstance(rules, dict) else None
    return ("rules", key, index) if isinstance(given, list) else ("rules", key)


def _matching(given: str, base: Path) -> list[Path]:
    if files.is_pattern(given):
        return files.matching(given, base)
    # One that is not there is a mistake, which reading it tells.
    return [base / files.expanded(given)]


def _read(paths: dict[Path, Path]) -> list[RuleFile]:
    if not paths:
        return []
    from checks.numerics import import_numpy  # noqa: PLC0415 - where there are rule files

    import_numpy()
    from checks.promql.api import Engine  # noqa: PLC0415 - imports numpy
    from checks.rules.language import PrometheusLanguage  # noqa: PLC0415
    from checks.rules.reading import read_rule_file  # noqa: PLC0415

    language = PrometheusLanguage(Engine())
    return [read_rule_file(path, language, shown=str(shown)) for path, shown in paths.items()]


def _is_none(file: RuleFile) -> bool:
    """Whether nothing in ``file`` can be used, which is a mistake of the configuration."""
    return bool(file.problems) and not file.rules


def _unknown(
    report: Report, disable: Iterable[str], groups: Iterable[RuleGroup], packs: Iterable[str]
) -> Iterator[ConfigProblem]:
    """A warning for each name that no rule has."""
    if not disable:
        return
    own = {name for group in groups for rule in group.rules for name in called(rule)}
    known = own | names_in(packs)
    lower = {name.lower(): name for name in known}
    for index, name in enumerate(disable):
        if name not in known:
            near = lower.get(nearest(name, lower), "")
            hint = f'; did you mean "{near}"?' if near else ""
            where = _where(report, "disable", index)
            yield report.document.problem(where, f'no rule is called "{name}"{hint}')
