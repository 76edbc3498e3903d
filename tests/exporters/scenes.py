"""The table of scenes: for each rule, how its condition is produced.

A scene is a function that takes the stage, on which its rule is followed already, and what it plays
with: a server, a tree. It produces the condition, sees the rule fire, takes the condition away and
sees it resolve. docs/metrics.md lists what :attr:`Scene.how` says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from tests.exporters import rule_files
from tests.exporters.stage import Stage

__all__ = ["Impossible", "Scene", "Scenes"]

T = TypeVar("T")
Play: TypeAlias = Callable[[Stage, T], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scene(Generic[T]):
    """How the condition of ``rule`` is produced: in words, and as it is done.

    ``step`` is the seconds between two runs, 0 where the rule says it. What contradicts itself is
    played with ``mend``: what stands in its expression, and what should; ``why`` says so.
    """

    rule: str
    how: str
    play: Play[T]
    step: float = 0.0
    mend: tuple[str, str] | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Impossible:
    """Why a rule cannot fire."""

    rule: str
    why: str


@dataclass(slots=True)
class Scenes(Generic[T]):
    """The scenes of one file of rules."""

    exporter: str
    known: dict[str, Scene[T]] = field(default_factory=dict)
    impossible: dict[str, Impossible] = field(default_factory=dict)

    def scene(
        self,
        rule: str,
        how: str,
        step: float = 0.0,
        *,
        mend: tuple[str, str] | None = None,
        why: str = "",
    ) -> Callable[[Play[T]], Play[T]]:
        """Enters a function as the scene of ``rule``."""

        def enter(play: Play[T]) -> Play[T]:
            assert rule not in self.known, rule
            self.known[rule] = Scene(rule, how, play, step, mend, why)
            return play

        return enter

    def cannot(self, rule: str, why: str) -> None:
        """Enters ``rule`` as one that cannot fire."""
        self.impossible[rule] = Impossible(rule, why)

    async def play(self, rule: str, stage: Stage, setting: T) -> None:
        """Play the scene of ``rule``."""
        scene = self.known[rule]
        written = rule_files.rule(self.exporter, rule)
        if scene.mend is None:
            stage.follow(written, scene.step)
        else:
            stage.follow(rule_files.mended(written, *scene.mend), scene.step, never=written)
        await scene.play(stage, setting)

    def missing(self) -> Mapping[str, str]:
        """Rules without a scene that are not known to be impossible, with their expressions."""
        there = {one.name: one.expression.text for one in rule_files.alerts(self.exporter)}
        return {
            name: text
            for name, text in there.items()
            if name not in self.known and name not in self.impossible
        }
