"""What the tests of the network checks share: a probe for a configuration, run once or more."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from checks.clock import Clock, SystemClock
from checks.lanes import Lanes
from checks.model import Result, Sampler
from checks.probe import Probe, ProbeEnv, Target
from checks.registry import kind
from checks.resolver import Lookup, Resolver, system_lookup
from checks.secrets import Masker


@contextlib.asynccontextmanager
async def probing(
    kind_name: str,
    config: object,
    *,
    timeout: float = 2.0,
    clock: Clock | None = None,
    lookup: Lookup = system_lookup,
    base_dir: Path = Path(),
) -> AsyncIterator[Probe]:
    """A probe of ``kind_name`` for ``config`` as it stands in a configuration file."""
    clock = clock or SystemClock()
    lanes = Lanes()
    env = ProbeEnv(clock, Resolver(lanes, clock, lookup), lanes, Masker(), base_dir)
    made = kind(kind_name)
    model = made.config.model_validate(config)
    sampler = Sampler({"job": "test", "instance": model.instance()})
    probe = made.probe(model, Target("test", 5.0, timeout, sampler, env))
    try:
        yield probe
    finally:
        await probe.close()
        await env.resolver.close()
        lanes.close()


async def ask(kind_name: str, config: object, **options: Any) -> Result:
    """The result of one run."""
    async with probing(kind_name, config, **options) as probe:
        return await probe.run()
