"""Executing a template's tree on an alert's data, after Go's text/template/exec.go.

Steps, output and depth are bounded, since a rule file is evaluated again and again beside
everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from checks.templates import nodes
from checks.templates.builtin import printed
from checks.templates.expressions import Expressions
from checks.templates.formatting import MAX_TEXT
from checks.templates.functions import Surroundings
from checks.templates.parser import Tree
from checks.templates.quoting import quote
from checks.templates.values import Data, Samples, is_true

__all__ = ["Evaluator"]

MAX_CALLS: Final = 20
"""How deep templates may call each other."""


class _JumpError(Exception):
    """``break`` or ``continue``, on its way to its ``range``."""


class Evaluator(Expressions):
    """One execution of a tree; good for one :meth:`run`."""

    def __init__(self, text: str, tree: Tree, around: Surroundings) -> None:
        super().__init__(text, around)
        self._tree = tree
        self._output: list[str] = []
        self._length = 0
        self._calls = 0

    def run(self, data: Data, variables: Mapping[str, object]) -> str:
        """The text that the template makes of ``data``, where ``variables`` are known.

        Raises:
            ExecutionError: it failed, or went beyond a bound.
        """
        self._variables = list(variables.items())
        self._block(data, self._tree.root)
        return "".join(self._output)

    def _write(self, text: str) -> None:
        self._length += len(text)
        if self._length > MAX_TEXT:
            self._fail(f"its text is longer than {MAX_TEXT} characters")
        self._output.append(text)

    def _block(self, dot: object, block: nodes.Block) -> None:
        for node in block.nodes:
            if isinstance(node, nodes.Text):
                self._write(node.text)
            elif isinstance(node, nodes.Action):
                self._node = node
                value = self._pipeline(dot, node.pipeline)
                if not node.pipeline.declared:
                    self._node = node
                    self._write(printed(value))
            elif isinstance(node, nodes.Branch):
                self._branch(dot, node)
            elif isinstance(node, nodes.Call):
                self._template(dot, node)
            else:
                raise _JumpError(node.keyword)

    def _branch(self, dot: object, node: nodes.Branch) -> None:
        mark = len(self._variables)
        value = self._pipeline(dot, node.pipeline)
        if node.keyword == "range":
            entered = self._range(value, node)
        else:
            entered = is_true(value)
            if entered:
                self._block(value if node.keyword == "with" else dot, node.body)
        del self._variables[mark:]
        if not entered and node.otherwise is not None:
            self._block(dot, node.otherwise)
            del self._variables[mark:]

    def _range(self, value: object, node: nodes.Branch) -> bool:
        """Whether there was anything to go over."""
        declared = node.pipeline.declared
        mark = len(self._variables)
        entered = False
        for key, entry in self._entries(value):
            entered = True
            self._step()
            if declared:
                values = (key, entry) if len(declared) > 1 else (entry,)
                self._set_loop_variables(node.pipeline, values)
            try:
                self._block(entry, node.body)
            except _JumpError as jump:
                if jump.args[0] == "break":
                    break
            finally:
                del self._variables[mark:]
        return entered

    def _set_loop_variables(self, pipeline: nodes.Pipeline, values: tuple[object, ...]) -> None:
        if pipeline.assigns:
            for name, value in zip(pipeline.declared, values, strict=True):
                self._assign(name, value)
            return
        # _pipeline has declared them, with the value that is gone over
        count = len(values)
        self._variables[-count:] = zip(pipeline.declared, values, strict=True)

    def _entries(self, value: object) -> Iterable[tuple[object, object]]:
        if isinstance(value, Samples):
            return enumerate(value)
        if isinstance(value, dict):
            self._step(len(value))
            return [(key, value[key]) for key in sorted(value)]
        if isinstance(value, int) and not isinstance(value, bool):
            return ((number, number) for number in range(value))
        if value is None:
            return ()
        return self._fail(f"range can't iterate over {printed(value)}")

    def _template(self, dot: object, node: nodes.Call) -> None:
        self._node = node
        body = self._tree.defined.get(node.name)
        if body is None:
            self._fail(f"template {quote(node.name)} not defined")
        if self._calls >= MAX_CALLS:
            self._fail(f"exceeded maximum template depth ({MAX_CALLS})")
        self._step()
        value = self._pipeline(dot, node.pipeline) if node.pipeline else None
        outer = self._variables, self._within
        self._variables, self._within = [("$", value)], node.name
        self._calls += 1
        self._block(value, body)
        self._calls -= 1
        self._variables, self._within = outer
