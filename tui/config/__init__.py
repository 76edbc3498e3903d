"""Configuration: from YAML to what the engine is given, with every mistake named and placed."""

from __future__ import annotations

from tui.config.loading import Loaded, load

__all__ = ["Loaded", "load"]
