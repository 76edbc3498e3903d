"""The info string of a fence: the language, and what the step says of itself.

```` ```bash {name=restart-php danger timeout=30s target=web capture=PID interactive} ````, with or
without the braces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from checks.documents.keys import nearest
from checks.model import clean
from checks.runbooks.model import Language, Marking
from checks.runbooks.variables import is_reserved

__all__ = ["LANGUAGES", "Info", "InfoError", "language_of", "read_info"]

LANGUAGES: Final = {
    "bash": Language.BASH,
    "shell": Language.BASH,
    "sh": Language.SH,
    "sql": Language.SQL,
    "mysql": Language.SQL,
    "postgres": Language.SQL,
    "postgresql": Language.SQL,
    "pgsql": Language.SQL,
    "http": Language.HTTP,
}
"""Of a fence's first word. ``console`` is not among them: prompts and output are no commands."""

LONGEST_TIMEOUT: Final = 6 * 3600.0
_FLAGS: Final = (*(marking.value for marking in Marking), "interactive", "login")
_KEYS: Final = ("name", "timeout", "target", "capture", "title")
_WORD: Final = re.compile(r"([^\s=]+)=(\"[^\"]*\"|'[^']*'|\S*)|(\S+)")
_FIRST: Final = re.compile(r"[^\s{]*")
_STEP_NAME: Final = re.compile(r"\w[\w.-]{0,63}")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


class InfoError(ValueError):
    """What is wrong with an info string, as a sentence."""


@dataclass(frozen=True, slots=True)
class Info:
    """What a fence says of its step; empty where it says nothing."""

    name: str = ""
    title: str = ""
    marking: Marking | None = None
    timeout: float = 60.0
    target: str = ""
    capture: str = ""
    interactive: bool = False
    login: bool = False


def language_of(info: str) -> Language | None:
    """The language of the step that a fence with this info string is; None where it is none."""
    return LANGUAGES.get(_parts(info)[0].lower())


def read_info(info: str) -> Info:
    """What stands behind the language. Raises InfoError with a sentence."""
    rest = _parts(info)[1]
    if rest.startswith("{") != rest.endswith("}"):
        raise InfoError("its braces are not a pair; write ```bash {name=… safe}")
    rest = rest.strip("{}")
    flags: list[str] = []
    values: dict[str, str] = {}
    for found in _WORD.finditer(rest):
        if found[1] is None:
            flags.append(_flag(found[3]))
        else:
            name = _key(found[1])
            if name in values:
                raise InfoError(f"{name} stands there twice")
            values[name] = found[2][1:-1] if found[2][:1] in ("'", '"') else found[2]
    return _info(flags, values)


def _parts(info: str) -> tuple[str, str]:
    info = info.strip()
    found = _FIRST.match(info)
    first = found[0] if found else ""
    return first, info[len(first) :].strip()


def _flag(word: str) -> str:
    if word in _FLAGS:
        return word
    if word in _KEYS:
        raise InfoError(f"{word} needs a value: {word}=…")
    raise InfoError(_unknown(word))


def _key(word: str) -> str:
    if word in _KEYS:
        return word
    if word in _FLAGS:
        raise InfoError(f"{word} takes no value")
    raise InfoError(_unknown(word))


def _unknown(word: str) -> str:
    near = nearest(word, [*_FLAGS, *_KEYS])
    hint = f'did you mean "{near}"?' if near else f"known are {', '.join([*_FLAGS, *_KEYS])}"
    return f'unknown word "{clean(word, 40)}"; {hint}'


def _info(flags: list[str], values: dict[str, str]) -> Info:
    markings = [flag for flag in dict.fromkeys(flags) if flag in list(Marking)]
    if len(markings) > 1:
        raise InfoError(f"is marked {' and '.join(markings)}; it can be only one of these")
    if {"interactive", "login"} <= {*flags}:
        raise InfoError("is interactive and has a login; who sits before it can log in")
    return Info(
        name=_step_name(values.get("name")),
        title=clean(values.get("title", ""), 100),
        marking=Marking(markings[0]) if markings else None,
        timeout=_timeout(values.get("timeout")),
        target=_filled("target", values.get("target"), "the name of a check"),
        capture=_capture(values.get("capture")),
        interactive="interactive" in flags,
        login="login" in flags,
    )


def _step_name(given: str | None) -> str:
    if given is not None and _STEP_NAME.fullmatch(given) is None:
        raise InfoError(
            f'name={clean(given, 40)}: a name has letters, digits, "-", "_" and ".", 64 at most'
        )
    return given or ""


def _timeout(given: str | None) -> float:
    if given is None:
        return 60.0
    from checks.settings import parse_duration  # noqa: PLC0415 - imports pydantic

    try:
        seconds = parse_duration(float(given) if given.isdecimal() else given)
    except ValueError as error:
        raise InfoError(f"timeout: {error}") from None
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise InfoError("timeout: must be more than 0 and at most 6h")
    return seconds


def _filled(key: str, given: str | None, what: str) -> str:
    if given is not None and not given.strip():
        raise InfoError(f"{key} is empty; give {what}")
    return clean(given or "", 100)


def _capture(given: str | None) -> str:
    if given is None:
        return ""
    if _VARIABLE.fullmatch(given) is None:
        upper = given.upper()
        hint = f"; write capture={upper}" if _VARIABLE.fullmatch(upper) else ""
        raise InfoError(f"capture={clean(given, 40)}: variables are upper case{hint}")
    if is_reserved(given):
        raise InfoError(f"capture={given}: the shell has {given} for itself; take another name")
    return given
