"""The functions of PromQL, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from checks.promql.functions.contract import Context, Function

__all__ = ["FUNCTIONS", "Context", "Function"]

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType({})
