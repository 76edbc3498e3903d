"""The functions of PromQL, by name: all of Prometheus 3 that are not experimental.

Those of native histograms alone are left out, too: there are none here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np

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


def _quiet(function: Function) -> Function:
    """``function`` without numpy's warnings: NaN, infinities and overflows are results here, and
    where nothing is present anything may stand."""
    return replace(function, call=np.errstate(all="ignore")(function.call))


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {function.name: _quiet(function) for family in _FAMILIES for function in family.FUNCTIONS}
)
