"""``heartbeat``: a file that something else must touch again and again."""

from __future__ import annotations

from typing import ClassVar, cast

from checks.model import Result, Status
from checks.probe import ChartSpec, Kind, Metric, Probe, Target
from checks.settings import Duration, KindConfig
from checks.wording import span

__all__ = ["KIND"]


class HeartbeatConfig(KindConfig):
    """A file that something else must touch again and again."""

    shorthand: ClassVar[str] = "path"

    path: str
    """The file, relative to the configuration's folder."""
    within: Duration = 60.0
    """How long ago it may have been touched."""

    def instance(self) -> str:
        return self.path


class HeartbeatProbe:
    """Looks at the file's time of change."""

    def __init__(self, config: HeartbeatConfig, target: Target) -> None:
        self._within = config.within
        self._path = target.env.path(config.path)
        self._lane = f"heartbeat {target.name}"
        self._target = target

    async def run(self) -> Result:
        env = self._target.env
        try:
            # The file may lie on a mount that hangs.
            status = await env.lanes.run(self._lane, self._path.stat)
        except OSError as error:
            return Result.failed("missing", f"no heartbeat: {self._path}: {error.strerror}")
        age = max(0.0, env.clock.wall() - status.st_mtime)
        builder = self._target.sampler.builder()
        builder.add("heartbeat_age_seconds", age)
        late = age > self._within
        return Result(
            Status.CRITICAL if late else Status.OK,
            f"last heartbeat {span(age)} ago"
            + (f", expected one every {span(self._within)}" if late else ""),
            reason="expectation" if late else "ok",
            value=span(age),
            samples=builder.build(),
        )

    async def close(self) -> None:
        self._target.env.lanes.drop(self._lane)


def _probe(config: KindConfig, target: Target) -> Probe:
    return HeartbeatProbe(cast("HeartbeatConfig", config), target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    bound = cast("HeartbeatConfig", config).within
    return (ChartSpec("age of the heartbeat", "heartbeat_age_seconds", "s", critical=bound),)


KIND = Kind(
    name="heartbeat",
    summary="a file that something else must touch again and again",
    config=HeartbeatConfig,
    probe=_probe,
    charts=_charts,
    metrics=(Metric("heartbeat_age_seconds", "gauge", "since the file was touched", "s"),),
)
