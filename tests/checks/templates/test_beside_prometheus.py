"""Ours beside the real thing: Debian's promtool expands the same templates on the same alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from checks.templates import Expander, TemplateSyntaxError, parse
from tests.checks.templates import cases
from tests.checks.templates.promtool import (
    EXTERNAL_LABELS,
    EXTERNAL_URL,
    LABELS,
    expanded,
    refusals,
)
from tests.servers.exporters import version_of

Result = list[tuple[Mapping[str, str], float]]


def _query(values: Mapping[str, str], expression: str) -> Result:
    """What promtool's store answers to the few expressions in the cases."""
    series: Result = [({**LABELS, "series": name}, float(v)) for name, v in values.items()]
    answers: dict[str, Result] = {
        "m": series,
        "m{series='whole'}": [(labels, v) for labels, v in series if labels["series"] == "whole"],
        "count(m)": [({}, float(len(series)))],
        "1.5": [({}, 1.5)],
        "absent_metric": [],
    }
    return answers[expression]


def _differences(
    promtool: Path, folder: Path, templates: Sequence[str], values: Mapping[str, str]
) -> Iterable[str]:
    theirs = expanded(promtool, folder, templates, values)
    expander = Expander(
        lambda expression: _query(values, expression), EXTERNAL_LABELS, EXTERNAL_URL
    )
    for at, (template, texts) in enumerate(zip(templates, theirs, strict=True)):
        assert texts.keys() == values.keys()
        for name, value in values.items():
            labels = {**LABELS, "series": name}
            ours = expander.expand(template, f"T{at}", labels, float(value))
            if ours != texts[name]:
                yield f"{template}\n  for {value}: {ours!r}\n  promtool: {texts[name]!r}"


@pytest.fixture
def same_words(promtool: Path) -> None:
    """Skips where promtool says with other words what is wrong: they are Go's, and change."""
    if (found := version_of(promtool)) != "2.42":
        pytest.skip(f"our words are those of Prometheus 2.42; here is {found}")


@pytest.mark.parametrize(
    ("templates", "values"),
    [
        pytest.param(cases.NUMBERS, cases.VALUES, id="numbers"),
        pytest.param(cases.TEXTS, {"whole": "42", "ratio": "0.5"}, id="texts"),
        pytest.param(cases.printf_calls(400), {"million": "1234567"}, id="printf"),
        pytest.param(cases.humanize_calls(200), {"whole": "42"}, id="humanize"),
    ],
)
def test_templates_expand_as_in_prometheus(
    promtool: Path, tmp_path: Path, templates: list[str], values: dict[str, str]
) -> None:
    differences = list(_differences(promtool, tmp_path, templates, values))
    assert not differences, "\n".join(differences)


@pytest.mark.usefixtures("same_words")
def test_what_fails_in_prometheus_fails_in_its_words(promtool: Path, tmp_path: Path) -> None:
    differences = list(_differences(promtool, tmp_path, cases.FAILING, {"whole": "42"}))
    assert not differences, "\n".join(differences)


@pytest.mark.usefixtures("same_words")
def test_what_prometheus_refuses_is_refused_in_its_words(promtool: Path, tmp_path: Path) -> None:
    theirs = refusals(promtool, tmp_path, cases.BROKEN)
    ours: dict[int, str] = {}
    for at, template in enumerate(cases.BROKEN):
        with pytest.raises(TemplateSyntaxError) as refused:
            parse(template)
        ours[at] = f"{refused.value.line}: {refused.value.reason}"
    assert ours == theirs
