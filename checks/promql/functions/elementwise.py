"""Functions of each sample by itself: rounding, bounds, logarithms, angles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias, cast

import numpy as np

from checks.promql.functions.contract import Context, Evaluate, Function, Kind
from checks.promql.values import Floats, Scalar, Value, Vector

__all__ = ["FUNCTIONS", "each"]

Operation: TypeAlias = Callable[[Floats], Floats]


def each(operation: Operation) -> Evaluate:
    """The function that applies ``operation`` to all values of a vector."""

    def call(context: Context, args: tuple[Value, ...]) -> Vector:
        vector = cast("Vector", args[0])
        return replace(vector, values=operation(vector.values))

    return call


def _least(values: Floats, bound: Floats) -> Floats:
    """Go's math.Min: NaN where either is, but -Inf beside anything."""
    least: Floats = np.minimum(values, bound)
    return np.where(np.isneginf(values) | np.isneginf(bound), -np.inf, least)


def _greatest(values: Floats, bound: Floats) -> Floats:
    """Go's math.Max: NaN where either is, but +Inf beside anything."""
    greatest: Floats = np.maximum(values, bound)
    return np.where(np.isposinf(values) | np.isposinf(bound), np.inf, greatest)


def _bounded(vector: Vector, low: Scalar, high: Scalar) -> Vector:
    """Nothing at the steps where the bounds are the wrong way round."""
    return replace(
        vector,
        values=_greatest(_least(vector.values, high), low),
        present=vector.present & ~(high < low),
    )


def _clamp(context: Context, args: tuple[Value, ...]) -> Vector:
    return _bounded(cast("Vector", args[0]), cast("Scalar", args[1]), cast("Scalar", args[2]))


def _clamp_min(context: Context, args: tuple[Value, ...]) -> Vector:
    return _bounded(
        cast("Vector", args[0]), cast("Scalar", args[1]), np.full(context.grid.steps, np.inf)
    )


def _clamp_max(context: Context, args: tuple[Value, ...]) -> Vector:
    return _bounded(
        cast("Vector", args[0]), np.full(context.grid.steps, -np.inf), cast("Scalar", args[1])
    )


def _round(context: Context, args: tuple[Value, ...]) -> Vector:
    """To the nearest multiple; ties go up."""
    vector = cast("Vector", args[0])
    nearest = cast("Scalar", args[1]) if len(args) > 1 else np.ones(1)
    # Prometheus multiplies by the inverse: other digits than a division's.
    inverse = 1.0 / nearest
    return replace(vector, values=np.floor(vector.values * inverse + 0.5) / inverse)


def _radians(degrees: Floats) -> Floats:
    return degrees * np.pi / 180


def _degrees(radians: Floats) -> Floats:
    return radians * 180 / np.pi


_EACH: Final[dict[str, Operation]] = {
    "abs": np.abs,
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atanh": np.arctanh,
    "ceil": np.ceil,
    "cos": np.cos,
    "cosh": np.cosh,
    "deg": _degrees,
    "exp": np.exp,
    "floor": np.floor,
    "ln": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "rad": _radians,
    "sgn": np.sign,
    "sin": np.sin,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "tan": np.tan,
    "tanh": np.tanh,
}

_BOUND: Final = (Kind.VECTOR, Kind.SCALAR)

FUNCTIONS: Final = (
    *(
        Function(name, (Kind.VECTOR,), Kind.VECTOR, each(operation))
        for name, operation in _EACH.items()
    ),
    Function("clamp", (*_BOUND, Kind.SCALAR), Kind.VECTOR, _clamp),
    Function("clamp_max", _BOUND, Kind.VECTOR, _clamp_max),
    Function("clamp_min", _BOUND, Kind.VECTOR, _clamp_min),
    Function("round", _BOUND, Kind.VECTOR, _round, variadic=1),
)
