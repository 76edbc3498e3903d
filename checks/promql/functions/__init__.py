"""The functions of PromQL, by name: all of Prometheus 3 that are not experimental.

Those of native histograms alone are left out, too: there are none here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from checks.promql.functions import (
    dates,
    elementwise,
    histograms,
    labelling,
    over_time,
    rates,
    regression,
    vectors,
)
from checks.promql.functions.contract import Context, Function

__all__ = ["FUNCTIONS", "Context", "Function"]

_FAMILIES: Final = (
    dates,
    elementwise,
    histograms,
    labelling,
    over_time,
    rates,
    regression,
    vectors,
)

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {function.name: function for family in _FAMILIES for function in family.FUNCTIONS}
)
