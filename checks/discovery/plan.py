"""From what was found, and what was missed, to checks with names that stay."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, Final

from pydantic import ValidationError

from checks.dial import place
from checks.discovery.absent import Expectation
from checks.discovery.credentials import logins
from checks.discovery.model import Service, Web
from checks.model import clean
from checks.probe import CheckSpec
from checks.registry import KINDS, kind

__all__ = ["Plan", "Planned"]

SELDOM: Final = 15.0
"""Seconds between two runs of checks that cost more than they tell, or leave lines in a log."""

_USUAL_PORTS: Final = {"postgres": 5432, "mysql": 3306, "redis": 6379}
_ADVICE: Final = {
    "redis": "without a configuration it is taken from $REDISCLI_AUTH or $REDIS_URL",
}
_ODD: Final = re.compile(r"[^\w.@+-]+")
_ORDER: Final = ("http", "postgres", "mysql", "redis", "sqlite", "tcp")

log = logging.getLogger("onwatch.discovery")


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A check that discovery made.

    ``written`` is its kind's mapping as a configuration file would have it, free of
    credentials; ``note`` a remark on it for people. ``missed`` says that it did not run.
    """

    spec: CheckSpec
    service: Service
    written: Mapping[str, Any]
    note: str = ""
    missed: bool = False

    @property
    def provisional(self) -> bool:
        """Whether the page that it asks for is a guess."""
        return self.service.web is not None and self.service.web.status == 0


class Plan:
    """The checks so far. One that was planned keeps its name and its address for good."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._taken: set[str] = set()
        self._planned: dict[tuple[str, int | str], Planned] = {}

    def reserve(self, names: Iterable[str]) -> None:
        """Give no check one of ``names``, which others have."""
        self._taken |= set(names)

    @property
    def planned(self) -> list[Planned]:
        """What has been planned, in the order in which it is shown."""
        return sorted(self._planned.values(), key=lambda one: _rank(one.service))

    def drop(self, name: str) -> tuple[str, int | str] | None:
        """Have no check called ``name``. Returns the key of its service; None where it has none."""
        for key, one in self._planned.items():
            if one.spec.name == name:
                del self._planned[key]
                self._taken.discard(name)
                return key
        return None

    def update(
        self,
        found: Iterable[Service],
        missed: Iterable[Expectation],
        names: Mapping[tuple[str, int | str], str],
    ) -> bool:
        """Plan what is new. Returns whether anything is.

        ``names`` are those that earlier sessions gave to services. May block on a hung home
        directory.
        """
        before = dict(self._planned)
        for service in sorted(found, key=_rank):
            known = self._planned.get(service.key)
            if known is None or known.missed or _knows_better(service, known):
                self._add(service, _last_words(service), names, missed=False)
        for one in missed:
            if one.service.key not in self._planned:
                self._add(one.service, one.why, names, missed=bool(one.why))
        return [one.spec for one in self._planned.values()] != [one.spec for one in before.values()]

    def _add(
        self,
        service: Service,
        expected: str,
        names: Mapping[tuple[str, int | str], str],
        *,
        missed: bool,
    ) -> None:
        if service.kind not in KINDS:
            return
        made = _configured(service, self._environ)
        if made is None:
            log.warning("no check can be made of %s", service)
            return
        config, written, note = made
        known = self._planned.get(service.key)
        if known and known.spec.config == config:
            # Found where it was missed: its check goes on.
            self._planned[service.key] = replace(known, missed=False)
            return
        name = known.spec.name if known else self._name(service, names.get(service.key, ""))
        seldom = service.kind == "tcp" or (service.web and service.web.path == "/metrics")
        spec = CheckSpec(
            name=name,
            kind=_kind(service),
            config=config,
            interval=SELDOM if seldom else 5.0,
            expected=expected,
            found=True,
            advice=service.advice or _ADVICE.get(service.kind, ""),
        )
        self._taken.add(name)
        self._planned[service.key] = Planned(spec, service, written, note, missed)

    def _name(self, service: Service, before: str) -> str:
        for name in (before, *_names(service)):
            if name and name not in self._taken:
                return name
        stem = _names(service)[-1]
        return next(n for i in range(2, 10_000) if (n := f"{stem}-{i}") not in self._taken)


def _knows_better(service: Service, planned: Planned) -> bool:
    """Whether the page to ask for is known now, where it was a guess."""
    return planned.provisional and service.web is not None and service.web.status != 0


def _rank(service: Service) -> tuple[bool, int, int, str]:
    """Orders services as people look for them: applications, databases, what only listens."""
    only_metrics = service.web is not None and service.web.path == "/metrics"
    port = service.port or 65_536
    return only_metrics, _ORDER.index(service.kind), port, service.path


def _names(service: Service) -> list[str]:
    """Names for its check, the best first; each follows from itself alone, so that it stays."""
    usual = _USUAL_PORTS.get(service.kind)
    if usual is not None:
        if service.port in {usual, 0}:
            return [service.kind, _tidy(f"{service.kind}-{PurePosixPath(service.path).stem}")]
        return [f"{service.kind}-{service.port}"]
    if service.kind == "sqlite":
        path = PurePosixPath(service.path)
        return [_tidy(path.stem), _tidy(f"{path.parent.name}-{path.stem}")]
    program = _tidy(service.program)
    scheme = "https" if service.web and service.web.tls else service.kind
    return [name for name in (program, f"{program or scheme}-{service.port}") if name]


def _tidy(text: str) -> str:
    return _ODD.sub("-", clean(text, 60)).strip("-.")


def _last_words(service: Service) -> str:
    """What is said of it in case that it cannot be reached any more."""
    if not service.unit:
        return ""
    return f"it ran as {service.unit}: systemctl status {service.unit.removesuffix('.service')}"


def _kind(service: Service) -> str:
    """The kind of its check: a server of which only a page of metrics tells is scraped."""
    return "metrics" if service.web and service.web.metrics else service.kind


def _configured(
    service: Service, environ: Mapping[str, str]
) -> tuple[Any, Mapping[str, Any], str] | None:
    """The model of its check, the same as it is written, and a note."""
    model = kind(_kind(service)).config
    for config, written, note in _ways(service, environ):
        try:
            return model.model_validate(config), written, note
        except ValidationError:
            continue
    return None


def _ways(
    service: Service, environ: Mapping[str, str]
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any], str]]:
    if service.kind in _USUAL_PORTS:
        for login in logins(service, environ):
            yield login.config, login.written, login.note
        return
    if service.kind == "sqlite":
        config: dict[str, Any] = {"path": service.path}
    elif service.kind == "tcp":
        config = {"address": place(service.host, service.port)}
    else:
        config = _http(service, service.web or Web())
    note = "its certificate is not verified; when it ends is watched" if "tls" in config else ""
    yield config, config, note


def _http(service: Service, web: Web) -> dict[str, Any]:
    """Redirects are not followed: they may lead to another machine."""
    scheme, usual = ("https", 443) if web.tls else ("http", 80)
    where = place(service.host, service.port)
    if service.port == usual:
        where = where.rpartition(":")[0]
    config: dict[str, Any] = {"url": f"{scheme}://{where}{web.path}", "redirects": 0}
    if web.tls:
        config["tls"] = {"verify": False}
    if web.path == "/" and 300 <= web.status < 500:
        config["expect"] = {"status": ["2xx", web.status]}
    return config
