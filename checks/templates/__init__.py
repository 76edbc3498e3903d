"""The templates of alerts' labels and annotations: Go's text/template, as Prometheus uses it.

``parse`` finds what is wrong with a text before anything happens; ``expand`` never raises: a
template that fails becomes a text that says so, as in Prometheus, and the alert goes on.
"""

from checks.templates.errors import ExecutionError, TemplateError, TemplateSyntaxError
from checks.templates.template import (
    DEFINITIONS,
    Expander,
    References,
    Template,
    is_steady,
    parse,
)

__all__ = [
    "DEFINITIONS",
    "ExecutionError",
    "Expander",
    "References",
    "Template",
    "TemplateError",
    "TemplateSyntaxError",
    "is_steady",
    "parse",
]
