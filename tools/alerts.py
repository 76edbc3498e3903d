"""Writes the tables of docs/alerts.md from the built-in rule packs and the kinds of checks.

Run it as ``python -m tools.alerts`` after changing a pack; a test fails until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from checks.alerts.durations import show_duration
from checks.registry import KINDS, kind
from checks.rules.model import AlertRule, RecordRule, RuleGroup
from checks.rules.packs import FOLDER, pack_names, read_pack

__all__ = ["MARK", "PAGE", "tables"]

PAGE = Path(__file__).parent.parent / "docs" / "alerts.md"
MARK = "<!-- From here on written by tools/alerts.py from the packs. -->\n"


def tables() -> str:
    """The page from the mark on."""
    return MARK + _gives_way() + "".join(_pack(name) for name in pack_names())


def main() -> None:
    intro, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    PAGE.write_text(intro + tables(), encoding="utf-8")


def _gives_way() -> str:
    """Which alerts give way to which bounds of a check's own."""
    lines = ["\n## What gives way\n", "| a bound of a check | what gives way to it |", "|---|---|"]
    for name in KINDS:
        by_alerts: dict[tuple[str, ...], list[str]] = {}
        for key, alerts in kind(name).bounds.items():
            by_alerts.setdefault(alerts, []).append(key)
        lines += [
            f"| `{name}`: {', '.join(map(_code, keys))} | {', '.join(map(_code, alerts))} |"
            for alerts, keys in by_alerts.items()
        ]
    told = "a queue's `warning` and `critical`, of whatever kind"
    return "\n".join([*lines, f"| {told} | `QueueBacklog`, of that queue |"]) + "\n"


def _pack(name: str) -> str:
    groups = read_pack(name).groups
    lines = [f"\n## {name}\n", _about(name), "", "| alert | severity | condition | for | |"]
    lines += ["|---|---|---|---|---|", *_alerts(groups)]
    records = [rule for group in groups for rule in group.rules if isinstance(rule, RecordRule)]
    if records:
        lines += ["", "| recorded for them | |", "|---|---|"]
        lines += [f"| {_code(one.name)} | {_code(one.expression.text)} |" for one in records]
    return "\n".join(lines) + "\n"


def _about(name: str) -> str:
    """What the first lines of the file say: what it is about, and which checks it needs."""
    first, second = (FOLDER / f"{name}.yml").read_text(encoding="utf-8").splitlines()[:2]
    about = first.partition(": ")[2]
    kinds = second.partition(": ")[2]
    return f"{about[:1].upper()}{about[1:]} Needs: {kinds}."


def _alerts(groups: Iterable[RuleGroup]) -> Iterator[str]:
    """A row for each threshold; name and meaning stand in the first of an alert."""
    rules = (rule for group in groups for rule in group.rules if isinstance(rule, AlertRule))
    for name, family in groupby(rules, key=lambda rule: rule.name):
        for number, rule in enumerate(family):
            shown = "" if number else f"`{name}`"
            meaning = "" if number else dict(rule.annotations)["description"]
            severity = dict(rule.labels)["severity"]
            hold = show_duration(rule.hold) if rule.hold else ""
            condition = _code(rule.expression.text)
            yield f"| {shown} | {severity} | {condition} | {hold} | {_cell(meaning)} |"


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    main()
