"""Rule files that others wrote, over made-up samples: the alerts that Debian's promtool has."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from checks.promql.api import Engine
from checks.promql.ast import Selector
from checks.rules.language import PrometheusLanguage
from checks.rules.model import RuleFile
from checks.rules.reading import read_rule_file
from tests.checks.rules.test_promtool import ours, theirs

SHARED = Path(__file__).parents[4] / "shared" / "rules"
VALUES = ["0x5", "1x5", "5+1000000x6", "100-20x8", "95x4", "0+0.1x9", "_", "1e9x9", "90x3 3x3"]
NUMBER = re.compile(r"-?\d+\.\d{9,}(?:[eE][-+]\d+)?")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the rule files of others are not beside this")
@pytest.mark.parametrize("name", [path.name for path in sorted(SHARED.glob("*.yml"))])
def test_alerts_are_those_of_promtool(promtool: Path, tmp_path: Path, name: str) -> None:
    path = SHARED / name
    file = read_rule_file(path, PrometheusLanguage(Engine()), trusted=True)
    (tmp_path / "rules.yml").write_text(path.read_text())
    test = tmp_path / "test.yml"
    test.write_text(made_up(file, random.Random(name)))
    mine, other = ours(test), theirs(promtool, test)
    assert "alertname" in mine[1] or "err:" in mine[1]
    assert (mine[0], rounded(mine[1])) == (other[0], rounded(other[1]))


def rounded(text: str) -> str:
    """``text`` with its long numbers to twelve digits: the last bits are the compiler's."""
    return NUMBER.sub(lambda found: f"{float(found[0]):.12g}", text)


def made_up(file: RuleFile, dice: random.Random) -> str:
    """A test that expects nothing, so that everything which fires is printed."""
    rules = [rule for group in file.groups for rule in group.rules]
    series = {
        text: " ".join(dice.choice(VALUES) for _ in range(4))
        for rule in rules
        for selector in rule.expression.selectors
        for text in (written(selector, f"i{at}") for at in range(2))
    }
    lines = ["rule_files: [rules.yml]", "tests:", "- interval: 61s", "  input_series:"]
    lines += [f"  - {{series: '{text}', values: '_ {them}'}}" for text, them in series.items()]
    lines += ["  alert_rule_test:"]
    names = sorted({rule.name for rule in rules})
    lines += [f"  - {{eval_time: {at}m, alertname: {name}}}" for at in (5, 13) for name in names]
    lines += ["  promql_expr_test:", "  - {expr: ALERTS, eval_time: 11m}"]
    return "\n".join(lines) + "\n"


def written(selector: Selector, instance: str) -> str:
    """A series that ``selector`` matches, as far as its patterns are lists of words."""
    labels = {"instance": instance, "job": "j"}
    for matcher in selector.matchers:
        if matcher.op == "=":
            labels[matcher.label] = matcher.value
        elif matcher.op == "=~":
            words = re.split(r"[|()^$]+", re.sub(r"\.[+*]", "x", matcher.value))
            fitting = (word for word in words if word and matcher.matches(word))
            labels[matcher.label] = next(fitting, "")
    inner = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()) if value)
    return f"{selector.name}{{{inner}}}"
