"""Command lines for people: one line, with what looks like a secret in it masked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from checks.secrets import CREDENTIAL_WORDS, MASK, mask_url

__all__ = ["command_line", "mask_arguments"]

_WORDS: Final = rf"(?:{CREDENTIAL_WORDS}|credentials|pass|auth|bearer)"
_OPTION: Final = re.compile(
    rf"(?i)-{{1,2}}(?:[\w.-]{{0,80}}[_.-])?{_WORDS}(?:[_.-][\w.-]{{0,80}})?"
)
"""An option whose value, the next word, is a secret: ``--db-password``."""
_GLUED: Final = re.compile(rf"(?i)([\w.-]{{0,80}}{_WORDS}[\w.-]{{0,80}})([=:])(.+)", re.DOTALL)
"""The same in one word, or a variable's value: ``--token=x``, ``PGPASSWORD=x``."""
_PROGRAMS: Final = {
    "mysql": re.compile(r"(?:mysql|maria|percona)\S*$"),
    "redis": re.compile(r"(?:redis|valkey)\S*$"),
    "curl": re.compile(r"curl$"),
    "mongo": re.compile(r"mongo(?:sh|dump|restore|export|import|stat|top|files)?$"),
    "ldap": re.compile(r"ldap(?:search|add|modify|delete|passwd|whoami|compare|modrdn|exop)$"),
}
"""Programs that take secrets in options of their own."""
_HEADER: Final = re.compile(r"(?i)((?:authorization|x-[\w-]*(?:key|token|auth)\w*)\s*:\s*)(.+)")
_USER_OPTIONS: Final = ("-u", "--user", "--proxy-user", "-U")
_USER_GLUED: Final = ("-u", "-U", "--user=", "--proxy-user=")
_NEXT: Final = {"-a": "redis", "-p": "mongo", "-w": "ldap"}
"""Options of theirs whose secret is the next word."""


def command_line(words: Sequence[str]) -> str:
    """The words with spaces between them, secrets masked."""
    return " ".join(mask_arguments(words))


def mask_arguments(words: Sequence[str]) -> list[str]:
    """``words`` with those values masked that an option's name tells to be secret.

    Also the password in a URL, ``-pSECRET`` of MySQL's programs, ``-a SECRET`` of Redis',
    ``-p SECRET`` of MongoDB's and sshpass's, ``-w SECRET`` of LDAP's, and ``user:SECRET`` of curl's
    ``-u``.
    """
    # Not the first word alone: `sudo`, `env` and `&&` stand before others.
    programs = {word.rpartition("/")[2] for word in words if not word.startswith("-")}
    known = frozenset(
        name for name, pattern in _PROGRAMS.items() if any(map(pattern.match, programs))
    )
    return list(_masked(words, known))


def _masked(words: Sequence[str], programs: frozenset[str]) -> Iterable[str]:
    next_is_secret = False
    before = ""
    for word in words:
        ssh = before.rpartition("/")[2] == "sshpass"
        if next_is_secret and not (word.startswith("-") and len(word) > 1):
            yield MASK
        elif ssh and word.startswith("-p") and len(word) > 2:
            yield f"-p{MASK}"
        else:
            yield _one(word, before, programs)
        next_is_secret = word.startswith("-") and (
            _OPTION.fullmatch(word) is not None
            or _NEXT.get(word, "") in programs
            or (ssh and word == "-p")
        )
        before = word


def _one(word: str, before: str, programs: frozenset[str]) -> str:
    if word.startswith("-p") and len(word) > 2 and "mysql" in programs:
        return f"-p{MASK}"
    login = before in _USER_OPTIONS or word.startswith(_USER_GLUED)
    if login and "curl" in programs and ":" in word:
        return f"{word.partition(':')[0]}:{MASK}"
    header = _HEADER.match(word)
    if header:
        return header.group(1) + MASK
    glued = _GLUED.fullmatch(word)
    if glued and (before != "-c" or " " not in word):
        return glued.group(1) + glued.group(2) + MASK
    # A word that holds several: a shell's command, or a title that a program gave itself.
    return command_line(word.split(" ")) if " " in word else mask_url(word)
