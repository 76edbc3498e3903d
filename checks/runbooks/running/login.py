"""The login of a step that is marked ``login``: how its shell asks a Redis as a check does.

The shell reads ``redis.bash`` before the step's text, by ``BASH_ENV``, and has the function
``redis`` from there. Where and as whom it asks is in variables of the environment, the password in
redis-cli's own, ``REDISCLI_AUTH``: never in the text, nor in a list of processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from checks.errors import TargetError
from checks.model import clean
from checks.passwords import PasswordKeeper
from checks.probe import CheckSpec, ProbeEnv
from checks.probes.redis.config import Address, RedisConfig, parse_url
from checks.runbooks.facts import place_of
from checks.runbooks.running.model import Job
from checks.tls import Tls

__all__ = ["login_of"]

_FUNCTIONS: Final = Path(__file__).with_name("redis.bash")


async def login_of(job: Job, env: ProbeEnv) -> Mapping[str, str]:
    """The variables that ``job``'s shell gets besides its own; the password is among them.

    Where the target is no Redis check, ``$INSTANCE`` says where, and there is no password: alerts
    also come of what a redis_exporter says.

    Raises:
        TargetError, SecretError: there is no login.
    """
    target = job.target
    if target is not None and isinstance(target.config, RedisConfig):
        config = target.config
        where = parse_url(config.url)
        password = await PasswordKeeper(env, config.password, where.password).password()
        user = config.username or where.username
        options = _options(where, user, config.tls, env)
        return _variables(where, options, user=user, password=password, check=target.name)
    place = place_of(job.variables.get("INSTANCE", ""))
    if place is None:
        raise TargetError("config", _nowhere(target))
    where = Address(host=place[0], port=int(place[1]))
    return _variables(where, _options(where, "", Tls(), env))


def _nowhere(target: CheckSpec | None) -> str:
    is_one = f"{target.name} is a {target.kind} check" if target is not None else "no check is"
    return (
        f"it wants the login of a redis check, {clean(is_one)} concerned here, and $INSTANCE is no "
        "address: name a check with target="
    )


def _variables(
    where: Address, options: Iterable[str], *, user: str = "", password: str = "", check: str = ""
) -> dict[str, str]:
    lines = list(options)
    if any("\n" in line for line in lines):
        raise TargetError("config", "its login or its address holds a line break")
    by_hand = not where.path and not where.tls
    return {
        "BASH_ENV": str(_FUNCTIONS),
        "REDIS_OPTIONS": "\n".join(lines),
        "REDIS_HOST": where.host if by_hand else "",
        "REDIS_PORT": str(where.port) if by_hand else "",
        "REDIS_DB": str(where.db),
        "REDIS_USER": user,
        "REDIS_CHECK": clean(check),
        **({"REDISCLI_AUTH": password} if password else {}),
    }


def _options(where: Address, user: str, tls: Tls, env: ProbeEnv) -> Iterator[str]:
    """Those of redis-cli; it has none for verifying the certificate but not its name."""
    if where.path:
        yield from ("-s", where.path)
    else:
        yield from ("-h", where.host, "-p", str(where.port))
    if user:
        yield from ("--user", user)
    if not where.tls:
        return
    yield "--tls"
    for option, file in (
        ("--cacert", tls.ca),
        ("--cert", tls.cert),
        ("--key", tls.key or tls.cert),
    ):
        if file:
            yield from (option, str(env.path(file).absolute()))
    if tls.server_name:
        yield from ("--sni", tls.server_name)
    if tls.verify == "none":
        yield "--insecure"
