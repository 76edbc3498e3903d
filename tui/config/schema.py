"""The JSON Schema of a configuration file, made from the models, for editors and scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from checks.errors import OnwatchError
from checks.registry import KINDS, kind, third_party
from checks.settings import KindConfig, field_docs
from tui.config.dashboard_models import DashboardEntry
from tui.config.models import Common, File

__all__ = ["schema", "text", "usable_others"]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_VARIABLE: Final = {
    "type": "string",
    "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^${}]*)?\}",
    "description": "a value from the environment: ${NAME} or ${NAME:-default}",
}
_LONG_NAME: Final = re.compile(r"checks__probes__([a-z]+)(?:_config|__config)?__(\w+)")
"""How models of the same name are told apart: by the module of their kind."""


def text(others: Iterable[str] = ()) -> str:
    """The schema as JSON, ending in a line break; ``others`` as :func:`schema` has it."""
    return json.dumps(schema(others), ensure_ascii=False, indent=2) + "\n"


def usable_others() -> tuple[list[str], list[str]]:
    """The kinds of other packages that can be used, and what is wrong with the rest."""
    usable, complaints = [], list(third_party().complaints)
    for name in third_party().names():
        try:
            kind(name)
        except OnwatchError as error:
            complaints.append(str(error))
        else:
            usable.append(name)
    return usable, complaints


def schema(others: Iterable[str] = ()) -> dict[str, Any]:
    """The schema as values; also scalars given by a variable conform to it.

    ``others`` are names of kinds that other packages bring.
    """
    kinds = {name: kind(name).config for name in (*KINDS, *others)}
    models: list[type[BaseModel]] = [File, Common, DashboardEntry, *kinds.values()]
    references, definitions = models_json_schema(
        [(model, "validation") for model in models], schema_generator=_Generator
    )
    made: dict[str, Any] = definitions["$defs"]
    file = made.pop(_name(references[File, "validation"]))
    common = made.pop(_name(references[Common, "validation"]))
    for name, model in kinds.items():
        reference = references[model, "validation"]
        common["properties"][name] = _kind(name, model, reference, made[_name(reference)])
    made["Check"] = {
        **common,
        "description": "One thing that is watched: common keys and exactly one kind.",
        "oneOf": [{"required": [name]} for name in kinds],
    }
    file["properties"]["checks"]["items"] = {"$ref": "#/$defs/Check"}
    file["properties"]["dashboards"]["items"] = {"$ref": "#/$defs/DashboardEntry"}
    whole = {
        **file,
        "$defs": {"Variable": _VARIABLE, **{name: made[name] for name in sorted(made)}},
    }
    text = json.dumps(_with_variables(_untitled(whole)))
    made_plain: dict[str, Any] = json.loads(_LONG_NAME.sub(r"\1-\2", text))
    return {"$schema": _DIALECT, "title": "onwatch configuration", **made_plain}


class _Generator(GenerateJsonSchema):
    """Knows the two short forms that validators of this program accept."""

    def function_before_schema(
        self, schema: core_schema.BeforeValidatorFunctionSchema
    ) -> JsonSchemaValue:
        made = super().function_before_schema(schema)
        if made.get("type") == "array" and "items" in made:
            return {"anyOf": [made["items"], made]}
        return made

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        _describe(schema["cls"], made)
        if schema["schema"]["type"] == "function-before" and not issubclass(
            schema["cls"], KindConfig
        ):
            return {"anyOf": [made, {"type": "string"}]}
        return made


def _describe(model: type[BaseModel], made: JsonSchemaValue) -> None:
    """Give each property of ``model`` the docstring under its field as its description."""
    docs = field_docs(model)
    for name, field in model.model_fields.items():
        described = made.get("properties", {}).get(field.alias or name)
        if described is not None and name in docs:
            described["description"] = docs[name]


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
    """``value`` with `${NAME}` allowed wherever something else than free text is."""
    if isinstance(value, list):
        return [_with_variables(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _with_variables(item) for key, item in value.items()}
    if isinstance(made.get("anyOf"), list):
        made["anyOf"] = _flat(made["anyOf"])
    if not _is_bound(made):
        return made
    about = {k: made.pop(k) for k in ("title", "description", "default") if k in made}
    return {**about, "anyOf": [made, {"$ref": "#/$defs/Variable"}]}


def _is_bound(made: Mapping[str, Any]) -> bool:
    """Whether this describes a scalar that no `${NAME}` would be."""
    kind_of_value = made.get("type")
    if kind_of_value in ("integer", "number", "boolean"):
        return True
    return kind_of_value == "string" and ("enum" in made or "pattern" in made) and made != _VARIABLE


def _flat(alternatives: list[Any]) -> list[Any]:
    """Alternatives of alternatives become alternatives; each stays once."""
    flat: list[Any] = []
    for one in alternatives:
        inner = one["anyOf"] if isinstance(one, dict) and set(one) == {"anyOf"} else [one]
        flat += [each for each in inner if each not in flat]
    return flat


def _untitled(value: Any) -> Any:
    """``value`` without the titles that only repeat a key in capitals."""
    if isinstance(value, list):
        return [_untitled(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _untitled(item)
        for key, item in value.items()
        if not (key == "title" and isinstance(item, str))
    }
