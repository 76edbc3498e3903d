"""The password of one login: where it comes from, and that a refused one is not sent again."""

from __future__ import annotations

from typing import Final

from checks.probe import ProbeEnv
from checks.settings import Secret, SecretCommand

__all__ = ["PasswordKeeper"]

COMMAND_EVERY: Final = 60.0
"""Seconds between two runs of a command that prints the password."""


class PasswordKeeper:
    """Reads the password anew for every login, so that a changed one is taken up.

    After a password was refused, :meth:`refused` says so until another one comes: accounts
    lock. Who uses it then only looks whether the server can be reached.
    """

    def __init__(self, env: ProbeEnv, source: Secret | None, otherwise: str = "") -> None:
        self._env = env
        self._source = source
        self._otherwise = otherwise
        self._refused: str | None = None
        self._value = ""
        self._read_at: float | None = None

    async def password(self) -> str:
        """The password; empty where there is none.

        Raises:
            SecretError: the source gave none.
        """
        source = self._source
        if source is None:
            return await self._env.secret(self._otherwise) if self._otherwise else ""
        now = self._env.clock.now()
        costly = isinstance(source, SecretCommand) and source.command is not None
        fresh = self._read_at is not None and now - self._read_at < COMMAND_EVERY
        if not (costly and fresh):
            self._value = await self._env.secret(source)
            self._read_at = now
        return self._value

    def named(self, key: str) -> str:
        """What to correct: ``key`` of the configuration, and the file or variable it names."""
        source = self._source
        if not isinstance(source, SecretCommand) or source.command is not None:
            return key
        return f"{key} ({f'the file {source.file}' if source.file else f'${source.env}'})"

    def refused(self, password: str) -> bool:
        """Whether the server has refused this very password."""
        return bool(password) and password == self._refused

    def refuse(self, password: str) -> None:
        """The server refused ``password``."""
        self._refused = password

    def accept(self) -> None:
        """The server let us in."""
        self._refused = None
