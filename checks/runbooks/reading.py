"""From a Markdown file to a runbook: its fenced blocks are the steps.

A mistake in a step costs this step, which is then shown as mere code; one in the front matter
costs the file, since it says which values are right.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from checks.documents.reading import as_text, read_bytes
from checks.errors import ConfigError, ConfigProblem
from checks.model import clean, clean_lines
from checks.runbooks.front_matter import read_front_matter
from checks.runbooks.info import Info, InfoError, language_of, read_info
from checks.runbooks.markdown import Code, Heading, InvolvedError, Piece, Prose, pieces
from checks.runbooks.model import Block, Language, Marking, Runbook, Step
from checks.runbooks.naming import Names, first_command, statement_title
from checks.runbooks.sql_text import sql_statements

__all__ = ["Reading", "parse_runbook", "read_runbook"]

MAX_BYTES: Final = 1024 * 1024
MAX_LINES: Final = 20_000
"""Each may be a block of its own; so many are read within a second."""
MAX_STEPS: Final = 500
MAX_STEP: Final = 64 * 1024
"""Bytes of a step's text."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A runbook, None where the file is none, and what is wrong with the file."""

    runbook: Runbook | None
    problems: tuple[ConfigProblem, ...] = ()


def read_runbook(
    path: Path, *, shown: str = "", trusted: bool = False, built_in: bool = False
) -> Reading:
    """The runbook in the file ``path``; ``shown`` is how the user knows it.

    ``trusted`` says that the user named this very file, so that it may also belong to others.
    """
    name = shown or str(path)
    try:
        data, _ = read_bytes(
            path,
            trusted=trusted or built_in,
            shown=Path(name),
            power="can run commands",
            split="split it into several runbooks",
            limit=MAX_BYTES,
        )
        text = as_text(Path(name), data)
    except ConfigError as error:
        return Reading(None, error.problems)
    digest = hashlib.sha256(data).hexdigest()
    return parse_runbook(text, name=path.stem, path=name, digest=digest, built_in=built_in)


def parse_runbook(
    text: str, *, name: str, path: str, digest: str = "", built_in: bool = False
) -> Reading:
    """The runbook that ``text`` is."""
    digest = digest or hashlib.sha256(text.encode()).hexdigest()
    if max(text.count("\n"), text.count("\r")) > MAX_LINES:
        said = f"has more than {MAX_LINES:,} lines; split it into several runbooks"
        return Reading(None, (ConfigProblem(path, 0, "", said),))
    try:
        front = read_front_matter(path, text)
    except ConfigError as error:
        return Reading(None, error.problems)
    making = _Making(path)
    try:
        for piece in pieces(front.body, front.lines):
            making.take(piece)
    except InvolvedError:
        said = "its quotes and lists are entangled, which takes too long to read; make it simpler"
        return Reading(None, (ConfigProblem(path, 0, "", said),))
    runbook = Runbook(
        name=name,
        title=front.title or making.title or name,
        path="built-in" if built_in else path,
        digest=digest,
        steps=tuple(making.steps),
        blocks=tuple(making.blocks),
        patterns=front.patterns,
        defaults=front.defaults,
        built_in=built_in,
    )
    return Reading(runbook, tuple(making.problems))


@dataclass(slots=True)
class _Making:
    """What has been read so far, and what stands right before where it is."""

    path: str
    title: str = ""
    steps: list[Step] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    problems: list[ConfigProblem] = field(default_factory=list)
    names: Names = field(default_factory=Names)
    _heading: str = ""
    _before: str = ""

    def take(self, piece: Piece) -> None:
        """The next piece of the file."""
        if isinstance(piece, Code):
            self._code(piece)
        elif isinstance(piece, Heading):
            self.blocks.append(Block("heading", piece.text, piece.level))
            self.title = self.title or piece.text
            # The title of the file names no step: the next heading or the command does.
            self._heading = piece.text if piece.level > 1 or len(self.blocks) > 1 else ""
            self._before = ""
        else:
            self._prose(piece)

    def _prose(self, piece: Prose) -> None:
        kind = "item" if piece.level else "paragraph"
        self.blocks.append(Block(kind, piece.text, piece.level))
        self._before = piece.text
        self._heading = piece.label or self._heading

    def _code(self, piece: Code) -> None:
        language = language_of(piece.info)
        try:
            steps = self._made(piece, language) if language else []
        except InfoError as error:
            self._problem(piece.line, str(error))
            steps = []
        self._before = ""
        if not steps:
            self.blocks.append(Block("code", clean_lines(piece.text, MAX_STEP)))
        for step in steps:
            self.steps.append(step)
            self.blocks.append(Block("step", step.name))

    def _made(self, piece: Code, language: Language) -> list[Step]:
        info = read_info(piece.info)
        if not piece.text.strip():
            raise InfoError("the block is empty")
        if len(piece.text.encode()) > MAX_STEP:
            raise InfoError(f"the block is larger than {MAX_STEP // 1024} kB; put it into a script")
        odd = next((c for c in piece.text if not (c.isprintable() or c in "\n\t")), "")
        if odd:
            raise InfoError(f"the block holds U+{ord(odd):04X}, which nobody sees; write it anew")
        if info.login and language is not Language.BASH:
            raise InfoError("login is for steps in bash; those in SQL log in as their check does")
        if info.name and info.name in self.names.given:
            line = self.names.given[info.name]
            raise InfoError(f'the name "{info.name}" is taken by the step in line {line}')
        texts = sql_statements(piece.text) if language is Language.SQL else (piece.text,)
        if len(texts) > 1 and info.capture:
            raise InfoError("capture needs a block of one statement")
        if len(self.steps) + len(texts) > MAX_STEPS:
            raise InfoError(f"the file has more than {MAX_STEPS} steps; split it")
        if len(texts) <= 1:
            return [self._step(piece, language, info, piece.text, self._before)]
        return [
            self._step(
                piece, language, info, text, self._before if index == 0 else "", several=True
            )
            for index, text in enumerate(texts)
        ]

    def _step(
        self,
        piece: Code,
        language: Language,
        info: Info,
        text: str,
        description: str,
        *,
        several: bool = False,
    ) -> Step:
        command = statement_title(text) if language is Language.SQL else first_command(text)
        name, headed = self.names.choose(info.name, self._heading, command, piece.line)
        own = self._heading if headed and not several else command
        return Step(
            name=name,
            title=info.title or clean(own or command or name, 80),
            language=language,
            text=text.strip("\n"),
            marking=info.marking or Marking.ASKS,
            description=description,
            timeout=info.timeout,
            target=info.target,
            capture=info.capture,
            interactive=info.interactive,
            login=info.login,
            marked=info.marking is not None,
            line=piece.line,
        )

    def _problem(self, line: int, text: str) -> None:
        self.problems.append(ConfigProblem(self.path, line, "", text))
