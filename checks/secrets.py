"""Credentials: where they come from, and how they are kept out of everything shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from threading import Lock
from typing import Final
from urllib.parse import unquote_plus
from weakref import WeakSet

from checks.databases.model import DatabaseFacts, SessionRow
from checks.hosts.model import HostFacts
from checks.model import Part, Result, Table
from checks.requests.stats import RequestFigures, RequestStats

__all__ = [
    "CREDENTIAL_WORDS",
    "MASK",
    "Masker",
    "is_secret_value",
    "looks_random",
    "mask_known",
    "mask_url",
    "sounds_secret",
    "url_secrets",
]

MASK: Final = "•••"
CREDENTIAL_WORDS: Final = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|credential|api[_-]?key|access[_-]?key|"
    r"private[_-]?key"
)
"""What a name of a credential has in it, wherever: a pattern without groups."""
_SURE = re.compile(
    rf"{CREDENTIAL_WORDS}|passw|(?:pass|pw|psk)(?![a-z])|bearer|authorization|cookie|signature",
    re.IGNORECASE,
)
_LIKELY = re.compile(r"(?<![a-z])auth(?![a-z])|keys?(?![a-z])|(?<![a-z])(?:sig|pin)(?![a-z])", re.I)
_RANDOM = re.compile(r"[A-Za-z0-9+/=_.~-]{12,500}")
_LONG: Final = 8
"""Characters from which on a value is no word that would be masked everywhere for nothing."""
_SHORTEST: Final = 4
"""Characters of a secret that is searched for."""
_KEPT: Final = 8
"""Values of one source that are known besides its first: what it gave before is worth nothing by
then."""
_NOTHING: Final = r"\A(?!)"
"""A pattern that nothing matches."""
_USERINFO = re.compile(
    r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]{0,20}://)"
    r"(?P<user>[^/@:\s?#]{0,200}):(?P<password>[^/@\s]{0,500})@"
)
_USERINFO_CUT = re.compile(
    r"(://[^/@:\s?#]{0,200}):(?!\d{1,5}$)[^/@\s]{1,500}$"  # no port
)
_CUT: Final = "…"
"""What stands at the end of a text that was longer."""
_TELLING: Final = 3
"""Characters of a secret's beginning that tell something of it."""
_QUERY_SECRET = re.compile(
    r"(?P<key>[?&;](?:[\w-]{0,30}(?:password|passwd|token|secret|api[_-]?key|access[_-]?key|"
    r"signature|credential)[\w-]{0,30}|auth|sig|key|pwd)=)(?P<value>[^&;#\s\"']*)",
    re.IGNORECASE,
)


def sounds_secret(name: str) -> bool:
    """Whether what is called ``name`` (a variable, a header, an option) is likely a credential."""
    return bool(_SURE.search(name) or _LIKELY.search(name))


def is_secret_value(name: str, value: str) -> bool:
    """Whether ``value``, which stands in clear under ``name``, is to be masked everywhere.

    A short value under a name that may be one, as in ``AUTH: basic``, is not: it is a word.
    """
    if _SURE.search(name):
        return True
    return len(value) >= _LONG and (bool(_LIKELY.search(name)) or looks_random(value))


def looks_random(value: str) -> bool:
    """Whether ``value`` looks drawn, not written: letters and digits that change all the time."""
    if not _RANDOM.fullmatch(value) or value.startswith(("/", "./", "../")):
        return False
    kinds = [_kind(letter) for letter in value if letter.isalnum()]
    changes = sum(a != b for a, b in pairwise(kinds))
    if len(set(kinds)) == 3:
        return changes >= 0.4 * len(value)
    return (
        "0" in kinds and len(set(kinds)) == 2 and len(value) >= 16 and changes >= 0.3 * len(value)
    )


def _kind(letter: str) -> str:
    return "0" if letter.isdigit() else "A" if letter.isupper() else "a"


def mask_url(text: str) -> str:
    """``text`` with the password of every URL in it, and secret-like query values, masked."""
    # Looked for first what each needs: most texts have none of it.
    if "=" in text and ("?" in text or "&" in text or ";" in text):
        text = _QUERY_SECRET.sub(rf"\g<key>{MASK}", text)
    if "://" in text and "@" in text:
        text = _USERINFO.sub(rf"\g<scheme>\g<user>:{MASK}@", text)
    return text


def url_secrets(url: str) -> list[str]:
    """The password and the secret-like query values of ``url``, as written and decoded.

    Short query values are left out: they are words such as ``main``, and masking those
    everywhere would hide more than it protects.
    """
    found = [match["password"] for match in _USERINFO.finditer(url)]
    values = [match["value"] for match in _QUERY_SECRET.finditer(url)]
    found += [value for value in values if len(value) >= 8]
    return [form for secret in found for form in dict.fromkeys((secret, unquote_plus(secret)))]


def _any_of(secrets: Iterable[str]) -> re.Pattern[str]:
    """What finds any of ``secrets``; of one within another the longer."""
    longest_first = sorted(secrets, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or _NOTHING)


_MASKERS: Final[WeakSet[Masker]] = WeakSet()
"""All there are, for what is written without an engine at hand: the log."""


def mask_known(text: str) -> str:
    """``text`` as every masker there is would have it."""
    for masker in list(_MASKERS):
        text = masker.text(text)
    return mask_url(text)


class Masker:
    """Replaces known secrets wherever they turn up. For any thread.

    Values shorter than four characters are not searched for: masking every ``1`` would
    hide the figures and not the secret.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = Lock()
        self._lasting: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        """Of those that last; None where it is to be made."""
        self._sources: dict[int, tuple[object, list[str]]] = {}
        """What was asked for secrets, held since it is known by its identity, and what it gave
        after its first one."""
        self._passing: tuple[str, ...] = ()
        """What all sources gave after their first one, as far as that is known."""
        _MASKERS.add(self)
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str, source: object = None) -> None:
        """Mask ``secret`` from now on; of several lines, such as a key, each by itself too.

        A ``source`` that is asked again and again may give another one each time, as programs do
        that print tokens: of what it gave after its first one the last few are known.
        """
        if len(secret) < _SHORTEST:
            return
        with self._lock:
            if source is not None and id(source) in self._sources:
                self._pass(secret, self._sources[id(source)][1])
                return
            if source is not None:
                self._sources[id(source)] = (source, [])
            if secret not in self._lasting:
                lines = secret.splitlines() if "\n" in secret else []
                self._lasting |= {secret, *(line for line in lines if len(line) >= _LONG)}
                self._pattern = None

    def _pass(self, secret: str, given: list[str]) -> None:
        """Know ``secret`` for as long as its source gives no more than a few others."""
        if secret in self._lasting or given[-1:] == [secret]:
            return
        given[:] = [one for one in given if one != secret][1 - _KEPT :]
        given.append(secret)
        every = (one for _, some in self._sources.values() for one in some)
        self._passing = tuple(dict.fromkeys(every))

    def _made(self) -> re.Pattern[str]:
        """The pattern of those that last: made when it is wanted, since many come at once."""
        with self._lock:
            made = self._pattern = self._pattern or _any_of(self._lasting)
            return made

    def _holds(self, text: str) -> bool:
        return (
            "://" in text
            or "=" in text
            or text.endswith(_CUT)
            or bool((self._pattern or self._made()).search(text))
            or any(secret in text for secret in self._passing)
        )

    def text(self, text: str) -> str:
        """``text`` with known secrets and URL passwords masked."""
        pattern = self._pattern or self._made()
        # One by one: a pattern of what changes all the time would be made anew all the time.
        if passing := [secret for secret in self._passing if secret in text]:
            pattern = _any_of((*passing, *(one for one in self._lasting if one in text)))
        text = mask_url(pattern.sub(MASK, text))
        return self._without_begun(text) if text.endswith(_CUT) else text

    def _without_begun(self, text: str) -> str:
        """``text``, which was cut off, without the beginning of a secret at its end."""
        body = text.removesuffix(_CUT).rstrip("\n")
        end = text[len(body) :]
        begun = self.begun(body)
        if begun >= _TELLING:
            return f"{body[:-begun]}{MASK}{end}"
        return _USERINFO_CUT.sub(rf"\g<1>:{MASK}", body) + end

    def begun(self, text: str) -> int:
        """How many characters at the end of ``text`` may be the beginning of a known secret, the
        rest of which is still to come."""
        longest = 0
        for secret in (*self._lasting, *self._passing):
            for length in range(min(len(secret) - 1, len(text)), longest, -1):
                if text.endswith(secret[:length]):
                    longest = length
                    break
        return longest

    def result(self, result: Result) -> Result:
        """``result`` with every text in it masked; samples are left alone."""
        unmade = isinstance(result.requests, RequestFigures)
        if not unmade and not any(map(self._holds, _texts(result))):
            return result
        text = self.text
        tables = {id(table): self._table(table) for table in _tables(result)}
        database = result.database
        if isinstance(database, DatabaseFacts):
            database = self._database(database, tables)
        requests = result.requests
        if isinstance(requests, RequestStats | RequestFigures):
            requests = requests.with_texts(text)
        host = result.host
        if isinstance(host, HostFacts):
            host = host.with_texts(text)
        return replace(
            result,
            message=text(result.message),
            value=text(result.value),
            raw=text(result.raw),
            parts=tuple(
                Part(text(p.name), p.status, text(p.message), text(p.value)) for p in result.parts
            ),
            facts=tuple((k, text(v)) for k, v in result.facts),
            events=tuple(text(event) for event in result.events),
            tables=tuple(tables[id(table)] for table in result.tables),
            database=database,
            requests=requests,
            host=host,
        )

    def _table(self, table: Table) -> Table:
        if not any(self._holds(cell) for row in table.rows for cell in row):
            return table
        rows = tuple(tuple(self.text(cell) for cell in row) for row in table.rows)
        return Table(table.title, table.columns, rows, table.numeric)

    def _database(self, facts: DatabaseFacts, tables: Mapping[int, Table]) -> DatabaseFacts:
        def row(session: SessionRow) -> SessionRow:
            return replace(session, query=self.text(session.query))

        return replace(
            facts,
            longest=tuple(map(row, facts.longest)),
            sessions=None if facts.sessions is None else tuple(map(row, facts.sessions)),
            replicas=tuple(replace(r, message=self.text(r.message)) for r in facts.replicas),
            tables=tuple(tables[id(table)] for table in facts.tables),
            notes=tuple(map(self.text, facts.notes)),
        )


def _tables(result: Result) -> tuple[Table, ...]:
    own = result.database.tables if isinstance(result.database, DatabaseFacts) else ()
    return (*result.tables, *own)


def _texts(result: Result) -> Iterator[str]:
    yield result.message
    yield result.value
    yield result.raw
    yield from result.events
    for part in result.parts:
        yield from (part.name, part.message, part.value)
    for _, fact in result.facts:
        yield fact
    for table in _tables(result):
        for row in table.rows:
            yield from row
    if isinstance(result.requests, RequestStats):
        yield from result.requests.texts()
    if isinstance(result.host, HostFacts):
        yield from result.host.texts()
    if isinstance(result.database, DatabaseFacts):
        facts = result.database
        yield from facts.notes
        yield from (replica.message for replica in facts.replicas)
        yield from (session.query for session in (*facts.longest, *(facts.sessions or ())))
