"""The configuration of a ``command`` check."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Annotated, ClassVar, Final, Literal

from pydantic import BeforeValidator, Field, field_validator

from checks.command_lines import mask_arguments
from checks.expectations import LatencyBounds, Pattern
from checks.secrets import MASK
from checks.settings import KindConfig, NamedFile, Secret, Size

__all__ = ["CommandConfig", "StatusWord", "masked", "secret_arguments", "sounds_secret"]

StatusWord = Literal["ok", "warning", "critical", "unknown"]

_SECRET_NAME = re.compile(r"pass(?:word|wd|phrase)?|secret|token|credential|api_?key", re.I)
_SHORT_SECRETS: Final = {"-p", "-P", "-C", "-a"}
"""Options that take a password, a community or a login in the usual plugins, or else a number."""
_NO_SECRET = re.compile(r"[-/]|[\d.,:%]*$")
_READERS = re.compile(
    r"(?:ba|da|k|z)?sh|python[\d.]*|perl[\d.]*|ruby[\d.]*|php[\d.]*|node|sudo|doas"
)
"""Programs that are told which script or program it is about."""
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"


def sounds_secret(name: str) -> bool:
    """Whether what is called ``name`` is likely a credential."""
    return _SECRET_NAME.search(name) is not None


def secret_arguments(argv: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Place and value of each argument that looks like a credential."""
    for at, (given, shown) in enumerate(zip(argv, masked(argv), strict=True)):
        before, mask, after = shown.partition(MASK)
        if mask and given.startswith(before):
            yield at, given[len(before) : len(given) - len(after)]


def masked(argv: Sequence[str]) -> list[str]:
    """``argv`` without the credentials that can be told in it.

    Beside what is told of any program, ``-p X`` of a plugin where X is no number: ports and
    percentages are no secrets.
    """
    shown = mask_arguments(argv)
    plugin = PurePath(argv[0]).name.startswith("check_")
    for at in range(2, len(argv) if plugin else 0):
        value = argv[at]
        if argv[at - 1] in _SHORT_SECRETS and not _NO_SECRET.match(value):
            shown[at] = MASK
    return shown


def _called(argv: Sequence[str]) -> str:
    program = PurePath(argv[0]).name or argv[0]
    if not _READERS.fullmatch(program) or "-c" in argv:
        return program
    script = next((each for each in argv[1:] if not each.startswith("-")), program)
    return PurePath(script).name or program


def _as_list(value: object) -> object:
    """A string is one program: nothing splits it, no shell reads it."""
    return [value] if isinstance(value, str) else value


class CommandConfig(KindConfig):
    """A program whose exit code says how something is: a Monitoring Plugin or a script."""

    shorthand: ClassVar[str] = "argv"
    runs_programs: ClassVar[bool] = True

    argv: Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1, max_length=1000)]
    """Program and arguments as a list; a plain string is a program without arguments. No shell."""
    env: dict[Annotated[str, Field(pattern=f"^{_NAME}$")], Secret] = Field(default_factory=dict)
    """Environment variables beside the few that every command gets; the place for credentials."""
    cwd: Annotated[str, NamedFile()] = ""
    """The folder it runs in, relative to the configuration's folder, which it is by default."""
    exit_codes: dict[Annotated[int, Field(ge=0, le=255)], StatusWord] = Field(default_factory=dict)
    """What exit codes mean where they do not mean what a plugin's do: `{1: critical}`."""
    perfdata: bool = True
    """Whether what stands behind a bar is performance data."""
    expect: Pattern = ""
    """A regular expression that the standard output must match."""
    rows: Pattern = ""
    """A regular expression; the lines of standard output that match it become child rows. Its
    groups are `name`, `status` (a word or a mark such as ✅), if you like `message`, `value`."""
    latency: LatencyBounds | None = None
    """Bounds of the time that a run takes."""
    max_output: Annotated[Size, Field(ge=1, le=1_000_000)] = 64_000
    """How much of the output is kept; the rest is read and forgotten."""

    @field_validator("argv")
    @classmethod
    def _runnable(cls, value: list[str]) -> list[str]:
        program = value[0]
        if not program.strip():
            raise ValueError("the program has no name")
        if any("\0" in argument for argument in value):
            raise ValueError("an argument must not hold a zero byte")
        if len(value) == 1 and re.search(r"[|;&<>]", program):
            raise ValueError("no shell reads this; where you want one, write [sh, -c, '…']")
        if len(value) == 1 and re.search(r"\s-", program):
            raise ValueError(
                "a string is one program and is not split; write [program, argument, …]"
            )
        return value

    @field_validator("rows")
    @classmethod
    def _names(cls, value: str) -> str:
        missing = {"name", "status"} - re.compile(value).groupindex.keys() if value else set()
        if missing:
            raise ValueError(f"lacks the group (?P<{min(missing)}>…)")
        return value

    @field_validator("env")
    @classmethod
    def _possible(cls, value: dict[str, Secret]) -> dict[str, Secret]:
        if any(isinstance(each, str) and "\0" in each for each in value.values()):
            raise ValueError("a value must not hold a zero byte")
        return value

    def instance(self) -> str:
        """This machine: it is where the program runs."""
        return socket.gethostname()

    def address(self) -> str:
        """The program as it is called; of an interpreter's the script that it reads."""
        return _called(self.argv)

    def doubts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Arguments that everybody on this machine can read and should not."""
        for at, _ in secret_arguments(self.argv):
            yield (
                ("argv", at),
                "looks like a credential, and every user sees arguments in ps; "
                "give it to the program by `env: {NAME: {file: …}}` where it takes it from there",
            )
