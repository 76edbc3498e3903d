"""What a configuration says of runbooks: where they are, and which ones checks and keys name.

Here only names count, which are those of files: nothing is read before somebody wants it. What is
wrong within the files is said by ``onwatch validate``, and by the monitor once it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from checks.config import RunbooksConfig
from checks.documents.keys import nearest
from checks.runbooks.links import built_in_names, is_elsewhere, link_of
from tui.config import files
from tui.config.build import Entry
from tui.config.keys import ReadKeys
from tui.config.problems import Report

__all__ = ["StepJudge", "known_names", "read_runbooks", "refuse_unknown"]

StepJudge = Callable[[RunbooksConfig, str, str], str]
"""Takes where runbooks are, and the names of one and of its step; says why there is no such step,
empty where there is."""


def read_runbooks(
    report: Report, given: list[str], base: Path, shown_base: Path, warnings: list[str]
) -> RunbooksConfig:
    """Where the runbooks are; relative paths are relative to ``base``.

    ``shown_base`` is that folder as the user knows it.
    """
    listed = isinstance(report.document.data.get("runbooks"), list)
    patterns = []
    for index, text in enumerate(given):
        where = ("runbooks", index) if listed else ("runbooks",)
        path = base / files.expanded(text)
        patterns.append(str(path))
        if files.is_pattern(text):
            if not files.matching(text, base):
                warnings.append(str(report.document.problem(where, f"no file matches {text}")))
        elif problem := files.unusable(path, text):
            report.add(where, problem)
        elif path.is_dir():
            report.add(where, f"{text} is a folder; write {text.rstrip('/')}/*.md")
    return RunbooksConfig(tuple(patterns), base, shown_base)


def known_names(config: RunbooksConfig) -> tuple[str, ...]:
    """The names of all runbooks, whether or not they can be read."""
    found = (path for pattern in config.patterns for path in files.matching(pattern, config.base))
    return tuple(sorted({*built_in_names(), *(path.stem for path in found)}))


def refuse_unknown(
    report: Report,
    config: RunbooksConfig,
    entries: Iterable[Entry],
    keys: ReadKeys,
    judge: StepJudge | None = None,
) -> None:
    """Report each check and each key that names a runbook which there is not, and each key whose
    step ``judge`` does not find."""
    wanted = [entry for entry in entries if entry.spec.runbook]
    if not wanted and not keys.steps:
        return
    names = known_names(config)
    for entry in wanted:
        text = entry.spec.runbook
        if not is_elsewhere(text) and link_of(text).name not in names:
            entry.report.add((*entry.path, "runbook"), _unknown(text, names))
    for key, (runbook, step) in keys.steps.items():
        if link_of(runbook).name not in names:
            report.add(("keybindings", keys.written[key], "runbook"), _unknown(runbook, names))
        elif judge is not None and (text := judge(config, link_of(runbook).name, step)):
            report.add(("keybindings", keys.written[key], "step"), text)


def _unknown(text: str, names: Iterable[str]) -> str:
    near = nearest(link_of(text).name, names)
    hint = f'; did you mean "{near}"?' if near else "; name the files of your own under runbooks:"
    return f'there is no runbook "{text}"{hint}'
