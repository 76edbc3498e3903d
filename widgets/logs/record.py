"""A record whole: every field, and all of its lines as they stood."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells

from checks.logs.model import Value
from checks.logs.views import LogLine
from widgets import format as fmt
from widgets.databases.session import WholePane
from widgets.glyphs import Glyphs
from widgets.logs.words import TOLD, level_role, level_sign, level_told, value_text
from widgets.text import Line, Seg, broken, left, line

__all__ = ["RecordPane", "field_of", "record_lines"]

FIELD = "field:"
"""What the identity of a field's row begins with."""
_MESSAGE = f"{FIELD}message"


class RecordPane(WholePane):
    """Begins at the first field besides the message: what is above can be filtered by otherwise."""

    def _keep_selection(self) -> None:
        if self._selected is None and self.has_focus and not self._moved:
            fields = [key for key in self.keys if key.startswith(FIELD)]
            first = next((key for key in fields if key != _MESSAGE), _MESSAGE)
            if first in fields:
                self._begin_at(first)
        super()._keep_selection()


def field_of(one: LogLine, key: str | None) -> tuple[str, Value] | None:
    """The field whose row has the identity ``key``, and its value; None of other rows."""
    if key is None or not key.startswith(FIELD):
        return None
    name, record = key.removeprefix(FIELD), one.record
    if name in record.fields:
        return name, record.fields[name]
    return (name, record.message) if key == _MESSAGE else None


def record_lines(one: LogLine, width: int, glyphs: Glyphs) -> list[Line]:
    """All of it in ``width`` cells; each row can be gone to, that of a field by its name."""
    record = one.record
    level = level_told(record.level)
    pairs = [
        ("time", _time(record.time), "text"),
        ("level", f"{level_sign(record.level, glyphs)} {level}".strip(), level_role(record.level)),
        ("check", one.check, "text"),
        ("source", record.source, "text"),
        ("patterns", ", ".join(record.patterns), "key"),
    ]
    made = [
        row for name, text, role in pairs if text for row in _pair(name, text, role, width, name)
    ]
    if record.message:
        made += _pair("message", record.message, "value", width, _MESSAGE)
    own = {name: value_text(value) for name, value in record.fields.items()}
    if own.get("message") == record.message:
        del own["message"]
    for name in (name for name in own if name not in TOLD):
        made += _pair(name, own[name], "value", width, f"{FIELD}{name}")
    # What stands above as well comes last, as the log has it.
    told = [name for name in own if name in TOLD]
    if told:
        made.append(line(Seg(" as they stand in the log", "dim")))
    for name in told:
        made += _pair(name, own[name], "label", width, f"{FIELD}{name}")
    if record.text:
        made.append(line())
        for number, row in enumerate(record.text.splitlines()):
            made += _as_it_stood(row, width, f"text:{number}")
    return made


def _time(at: float) -> str:
    return f"{fmt.date_clock(at)}.{int(at * 1000) % 1000:03d}"


def _pair(name: str, text: str, role: str, width: int, key: str) -> list[Line]:
    """A name and all of a text; beneath it where the name is long."""
    names = max(12, width // 4)
    head = left(name, names)
    rows = broken(text, max(8, width - names - 3)) or [""]
    return [
        line(Seg(f" {head if at == 0 else ' ' * names} ", "dim"), Seg(row, role), key=key)
        for at, row in enumerate(rows)
    ]


def _as_it_stood(row: str, width: int, key: str) -> list[Line]:
    """A line of the log with its indentation, broken where there is no room left."""
    room = max(8, width - 2)
    rows = chop_cells(row, room) if cell_len(row) > room else [row]
    return [line(" ", Seg(one, "text"), key=key) for one in rows or [""]]
