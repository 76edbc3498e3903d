"""Writes docs/metrics.md: what rules for Prometheus' exporters find here, and what differs.

Run it as ``python -m tools.metrics_page``. It is made of the rule files beside the project and of
what the tests in tests/exporters hold: which differences there are, how each rule is made to fire.
A test fails until the page says what they do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.exporters import known, rule_files
from tests.exporters.beside import Kind
from tests.exporters.blackbox_scenes import BLACKBOX
from tests.exporters.mysql_scenes import MYSQL
from tests.exporters.node_scenes import NODE
from tests.exporters.postgres_scenes import POSTGRES
from tests.exporters.process_scenes import PROCESS
from tests.exporters.redis_scenes import REDIS
from tests.exporters.scenes import Scenes
from tests.exporters.systemd_scenes import SYSTEMD

__all__ = ["PAGE", "page"]

PAGE: Final = Path(__file__).parent.parent / "docs" / "metrics.md"
SCENES: Final[tuple[Scenes[Any], ...]] = (NODE, PROCESS, SYSTEMD, MYSQL, POSTGRES, REDIS, BLACKBOX)

_INTRO: Final = """\
# Metrics

Written by `python -m tools.metrics_page`; the tests hold every line of it.

onwatch names what it measures as Prometheus' exporters do, so that a rule that was written for one
of them runs here as it is. This page is about the rules of
[awesome-prometheus-alerts](https://samber.github.io/awesome-prometheus-alerts/): for every metric
that one of them uses, Debian's exporter and onwatch are asked about the same server, one after the
other. What is *the same* has the same name, the same names and values of labels, and a value that
lies between two reads of the exporter. `job` and `instance` are those of the check.

Each rule is made to fire, and to resolve, on a real server wherever that does no harm; only the
time that passes between two runs is made up. *In its samples*: what was measured there is changed
before it is stored, since it would take a load that no test should make.

| exporter | metrics in rules | the same | not the same | rules | fire | fire once mended | cannot |
|---|---|---|---|---|---|---|---|
"""
_MENDED: Final = """\
*Fire once mended*: such a rule contradicts itself, so that no exporter makes it fire. The tests see
it stay silent while its condition holds, here and in Debian's promtool, and fire once its text is
mended as said below.
"""
_KINDS: Final = {
    Kind.MISSING: "not here",
    Kind.EXTRA: "only here",
    Kind.LABELS: "other labels",
    Kind.LESS: "fewer series",
    Kind.MORE: "more series",
    Kind.VALUE: "other value",
    Kind.NONE: "nowhere",
}
_SAID_BY_LABELS: Final = {Kind.LESS, Kind.MORE}


def page() -> str:
    """The whole page."""
    return "".join(_parts())


def main() -> None:
    PAGE.write_text(page())


def _parts() -> Iterator[str]:
    yield _INTRO
    for scenes in SCENES:
        yield _row(_summary(scenes))
    yield f"\n{_MENDED}"
    for scenes in SCENES:
        yield from _section(scenes)


def _summary(scenes: Scenes[Any]) -> list[object]:
    every, same = rule_files.metrics(scenes.exporter), _same(scenes.exporter)
    mended = sum(scene.mend is not None for scene in scenes.known.values())
    rules = sum(1 for _ in rule_files.alerts(scenes.exporter))
    fire = len(scenes.known) - mended
    name = f"[{scenes.exporter}](#{scenes.exporter})"
    other = len(every) - len(same) - len(_uncompared(scenes.exporter))
    return [name, len(every), len(same), other, rules, fire, mended, len(scenes.impossible)]


def _row(cells: list[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |\n"


def _same(exporter: str) -> list[str]:
    """Metrics of rules in which nothing differs."""
    differences = known.DIFFERENCES.get(exporter, ())
    return [
        name
        for name in rule_files.metrics(exporter)
        if name not in _uncompared(exporter)
        and not any(re.fullmatch(one.metric, name) for one in differences)
        and not any(one.metric.startswith(name.removesuffix(".*")) for one in differences)
    ]


def _uncompared(exporter: str) -> list[str]:
    patterns = known.NOT_COMPARED.get(exporter, {})
    names = rule_files.metrics(exporter)
    return [name for name in names if any(re.fullmatch(one, name) for one in patterns)]


def _section(scenes: Scenes[Any]) -> Iterator[str]:
    exporter = scenes.exporter
    yield f"\n## {exporter}\n\n`{rule_files.FILES[exporter]}`. "
    if exporter in known.COMPARED:
        yield f"Beside {exporter} exporter {known.COMPARED[exporter]}.\n"
        names = ", ".join(f"`{name}`" for name in _same(exporter))
        yield f"\nThe same: {names}.\n"
    else:
        yield "Beside no exporter.\n"
    yield from _differences(exporter)
    yield "\n| rule | how it comes to fire, and to resolve |\n|---|---|\n"
    for rule in rule_files.alerts(exporter):
        yield _row([f"`{rule.name}`", _how(scenes, rule.name)])


def _differences(exporter: str) -> Iterator[str]:
    rows = [
        (f"`{_readable(one.metric)}`", _shown(one), one.why)
        for one in known.DIFFERENCES.get(exporter, ())
    ]
    rows += [(metric, "other value", why) for metric, why in known.OWN_READING.get(exporter, ())]
    for pattern, why in known.NOT_COMPARED.get(exporter, {}).items():
        rows.append((f"`{_readable(pattern)}`", "not compared", why))
    if rows:
        yield "\n| metric | what differs | why |\n|---|---|---|\n"
    for metric, what, why in rows:
        yield _row([metric, what, why if why.endswith(".") else f"{why[0].upper()}{why[1:]}."])


def _shown(one: known.Difference) -> str:
    kinds = one.kinds
    if Kind.LABELS in kinds:
        # Other labels make other series of all.
        kinds = tuple(each for each in kinds if each not in _SAID_BY_LABELS)
    return ", ".join(_KINDS[each] for each in kinds)


def _readable(pattern: str) -> str:
    return re.sub(
        r"\(([^)]*)\)", lambda found: f"{{{found[1].replace('|', ',')}}}", pattern
    ).replace(".*", "*")


def _how(scenes: Scenes[Any], rule: str) -> str:
    if rule in scenes.impossible:
        return f"*Cannot.* {scenes.impossible[rule].why}"
    scene = scenes.known[rule]
    return f"{scene.how}. *Mended:* {scene.why}" if scene.mend else scene.how


if __name__ == "__main__":
    main()
