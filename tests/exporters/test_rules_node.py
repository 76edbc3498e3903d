"""Every rule on node_exporter's and systemd_exporter's metrics fires and resolves on a recorded
machine, and every rule on process-exporter's on real processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.checks.systemd_kit import Recorded
from tests.exporters import rule_files
from tests.exporters.machine import Machine
from tests.exporters.node_scenes import NODE
from tests.exporters.process_scenes import PROCESS, running
from tests.exporters.scenes import Scenes
from tests.exporters.stage import staged
from tests.exporters.systemd_scenes import SYSTEMD


@pytest.mark.parametrize("rule", NODE.known)
async def test_of_a_machine(rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rule_files.require()
    machine = Machine(tmp_path)
    monkeypatch.setattr(os, "uname", machine.uname)
    async with staged(tmp_path) as stage:
        await NODE.play(rule, stage, machine)


@pytest.mark.parametrize("rule", SYSTEMD.known)
async def test_of_units(rule: str, tmp_path: Path) -> None:
    rule_files.require()
    answers = Recorded("252", tmp_path)
    async with staged(tmp_path, answers.moment.wall) as stage:
        await SYSTEMD.play(rule, stage, answers)


@pytest.mark.parametrize("rule", PROCESS.known)
async def test_of_processes(rule: str, tmp_path: Path) -> None:
    rule_files.require()
    with running() as program:
        async with staged(tmp_path) as stage:
            await PROCESS.play(rule, stage, program)


@pytest.mark.parametrize("scenes", [NODE, SYSTEMD, PROCESS], ids=lambda each: each.exporter)
def test_there_is_a_scene_for_every_rule(scenes: Scenes[object]) -> None:
    rule_files.require()
    assert scenes.missing() == {}
