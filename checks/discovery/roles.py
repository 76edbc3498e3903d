"""What becomes of a port before anybody is asked: pure decisions with their reasons beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from checks.discovery.owners import Endpoint
from checks.discovery.programs import DEFAULT_PORTS, QUIET_PORTS, WEB_PORTS, Role, program_of

__all__ = ["role_of"]

_ASKED_AT: Final = frozenset({DEFAULT_PORTS[Role.POSTGRES], DEFAULT_PORTS[Role.REDIS], 6380})
"""Ports whose protocol is asked for whoever it is that listens."""
_KINDS: Final = {role.value: role for role in Role if role not in {Role.RELAY, Role.NONE}}


def role_of(endpoint: Endpoint, recalled: Mapping[int, str], ephemeral: range) -> Role | None:
    """What the port is, or how to find out: HTTP is asked for pages, a RELAY for its protocol.

    ``recalled`` maps ports to the kind that was found there before. None for a port that
    nobody can be seen behind and that says nothing by its number: it may be the kernel's.
    """
    known = endpoint.role
    if known not in {None, Role.RELAY}:
        return known
    before = _KINDS.get(recalled.get(endpoint.port, ""))
    if before is not None:
        return before
    if known is Role.RELAY:
        return _relayed(endpoint)
    return _by_number(endpoint, ephemeral)


def _by_number(endpoint: Endpoint, ephemeral: range) -> Role | None:
    """What the port of an unknown program, or of nobody who can be seen, lets expect."""
    port = endpoint.port
    if port == DEFAULT_PORTS[Role.MYSQL]:
        # It counts as an error with a server of MySQL to ask it anything without logging in.
        return Role.MYSQL
    if port in _ASKED_AT:
        return Role.RELAY
    if port in QUIET_PORTS or port in ephemeral:
        return Role.NONE
    if endpoint.process is not None:
        return Role.HTTP
    return Role.RELAY if port in WEB_PORTS or _is_of_an_account(endpoint) else None


def _relayed(endpoint: Endpoint) -> Role:
    """Of a program that passes on what it gets, to pages as a rule, or to whatever it may be."""
    if endpoint.port == DEFAULT_PORTS[Role.MYSQL]:
        return Role.MYSQL
    program = program_of(endpoint.process) if endpoint.process else None
    serves_pages = program is not None and program.name in _WEB_SERVERS
    return Role.HTTP if serves_pages and endpoint.port in WEB_PORTS else Role.RELAY


_WEB_SERVERS: Final = frozenset({"nginx", "openresty", "angie", "traefik", "varnishd"})


def _is_of_an_account(endpoint: Endpoint) -> bool:
    """Whether a program made the socket: the kernel's own belong to root."""
    return any(listener.uid for listener in endpoint.listeners)
