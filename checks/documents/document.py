"""One YAML file as plain values, with the line of every key and item.

Scalars follow YAML 1.2's core schema, so that ``no``, ``on`` and ``12:30`` stay text; where every
value is text anyway, as in rule files, they stay as they are written.
Everything here is bounded: depth, the number of values, and what aliases expand to.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import BaseResolver

from checks.errors import ConfigError, ConfigProblem
from checks.model import clean

try:
    from yaml._yaml import CParser as _Parser
except ImportError:  # a PyYAML built without libyaml
    from checks.documents.slow_yaml import Parser as _Parser  # type: ignore[assignment]

__all__ = ["Document", "Path", "parse", "show_path"]

Path = tuple[str | int, ...]
"""The keys and indices that lead to a value, from the top of the file."""

MAX_DEPTH: Final = 50
MAX_VALUES: Final = 100_000
MAX_NODES: Final = 60_000
"""Keys and values that a file may write out: reading as many takes less than a second."""

_SCANNED: Final = 10_000
"""Tokens to look through for what a sentence could say better; Python's scanner is slow."""

_NEEDS: Final = "`version` and `checks`"
_TAG: Final = "tag:yaml.org,2002:"
_MERGE: Final = "<<"
_SYNTAX: Final = {
    "mapping values are not allowed": "a colon where none can be; "
    "check the indentation, or put the value in quotes",
    "did not find expected key": "this does not fit the lines above; check the indentation",
    "expected <block end>": "this does not fit the lines above; check the indentation",
    "expected '-' indicator": "this is no item of the list above; check the indentation",
    "block sequence entries are not allowed": "a list cannot begin here; check the indentation",
    "expected ',' or ']'": "a [ is opened and not closed, or a comma is missing",
    "expected ',' or '}'": "a { is opened and not closed, or a comma is missing",
    "cannot start any token": "a value cannot begin with this character; put it in quotes",
}
"""What libyaml and PyYAML say, and what we say instead."""
_PLAIN_KEY = re.compile(r"[\w-]+")


class _Loader(_Parser, BaseResolver):
    """Composes nodes only; it constructs no object of any kind."""

    def __init__(self, text: str) -> None:
        _Parser.__init__(self, text)
        BaseResolver.__init__(self)


_NUMBERS: Final = list("-+.0123456789")
for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", _NUMBERS),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", _NUMBERS),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"^(?:{_pattern})$"), _first)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """What a file holds. ``lines`` counts from 1 and knows every key and item."""

    name: str
    data: Any
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of ``path``, or of the nearest thing around it that has one."""
        for length in range(len(path), -1, -1):
            found = self.lines.get(path[:length])
            if found is not None:
                return found
        return 0

    def problem(self, path: Path, text: str) -> ConfigProblem:
        """Something wrong at ``path``."""
        return ConfigProblem(self.name, self.line(path), show_path(path), clean(text))


def show_path(path: Path) -> str:
    """``path`` as people write it: ``checks[2].http.expect``."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            shown += f".{part}" if shown else part
        else:
            shown += f'["{clean(part, 80)}"]'
    return shown


def parse(name: str, text: str, *, needs: str = _NEEDS, texts: bool = False) -> Document:
    """The single mapping in ``text``.

    ``needs`` says what an empty file lacks; where that is nothing, it is an empty mapping.
    ``texts`` leaves every scalar but null as the text that it is written as.

    Raises:
        ConfigError: naming ``name`` and the line, for anything that is not such a file.
    """
    try:
        _bound(name, text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise ConfigError([_syntax_problem(name, text, error)]) from None
    except yaml.reader.ReaderError as error:
        raise ConfigError([_odd_character(name, text, error)]) from None
    if node is None:
        if not needs:
            return Document(name, {}, {})
        raise ConfigError([ConfigProblem(name, 0, "", f"is empty; it needs {needs}")])
    reader = _TextReader(name) if texts else _Reader(name)
    data = reader.value(node, (), 0)
    if reader.problems:
        raise ConfigError(reader.problems)
    if not isinstance(data, dict):
        text = f"expected keys and values at the top of the file, not {_noun(data)}"
        raise ConfigError([ConfigProblem(name, _line(node), "", text)])
    return Document(name, data, reader.lines)


def _bound(name: str, text: str) -> None:
    """Refuse what would exhaust the composer, which is recursive and written in C."""
    depth = nodes = 0
    loader = _Loader(text)
    try:
        while event := loader.get_event():
            nodes += isinstance(event, yaml.NodeEvent)
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH or nodes > MAX_NODES:
                line = event.start_mark.line + 1 if event.start_mark else 0
                deep = f"is nested more than {MAX_DEPTH} levels deep"
                long = f"has more than {MAX_NODES:,} keys and values; split it with `include`"
                sentence = deep if depth > MAX_DEPTH else long
                raise ConfigError([ConfigProblem(name, line, "", sentence)])
    finally:
        loader.dispose()


def _syntax_problem(name: str, text: str, error: yaml.MarkedYAMLError) -> ConfigProblem:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 0
    what = error.problem or "it cannot be read"
    if "single document" in (error.context or ""):
        return ConfigProblem(name, line, "", "holds a second document (`---`); keep one a file")
    if "quoted scalar" in (error.context or "") and "end of stream" in what:
        opened = error.context_mark.line + 1 if error.context_mark else line
        return ConfigProblem(name, opened, "", "not valid YAML: a quote is opened and not closed")
    if mark and ("tab character" in what or _character(text, mark) == "\t"):
        return ConfigProblem(name, line, "", "a tab indents this line; YAML wants spaces")
    if "expected ':'" in what and error.context_mark:
        # It is noticed at the end of the line, or at the next one.
        keyed = error.context_mark.line + 1
        return ConfigProblem(name, keyed, "", "not valid YAML: a key without a colon behind it")
    opened = _opened(text, line)
    if opened:
        words = f"a quote is opened and not closed before the one in line {line}"
        return ConfigProblem(name, opened, "", f"not valid YAML: {words}")
    column = f" (column {mark.column + 1})" if mark else ""
    said = next((words for part, words in _SYNTAX.items() if part in what), clean(what))
    return ConfigProblem(name, line, "", f"not valid YAML: {said}{column}")


def _odd_character(name: str, text: str, error: yaml.reader.ReaderError) -> ConfigProblem:
    # The position is in bytes or in characters, as libyaml is there or not.
    line = text.count("\n", 0, text.find(chr(error.character))) + 1
    said = f"not valid YAML: it holds U+{error.character:04X}, which no YAML may"
    return ConfigProblem(name, line, "", said)


def _opened(text: str, line: int) -> int:
    """The line where a quote was opened that ends in ``line``, which is wrong; 0 for none that
    is found in a reasonable time.
    """
    last = depth = 0
    with contextlib.suppress(yaml.YAMLError):
        for token in islice(yaml.scan(text), _SCANNED):
            depth += isinstance(token, yaml.FlowMappingStartToken | yaml.FlowSequenceStartToken)
            depth -= isinstance(token, yaml.FlowMappingEndToken | yaml.FlowSequenceEndToken)
            # The scanner takes the square of the depth, which nobody has written by hand.
            if token.start_mark.line >= line or depth > MAX_DEPTH:
                break
            begins, ends = token.start_mark.line + 1, token.end_mark.line + 1
            quoted = isinstance(token, yaml.ScalarToken) and token.style in {"'", '"'}
            if quoted and begins < ends == line:
                last = begins
    return last


def _character(text: str, mark: yaml.Mark) -> str:
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    return line[mark.column : mark.column + 1]


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


class _Reader:
    """Turns nodes into values, notes lines, collects what is wrong."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Path, int] = {}
        self.problems: list[ConfigProblem] = []
        self._count = 0

    def value(self, node: Node, path: Path, depth: int) -> Any:
        self.lines.setdefault(path, _line(node))
        self._expect(1, node)
        if depth > MAX_DEPTH:
            text = "an alias refers to what it is part of"
            raise ConfigError([ConfigProblem(self.name, _line(node), "", text)])
        if isinstance(node, SequenceNode):
            return self._sequence(node, path, depth)
        if isinstance(node, MappingNode):
            return self._mapping(node, path, depth)
        return self._scalar(node, path)

    def _expect(self, more: int, node: Node) -> None:
        """Refuse a file in which there is more to go through than anybody writes."""
        self._count += more
        if self._count > MAX_VALUES:
            text = f"its aliases expand to more than {MAX_VALUES:,} values"
            raise ConfigError([ConfigProblem(self.name, _line(node), "", text)])

    def _sequence(self, node: SequenceNode, path: Path, depth: int) -> list[Any]:
        self._check_tag(node, "seq", path)
        return [
            self.value(item, (*path, index), depth + 1) for index, item in enumerate(node.value)
        ]

    def _mapping(self, node: MappingNode, path: Path, depth: int) -> dict[str, Any]:
        self._check_tag(node, "map", path)
        merged: list[Node] = []
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._report(key_node, path, "a key must be plain text")
                continue
            key = key_node.value
            if key == _MERGE and not key_node.style:
                merged.append(value_node)
                continue
            here = (*path, key)
            if key in values:
                text = f"is given twice; first on line {self.lines[here]}"
                self._report(key_node, here, text)
                continue
            self.lines[here] = _line(key_node)
            values[key] = self.value(value_node, here, depth + 1)
        for source in merged:
            self._merge(source, values, path, depth)
        return values

    def _merge(self, node: Node, values: dict[str, Any], path: Path, depth: int) -> None:
        """YAML's ``<<``: keys of another mapping that this one does not have itself."""
        sources = node.value if isinstance(node, SequenceNode) else [node]
        for source in sources:
            if not isinstance(source, MappingNode):
                self._report(node, path, "`<<` takes the alias of a mapping, or a list of them")
                continue
            # Also what is there already is gone through.
            self._expect(1 + len(source.value), node)
            fresh = [
                pair
                for pair in source.value
                if not (isinstance(pair[0], ScalarNode) and pair[0].value in values)
            ]
            rest = MappingNode(source.tag, fresh, source.start_mark, source.end_mark)
            values.update(self._mapping(rest, path, depth + 1))

    def _scalar(self, node: Node, path: Path) -> Any:
        tag = str(node.tag)
        construct = _SCALARS.get(tag.removeprefix(_TAG)) if tag.startswith(_TAG) else None
        if construct is None:
            self._unknown_tag(node, path)
            return None
        try:
            return construct(node.value)
        except ValueError:
            kind = tag.removeprefix(_TAG)
            self._report(node, path, f"the value does not fit its tag !!{kind}")
            return None

    def _check_tag(self, node: Node, kind: str, path: Path) -> None:
        if node.tag != _TAG + kind:
            self._unknown_tag(node, path)

    def _unknown_tag(self, node: Node, path: Path) -> None:
        tag = str(node.tag).replace(_TAG, "!!")
        self._report(node, path, f"the YAML tag {tag} is not supported; leave it out")

    def _report(self, node: Node, path: Path, text: str) -> None:
        self.problems.append(
            ConfigProblem(self.name, _line(node), show_path(path), clean(text)),
        )


class _TextReader(_Reader):
    """Leaves scalars as they are written, as Go's YAML does for a field that is a string."""

    def _scalar(self, node: Node, path: Path) -> Any:
        if str(node.tag).removeprefix(_TAG) not in _SCALARS:
            self._unknown_tag(node, path)
        return None if node.tag == _TAG + "null" else node.value


def _integer(text: str) -> int:
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text, 10)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_SCALARS: Final[dict[str, Callable[[str], object]]] = {
    "str": str,
    "null": lambda _: None,
    "bool": _boolean,
    "int": _integer,
    "float": float,
}


def _noun(value: object) -> str:
    return "a list" if isinstance(value, list) else "a single value"
