"""The building blocks of configuration models: strict models, durations, sizes, secrets.

Every kind of check derives its model from :class:`KindConfig`; a docstring stands under
every field, since the JSON Schema and the reference page are made from them.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Final, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

__all__ = [
    "Duration",
    "KindConfig",
    "LabelName",
    "MetricName",
    "Model",
    "NamedFile",
    "NamedProgram",
    "Secret",
    "SecretCommand",
    "Size",
    "duration_text",
    "field_docs",
    "misplaced",
    "parse_duration",
    "parse_size",
    "secrets_of",
]

_DURATION_UNITS: Final = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
    "y": 31536000.0,
}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w|y)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kKMGTP]i?)?[bB]?")


def parse_duration(value: object) -> float:
    """Seconds of ``500ms``, ``5s``, ``1h30m`` (Prometheus' units) or of a plain number.

    Raises ValueError for anything else.
    """
    if isinstance(value, bool):
        raise ValueError("expected a duration such as 5s or 1h30m, not a boolean")  # noqa: TRY004
    if isinstance(value, int | float):
        seconds = float(value)
    else:
        text = str(value).strip()
        parts = list(_DURATION_PART.finditer(text))
        if not parts or "".join(p.group(0) for p in parts) != text:
            raise ValueError(f"{text!r} is not a duration; write 500ms, 5s, 1m or 1h30m")
        seconds = sum(float(p.group(1)) * _DURATION_UNITS[p.group(2)] for p in parts)
    if not 0 <= seconds < 1e10:
        raise ValueError(f"{value!r} is not a duration that can be waited for")
    return seconds


def duration_text(seconds: float) -> str:
    """``seconds`` as :func:`parse_duration` reads them, to the millisecond: ``1h30m``, ``90d``."""
    left = round(seconds * 1000)
    parts = []
    for unit, length in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        count, left = divmod(left, length)
        parts += [f"{count}{unit}"] if count else []
    return "".join([*parts, f"{left}ms" if left else ""]) or "0s"


def parse_size(value: object) -> int:
    """Bytes of ``10 MB`` (decimal), ``10MiB`` (binary) or a plain number."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = _SIZE.fullmatch(str(value).strip())
    if found is None:
        raise ValueError(f"{value!r} is not a size; write 512kB, 10MB or 1GiB")
    unit = found.group(2) or ""
    base = 1024 if unit.endswith("i") else 1000
    exponent = "kMGTP".index(unit[0].replace("K", "k")) + 1 if unit else 0
    return int(float(found.group(1)) * base**exponent)


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    PlainSerializer(lambda v: v, return_type=float),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d|w|y))+$"},
                {"type": "number", "minimum": 0},
            ],
            "description": "a duration: 500ms, 5s, 1h30m, or seconds as a number",
        }
    ),
]
"""Seconds; written as ``500ms``, ``5s``, ``1h30m`` or a number."""

Size = Annotated[
    int,
    BeforeValidator(parse_size),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "integer", "minimum": 0}],
            "description": "a size: 512kB, 10MB, 1GiB, or bytes as a number",
        }
    ),
]
"""Bytes; written as ``512kB``, ``10MB``, ``1GiB`` or a number."""

MetricName = Annotated[str, Field(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")]
LabelName = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]


class Model(BaseModel):
    """A strict, frozen model: unknown keys are refused, docstrings describe fields."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )


def misplaced(text: str, *at: str | int) -> PydanticCustomError:
    """An error for a validator of a whole model, or of a list, to raise: it is told at the key
    ``at`` beneath that.
    """
    return PydanticCustomError("misplaced", "{text}", {"text": text, "at": at})


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """The docstring under each field of ``model``, by the field's name.

    pydantic can read them itself (``use_attribute_docstrings``), but does so whenever a model
    is defined: parsing the source of every model takes longer than all else at start-up.
    """
    docs: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if not issubclass(owner, BaseModel) or owner is BaseModel:
            continue
        try:
            source = inspect.getsource(owner)
        except OSError:
            continue  # of another package, which came without its source
        (made,) = ast.parse(textwrap.dedent(source)).body
        statements = made.body if isinstance(made, ast.ClassDef) else []
        for field, after in pairwise(statements):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and field.target.id in model.model_fields
                and isinstance(after, ast.Expr)
                and isinstance(after.value, ast.Constant)
                and isinstance(after.value.value, str)
            ):
                docs[field.target.id] = inspect.cleandoc(after.value.value)
    return docs


class NamedFile:
    """Marks a field as the path of a file or folder that should be there: ``Annotated``.

    One that is not there is told, with its line, when the configuration is read.
    """


class NamedProgram:
    """Marks a field as a program and its arguments: ``Annotated``.

    A string that was meant as several words and is one program is told as a file is.
    """


class SecretCommand(Model):
    """A credential kept outside the configuration: exactly one source."""

    file: Annotated[str | None, NamedFile()] = None
    """Path of a file whose first line is the credential; others must not be able to read it."""
    env: str | None = None
    """Name of an environment variable."""
    command: list[str] | None = None
    """Program and arguments whose first line of output is the credential; no shell."""
    timeout: Duration = 10.0
    """How long the command may take."""

    @model_validator(mode="after")
    def _one_source(self) -> SecretCommand:
        given = [name for name in ("file", "env", "command") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError("give exactly one of file, env, command")
        return self


class _Clear(str):
    """A credential in clear; its representation does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'•••'"


Secret = Annotated[str, AfterValidator(_Clear)] | SecretCommand
"""A credential in clear, or its source: ``{file: …}``, ``{env: …}`` or ``{command: […]}``."""


def secrets_of(value: object) -> Iterator[Secret]:
    """The credentials within a model, or their sources, however deep."""
    if isinstance(value, _Clear | SecretCommand):
        yield value
    elif isinstance(value, BaseModel):
        for _, each in value:
            yield from secrets_of(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from secrets_of(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from secrets_of(each)


class KindConfig(Model):
    """Base of the configuration models of the kinds of check."""

    shorthand: ClassVar[str] = ""
    """The field that a plain string stands for (``http: https://…`` means its ``url``)."""
    runs_programs: ClassVar[bool] = False
    """Whether it runs what the configuration names: then nobody else may be able to write to
    the file."""

    @model_validator(mode="before")
    @classmethod
    def _from_shorthand(cls, value: Any) -> Any:
        if value is None:
            return {}
        if cls.shorthand and isinstance(value, str):
            return {cls.shorthand: value}
        if isinstance(value, list | tuple):
            raise ValueError(f"expected keys and values, not a list; {cls._for_many()}")  # noqa: TRY004
        return value

    @classmethod
    def _for_many(cls) -> str:
        """What somebody should write who wrote a list."""
        field = cls.model_fields.get(cls.shorthand)
        if field is not None and get_origin(field.annotation) in (list, tuple):
            return f"write {{{cls.shorthand}: […]}}"
        return "write a check for each" if field is not None else "see its page in docs/checks"

    def doubts(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """What is allowed and probably not meant: where (keys and places in lists), a sentence."""
        return ()

    def in_clear(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        """As :meth:`doubts`, of credentials that stand in the file; not told of what a variable
        brought there.
        """
        return ()

    def instance(self) -> str:
        """The ``instance`` label: host:port, or a host or file name."""
        raise NotImplementedError

    def address(self) -> str:
        """What is watched, for people; never with a credential in it."""
        return self.instance()
