"""What identifies an http check to its target, read when needed, dropped once refused."""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import unquote, urlsplit

from checks.probe import ProbeEnv
from checks.probes.http.config import Auth, Basic, Endpoint
from checks.secrets import sounds_secret

__all__ = ["Credentials"]

REREAD: Final = 60.0
"""Seconds between looks at whether refused credentials have changed at their source."""


class Credentials:
    """The headers a request carries.

    After a refused password the check goes on without it, since repeating it locks
    accounts; it is tried again when its source holds another one. Tokens lock nothing and
    are sent on.
    """

    def __init__(self, config: Endpoint, env: ProbeEnv) -> None:
        self._auth = config.auth or _from_url(config.url)
        self._configured = config.headers
        self._env = env
        self._headers: dict[str, str] | None = None
        self._refused = ""
        self._read_at = self._reread_at = 0.0

    async def headers(self) -> dict[str, str]:
        """Names and values; the same object for as long as they stay the same.

        Raises:
            SecretError: a source gave no credential.
        """
        if self._headers is None or (self._reread_at and self._env.clock.now() >= self._reread_at):
            # Counted from here: a source that fails is asked no more often than one that answers.
            self._reread_at, self._read_at = 0.0, self._env.clock.now()
            self._headers = await self._read()
        return self._headers

    def refused(self) -> None:
        """The target said that it does not know these credentials."""
        sent = (self._headers or {}).get("Authorization", "")
        if sent.startswith("Basic "):
            self._refused = sent
            self._headers = {k: v for k, v in (self._headers or {}).items() if v != sent}
        # Counted from the last look: every run without credentials is refused, too.
        self._reread_at = max(self._env.clock.now(), self._read_at + REREAD)

    @property
    def advice(self) -> str:
        """What to do about a 401, as a clause."""
        if self._auth is None:
            return "it wants credentials; give http.auth"
        if self._auth.basic is not None:
            user = self._auth.basic.username
            return f"the password of {user} is refused and not sent again until it changes"
        return "the token is refused; renew http.auth.bearer"

    async def _read(self) -> dict[str, str]:
        headers = {}
        for name, source in self._configured.items():
            if isinstance(source, str) and not sounds_secret(name):
                headers[name] = source
            else:
                headers[name] = await self._env.secret(source)
        value = await self._authorization()
        if value and value != self._refused:
            headers["Authorization"] = value
        elif value:
            self._reread_at = self._env.clock.now() + REREAD
        return headers

    async def _authorization(self) -> str:
        if self._auth is None:
            return ""
        if self._auth.bearer is not None:
            return "Bearer " + await self._env.secret(self._auth.bearer)
        assert self._auth.basic is not None  # noqa: S101 - the model has exactly one
        basic = self._auth.basic
        password = await self._env.secret(basic.password)
        encoded = base64.b64encode(f"{basic.username}:{password}".encode()).decode("ascii")
        self._env.masker.learn(encoded)
        return "Basic " + encoded


def _from_url(url: str) -> Auth | None:
    parts = urlsplit(url)
    if not parts.username:
        return None
    password = unquote(parts.password or "")
    return Auth(basic=Basic(username=unquote(parts.username), password=password))
