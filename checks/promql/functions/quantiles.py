"""What the functions of quantiles share."""

from __future__ import annotations

import math

import numpy as np

from checks.distinct import distinct
from checks.promql.annotations import Annotations
from checks.promql.ast import Span
from checks.promql.values import Floats

__all__ = ["format_g", "warn_of_quantiles"]


def warn_of_quantiles(quantiles: Floats, annotate: Annotations, at: Span) -> None:
    """Warn of each of ``quantiles`` that is not between 0 and 1."""
    for quantile in distinct(quantiles[~((quantiles >= 0) & (quantiles <= 1))]).tolist():
        annotate.warn(f"quantile value should be between 0 and 1, got {format_g(quantile)}", at)


def format_g(value: float) -> str:
    """``value`` as Go's ``%g`` prints it: shortest, with an exponent from 1e+06 and below 1e-04."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if abs(value) < 1e6:
        return repr(value).removesuffix(".0")
    return np.format_float_scientific(value, trim="-", exp_digits=2)
