"""The JSON Schema of a configuration file, made from the models, for editors and scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from checks.registry import KINDS, kind
from checks.settings import KindConfig
from tui.config.models import Common, File

__all__ = ["schema", "text"]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_VARIABLE: Final = {
    "type": "string",
    "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^${}]*)?\}",
    "description": "a value from the environment: ${NAME} or ${NAME:-default}",
}
_EXPANDED: Final = ("integer", "number", "boolean")


def text() -> str:
    """The schema as JSON, ending in a line break."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def schema() -> dict[str, Any]:
    """The schema as values; also scalars given by a variable conform to it."""
    kinds = {name: kind(name).config for name in KINDS}
    models: list[type[BaseModel]] = [File, Common, *kinds.values()]
    references, definitions = models_json_schema([(m, "validation") for m in models])
    made: dict[str, Any] = definitions["$defs"]
    file = made.pop(_name(references[File, "validation"]))
    common = made.pop(_name(references[Common, "validation"]))
    for name, model in kinds.items():
        reference = references[model, "validation"]
        common["properties"][name] = _kind(name, model, reference, made[_name(reference)])
    made["Check"] = {
        **common,
        "title": "Check",
        "description": "One thing that is watched: common keys and exactly one kind.",
        "oneOf": [{"required": [name]} for name in kinds],
    }
    file["properties"]["checks"]["items"] = {"$ref": "#/$defs/Check"}
    file["properties"]["version"].pop("title", None)
    whole = {
        "$schema": _DIALECT,
        "title": "onwatch configuration",
        **{key: value for key, value in file.items() if key != "title"},
        "$defs": {"Variable": _VARIABLE, **{name: made[name] for name in sorted(made)}},
    }
    plain: dict[str, Any] = _with_variables(whole)
    return plain


def _name(reference: Mapping[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _kind(
    name: str, model: type[KindConfig], reference: Mapping[str, Any], own: Mapping[str, Any]
) -> dict[str, Any]:
    """A kind's key: its mapping, the string that stands for one field, or nothing at all."""
    forms: list[dict[str, Any]] = [dict(reference)]
    required = set(own.get("required", ()))
    if model.shorthand and required <= {model.shorthand}:
        forms.append({"type": "string", "description": f"its {model.shorthand}"})
    if not required:
        forms.append({"type": "null"})
    return {"anyOf": forms, "description": kind(name).summary}


def _with_variables(value: Any) -> Any:
    """``value`` with `${NAME}` allowed wherever a number or a boolean is."""
    if isinstance(value, list):
        return [_with_variables(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _with_variables(item) for key, item in value.items()}
    if made.get("type") not in _EXPANDED:
        return made
    about = {k: made.pop(k) for k in ("title", "description", "default") if k in made}
    return {**about, "anyOf": [made, {"$ref": "#/$defs/Variable"}]}
