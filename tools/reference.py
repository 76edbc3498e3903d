"""Writes docs/schema.json and the reference part of docs/configuration.md from the models.

Run it as ``python -m tools.reference`` after changing a model; a test fails until then.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from checks.registry import KINDS, kind
from checks.settings import SecretCommand, field_docs, parse_duration, parse_size
from tui.config.dashboard_models import (
    DashboardColumn,
    DashboardEntry,
    DashboardPanel,
    DashboardVariable,
    PanelQuery,
)
from tui.config.models import Common, Defaults, File, Rules
from tui.config.objectives_models import CapacityItem, LatencyBound, ObjectiveItem, Ratio
from tui.config.schema import text as schema_text
from tui.config.story_models import BusinessHours, Maintenance, SeverityTarget

__all__ = ["MARK", "PAGE", "SCHEMA", "reference"]

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "configuration.md"
SCHEMA = ROOT / "docs" / "schema.json"
MARK = "<!-- From here on written by tools/reference.py from the models. -->\n"

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
}
_NAMED: dict[tuple[type[BaseModel], str], str] = {
    (File, "version"): "`1`",
    (File, "checks"): "list of checks",
    (File, "dashboards"): "list of dashboards",
    (Maintenance, "matchers"): "keys and values, text, or a list of text",
    (Maintenance, "schedule"): "text",
    (CapacityItem, "limit"): "number or text",
    (CapacityItem, "expected"): "a part: `10%`, or 0.1",
    (ObjectiveItem, "objective"): "a part: `99.9%`, or 0.999",
    (SeverityTarget, "acknowledge"): "duration or text",
    (SeverityTarget, "escalate"): "duration or text",
}
"""What the models cannot say, since checks are read one by one."""
_FAR = (
    ("objectives", ObjectiveItem),
    ("objectives.ratio", Ratio),
    ("objectives.latency", LatencyBound),
    ("capacity", CapacityItem),
)
_ON_DASHBOARDS = (
    ("dashboards", DashboardEntry),
    ("dashboards.variables", DashboardVariable),
    ("dashboards.panels", DashboardPanel),
    ("dashboards.panels.exprs", PanelQuery),
    ("dashboards.panels.columns", DashboardColumn),
)
_ON_ALERTS = (
    ("silences", Maintenance),
    ("severities", SeverityTarget),
    ("business_hours", BusinessHours),
)


def reference() -> str:
    """The page from the mark on."""
    parts = [MARK, "\n## Keys of the file\n\n", _table(File)]
    parts += ["\n### defaults\n\n", _about(Defaults), _table(Defaults)]
    parts += ["\n### rules\n\n", _about(Rules), _table(Rules)]
    for key, model in (*_ON_ALERTS, *_FAR, *_ON_DASHBOARDS):
        parts += [f"\n### {key}\n\n", _about(model), _table(model)]
    parts += ["\n## Keys of every check\n\n", _about(Common), _table(Common)]
    for name in KINDS:
        parts.append(_kind_section(name))
    parts += ["\n## Secrets\n\n", _about(SecretCommand), _table(SecretCommand)]
    return "".join(parts)


def main() -> None:
    intro, _, _ = PAGE.read_text().partition(MARK)
    PAGE.write_text(intro + reference())
    SCHEMA.write_text(schema_text())


def _kind_section(name: str) -> str:
    found = kind(name)
    model = found.config
    summary = f"{found.summary[0].upper()}{found.summary[1:]}"
    text = f"\n## {name}\n\n{summary}. More about it: [{name}](checks/{name}.md).\n\n"
    if model.shorthand:
        text += f"A plain string is its `{model.shorthand}`.\n\n"
    text += _table(model)
    for path, inner in _nested(model, name, {model}):
        text += f"\n### {path}\n\n{_about(inner)}{_table(inner)}"
    return text


def _nested(
    model: type[BaseModel], path: str, seen: set[type[BaseModel]]
) -> Iterator[tuple[str, type[BaseModel]]]:
    """The models within ``model``, each once, under the path where it is first found."""
    for key, field in _fields(model):
        for inner in _models(field.annotation):
            if inner not in seen and inner is not SecretCommand:
                seen.add(inner)
                yield f"{path}.{key}", inner
                yield from _nested(inner, f"{path}.{key}", seen)


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        yield field.alias or name, field


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _about(model: type[BaseModel]) -> str:
    return f"{_plain(inspect.getdoc(model) or '')}\n\n"


def _table(model: type[BaseModel]) -> str:
    lines = ["| key | value | default | what it is |", "|---|---|---|---|"]
    docs = {model.model_fields[name].alias or name: doc for name, doc in field_docs(model).items()}
    for key, field in _fields(model):
        value = _NAMED.get((model, key)) or _value(field.annotation, field.metadata)
        cells = (f"`{key}`", value, _default(field), _plain(docs.get(key, "")))
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return text.replace("``", "`").replace("\n", " ").strip()


def _value(annotation: Any, metadata: list[Any] | None = None) -> str:
    """The type in words."""
    origin, inner = get_origin(annotation), get_args(annotation)
    special = _special(metadata or [])
    if special or not origin:
        return special or _plain_type(annotation)
    if origin is Annotated:
        return _value(inner[0], list(inner[1:]))
    if origin in (Union, types.UnionType):
        return _union([each for each in inner if each is not type(None)])
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in inner)
    return f"keys with {_value(inner[1])}" if origin is dict else f"list of {_value(inner[0])}"


def _plain_type(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "keys and values"
    return _WORDS.get(annotation, "text")


def _union(members: list[Any]) -> str:
    if SecretCommand in members:
        return "[secret](#secrets)"
    return " or ".join(dict.fromkeys(_value(each) for each in members))


def _special(metadata: list[Any]) -> str:
    functions = {each.func for each in metadata if isinstance(each, BeforeValidator)}
    if parse_duration in functions:
        return "duration"
    return "size" if parse_size in functions else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*required*"
    value = field.default
    if (
        value is PydanticUndefined
        or isinstance(value, BaseModel)
        or value in (None, "", [], {}, ())
    ):
        return ""
    return f"`{_shown(value, _value(field.annotation, field.metadata))}`"


def _shown(value: Any, kind_of_value: str) -> str:
    """A default as one writes it in the file."""
    if kind_of_value == "duration":
        return _duration(float(value))
    if kind_of_value == "size":
        return _size(int(value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(str, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _size(count: int) -> str:
    for unit, length in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= length and count % length == 0:
            return f"{count // length}{unit}"
    return str(count)


def _duration(seconds: float) -> str:
    if 0 < seconds < 1:
        return f"{seconds * 1000:g}ms"
    for unit, length in _UNITS:
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g}{unit}"
    return f"{seconds:g}s"


if __name__ == "__main__":
    main()
