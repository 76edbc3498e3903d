"""What is watched where there is no configuration: this machine, and what runs on it."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from checks.config import EngineConfig
from checks.discovery.finder import Discovery
from checks.model import clean
from checks.probe import CheckSpec
from checks.registry import kind
from tui.config import files
from tui.config.rules import built_in

__all__ = ["this_machine"]


def this_machine(environ: Mapping[str, str]) -> tuple[EngineConfig, Discovery]:
    """A check of this machine, and the finder that looks for what else there is to check.

    The places where a configuration is looked for are watched, so that one which comes to be
    is taken over.
    """
    name = clean(socket.gethostname(), 100) or "localhost"
    spec = CheckSpec(name=name, kind="host", config=kind("host").config())
    finder = Discovery(environ=environ)
    config = EngineConfig(
        checks=(spec,),
        files=tuple(files.searched()),
        finder=finder,
        rules=built_in(),
        remarks=("no configuration: watching what is discovered; onwatch init writes it down",),
    )
    return config, finder
