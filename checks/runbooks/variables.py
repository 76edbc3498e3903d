"""The values that a step's variables get, and which values are refused.

A value reaches a shell as an environment variable and SQL as a bound parameter, never as text; its
pattern is the second wall, for what the author's own text does with it: ``rm $X`` splits words,
``[[ $X -gt 1 ]]`` evaluates ``a[$(id)]``, ``ssh host "ls $X"`` is read by another shell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from checks.model import clean
from checks.runbooks.http_text import http_parameters
from checks.runbooks.model import Language, Runbook, Step, Variables
from checks.runbooks.shell_names import Uses, shell_uses
from checks.runbooks.sql_text import sql_parameters

__all__ = [
    "DEFAULT_PATTERN",
    "PATTERNS",
    "Bound",
    "PatternError",
    "bind",
    "is_reserved",
    "objection",
    "pattern_of",
    "read_pattern",
    "uses",
    "variable_of",
]

LONGEST: Final = 500
"""Characters of a value, whatever its pattern says."""
_PATTERN_LIMIT: Final = 500
"""Characters of a pattern."""
_SHOWN: Final = 60

DEFAULT_PATTERN: Final = r"[A-Za-z0-9_.:/@%+=, -]{1,200}"
"""Of a variable that nobody says anything of: nothing in it means anything to a shell."""
_PORT: Final = r"[0-9]{1,5}"
_NAME: Final = r"[A-Za-z0-9_.@%+:-]{1,200}"
_HOST: Final = r"[A-Za-z0-9_.:%-]{1,255}|\[[0-9A-Fa-f.:]{2,45}\]|/[A-Za-z0-9_./@-]{0,254}"

PATTERNS: Final[Mapping[str, str]] = {
    "DATABASE": r"[A-Za-z0-9_.$-]{1,64}",
    "DATNAME": r"[A-Za-z0-9_.$-]{1,64}",
    "DEVICE": r"[A-Za-z0-9_.:/@-]{1,200}",
    "HOST": _HOST,
    "INSTANCE": r"[A-Za-z0-9_./@:%, -]{1,255}|\[[0-9A-Fa-f.:]{2,45}\](:[0-9]{1,5})?",
    "MOUNTPOINT": r"/[A-Za-z0-9_.:/@%+=, -]{0,200}",
    "NAME": _NAME,
    "PID": r"[1-9][0-9]{0,18}",
    "PORT": _PORT,
    "SCHEMA": r"[A-Za-z0-9_.$-]{1,64}",
    "URL": r"https?://[A-Za-z0-9_.:/@%+=,?~#!*\[\]-]{1,400}",
    "USER": r"[A-Za-z0-9_.@$-]{1,80}",
    "VALUE": r"[+]?([0-9.]+(e[+-]?[0-9]+)?|Inf|NaN)",
}
"""Of variables whose meaning is known. None lets through what ends a command: ``&`` and ``;`` of a
URL would in ``ssh host "curl $URL"``."""
_URL_ALONE: Final = r"https?://[A-Za-z0-9_.:/@%+=,?&~;#!*()\[\]-]{1,400}"
"""A URL where it is known that no other shell reads it: in HTTP, and in the runbooks that came with
onwatch, which quote it."""

_OWN_NAMES: Final = """
CDPATH COLUMNS COMP_LINE DIRSTACK DISPLAY EDITOR ENV EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME
GLOBIGNORE GROUPS HISTCMD HOME HOSTNAME HOSTTYPE IFS LANG LANGUAGE LINENO LINES LOGNAME MACHTYPE
MAIL OLDPWD OPTARG OPTERR OPTIND OSTYPE PAGER PATH PIPESTATUS POSIXLY_CORRECT PPID PS1 PS2 PS3 PS4
PWD RANDOM REPLY SECONDS SHELL SHELLOPTS SHLVL SRANDOM SSH_CLIENT SSH_CONNECTION SUDO_USER TERM
TMPDIR TZ UID VISUAL
"""
_OWN: Final = frozenset(_OWN_NAMES.split())
_OWN_PREFIXES: Final = ("BASH", "LC_", "LD_", "XDG_", "PYTHON", "PERL", "RUBY", "GIT_", "DYLD_")
_TELLING: Final = re.compile(
    r"(?:NODE|OPENSSL|SSL|JAVA|JDK|TERMINFO|CURL|MALLOC|SSH|SUDO|SYSTEMD|DEBIAN|DBUS|APT)_.+"
    r"|LESS\w*|SSLKEYLOGFILE|TERMINFO|.+_(?:ASKPASS|PROXY|PRELOAD)|PROMPT_COMMAND|MANPAGER"
    r"|BROWSER|LOCPATH|NLSPATH|GCONV_PATH|LOCALDOMAIN|RES_OPTIONS|HOSTALIASES|INPUTRC|WGETRC"
    r"|MAKEFLAGS|DOCKER_HOST|GLIBC_TUNABLES|KUBECONFIG"
)
"""Variables that tell common programs what to load, run or ask."""
_OF_LOGIN: Final = frozenset({"REDIS_DB"})
"""What a login brings."""
_GIVEN: Final = frozenset({"USER"})
"""What the environment has where no target says it."""
_LEADING_DASH: Final = re.compile(r"(?:^|[\s,])-")
_NOT_NAME: Final = re.compile(r"[^A-Z0-9_]")


class PatternError(ValueError):
    """A pattern that cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A step's variables with their values, in the order in which it names them.

    ``refused`` says why it cannot run with them; the values are then those that are right.
    """

    values: tuple[tuple[str, str], ...] = ()
    refused: str = ""


def is_reserved(name: str) -> bool:
    """Whether the shell or other programs go by ``name``: no label sets it, nobody is asked."""
    known = name in _OWN or name.startswith(_OWN_PREFIXES)
    return known or _TELLING.fullmatch(name) is not None


def variable_of(label: str) -> str:
    """The variable that a label's value is in: upper case; ``LABEL_PATH`` for ``path``, which
    would be the shell's own."""
    name = _NOT_NAME.sub("_", label.upper())
    return f"LABEL_{name}" if is_reserved(name) or not name[:1].isalpha() else name


def uses(step: Step) -> Uses:
    """The variables that ``step`` asks for, without those that the environment has anyway."""
    if step.language is Language.SQL:
        found = Uses({each.name: None for each in sql_parameters(step.text)})
    elif step.language is Language.HTTP:
        found = Uses({each.name: None for each in http_parameters(step.text)})
    else:
        found = shell_uses(step.text)
        if step.login:
            needed = {name: None for name in found.needed if name not in _OF_LOGIN}
            found = Uses({"INSTANCE": None, **needed}, found.optional)
    return Uses(_asked(found.needed), _asked(found.optional))


def _asked(names: Iterable[str]) -> dict[str, None]:
    return {name: None for name in names if not is_reserved(name)}


def pattern_of(name: str, patterns: Mapping[str, str]) -> str:
    """The pattern that a value of ``name`` must match: of its runbook, else a built-in one."""
    return patterns.get(name) or PATTERNS.get(name) or DEFAULT_PATTERN


def bind(step: Step, runbook: Runbook, *offered: Variables) -> Bound:
    """The values for ``step``: of several in ``offered`` the first one counts, and where none
    has it the default that the runbook gives."""
    asked, patterns = uses(step), runbook.patterns
    if step.language is Language.HTTP or runbook.built_in:
        patterns = {"URL": _URL_ALONE, **patterns}
    values: list[tuple[str, str]] = []
    refused: list[str] = []
    for name in [*asked.needed, *asked.optional]:
        value = _first(name, (*offered, runbook.defaults))
        if value is None:
            if name in asked.needed and name not in _GIVEN:
                refused.append(_missing(step, runbook, name))
        elif wrong := objection(name, value, patterns):
            refused.append(wrong)
        else:
            values.append((name, value))
    return Bound(tuple(values), "; ".join(refused))


def _first(name: str, offered: Iterable[Variables]) -> str | None:
    return next((values[name] for values in offered if values.get(name)), None)


def _missing(step: Step, runbook: Runbook, name: str) -> str:
    source = next((each for each in runbook.steps if each.capture == name), None)
    if source is not None and source is not step:
        return f"${name} has no value yet: the step {source.name} finds it out; run that first"
    return (
        f"${name} has no value: neither the alert's labels nor its target have it; "
        f"give it one (on the command line --var {name}=…), or a default in the file's head"
    )


def objection(name: str, value: str, patterns: Mapping[str, str]) -> str:
    """Why ``value`` is refused for ``name``, as a sentence; empty where it is not."""
    shown = clean(value, _SHOWN)
    if len(value) > LONGEST:
        return f'${name} is refused: its value "{shown}" is longer than {LONGEST} characters'
    if not value.isprintable():
        return f'${name} is refused: its value "{shown}" holds line breaks or control characters'
    if _LEADING_DASH.search(value):
        return f'${name} is refused: "{shown}" has a word that begins with "-", as options do'
    pattern = pattern_of(name, patterns)
    if not _matches(pattern, value):
        own = (
            ""
            if name in patterns
            else f"; say what is right with variables: {{{name}: …}} in the file"
        )
        return f'${name} is refused: "{shown}" does not match {clean(pattern, 80)}{own}'
    return ""


def read_pattern(text: str) -> str:
    """``text`` where it is a pattern that can be used. Raises PatternError where it is none."""
    if len(text) > _PATTERN_LIMIT:
        raise PatternError(f"the pattern is longer than {_PATTERN_LIMIT} characters")
    _compiled(text)
    return text


def _matches(pattern: str, value: str) -> bool:
    return _compiled(pattern).fullmatch(value) is not None


def _compiled(pattern: str) -> re.Pattern[str]:
    """RE2's, which takes linear time whatever is asked of it."""
    import re2  # noqa: PLC0415 - 10 ms, and only where a step is shown

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        compiled: re.Pattern[str] = re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else "it cannot be read"
        said = said.decode(errors="replace") if isinstance(said, bytes) else said
        raise PatternError(f"is no regular expression (RE2): {clean(said, 100)}") from None
    return compiled
