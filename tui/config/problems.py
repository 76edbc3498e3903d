"""Where in the file pydantic's errors lie, and which of a union's errors are worth telling."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from checks.documents.document import Document, Path
from checks.errors import ConfigProblem
from checks.settings import SecretCommand
from tui.config.expand import holds_variable
from tui.config.wording import expected_type, literal, sentence, unknown_key, wrong_type

__all__ = ["Report"]

_FEW_KEYS: Final = 8
"""Keys of a model that are all named to who gave none."""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Collects what is wrong with a document.

    ``written`` is what stands in the file, before its variables were replaced.
    """

    document: Document
    problems: list[ConfigProblem] = field(default_factory=list)
    written: Any = None

    def is_written(self, path: Path) -> bool:
        """Whether the string at ``path`` stands in the file as it is, without a variable in it."""
        value = self.written
        for key in path:
            try:
                value = value[key]
            except (LookupError, TypeError):
                return False
        return isinstance(value, str) and not holds_variable(value)

    def add(self, path: Path, text: str) -> None:
        self.problems.append(self.document.problem(path, text))

    def explain(
        self, path: Path, error: ValidationError, model: type[BaseModel], data: object
    ) -> None:
        """Add a sentence for each thing wrong with ``data``, at ``path``, as a ``model``."""
        errors = error.errors(include_url=False, include_input=False)
        entries = [_entry(details, data) for details in errors]
        entries = [entry for entry in entries if not _follows(entry, entries)]
        found: dict[tuple[Path, str], None] = {}
        for group in _by_union(entries):
            found |= dict.fromkeys(_sentences(group, model, data))
        for where, text in found:
            self.add((*path, *where), text)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An error with its place in the data; ``branch`` names the members of unions it lies in."""

    path: Path
    branch: tuple[str, ...]
    branch_at: int
    error: ErrorDetails

    @property
    def mismatch(self) -> str:
        """What a member of a union expected instead of what is there; empty for other errors."""
        expected = literal(self.error) or expected_type(self.error)
        if not expected or not self.branch or len(self.path) != self.branch_at:
            return ""
        if SecretCommand.__name__ in self.branch[0]:
            return "{file: …}, {env: …} or {command: […]}"
        return expected


def _entry(error: ErrorDetails, data: object) -> _Entry:
    """Follow the error's location through the data; what is not in the data names a branch.

    What a validator says of a place beneath its own (:func:`checks.settings.misplaced`) is there.
    """
    path: list[str | int] = []
    branch: list[str] = []
    branch_at = -1
    location = error["loc"]
    for index, part in enumerate(location):
        last = index == len(location) - 1
        if _holds(data, part):
            path.append(part)
            data = data[part]  # type: ignore[index]
        elif last and error["type"] == "missing":
            path.append(part)
        elif part != "[key]":
            branch.append(str(part))
            branch_at = len(path) if branch_at < 0 else branch_at
    for part in error.get("ctx", {}).get("at", ()):
        if not _holds(data, part):
            break
        path.append(part)
        data = data[part]  # type: ignore[index]
    return _Entry(tuple(path), tuple(branch), branch_at, error)


def _follows(entry: _Entry, entries: list[_Entry]) -> bool:
    """Whether a list is too short only because its items were refused, which is told already."""
    depth = len(entry.path)
    return entry.error["type"] == "too_short" and any(
        len(other.path) > depth and other.path[:depth] == entry.path for other in entries
    )


def _holds(data: object, part: str | int) -> bool:
    if isinstance(data, Mapping):
        return part in data
    return isinstance(data, list) and isinstance(part, int) and 0 <= part < len(data)


def _by_union(entries: list[_Entry]) -> Iterator[list[_Entry]]:
    """Errors of the branches of one union together, every other error alone."""
    unions: dict[Path, list[_Entry]] = {}
    for entry in entries:
        if entry.branch:
            unions.setdefault(entry.path[: entry.branch_at], []).append(entry)
    done: set[Path] = set()
    for entry in entries:
        union = entry.path[: entry.branch_at]
        if not entry.branch:
            yield [entry]
        elif union not in done:
            done.add(union)
            yield unions[union]


def _sentences(group: list[_Entry], model: type[BaseModel], data: object) -> list[tuple[Path, str]]:
    fitting = [entry for entry in group if not entry.mismatch]
    if not fitting:
        expected = " or ".join(dict.fromkeys(entry.mismatch for entry in group))
        path = group[0].path
        return [(path, wrong_type(expected, _at(data, path)))]
    # A branch of the right shape says best what is wrong; its deepest errors come before
    # those about the whole, which often only follow from them.
    deep = [entry for entry in fitting if entry.branch and len(entry.path) > entry.branch_at]
    return [(entry.path, _text(entry, model, data)) for entry in deep or fitting]


def _text(entry: _Entry, model: type[BaseModel], data: object) -> str:
    if entry.error["type"] == "extra_forbidden":
        return unknown_key(str(entry.path[-1]), _known_keys(model, entry))
    value = _at(data, entry.path)
    return sentence(entry.error, value) + _keys_wanted(model, entry, value)


def _keys_wanted(model: type[BaseModel], entry: _Entry, value: object) -> str:
    """Which keys it has of which somebody wrote ``latency: 500ms``; empty where they are many."""
    if entry.error["type"] != "model_type" or not isinstance(value, str | int | float):
        return ""
    models = _models_at(model, entry.error["loc"])
    names = [field.alias or name for each in models for name, field in each.model_fields.items()]
    return f"; its keys: {', '.join(names)}" if 0 < len(names) <= _FEW_KEYS else ""


def _at(data: object, path: Path) -> object:
    for part in path:
        if not _holds(data, part):
            return None
        data = data[part]  # type: ignore[index]
    return data


def _known_keys(model: type[BaseModel], entry: _Entry) -> set[str]:
    """The keys that the model around an unknown key has."""
    models = _models_at(model, entry.error["loc"][:-1])
    return {field.alias or name for found in models for name, field in found.model_fields.items()}


def _models_at(model: type[BaseModel], path: Path) -> list[type[BaseModel]]:
    """The models that may be at ``path`` within ``model``."""
    annotations: list[Any] = [model]
    for part in path:
        annotations = [inner for a in annotations for inner in _inside(a, part)]
    return [m for a in annotations for m in _models(a)]


def _inside(annotation: Any, part: str | int) -> list[Any]:
    """The types of what lies at ``part``; a part that names a union's branch leads nowhere."""
    found: list[Any] = []
    for member in _members(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            fields = member.model_fields.items()
            inner = [field.annotation for name, field in fields if part in (name, field.alias)]
            found += inner or [member]
        elif get_args(member):
            found.append([inner for inner in get_args(member) if inner is not ...][-1])
            if isinstance(part, str):
                found.append(member)
    return found


def _members(annotation: Any) -> Iterator[Any]:
    """The alternatives of a type, with ``Annotated`` and unions opened."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation


def _models(annotation: Any) -> list[type[BaseModel]]:
    return [
        member
        for member in _members(annotation)
        if isinstance(member, type) and issubclass(member, BaseModel)
    ]
