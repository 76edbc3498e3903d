"""What is no mistake in a rule file, and yet not what its author will have meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from checks.errors import ConfigProblem
from checks.rules.dead import Catalogue
from checks.rules.language import Language, Mistake
from checks.rules.meant import hardly_meant, shown_as_share
from checks.rules.model import AlertRule, Rule, RuleGroup
from checks.rules.never_matching import never_matching, told_by_names, told_by_series
from checks.templates import parse

__all__ = ["remarks"]


def remarks(
    groups: Iterable[RuleGroup], language: Language, catalogue: Catalogue | None = None
) -> Iterator[ConfigProblem]:
    """A sentence for each, with file and line of the rule.

    ``catalogue`` has the series that there are, where that is known.
    """
    every = list(groups)
    recorded = (rule.name for group in every for rule in group.rules)
    known = told_by_names(frozenset(recorded))
    if catalogue is not None:
        known = told_by_series(catalogue, known)
    for group in every:
        counts = Counter((rule.name, rule.labels, type(rule)) for rule in group.rules)
        for rule in group.rules:
            for text in _of_rule(rule, language):
                yield ConfigProblem(group.file, rule.line, rule.name, text)
            expression = rule.expression
            for text in never_matching(expression.root, expression.text, known):
                yield ConfigProblem(group.file, rule.line, rule.name, text)
            for text in hardly_meant(expression.root):
                yield ConfigProblem(group.file, rule.line, rule.name, text)
            key = (rule.name, rule.labels, type(rule))
            if counts[key] > 1:
                counts[key] = 0
                text = "the group has it more than once with the same labels"
                yield ConfigProblem(group.file, rule.line, rule.name, text)


def _of_rule(rule: Rule, language: Language) -> Iterator[str]:
    if not isinstance(rule, AlertRule):
        return
    texts = [*(("label", *pair) for pair in rule.labels)]
    texts += [("annotation", *pair) for pair in rule.annotations]
    for kind, name, text in texts:
        if share := shown_as_share(rule.expression.root, text):
            yield f"the {kind} {name} {share}"
        references = parse(text).references
        for _, doubt in references.doubts:
            yield f"the {kind} {name} will fail: {doubt}"
        for _, query in references.queries:
            try:
                language.expression(query)
            except Mistake as mistake:
                yield f"the {kind} {name} asks for {query}, which {mistake.sentence}"
    if any(name == "alertname" for name, _ in rule.labels):
        yield "its label alertname counts for nothing: it is always the alert's name"
