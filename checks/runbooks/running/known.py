"""The secrets of a configuration, made known to the masker before a step may show them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from checks.errors import SecretError
from checks.probe import CheckSpec, ProbeEnv
from checks.secrets import url_secrets
from checks.settings import SecretCommand, secrets_of

__all__ = ["learn_secrets"]


async def learn_secrets(specs: Iterable[CheckSpec], env: ProbeEnv) -> None:
    """Have ``env.masker`` know what the checks keep secret, as far as that is in the
    configuration, in a file or in the environment; no program is asked for one.
    """
    for spec in specs:
        for url in _texts(spec.config.model_dump()):
            for secret in url_secrets(url):
                env.masker.learn(secret)
        for source in secrets_of(spec.config):
            if not (isinstance(source, SecretCommand) and source.command):
                with contextlib.suppress(SecretError):
                    await env.secret(source)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
