"""What Debian's Prometheus makes of templates: ``promtool test rules``, read from its complaints.

Each template is the annotation of an alert that is expected to be something else, so that
promtool prints what it got.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from checks.templates.quoting import unquote

LABELS = {
    "__name__": "m",
    "instance": "web-1.example.org:9100",
    "job": "node",
    "device": "nvme0n1",
    "mountpoint": '/var/lib/"odd" dir',
    "text": "ärger <b>&amp; 50% more\\n",
    "number": "1234.5",
}
EXTERNAL_LABELS = {"region": "eu", "replica": "a"}
EXTERNAL_URL = "http://prom.example.org:9090/prefix"
NOW_MS = 0

_ALERT = re.compile(r"^ +alertname: (\w+), time: ", re.MULTILINE)
_GOT = re.compile(r'Labels:\{(.*?)\}\n +Annotations:\{(?:out=("(?:[^"\\]|\\.)*"))?\}', re.DOTALL)
_SERIES = re.compile(r'series="([^"]*)"')


def expanded(
    promtool: Path, folder: Path, templates: Sequence[str], values: Mapping[str, str]
) -> list[dict[str, str]]:
    """For each template the text for each series; ``values`` are the series' by their names.

    A series is ``m`` with :data:`LABELS` and ``series``, its name.
    """
    _write_rules(folder / "rules.yml", templates)
    _write_test(folder / "test.yml", len(templates), values)
    told = subprocess.run(
        [promtool, "test", "rules", "test.yml"],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    parts = _ALERT.split(told.stdout + told.stderr)
    texts = {name: _texts(part) for name, part in zip(parts[1::2], parts[2::2], strict=True)}
    assert len(texts) == len(templates), told.stdout[-2000:] + told.stderr[-2000:]
    return [texts[f"T{at}"] for at in range(len(templates))]


def _texts(part: str) -> dict[str, str]:
    got = part.partition("got:[")[2]
    return {
        _SERIES.findall(labels)[0]: unquote(text) or "" if text else ""
        for labels, text in _GOT.findall(got)
    }


def _write_rules(path: Path, templates: Sequence[str]) -> None:
    rules = [
        {"alert": f"T{at}", "expr": "m", "annotations": {"out": template}}
        for at, template in enumerate(templates)
    ]
    _dump(path, {"groups": [{"name": "g", "rules": rules}]})


def _write_test(path: Path, count: int, values: Mapping[str, str]) -> None:
    series = [
        {"series": _selector({**LABELS, "series": name}), "values": value}
        for name, value in values.items()
    ]
    wrong = [
        {
            "eval_time": "0m",
            "alertname": f"T{at}",
            "exp_alerts": [{"exp_annotations": {"out": "not this"}}],
        }
        for at in range(count)
    ]
    test = {
        "interval": "1m",
        "external_labels": EXTERNAL_LABELS,
        "external_url": EXTERNAL_URL,
        "input_series": series,
        "alert_rule_test": wrong,
    }
    _dump(path, {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]})


def _selector(labels: Mapping[str, str]) -> str:
    pairs = (
        '{}="{}"'.format(name, value.replace("\\", "\\\\").replace('"', '\\"'))
        for name, value in labels.items()
        if name != "__name__"
    )
    return f"m{{{','.join(pairs)}}}"


def refusals(promtool: Path, folder: Path, templates: Sequence[str]) -> dict[int, str]:
    """What ``promtool check rules`` says of templates that do not parse, by their number."""
    _write_rules(folder / "broken.yml", templates)
    told = subprocess.run(
        [promtool, "check", "rules", "broken.yml"],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    found = re.findall(
        r'"T(\d+)"[^\n]*?annotation "out": template: __alert_T\d+:(.*)', told.stdout + told.stderr
    )
    # where an action began is told by the template's name, which ours learn later
    named = re.compile(r"__alert_T\d+:")
    return {int(number): named.sub("line ", reason) for number, reason in found}


def _dump(path: Path, content: Any) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
