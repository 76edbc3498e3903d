"""One check and its probe: the hard timeout, the samples every check has, masking."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from checks.databases.model import Action
from checks.errors import NO_DESCRIPTORS, NONE_LEFT, NoThreadsError, SecretError
from checks.model import Result, Sampler, Samples, Status, clean
from checks.patterns import SlowPatternError
from checks.probe import (
    Acting,
    Answering,
    Attended,
    CheckSpec,
    Continuing,
    Inspecting,
    Kind,
    Probe,
    ProbeEnv,
    Target,
)
from checks.registry import KINDS
from checks.registry import kind as load_kind
from checks.secrets import url_secrets
from checks.soundness import unsound

__all__ = ["Runner"]

_NOBODY_THERE: Final = {"refused", "unreachable", "missing"}

log = logging.getLogger("onwatch.runner")


class Runner:
    """Runs one check. Every way a run can end comes back as a :class:`Result`."""

    def __init__(self, spec: CheckSpec, env: ProbeEnv, external: Mapping[str, str]) -> None:
        self.spec = spec
        self.kind: Kind = load_kind(spec.kind)
        self._env = env
        self._sampler = Sampler(spec.target_labels(external))
        self._target = Target(spec.name, spec.interval, spec.timeout, self._sampler, env)
        self._probe: Probe | None = None
        self._before: Probe | None = None
        """What its probe goes on from: that of another runner, and its own once this is closed."""
        self._address = spec.config.address()
        self._attended = False
        self._under_way: asyncio.Task[object] | None = None
        self.closed = False
        """Whether this check is watched no more: it makes no new probe then."""
        for value in spec.config.model_dump().values():
            for secret in url_secrets(value) if isinstance(value, str) else ():
                env.masker.learn(secret)
        self._extra = tuple(
            self._sampler.series(name)
            for name in (
                "up",
                "probe_success",
                "scrape_duration_seconds",
                "probe_duration_seconds",
                "scrape_samples_scraped",
            )
        )
        self._extra_set = frozenset(self._extra)

    async def run(self) -> tuple[float, Result]:
        """Ask the target once. Returns when the run began, and its outcome.

        Raises CancelledError once this is closed.
        """
        if self.closed:
            raise asyncio.CancelledError
        began = self._env.clock.now()
        task = self._under_way = asyncio.current_task()
        try:
            result = await self._bounded()
        except asyncio.CancelledError:
            if task is None or task.cancelling():
                raise
            # Nobody wants this run to end; taken for that, it would be the check's last.
            result = self._failed_inside("CancelledError: what it waited for was given up")
        finally:
            self._under_way = None
        fault = "" if self.spec.kind in KINDS else unsound(result)
        if fault:
            result = self._failed_inside(fault)
        took = self._env.clock.now() - began
        try:
            return began, self._finish(result, took)
        except Exception as error:
            # The rim: a result that nothing can be made of must cost its own check alone.
            log.exception(
                "the result of the %s check %s is no good", self.spec.kind, self.spec.name
            )
            return began, self._finish(
                self._failed_inside(f"{type(error).__name__}: {error}"), took
            )

    async def _bounded(self) -> Result:
        timeout = self.spec.timeout
        try:
            async with asyncio.timeout(timeout):
                if self._probe is None:
                    self._probe = self.kind.probe(self.spec.config, self._target)
                    self._go_on(self._probe)
                    self.attend(self._attended)
                return await self._probe.run()
        except TimeoutError:
            return Result.failed("timeout", f"no answer from {self._address} within {timeout:g} s")
        except SecretError as error:
            return Result.failed("config", str(error), status=Status.UNKNOWN)
        except (SlowPatternError, NoThreadsError) as error:
            return Result.failed(error.reason, str(error), status=Status.UNKNOWN)
        except Exception as error:
            if isinstance(error, OSError) and error.errno in NONE_LEFT:
                sentence = f"not asked: {NO_DESCRIPTORS}"
                return Result.failed("limit", sentence, status=Status.UNKNOWN)
            # The rim: a bug in one probe must not take the engine and all other checks along.
            log.exception("the %s check %s failed inside", self.spec.kind, self.spec.name)
            return self._failed_inside(f"{type(error).__name__}: {error}")

    def _failed_inside(self, fault: str) -> Result:
        sentence = f"internal error in the {self.spec.kind} check: {fault}"
        return Result.failed("internal", sentence, status=Status.UNKNOWN)

    async def ask(self, question: str) -> str:
        """The probe's answer to ``question``, masked; a sentence also where there is none."""
        if self._probe is None:
            return f"{self.spec.name} has not run yet"
        if not isinstance(self._probe, Answering):
            return f"a {self.spec.kind} check answers no questions"
        return self._env.masker.text(clean(await self._probe.ask(question)))

    def follow(self, old: Runner) -> None:
        """Have the probe go on where that of ``old`` ended, which ran the same check."""
        if self._sampler.base == old._sampler.base:
            self._before = old._before

    def _go_on(self, probe: Probe) -> None:
        before, self._before = self._before, None
        if isinstance(probe, Continuing) and isinstance(before, type(probe)):
            self._heard(partial(probe.go_on, before))

    def attend(self, watched: bool) -> bool:
        """Tell the probe whether somebody looks; whether it makes a difference to it."""
        changed, self._attended = watched is not self._attended, watched
        if not isinstance(self._probe, Attended):
            return False
        return self._heard(partial(self._probe.attend, watched)) and changed

    def inspect(self, subject: str) -> bool:
        """Tell the probe what somebody looks at; whether it has anything to say of it."""
        if not isinstance(self._probe, Inspecting):
            return False
        return self._heard(partial(self._probe.inspect, subject)) and bool(subject)

    def _heard(self, tell: Callable[[], None]) -> bool:
        """Whether the probe could be told."""
        try:
            tell()
        except Exception:
            # The rim: whoever looks at a check must not end the engine by that.
            log.exception("the %s check %s failed inside", self.spec.kind, self.spec.name)
            return False
        return True

    async def act(self, action: Action, subject: str) -> str:
        """Do ``action`` to ``subject``; what came of it, masked."""
        if not isinstance(self._probe, Acting):
            return f"{self.spec.name} has not run yet"
        try:
            async with asyncio.timeout(max(5.0, self.spec.timeout)):
                said = await self._probe.act(action.id, subject)
        except TimeoutError:
            said = f"{action.title}: no answer from {self._address}; look again"
        return self._env.masker.text(clean(said))

    def _finish(self, result: Result, took: float) -> Result:
        success = float(result.status is Status.OK)
        values = (float(result.up), success, took, took, float(len(result.samples)))
        own = self._own(result.samples, values, known=not result.unasked)
        samples = result.samples + own
        said = self._said(result)
        if said is not result.message:
            result = replace(result, message=said)
        return self._env.masker.result(result).with_samples(samples)

    def _own(self, told: Samples, values: tuple[float, ...], *, known: bool) -> Samples:
        """What every run has, without what ``told`` has already: a page may say it itself.

        Where it is not ``known`` whether the target answers, since nobody could ask it, there is
        no ``up``: 0 would say that it does not.
        """
        taken = self._extra_set.intersection(told.series)
        if not known:
            taken |= {self._extra[0]}
        if not taken:
            return Samples(self._extra, values)
        pairs = zip(self._extra, values, strict=True)
        kept = [(series, value) for series, value in pairs if series not in taken]
        return Samples(tuple(series for series, _ in kept), tuple(value for _, value in kept))

    def _said(self, result: Result) -> str:
        """The sentence, with what its check knows of a target that is not there or refuses us."""
        spec, message = self.spec, result.message
        if spec.expected and result.reason in _NOBODY_THERE and not result.up:
            # What it asks ("is the server running?") is answered.
            return f"{spec.expected} ({message.partition(': ')[0]})"
        return f"{message}; {spec.advice}" if spec.advice and result.reason == "auth" else message

    async def close(self) -> None:
        """End the run that is under way, and give back what the probe holds."""
        self.closed = True
        if self._under_way is not None:
            self._under_way.cancel()
        probe, self._probe = self._probe, None
        self._before = probe or self._before
        try:
            if probe is not None:
                await probe.close()
        except Exception:
            # The rim: a check that is taken away is gone, whatever its probe makes of it.
            log.exception("closing the %s check %s failed", self.spec.kind, self.spec.name)
