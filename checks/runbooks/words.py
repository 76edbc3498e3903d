"""What a step's text does, as far as words tell: whether it changes something, or wants a terminal.

A warning for authors, no wall: a program can be called anything.
"""

from __future__ import annotations

import re
from typing import Final

from checks.runbooks.http_text import http_parts
from checks.runbooks.model import Language, Step
from checks.runbooks.sql_text import code_of

__all__ = ["changing_word", "prompt_in", "terminal_program"]

_OPTIONS: Final = r"(?:[ \t]+-\S{1,60}){0,4}"
_BEGINS: Final = (
    r"(?:^|[;&|({`\"']|\b(?:then|do|else|exec|nohup|env|command)\b|\$sudo[ \t]|-exec[ \t]"
    rf"|\b(?:sudo|xargs){_OPTIONS}[ \t]|\btimeout{_OPTIONS}[ \t]+\S{{1,20}}[ \t])[ \t]*"
)
"""Where the name of a program can stand, also within quotes: ``ssh host 'rm …'``."""
_ALONE: Final = (
    "rm rmdir unlink shred truncate kill pkill killall reboot shutdown halt poweroff mkfs dd "
    "swapoff umount renice ionice iptables logrotate pg_restore dropdb crontab"
)
_WITH: Final = (
    r"systemctl(?:\s+-\S+)*\s+(?:re)?(?:start|stop|load|kill|disable|enable|mask|reset-failed|"
    r"set-property|try-restart|isolate|reload-or-restart)"
    r"|service\s+\S+\s+(?:re)?(?:start|stop|load)"
    r"|supervisorctl\s+(?:re)?(?:start|stop|load|update)"
    r"|docker(?:\s+compose|-compose)?\s+(?:rm|rmi|stop|kill|restart|down|system\s+prune|volume\s+rm)"
    r"|kubectl\s+(?:delete|apply|rollout\s+(?:undo|restart)|scale|drain|cordon|patch|edit)"
    r"|sysctl\s+-w|git\s+(?:push|reset|clean)|apt(?:-get)?\s+(?:install|remove|purge|upgrade)"
    r"|redis(?:-cli)?\b[^\n|;]{0,300}?\b(?i:flushall|flushdb|(?:get)?del|unlink|p?expire|shutdown|"
    r"config\s+(?:set|rewrite)|client\s+kill|script\s+kill|acl\s+setuser|replicaof|slaveof|bgsave|"
    r"bgrewriteaof)"
    r"|find\b[^\n|;]{0,300}?\s-delete"
)
_PROGRAM: Final = re.compile(
    rf"{_BEGINS}(?:[\w.~/+-]{{0,200}}/)?((?:{'|'.join(_ALONE.split())})(?=[\s;]|$)|{_WITH}\b)",
    re.MULTILINE,
)
_STATEMENT: Final = re.compile(
    r"\b(DROP\s+(?:TABLE|DATABASE|INDEX|SCHEMA|USER|ROLE)|DELETE\s+FROM|TRUNCATE|ALTER\s+\w+|"
    r"UPDATE\s+\S+\s+SET|INSERT\s+INTO|KILL\s+(?:QUERY|CONNECTION|HARD|\$\w+)|pg_terminate_backend|pg_cancel_backend)\b",
    re.IGNORECASE,
)
_COMMENT: Final = re.compile(r"(?<!\S)#.*")
_READS: Final = re.compile(
    r"[\s(]*(SELECT|SHOW|EXPLAIN|WITH|DESCRIBE|DESC|TABLE|VALUES|PRAGMA)\b", re.IGNORECASE
)
_CHANGES: Final = re.compile(
    r"\b(pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_switch_wal|pg_drop_\w+|"
    r"pg_rotate_logfile|pg_promote|pg_wal_replay_\w+|pg_stat_reset\w*|pg_advisory_\w+|setval|"
    r"lo_unlink|dblink\w*|INTO\s+OUTFILE|INTO\s+DUMPFILE|FOR\s+UPDATE|DELETE|UPDATE\s+\S+\s+SET|"
    r"INSERT|TRUNCATE|DROP|ALTER|SLEEP|GET_LOCK|PRAGMA\s+\w+\s*=)\b",
    re.IGNORECASE,
)
_FIRST: Final = re.compile(r"\s*([A-Za-z]+)")
_TERMINAL: Final = re.compile(
    rf"{_BEGINS}(htop|atop|iotop|iftop|nethogs|watch|less|more|vi|vim|nano|tmux|screen|mysql|psql|"
    r"redis-cli|top)(?=[\s;&|)]|$)(?P<rest>[^\n|;&]*)",
    re.MULTILINE,
)
_FOLLOWS: Final = re.compile(
    r"\b(tail\s+(?:-\S+\s+){0,6}-[a-zA-Z]*[fF]|journalctl\b[^\n|;]{0,300}?\s-[a-z]*f)\b"
)
_PROMPT: Final = re.compile(r"^[ \t]*\$ +\S", re.MULTILINE)


def changing_word(step: Step) -> str:
    """The first word of a step that changes something; empty where none does."""
    if step.language is Language.HTTP:
        method = http_parts(step.text).method
        return "" if method in ("GET", "HEAD", "OPTIONS") else method
    if step.language is Language.SQL:
        return _sql_word(step.text)
    text = _COMMENT.sub("", step.text)
    found = _PROGRAM.search(text) or _STATEMENT.search(text)
    return " ".join(found[1].split()) if found else ""


def _sql_word(text: str) -> str:
    code = code_of(text)
    if _READS.match(code) is None:
        first = _FIRST.match(code)
        return first[1] if first else ""
    found = _CHANGES.search(code)
    return found[1] if found else ""


def terminal_program(step: Step) -> str:
    """A program in a shell step that goes on until somebody types; empty where there is none."""
    if step.interactive or step.language not in (Language.BASH, Language.SH):
        return ""
    text = _COMMENT.sub("", step.text)
    for found in _TERMINAL.finditer(text):
        if not _is_brief(found[1], found["rest"]):
            return found[1]
    follows = _FOLLOWS.search(text)
    return " ".join(follows[1].split()) if follows else ""


def _is_brief(program: str, rest: str) -> bool:
    """Whether ``program`` ends by itself with these arguments."""
    if program in ("top", "htop", "atop", "iotop"):
        return re.search(r"(?<!\S)-[A-Za-z]*[bn]", rest) is not None
    if program == "redis-cli":
        return "--latency" not in rest and "--stat" not in rest
    if program in ("mysql", "psql"):
        return (
            re.search(r"(?<!\S)(-[a-zA-Z]*[ecf]|--(execute|command|file|version)|<)", rest)
            is not None
        )
    return False


def prompt_in(step: Step) -> bool:
    """Whether a line of a shell step begins with ``$ ``, copied from a terminal."""
    return step.language in (Language.BASH, Language.SH) and _PROMPT.search(step.text) is not None
