"""The parse tree of a template.

``str()`` of a node is its source as Go writes it back, which its messages show; ``at`` is where
it begins, in characters, by Go's rules (a chain of fields begins at its second field).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Action",
    "Block",
    "Branch",
    "Call",
    "Chain",
    "Command",
    "Constant",
    "Dot",
    "Field",
    "Function",
    "Jump",
    "Node",
    "Operand",
    "Pipeline",
    "Text",
    "Variable",
]


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Text between two actions."""

    at: int
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A literal; ``nil`` has the value None."""

    at: int
    source: str
    value: object

    def __str__(self) -> str:
        return self.source


@dataclass(frozen=True, slots=True, eq=False)
class Dot:
    """The cursor ``.``."""

    at: int

    def __str__(self) -> str:
        return "."


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """``.a.b``: fields of the cursor."""

    at: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """``$x.a.b``: a variable (its name keeps the ``$``) and fields of it."""

    at: int
    name: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join((self.name, *self.names))


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """The name of a function."""

    at: int
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """``(pipeline).a.b``, or a function's result and its fields."""

    at: int
    operand: Operand
    names: tuple[str, ...]

    def __str__(self) -> str:
        return _in_parentheses(self.operand) + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True, eq=False)
class Command:
    """Operands: a function or value, and its arguments."""

    at: int
    operands: tuple[Operand, ...]

    def __str__(self) -> str:
        return " ".join(_in_parentheses(operand) for operand in self.operands)


@dataclass(frozen=True, slots=True, eq=False)
class Pipeline:
    """Commands, each of which gets the value of the one before as its last argument."""

    at: int
    declared: tuple[str, ...]
    assigns: bool
    commands: tuple[Command, ...]

    def __str__(self) -> str:
        commands = " | ".join(str(command) for command in self.commands)
        if not self.declared:
            return commands
        return f"{', '.join(self.declared)} {'=' if self.assigns else ':='} {commands}"


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """A pipeline whose value is written, unless it declares a variable."""

    at: int
    pipeline: Pipeline

    def __str__(self) -> str:
        return f"{{{{{self.pipeline}}}}}"


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A sequence of nodes."""

    at: int
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """``if``, ``with`` or ``range``."""

    at: int
    keyword: str
    pipeline: Pipeline
    body: Block
    otherwise: Block | None

    def __str__(self) -> str:
        return f"{{{{{self.keyword} {self.pipeline}}}}}"


@dataclass(frozen=True, slots=True, eq=False)
class Jump:
    """``break`` or ``continue``."""

    at: int
    keyword: str


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """``{{template "name" pipeline}}``."""

    at: int
    name: str
    pipeline: Pipeline | None

    def __str__(self) -> str:
        given = f" {self.pipeline}" if self.pipeline else ""
        return f'{{{{template "{self.name}"{given}}}}}'


Operand = Constant | Dot | Field | Variable | Function | Chain | Pipeline
Node = Text | Action | Branch | Jump | Call


def _in_parentheses(operand: Operand) -> str:
    return f"({operand})" if isinstance(operand, Pipeline) else str(operand)
