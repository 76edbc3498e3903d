"""What pipelines, functions and fields come to, after Go's text/template/exec.go.

``self._node`` is the node that Go would name in an error: it is set wherever exec.go calls
``at``, so that the place and the expression in a message are Go's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from checks.templates import nodes
from checks.templates.errors import ExecutionError
from checks.templates.formatting import MAX_TEXT
from checks.templates.functions import FUNCTIONS, Function, Surroundings
from checks.templates.times import METHODS
from checks.templates.values import Arguments, Data, Sample, Samples, is_true, type_name

__all__ = ["Expressions"]

MAX_STEPS: Final = 50_000
"""Commands, iterations and chunks of text that one expansion may take: a tenth of a second."""
_CHUNK: Final = 16
"""Characters, or entries, that a function deals with in a step."""
_CONTEXT: Final = 300
"""Characters of the failing expression that a message quotes."""


class _Absent:
    """There is no value from an earlier stage of the pipeline."""


ABSENT: Final = _Absent()


@dataclass(slots=True)
class _Use:
    """How an operand is used: the node that an error of it names, the arguments behind it, and
    the value of the pipeline's stage before, which is its last argument."""

    whole: object
    given: tuple[nodes.Operand, ...] = ()
    final: object = ABSENT

    @property
    def has_arguments(self) -> bool:
        return bool(self.given) or self.final is not ABSENT


class Expressions:
    """Values of expressions, the variables they read, and how many steps it took."""

    def __init__(self, text: str, around: Surroundings) -> None:
        self._text = text
        self._around = around
        self._steps = 0
        self._within = ""
        self._variables: list[tuple[str, object]] = []
        self._node: object = None

    def _fail(self, reason: str) -> NoReturn:
        at = getattr(self._node, "at", 0)
        before = self._text[:at]
        column = len(before[before.rfind("\n") + 1 :].encode("utf-8", "replace"))
        context = str(self._node)
        if len(context) > _CONTEXT:
            context = context[: _CONTEXT - 1] + "…"
        raise ExecutionError(reason, before.count("\n") + 1, column, context, self._within)

    def _step(self, count: int = 1) -> None:
        self._steps += count
        if self._steps > MAX_STEPS:
            self._fail(f"it takes more than {MAX_STEPS} steps")

    def _pipeline(self, dot: object, pipeline: nodes.Pipeline) -> object:
        self._node = pipeline
        value: object = ABSENT
        for command in pipeline.commands:
            value = self._command(dot, command, value)
        for name in pipeline.declared:
            if pipeline.assigns:
                self._assign(name, value)
            else:
                self._variables.append((name, value))
        return value

    def _assign(self, name: str, value: object) -> None:
        for at in range(len(self._variables) - 1, -1, -1):
            if self._variables[at][0] == name:
                self._variables[at] = (name, value)
                return
        self._fail(f"undefined variable: {name}")

    def _command(self, dot: object, command: nodes.Command, final: object) -> object:
        self._step()
        first = command.operands[0]
        if len(command.operands) == 1 and final is ABSENT:
            return self._alone(dot, first, command)
        if isinstance(first, nodes.Function):
            return self._function(dot, first, _Use(command, command.operands[1:], final))
        if isinstance(first, (nodes.Field, nodes.Chain, nodes.Variable)):
            return self._fields(dot, first, _Use(first, command.operands[1:], final))
        if not isinstance(first, nodes.Pipeline):
            self._node = first
        return self._fail(f"can't give argument to non-function {first}")

    def _alone(self, dot: object, operand: nodes.Operand, command: nodes.Command) -> object:
        """What a command of one operand and no argument comes to."""
        if isinstance(operand, (nodes.Variable, nodes.Field, nodes.Chain)):
            return self._fields(dot, operand, _Use(operand))
        if isinstance(operand, nodes.Function):
            return self._function(dot, operand, _Use(command))
        if not isinstance(operand, nodes.Pipeline):
            self._node = operand
        if isinstance(operand, nodes.Constant) and operand.source == "nil":
            self._fail("nil is not a command")
        return self._plain(dot, operand)

    def _plain(self, dot: object, operand: nodes.Operand) -> object:
        """The value of an operand that is neither called nor has fields."""
        if isinstance(operand, nodes.Constant):
            return operand.value
        if isinstance(operand, nodes.Pipeline):
            return self._pipeline(dot, operand)
        return dot

    def _fields(
        self, dot: object, node: nodes.Field | nodes.Chain | nodes.Variable, use: _Use
    ) -> object:
        self._node = node
        value = self._receiver(dot, node)
        if not node.names:
            if use.has_arguments:
                self._fail(f"can't give argument to non-function {node}")
            return value
        for name in node.names[:-1]:
            value = self._field(dot, value, name, _Use(node))
        return self._field(dot, value, node.names[-1], use)

    def _receiver(self, dot: object, node: nodes.Field | nodes.Chain | nodes.Variable) -> object:
        if isinstance(node, nodes.Variable):
            return self._variable(node.name)
        if isinstance(node, nodes.Chain):
            return self._argument(dot, node.operand, "interface {}")
        return dot

    def _variable(self, name: str) -> object:
        for known, value in reversed(self._variables):
            if known == name:
                return value
        return self._fail(f"undefined variable: {name}")

    def _field(self, dot: object, value: object, name: str, use: _Use) -> object:
        if value is None:
            return None
        if isinstance(value, dict):
            if use.has_arguments:
                self._fail(f"{name} is not a method but has arguments")
            return value.get(name, None if isinstance(value, Arguments) else "")
        method = METHODS.get(type(value), {}).get(name)
        if method is not None:
            wanted = ("string",) if name == "Format" else ()
            bound = Function(lambda *arguments: method(value, *arguments), wanted)
            return self._call(dot, name, bound, use)
        reader = _STRUCTURES.get(type(value), {}).get(name)
        if reader is None:
            self._fail(f"can't evaluate field {name} in type {type_name(value)}")
        if use.has_arguments:
            self._fail(f"{name} has arguments but cannot be invoked as function")
        return reader(value)

    def _function(self, dot: object, node: nodes.Function, use: _Use) -> object:
        self._node = node
        return self._call(dot, node.name, FUNCTIONS[node.name], use)

    def _call(self, dot: object, name: str, function: Function, use: _Use) -> object:
        wanted = self._wanted(name, function, len(use.given), use.final is not ABSENT)
        values: list[object] = []
        for operand, kind in zip(use.given, wanted, strict=False):
            value = self._argument(dot, operand, kind)
            if function.stops_at is not None and is_true(value) == function.stops_at:
                return value
            values.append(value)
        if use.final is not ABSENT:
            values.append(self._fitting(use.final, wanted[-1]))
        if function.knows:
            values.insert(0, self._around)
        return self._result(name, function, use.whole, values)

    def _wanted(self, name: str, function: Function, given: int, piped: bool) -> list[str]:
        """The type that each argument must have."""
        count, fixed = given + piped, len(function.parameters)
        if function.more:
            if count < fixed:
                text = f"want at least {fixed} got {given}"
                self._fail(f"wrong number of args for {name}: {text}")
            return [*function.parameters, *[function.more] * (count - fixed)]
        if count != fixed:
            self._fail(f"wrong number of args for {name}: want {fixed} got {count}")
        return list(function.parameters)

    def _result(self, name: str, function: Function, whole: object, values: list[object]) -> object:
        self._step(function.steps + sum(map(_size, values)) * function.steps // _CHUNK)
        try:
            result = function.call(*values)
        except Exception as error:  # noqa: BLE001 - a query's, too: as Go's safeCall recovers
            self._node = whole
            self._fail(f"error calling {name}: {_reason(error)}")
        size = _size(result)
        self._step(size // _CHUNK)
        if isinstance(result, str) and size > MAX_TEXT:
            self._node = whole
            self._fail(f"error calling {name}: a text of more than {MAX_TEXT} characters")
        return result

    def _argument(self, dot: object, operand: nodes.Operand, wanted: str) -> object:
        self._node = operand
        if isinstance(operand, nodes.Constant):
            return self._constant(operand, wanted)
        if isinstance(operand, nodes.Function):
            value = self._function(dot, operand, _Use(operand))
        elif isinstance(operand, (nodes.Field, nodes.Variable, nodes.Chain)):
            value = self._fields(dot, operand, _Use(operand))
        else:
            value = self._plain(dot, operand)
        return self._fitting(value, wanted)

    def _constant(self, operand: nodes.Constant, wanted: str) -> object:
        if operand.source == "nil" and wanted == "string":
            self._fail("cannot assign nil to string")
        if wanted == "interface {}" or (type(operand.value) is str and wanted == "string"):
            return operand.value
        if operand.value is None:
            return self._fitting(None, wanted)
        if wanted == "string":
            self._fail(f"expected string; found {operand}")
        return self._fail(f"can't handle {operand} for arg of type {wanted}")

    def _fitting(self, value: object, wanted: str) -> object:
        """``value`` where a function wants ``wanted``: Go converts nothing."""
        if wanted == "interface {}":
            return value
        if value is None:
            if wanted == "string":
                self._fail("invalid value; expected string")
            return Samples() if wanted == "template.queryResult" else None
        if type_name(value) != wanted:
            self._fail(f"wrong type for value; expected {wanted}; got {type_name(value)}")
        return value


def _size(value: object) -> int:
    return len(value) if isinstance(value, (str, list, dict)) else 0


def _reason(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text if len(text) <= 1000 else text[:999] + "…"


_STRUCTURES: Final[dict[type, dict[str, Callable[..., object]]]] = {
    Data: {
        "Labels": lambda data: data.labels,
        "ExternalLabels": lambda data: data.external_labels,
        "ExternalURL": lambda data: data.external_url,
        "Value": lambda data: data.value,
    },
    Sample: {"Labels": lambda sample: sample.labels, "Value": lambda sample: sample.value},
}
