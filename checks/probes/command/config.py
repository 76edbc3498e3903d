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
from checks.secrets import MASK, is_secret_value
from checks.settings import KindConfig, NamedFile, NamedProgram, Secret, Size

__all__ = ["CommandConfig", "StatusWord", "masked", "secret_arguments"]

StatusWord = Literal["ok", "warning", "critical", "unknown"]

_SHORT_SECRETS: Final = {"-p", "-P", "-C", "-a"}
"""Options that take a password, a community or a login in the usual plugins, or else a number."""
_NO_SECRET = re.compile(r"[-/]|[\d.,:%]*$")
_LOGINS: Final = {"-u", "-U", "-l", "-a", "--user", "--login", "--auth", "--proxy-user"}
"""Options that may take a login and its password in one word: ``bob:secret``."""
_LOGIN = re.compile(r"(?P<user>[^:/\s]{1,100}:)(?P<password>[^\s]{3,500})")
_ATTACHED = re.compile(r"-p(?=.*[^a-z])(?P<password>[^\s=]{4,500})")
"""``-pSECRET``; not such as ``-print``, nor the letters of several options."""
_PLUGINS_ATTACHED = re.compile(r"-p(?P<password>\S{2,500})")
_READERS = re.compile(
    r"(?:ba|da|k|z)?sh|python[\d.]*|perl[\d.]*|ruby[\d.]*|php[\d.]*|node|sudo|doas"
)
"""Programs that are told which script or program it is about."""
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"


def secret_arguments(argv: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Place and value of each argument that looks like a credential."""
    for at, (given, shown) in enumerate(zip(argv, masked(argv), strict=True)):
        words, told = given.split(" "), shown.split(" ")
        pairs = zip(words, told, strict=True) if len(words) == len(told) else [(given, shown)]
        for word, seen in pairs:
            before, mask, after = seen.partition(MASK)
            if mask and word.startswith(before) and word.endswith(after):
                yield at, word[len(before) : len(word) - len(after)]


def masked(argv: Sequence[str]) -> list[str]:
    """``argv`` without the credentials that can be told in it.

    Beside what is told of any program, ``-p X`` of a plugin where X is no number (ports and
    percentages are no secrets), ``-pX``, and ``-u bob:X``.
    """
    shown = mask_arguments(argv)
    plugin = PurePath(argv[0]).name.startswith("check_")
    for at in range(2, len(argv) if plugin else 0):
        value = argv[at]
        if argv[at - 1] in _SHORT_SECRETS and not _NO_SECRET.match(value):
            shown[at] = MASK
    for at in range(1, len(shown)):
        words = shown[at].split(" ")
        before = [argv[at - 1], *words]
        shown[at] = " ".join(
            _short(word, last, plugin=plugin) for word, last in zip(words, before, strict=False)
        )
    return shown


def _short(word: str, before: str, *, plugin: bool) -> str:
    """``word`` without what a short option takes: attached to it, or behind a login."""
    found = (_PLUGINS_ATTACHED if plugin else _ATTACHED).fullmatch(word)
    start = "-p"
    if found is None and before in _LOGINS:
        found = _LOGIN.fullmatch(word)
        start = found["user"] if found else ""
    if found is None or MASK in word or _NO_SECRET.match(found["password"]):
        return word
    return start + MASK


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

    argv: Annotated[
        list[str],
        BeforeValidator(_as_list),
        Field(min_length=1, max_length=1000),
        NamedProgram(),
    ]
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
            raise ValueError("no shell reads this; where you want one, write {argv: [sh, -c, '…']}")
        if len(value) == 1 and re.search(r"\s-", program):
            raise ValueError(
                "a string is one program and is not split; write {argv: [program, argument, …]}"
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

    def in_clear(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Credentials among the environment variables."""
        for name, value in self.env.items():
            if isinstance(value, str) and is_secret_value(name, value):
                yield (
                    ("env", name),
                    "looks like a credential in clear, which all can read who can read this file; "
                    f"name where it is kept: `{name}: {{file: …}}`, {{env: …}} or {{command: […]}}",
                )
