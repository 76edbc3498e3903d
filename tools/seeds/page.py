"""docs/seeds.md, as it is made of the rows, the guides' words and what was measured."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tools.seeds.rows import FOLDER, LATER, NAMES, ROOT, SYSTEMS, Row, items, rows_of

__all__ = ["MEASURED", "PAGE", "measured", "page"]

PAGE: Final = ROOT / "docs" / "seeds.md"
MEASURED: Final = FOLDER / "measured.jsonl"
"""A line for each alert that fired in the examples' tests."""

_HEAD: Final = """\
<!-- Written by `python -m tools.seeds` from docs/seeds/. -->

# Five operations guides, thing by thing

Five teams wrote down how they watch what they run: AIGateway, AskProAI, Smart Ebook Chat, Xionimus
AI and MoAI-Flow. For each there is a ready configuration in [examples/](../examples/), run in the
tests on real servers with that system's tables, endpoints and data. This page takes every single
thing that the guides ask for and says where onwatch shows it, and which test proves it.

*later* is what needs the headless agent, notifications or days of history, which are not there
yet; *out of scope* is said with its reason. Where a guide's own text cannot work (SQL that is a
syntax error, a rule that can never match), the note says so, and what stands in its place.
"""
_MEASURED: Final = """\
## The guides' alerts, driven one at a time

Each condition was brought about on the real servers of the example's stack, the example's own
configuration running; *fired after* is from that moment until the alert fired. Time between runs
is made up (the clock is an argument), the runs and their answers are not, but for two things: a
machine's figures are read from a `/proc` that the test writes, and where † stands, what no test
should do to a server was put into its samples on their way. Allowed are the rule's `for` and two
intervals of its group. `python -m tools.seeds --measure` measures it anew.
"""


_EVERYWHERE: Final = frozenset(
    {"system", "job", "env", "role", "advice", "device", "fstype", "method"}
)
"""Labels that do not say which of several things an alert is about."""


def page() -> str:
    """The whole page."""
    rows = {system: rows_of(system) for system in SYSTEMS}
    parts = [_HEAD, _summary(rows), _MEASURED, _measured()]
    words = items()
    parts += [_table(system, found, words) for system, found in rows.items()]
    return "\n".join(parts)


def _summary(rows: Mapping[str, list[Row]]) -> str:
    lines = [
        "| guide | things | shown | later | out of scope |",
        "|---|---|---|---|---|",
    ]
    total: Counter[str] = Counter()
    for system, found in rows.items():
        counts = Counter(row.status for row in found)
        total += counts
        name = f"[{NAMES[system]}](#{_anchor(NAMES[system])})"
        lines.append(f"| {name} | {len(found)} | {_counted(counts)} |")
    lines.append(f"| all | {total.total()} | {_counted(total)} |")
    return "\n".join(lines) + "\n"


def _counted(counts: Counter[str]) -> str:
    return " | ".join(str(counts[status]) for status in ("shown", "later", "out of scope"))


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _measured() -> str:
    lines = [
        "| guide | alert | severity | condition | `for` | interval | allowed | fired after |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in measured():
        hold, interval = float(one["hold"]), float(one["interval"])
        allowed = hold + 2 * interval
        cells = (
            NAMES[one["system"]],
            f"`{one['alert']}`{_of(one['labels'])}",
            one["severity"] or "—",
            one["condition"] + " †" * bool(one.get("pretended")),
            _span(hold) if hold else "—",
            _span(interval),
            _span(allowed),
            _span(round(float(one["seconds"]))),
        )
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines) + "\n"


def measured() -> list[dict[str, Any]]:
    """What was measured last, in the order of the systems."""
    if not MEASURED.is_file():
        return []
    found = [json.loads(line) for line in MEASURED.read_text(encoding="utf-8").splitlines()]
    order = list(SYSTEMS)
    return sorted(found, key=lambda one: (order.index(one["system"]), one["alert"]))


def _of(labels: Mapping[str, str]) -> str:
    """What the alert named."""
    kept = [f"{k}={v}" for k, v in labels.items() if k not in _EVERYWHERE]
    return f" of {', '.join(kept)}" if kept else ""


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return " ".join([f"{minutes} m"] * bool(minutes) + [f"{rest} s"] * bool(rest)) or "0 s"


def _table(system: str, rows: Iterable[Row], words: Mapping[str, str]) -> str:
    lines = [
        f"## {NAMES[system]}",
        "",
        f"[examples/{system}](../examples/{system}/README.md)",
        "",
        "| id | the guide | onwatch | proof |",
        "|---|---|---|---|",
    ]
    for row in rows:
        cells = (row.id, words.get(row.id, ""), _where(row), _proof(row))
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines) + "\n"


def _where(row: Row) -> str:
    parts = []
    if row.later:
        parts.append(f"*later*: {LATER[row.later]}")
    if row.out:
        parts.append(f"*out of scope*: {row.out}")
    parts += [_named(what, name) for what, name in row.places]
    text = ", ".join(parts)
    if row.says:
        text = f"{text}: {row.says}" if text else row.says
    return f"{text}. *Note:* {row.note}" if row.note else text


def _named(what: str, name: str) -> str:
    if what == "screen":
        return f"{name} screen" if name != "overview" else "overview"
    return f"`{name}`" if what == "command" else f"{what} `{name}`"


def _proof(row: Row) -> str:
    links = []
    for test in row.tests:
        file, _, name = test.partition("::")
        links.append(f"[{_words(name)}](../{file})")
    return ", ".join(links)


def _words(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def _cell(text: str) -> str:
    """Within a table a bar that is not escaped ends the cell."""
    return text.replace("\\|", "|").replace("|", "\\|").replace("\n", " ").strip()
