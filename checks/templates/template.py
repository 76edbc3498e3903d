"""Parsing a template once, and expanding it for every alert of its rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Final

from checks.templates.errors import TemplateError, TemplateSyntaxError
from checks.templates.evaluate import Evaluator
from checks.templates.formatting import MAX_TEXT
from checks.templates.functions import NAMES, Query, Surroundings
from checks.templates.nodes import Block
from checks.templates.parser import Tree, parse_tree
from checks.templates.references import References, references_of
from checks.templates.values import Data

__all__ = ["DEFINITIONS", "Expander", "References", "Template", "is_steady", "parse"]

DEFINITIONS: Final = (
    "{{$labels := .Labels}}"
    "{{$externalLabels := .ExternalLabels}}"
    "{{$externalURL := .ExternalURL}}"
    "{{$value := .Value}}"
)
"""What Prometheus puts before each template (rules/alerting.go): columns count it, too."""

_REMEMBERED: Final = 2000
_UNSTEADY: Final = frozenset({"query", "now"})


class Template:
    """A parsed template; the same object for the same text, as long as it is remembered."""

    def __init__(self, text: str, tree: Tree) -> None:
        self.text = text
        self._whole = DEFINITIONS + text
        # the definitions are parsed, since columns count them, and need not be executed
        nodes = tree.root.nodes[DEFINITIONS.count("{{") :]
        self._tree = replace(tree, root=Block(tree.root.at, nodes))

    def render(self, data: Data, around: Surroundings) -> str:
        """The text that it makes of an alert.

        Raises:
            ExecutionError: it failed on this alert, or went beyond a bound.
        """
        return Evaluator(self._whole, self._tree, around).run(
            data,
            {
                "$": data,
                "$labels": data.labels,
                "$externalLabels": data.external_labels,
                "$externalURL": data.external_url,
                "$value": data.value,
            },
        )

    @cached_property
    def references(self) -> References:
        """The labels, functions and queries that it names, and what must fail in it."""
        return references_of(self._tree, lambda at: self._whole.count("\n", 0, at) + 1)


def parse(text: str) -> Template:
    """``text`` as a template with Prometheus' variables.

    Raises:
        TemplateSyntaxError: it is malformed, or names a function or variable there is not;
            ``line`` is that of ``text``.
    """
    parsed = _parsed(text)
    if isinstance(parsed, TemplateSyntaxError):
        raise parsed.with_traceback(None)
    return parsed


def is_steady(text: str) -> bool:
    """Whether what ``text`` comes to rests on its alert alone: it asks for nothing, nor the time.

    One that cannot be parsed comes to the same error each time.
    """
    if "{{" not in text:
        return True
    try:
        return _UNSTEADY.isdisjoint(parse(text).references.functions)
    except TemplateSyntaxError:
        return True


@lru_cache(maxsize=_REMEMBERED)
def _parsed(text: str) -> Template | TemplateSyntaxError:
    """The template, or why there is none: a broken one, too, is asked for again and again."""
    if len(text) > MAX_TEXT:
        return TemplateSyntaxError(f"it is longer than {MAX_TEXT} characters", 1)
    try:
        return Template(text, parse_tree(DEFINITIONS + text, NAMES))
    except TemplateSyntaxError as error:
        return error


@dataclass(frozen=True, slots=True)
class Expander:
    """Expands the templates of rules that are evaluated together.

    ``query`` answers the function ``query`` as of this evaluation; ``now_ms`` is its time.
    """

    query: Query | None = None
    external_labels: Mapping[str, str] = field(default_factory=dict)
    external_url: str = ""
    now_ms: int = 0

    def expand(self, text: str, alert: str, labels: Mapping[str, str], value: float) -> str:
        """``text``, a label or an annotation of the rule ``alert``, for one of its alerts.

        Never raises: what fails becomes ``<error expanding template: …>``, as in Prometheus.
        """
        if "{{" not in text:
            return text
        name = f"__alert_{alert}"
        try:
            return self.render(text, labels, value)
        except TemplateError as error:
            reason = error.sentence(name)
        except Exception as error:  # noqa: BLE001 - rather no description than no alert
            reason = f"panic expanding template {name}: {type(error).__name__}: {error}"
        return f"<error expanding template: {reason[:MAX_TEXT]}>"

    def render(self, text: str, labels: Mapping[str, str], value: float) -> str:
        """As :meth:`expand`, for who wants to know what is wrong.

        Raises:
            TemplateError: ``text`` is no template, or failed on this alert.
        """
        data = Data(dict(labels), float(value), dict(self.external_labels), self.external_url)
        around = Surroundings(self.query, self.external_url, self.now_ms)
        return parse(text).render(data, around)
