"""From a template's text to its tree: a recursive descent after Go's parse/parse.go.

As Go does, it refuses functions and variables that do not exist before anything is executed.
Depths are bounded, since Python's stack is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from checks.templates import nodes
from checks.templates.lexer import Token
from checks.templates.quoting import quote
from checks.templates.terms import Terms

__all__ = ["Tree", "parse_tree"]


@dataclass(slots=True)
class Tree:
    """A parsed template: its root, the templates that it defines, and what it names."""

    root: nodes.Block
    defined: dict[str, nodes.Block] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)


def parse_tree(text: str, functions: frozenset[str]) -> Tree:
    """The tree of ``text``, which may call ``functions``.

    Raises:
        TemplateSyntaxError: it is malformed, or names a function or variable there is not.
    """
    return _Parser(text, functions).parse()


@dataclass(slots=True)
class _Ending:
    """An ``end`` or ``else`` that closed a list; ``chained`` is what follows ``else``."""

    keyword: str
    chained: str = ""


class _Parser(Terms):
    def __init__(self, text: str, functions: frozenset[str]) -> None:
        super().__init__(text, functions)
        self._ranges = 0
        self._tree = Tree(nodes.Block(0, ()))

    def parse(self) -> Tree:
        found: list[nodes.Node] = []
        while self._peek().kind != "eof":
            if self._skip_define():
                continue
            node = self._text_or_action()
            if isinstance(node, _Ending):
                raise self._fault(f"unexpected {{{{{node.keyword}}}}}")
            found.append(node)
        self._tree.root = nodes.Block(0, tuple(found))
        self._tree.functions = self._functions
        return self._tree

    def _skip_define(self) -> bool:
        """Read a ``define`` that begins here, if one does."""
        before = self._next
        if self._peek().kind == "left":
            self._take()
            if self._peek_past_space().kind == "define":
                self._take()
                self._define()
                return True
        self._next = before
        return False

    def _define(self) -> None:
        context = "define clause"
        name = self._string(self._expect(("string", "raw"), context))
        self._expect(("right",), context)
        self._add(name, self._separate_list(context))

    def _separate_list(self, context: str) -> nodes.Block:
        """The body of a named template, which sees no variable of the one around it."""
        outer = self._variables, self._ranges
        self._variables, self._ranges = ["$"], 0
        body, ending = self._list()
        self._variables, self._ranges = outer
        if ending.keyword != "end":
            raise self._fault(f"unexpected {{{{{ending.keyword}}}}} in {context}")
        return body

    def _add(self, name: str, body: nodes.Block) -> None:
        earlier = self._tree.defined.get(name)
        if earlier is None or _is_empty(earlier):
            self._tree.defined[name] = body
        elif not _is_empty(body):
            raise self._fault(f"template: multiple definition of template {quote(name)}")

    def _list(self) -> tuple[nodes.Block, _Ending]:
        self._deeper("actions")
        at = self._peek_past_space().at
        found: list[nodes.Node] = []
        while self._peek_past_space().kind != "eof":
            node = self._text_or_action()
            if isinstance(node, _Ending):
                self._depth -= 1
                return nodes.Block(at, tuple(found)), node
            found.append(node)
        raise self._fault("unexpected EOF")

    def _text_or_action(self) -> nodes.Node | _Ending:
        token = self._take_past_space()
        if token.kind == "text":
            return nodes.Text(token.at, token.value)
        if token.kind != "left":
            raise self._unexpected(token, "input")
        self._action_line = token.line
        node = self._action()
        self._action_line = 0
        return node

    def _action(self) -> nodes.Node | _Ending:
        token = self._peek_past_space()
        kind = token.kind
        if kind in ("if", "with", "range"):
            self._take()
            return self._branch(kind)
        if kind in ("break", "continue"):
            self._take()
            return self._jump(token)
        if kind in ("else", "end"):
            self._take()
            return self._ending(kind)
        if kind in ("template", "block"):
            self._take()
            return self._call(kind)
        return nodes.Action(token.at, self._pipeline("command"))

    def _ending(self, keyword: str) -> _Ending:
        follows = self._peek_past_space().kind
        if keyword == "else" and follows in ("if", "with"):
            return _Ending(keyword, follows)
        self._expect(("right",), keyword)
        return _Ending(keyword)

    def _jump(self, token: Token) -> nodes.Jump:
        written = f"{{{{{token.kind}}}}}"
        following = self._take_past_space()
        if following.kind != "right":
            raise self._unexpected(following, written)
        if not self._ranges:
            raise self._fault(f"{written} outside {{{{range}}}}")
        return nodes.Jump(token.at, token.kind)

    def _branch(self, keyword: str) -> nodes.Branch:
        variables = len(self._variables)
        pipeline = self._pipeline(keyword)
        self._ranges += keyword == "range"
        body, ending = self._list()
        self._ranges -= keyword == "range"
        otherwise = self._otherwise(keyword, ending) if ending.keyword == "else" else None
        del self._variables[variables:]
        return nodes.Branch(pipeline.at, keyword, pipeline, body, otherwise)

    def _otherwise(self, keyword: str, ending: _Ending) -> nodes.Block:
        if ending.chained and ending.chained == keyword:
            # {{else if b}}: as {{else}}{{if b}}, but one {{end}} closes both
            token = self._take_past_space()
            self._deeper("actions")
            node = self._branch(keyword)
            self._depth -= 1
            return nodes.Block(token.at, (node,))
        body, ending = self._list()
        if ending.keyword != "end":
            raise self._fault(f"expected end; found {{{{{ending.keyword}}}}}")
        return body

    def _call(self, keyword: str) -> nodes.Call:
        context = f"{keyword} clause"
        token = self._expect(("string", "raw"), context)
        name = self._string(token)
        pipeline = None
        if keyword == "block" or self._peek_past_space().kind != "right":
            pipeline = self._pipeline(context)
        else:
            self._take()
        if keyword == "block":
            self._add(name, self._separate_list(context))
        return nodes.Call(token.at, name, pipeline)


def _is_empty(body: nodes.Block) -> bool:
    return all(isinstance(node, nodes.Text) and not node.text.strip() for node in body.nodes)
