"""``shopctl``: how the operators of the demo's shop see and switch what runs there.

Run as a file by a bare interpreter (it imports nothing of ours), so that it is quick: ``shopctl.py
CONTROL ARGUMENT …``. It asks the supervisor over its control socket; ``keys`` asks Redis itself.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

__all__ = ["main"]

USAGE = """\
usage: shopctl status [NAME …]        what runs, and how flags are set
       shopctl history [NAME]         what was done last, and by whom
       shopctl log NAME [WORD]        the last lines that a service has said, with a word in them
       shopctl start | stop NAME      a service or a job
       shopctl restart NAME           a service
       shopctl rollback api           to the release before
       shopctl scale indexer NUMBER   workers of the queue default
       shopctl flag NAME on | off
       shopctl keys [PREFIX [--drop]] what is in Redis, by kind; or remove all of a kind"""

_LONGEST_START = 15.0
_PAGE = 500
_LINES = 15


class ShopError(Exception):
    """What went wrong, as a sentence."""


def main(arguments: list[str]) -> int:
    """Do it; the exit code: 1 where it did not work, 2 where it makes no sense."""
    control, words = Path(arguments[0]), arguments[1:]
    try:
        return _do(control, words)
    except ShopError as error:
        sys.stderr.write(f"shopctl: {error}\n")
        return 1


def _do(control: Path, words: list[str]) -> int:
    match words:
        case ["status", *names]:
            _status(control, names)
        case ["history", *names] if len(names) < 2:
            _history(control, names)
        case ["log", name, *words] if len(words) < 2:
            _log(control, name, "".join(words))
        case ["start", name]:
            _start(control, name)
        case ["stop" | "restart" | "rollback" as act, name]:
            _say(_operate(control, act, name))
        case ["scale" | "flag" as act, name, to]:
            _say(_operate(control, act, name, to))
        case ["keys"]:
            _kinds(control)
        case ["keys", prefix]:
            _some_keys(control, prefix)
        case ["keys", prefix, "--drop"]:
            _drop(control, prefix)
        case _:
            sys.stderr.write(f"{USAGE}\n")
            return 2
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


# The supervisor


def _ask(control: Path, **request: str) -> dict[str, Any]:
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            link.connect(str(control))
            link.sendall(json.dumps(request).encode() + b"\n")
            with link.makefile("rb") as answers:
                answer: dict[str, Any] = json.loads(answers.readline())
    except (OSError, ValueError) as error:
        raise ShopError(f"the shop does not answer: {error}") from None
    if "error" in answer:
        raise ShopError(str(answer["error"]))
    return answer


def _operate(control: Path, act: str, name: str, to: str = "") -> str:
    return str(_ask(control, do="operate", act=act, name=name, to=to)["said"])


def _start(control: Path, name: str) -> None:
    """Start it and, of a service, wait until it serves."""
    _say(_operate(control, "start", name))
    until = time.monotonic() + _LONGEST_START
    child = next((row["child"] for row in _rows(control, [name])), "")
    while child:
        answer = _ask(control, do="shop")
        if child in answer["ready"]:
            _say(f"{name}: serves (process {answer['pids'][child]})")
            return
        if time.monotonic() > until:
            raise ShopError(f"{name} does not serve after {_LONGEST_START:g} s; see its log")
        time.sleep(0.1)


def _rows(control: Path, names: list[str]) -> list[dict[str, str]]:
    answer = _ask(control, do="shop")
    rows = [row for row in answer["shop"] if not names or row["name"] in names]
    for row in rows:
        if row["kind"] == "service" and row["state"] == "running":
            ready = row["child"] in answer["ready"]
            row["state"] = f"running ({answer['pids'][row['child']]})" if ready else "starting"
    unknown = [name for name in names if name not in {row["name"] for row in rows}]
    if unknown:
        known = ", ".join(row["name"] for row in answer["shop"])
        raise ShopError(f"there is no {unknown[0]}; there are {known}")
    return rows


def _status(control: Path, names: list[str]) -> None:
    for row in _rows(control, names):
        _say(f"{row['kind']:8} {row['name']:18} {row['state']:16} {row['about']}".rstrip())


def _history(control: Path, names: list[str]) -> None:
    events = [
        event
        for event in _ask(control, do="shop")["history"]
        if not names or event["name"] in names
    ]
    widest = max((len(event["name"]) for event in events), default=0)
    for event in events[-_LINES:]:
        ago = max(0, round(time.time() - event["at"]))
        when = f"{ago} s" if ago < 120 else f"{ago // 60} min"
        _say(f"{when + ' ago':>10}  {event['name']:{widest}}  {event['text']}")
    if not events:
        _say("nothing was done to it since the demo began" if names else "nothing was done yet")


def _log(control: Path, name: str, word: str) -> None:
    (row,) = _rows(control, [name])
    child = row["child"]
    for place in (f"logs/{name}.log", f"{child}/log", f"{child}.log") if child else ():
        try:
            text = (control.parent / place).read_text(errors="replace")
        except OSError:
            continue
        lines = [line for line in text.strip().splitlines() if word in line][-_LINES:]
        if lines:
            _say("\n".join(_printable(_told(line))[:200] for line in lines))
            return
    _say(f"{name} has said nothing; see shopctl history {name}")


def _printable(text: str) -> str:
    """Without control characters: what is logged comes from whoever asks."""
    return "".join(each for each in text if each.isprintable())


def _told(line: str) -> str:
    """A line of JSON as people read it; any other as it is."""
    if not line.startswith("{"):
        return line
    try:
        record = json.loads(line)
        return f"{record['time'][11:19]} {record['level']:7} {record['message']}"
    except (ValueError, KeyError, TypeError):
        return line


# Redis


class _Redis:
    """As much of its protocol (RESP2) as is wanted here."""

    def __init__(self, control: Path) -> None:
        port = _ask(control, do="shop")["redis_port"]
        try:
            self._link = socket.create_connection(("127.0.0.1", port), timeout=5)
        except OSError as error:
            raise ShopError(f"Redis does not answer: {error}") from None
        self._answers = self._link.makefile("rb")

    def __enter__(self) -> _Redis:
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self._link.close()

    def ask(self, *commands: tuple[str, ...]) -> list[Any]:
        """The answers to ``commands``, sent at once."""
        try:
            self._link.sendall(b"".join(map(_encoded, commands)))
            return [self._read() for _ in commands]
        except OSError as error:
            raise ShopError(f"Redis does not answer: {error}") from None

    def keys(self, prefix: str = "") -> list[str]:
        found: list[str] = []
        cursor = "0"
        while True:
            ((cursor, page),) = self.ask(
                ("SCAN", cursor, "MATCH", f"{prefix}*", "COUNT", str(_PAGE))
            )
            found += page
            if cursor == "0":
                return sorted(set(found))

    def _read(self) -> Any:
        line = self._answers.readline().rstrip(b"\r\n").decode(errors="replace")
        if not line:
            raise ShopError("Redis has ended the connection")
        kind, rest = line[:1], line[1:]
        if kind == "-":
            raise ShopError(f"Redis: {rest}")
        if kind == ":":
            return int(rest)
        if kind == "$":
            return None if rest == "-1" else self._text(int(rest))
        if kind == "*":
            return [self._read() for _ in range(int(rest))]
        return rest

    def _text(self, size: int) -> str:
        return self._answers.read(size + 2)[:-2].decode(errors="replace")


def _encoded(command: tuple[str, ...]) -> bytes:
    parts = [word.encode() for word in command]
    body = b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
    return b"*%d\r\n%s" % (len(parts), body)


def _kinds(control: Path) -> None:
    """How many keys there are of each kind, how many never expire, and what they take."""
    count: Counter[str] = Counter()
    endless: Counter[str] = Counter()
    size: Counter[str] = Counter()
    with _Redis(control) as redis:
        keys = redis.keys()
        for at in range(0, len(keys), _PAGE):
            page = keys[at : at + _PAGE]
            ages = redis.ask(*(("TTL", key) for key in page))
            sizes = redis.ask(*(("MEMORY", "USAGE", key) for key in page))
            for key, age, taken in zip(page, ages, sizes, strict=True):
                kind = key.partition(":")[0] + ":"
                count[kind] += 1
                endless[kind] += age == -1
                size[kind] += taken or 0
        (memory,) = redis.ask(("INFO", "memory"))
    facts = dict(line.partition(":")[::2] for line in memory.splitlines())
    _say(
        f"{facts['used_memory_human']} of {facts['maxmemory_human']}, when full: "
        f"{facts['maxmemory_policy']}\n"
    )
    _say(f"{'kind':12}{'keys':>8}{'never expire':>14}{'memory':>10}")
    for kind, taken in size.most_common(_LINES):
        _say(f"{kind:12}{count[kind]:>8}{endless[kind]:>14}{taken / 1e6:>7.1f} MB")


def _some_keys(control: Path, prefix: str) -> None:
    with _Redis(control) as redis:
        keys = redis.keys(prefix)
        for key in keys[:_LINES]:
            (age,) = redis.ask(("TTL", key))
            _say(f"{key:40} {'never expires' if age == -1 else f'for {age} s more'}")
    _say(f"{len(keys)} keys begin with {prefix}")


def _drop(control: Path, prefix: str) -> None:
    with _Redis(control) as redis:
        keys = redis.keys(prefix)
        for at in range(0, len(keys), _PAGE):
            redis.ask(("UNLINK", *keys[at : at + _PAGE]))
    _say(f"{len(keys)} keys that began with {prefix} are removed")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
