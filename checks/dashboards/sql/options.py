"""Values of variables that a database is asked for."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial

from checks.dashboards.interpolate import Values
from checks.dashboards.model import Variable
from checks.dashboards.sql.desk import Desk, Told, Want, chosen_check
from checks.dashboards.sql.macros import written_out
from checks.probe import CheckSpec

__all__ = ["SqlOptions"]

_VALUE = "__value"
"""The column that Grafana takes values from, where there is one."""


class SqlOptions:
    """What the variables of one dashboard ask ``desk``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seen: dict[Hashable, Told | None] = {}
        self.wants: list[Want] = []

    def begin(self) -> None:
        """The variables are looked at anew."""
        self.wants = []
        self._seen.clear()

    @property
    def news(self) -> bool:
        """Whether a database has answered since."""
        return any(self._desk.told(key) is not told for key, told in self._seen.items())

    def of(
        self, specs: Mapping[str, CheckSpec], variable: Variable, values: Values
    ) -> tuple[tuple[str, ...], str]:
        """The values that ``variable`` may have, and why there are none."""
        check, problem = chosen_check(variable.check, variable.kind, specs)
        if problem:
            return (), problem
        key = (variable.name, variable.sql, tuple(sorted(_chosen(values))))
        self.wants.append(Want(key, check, partial(_statement, variable, values)))
        told = self._seen[key] = self._desk.told(key)
        if told is None:
            return (), f"asking {check} …"
        if told.answer is None:
            return (), told.error
        columns = told.answer.columns
        at = columns.index(_VALUE) if _VALUE in columns else 0
        return tuple(row[at] for row in told.answer.rows), ""


def _chosen(values: Values) -> list[tuple[str, tuple[str, ...]]]:
    return [(name, value.texts) for name, value in values.variables.items()]


def _statement(variable: Variable, values: Values, kind: str) -> str:
    return written_out(values.sql(variable.sql), kind, values.start, values.end)
