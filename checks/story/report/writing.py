"""The report of an incident as Markdown. Pure: material in, text out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from checks.story import telling
from checks.story.figures import ALERT
from checks.story.incidents import identity
from checks.story.model import Entry, EntryKind
from checks.story.report.charts import Axis, chart
from checks.story.report.follow_ups import follow_ups
from checks.story.report.impact import BAD, Impact
from checks.story.report.markdown import code, fenced, plain, table
from checks.story.report.material import SHORT, Material, StepRun, duration, percent
from checks.story.report.notifications import (
    actions_taken,
    incident_notification,
    resolution,
    root_cause,
)

__all__ = ["report"]

_MOST_ROWS: Final = 400
"""Rows of the timeline; of a longer one the middle is left out."""
_MOST_OUTPUT: Final = 12
"""Lines of a step's output that are quoted: the last ones."""
_LEGEND: Final = "F fired, A acknowledged, S step run, D deployment, N note, R resolved"
_LETTERS: Final = {
    EntryKind.ACKNOWLEDGED: "A",
    EntryKind.STEP: "S",
    EntryKind.DEPLOYMENT: "D",
    EntryKind.NOTE: "N",
}


def report(material: Material) -> str:
    """All of it; ends in a line break."""
    parts = [
        [f"# Incident {material.incident.id}: {plain(material.incident.title)}"],
        _facts(material),
        ["## Summary", "", *_summary(material)],
        ["## Impact", "", *_impact(material)],
        ["## Timeline", "", *_timeline(material)],
        _charts(material),
        ["## Actions taken", "", *_actions(material)],
        ["## Follow-ups", "", *(f"- [ ] {plain(one)}" for one in follow_ups(material))],
        _notifications(material),
        [_footer(material)],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


# Facts and summary


def _facts(material: Material) -> list[str]:
    incident = material.incident
    took, over = incident.time_to_acknowledge, material.over
    rows = [
        ("Status", _status(material)),
        ("Severity", f"{material.priority} ({plain(incident.severity or incident.status.value)})"),
        ("Began", material.moment(incident.began)),
    ]
    if took is None:
        rows.append(("Acknowledged", "not at all"))
    else:
        who = plain(incident.acknowledged_by)
        rows.append(("Time to acknowledge", f"{duration(took)} (by {who})"))
    if over is not None:
        rows.append(("Time to resolve", duration(over - incident.began)))
    if incident.checks:
        rows.append(("Concerned", ", ".join(code(name) for name in incident.checks)))
    if material.host:
        rows.append(("Watched from", plain(material.host)))
    return table(("", ""), [(f"**{name}**", text) for name, text in rows])


def _status(material: Material) -> str:
    incident = material.incident
    if incident.ended is not None:
        return f"resolved at {material.moment(incident.ended)}"
    if incident.quiet is not None:
        return f"resolved at {material.moment(incident.quiet)}, and watched for a return"
    return f"**lasts**, for {duration(material.now - incident.began)} so far"


def _summary(material: Material) -> list[str]:
    sentences = [*_beginning(material), *_middle(material), *_ending(material)]
    return [" ".join(sentences)]


def _beginning(material: Material) -> Iterator[str]:
    incident = material.incident
    fired = [entry for entries in material.fired.values() for entry in entries]
    first = min(fired, key=lambda entry: entry.at, default=None)
    at = material.clock(incident.began)
    if first is None:
        yield f"At {at} UTC: {plain(_sentence(incident.title))}"
    else:
        yield f"At {at} UTC {code(first.name)} fired: {plain(_sentence(_said(first)))}"
    if first is not None and first.name != incident.cause:
        yield f"What it came from: {plain(_sentence(incident.title))}"
    others = [name for name in material.fired if first is None or name != _name_of(first)]
    if others:
        named = ", ".join(code(name) for name in others[:5])
        rest = f" and {len(others) - 5} more" if len(others) > 5 else ""
        follow = "alert" if len(others) == 1 else "alerts"
        yield f"{len(others)} further {follow} belonged to it: {named}{rest}."
    cause = root_cause(material)
    if cause:
        yield f"Root cause: {plain(_sentence(cause))}"


def _middle(material: Material) -> Iterator[str]:
    incident = material.incident
    took = incident.time_to_acknowledge
    if took is None:
        yield "Nobody acknowledged it."
    else:
        yield f"{plain(incident.acknowledged_by)} took it after {duration(took)}."
    done = actions_taken(material)
    if done:
        yield f"What was done: {plain(_sentence(done))}"
    felt = [one for one in material.impacts if one.felt and one.during.errors]
    if felt:
        one = felt[0]
        yield (
            f"{one.during.errors:,} of {one.during.count:,} requests of {code(one.source)} "
            f"failed meanwhile ({percent(one.during.share or 0.0)})."
        )


def _ending(material: Material) -> Iterator[str]:
    over = material.over
    if over is None:
        lasted = duration(material.now - material.incident.began)
        yield f"It has not ended: {lasted} after its begin at least one alert still fires."
    else:
        lasted = duration(over - material.incident.began)
        at = material.clock(over)
        yield f"The last alert was resolved at {at} UTC, {lasted} after the first."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _said(entry: Entry) -> str:
    return entry.text.partition(": ")[2] or entry.text


def _name_of(entry: Entry) -> str:
    if not entry.check or entry.check in entry.name:
        return entry.name
    return f"{entry.name} of {entry.check}"


# Impact


def _impact(material: Material) -> list[str]:
    told = [f"- {plain(text)}" for text in material.said("impact")]
    if not material.impacts:
        nothing = (
            "No source of requests was watched (a request log, or counters of a metrics page), so "
            "that nothing is known of failed requests."
        )
        return told or [nothing]
    rows = []
    for one in material.impacts:
        rows += _impact_rows(one)
    head = ("Requests", "before", "during")
    lines = [*told, *([""] if told else []), *table(head, rows)]
    for one in material.impacts:
        if one.worst > BAD:
            lines += [
                "",
                (
                    f"The worst minute of {code(one.source)} was {material.clock(one.worst_at)} "
                    f"UTC: {percent(one.worst)} of its requests failed."
                ),
            ]
    return lines


def _impact_rows(one: Impact) -> Iterator[tuple[str, str, str]]:
    before, during, name = one.before, one.during, code(one.source)
    minutes = f"{before.minutes} min", f"{during.minutes} min"
    yield f"{name}: time", *minutes
    yield f"{name}: requests", f"{before.count:,}", f"{during.count:,}"
    yield f"{name}: a minute", _rate(before.rate), _rate(during.rate)
    yield f"{name}: **failed**", f"{before.errors:,}", f"**{during.errors:,}**"
    yield f"{name}: share failed", _share(before.share), _share(during.share)
    yield f"{name}: minutes above {percent(BAD)}", "", str(one.bad)
    if before.p95 is not None or during.p95 is not None:
        yield f"{name}: p95 (median minute)", _seconds(before.p95), _seconds(during.p95)
        yield f"{name}: p95 (worst minute)", _seconds(before.worst_p95), _seconds(during.worst_p95)


def _rate(rate: float | None) -> str:
    return "—" if rate is None else f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def _share(share: float | None) -> str:
    return "—" if share is None else percent(share)


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return "—"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


# Timeline


def _timeline(material: Material) -> list[str]:
    entries = material.told
    left_out = max(0, len(entries) - _MOST_ROWS)
    if left_out:
        half = _MOST_ROWS // 2
        entries = (*entries[:half], *entries[-half:])
    if not entries:
        return ["Nothing is recorded of it any more."]
    days = len({material.utc(entry.at).date() for entry, _ in entries}) > 1
    head = (
        ["UTC", "What happened"] if material.is_utc else ["UTC", _zone(material), "What happened"]
    )
    rows: list[list[str]] = []
    for place, (entry, run) in enumerate(entries):
        if left_out and place == _MOST_ROWS // 2:
            rows.append(["…"] * (len(head) - 1) + [f"{left_out:,} entries are left out here"])
        rows.append([*_times(entry, material, days=days), _told(entry, run)])
    return table(head, rows)


def _zone(material: Material) -> str:
    return plain(f"{material.local(material.incident.began):%Z}") or "local"


def _times(entry: Entry, material: Material, *, days: bool) -> list[str]:
    layout = "%Y-%m-%d %H:%M:%S" if days else "%H:%M:%S"
    utc = f"{material.utc(entry.at):{layout}}"
    return [utc] if material.is_utc else [utc, f"{material.local(entry.at):{layout}}"]


def _told(entry: Entry, run: StepRun | None = None) -> str:
    """What happened, with what it rests on; of a step's begin how it went, where it was short."""
    if entry.kind is EntryKind.TRANSITION:
        details = [
            plain(line.partition(": ")[2])
            for line in entry.detail.splitlines()
            if line.startswith(("value: ", "why: "))
        ]
        details += [
            plain(line)
            for line in entry.detail.splitlines()
            if line.startswith("may follow from: ")
        ]
        more = f" ({'; '.join(details)})" if details else ""
        sign = "🔴" if entry.after == telling.FIRING else "🟢"
        return f"{sign} **{plain(_name_of(entry))}** {plain(entry.text)}{more}"
    if entry.kind is EntryKind.STEP:
        if run is not None and run.ended is not None and run.ended.at - entry.at < SHORT:
            return f"▶ step {code(entry.name)}: {plain(run.came_to)}{_by(entry)}"
        return f"▶ step {code(entry.name)}: {plain(entry.text.partition(': ')[2])}{_by(entry)}"
    if entry.kind in {EntryKind.ACKNOWLEDGED, EntryKind.SILENCED}:
        more = f": {plain(entry.detail)}" if entry.detail else ""
        return f"{plain(entry.text)}{more}{_by(entry)}"
    if entry.kind is EntryKind.NOTE:
        return f"✎ {plain(entry.text)}{_by(entry)}"
    if entry.kind is EntryKind.DEPLOYMENT:
        named = f" of {plain(entry.check)}" if entry.check else ""
        return f"**Deployment**{named}: {plain(entry.text)}{_by(entry)}"
    about = f"{plain(entry.check)}: " if entry.check else ""
    return f"{about}{plain(entry.text)}"


def _by(entry: Entry) -> str:
    return f" — {plain(entry.who)}" if entry.who else ""


# Charts


def _charts(material: Material) -> list[str]:
    incident = material.incident
    times = [figure.at for figure in material.figures]
    if not times:
        return []
    begin = min(incident.began, *times)
    end = max(material.end, begin + 60.0)
    after = [at + 60.0 for at in times if at > end]
    end = min(max([end, *after]), end + 600.0)
    axis = Axis(begin, end, material.clock, _marks(material))
    lines: list[str] = []
    for title, unit, points in _curves(material):
        drawn = chart(points, axis, _shown_in(unit))
        if drawn:
            lines += ["", f"**{title}**", "", *fenced(drawn)]
    return ["## Charts", "", f"Times are UTC. {_LEGEND}.", *lines] if lines else []


def _curves(material: Material) -> Iterator[tuple[str, str, list[tuple[float, float]]]]:
    by_series: dict[str, list[tuple[float, float]]] = {}
    for figure in material.figures:
        if figure.series.startswith(ALERT) and figure.value is not None:
            name = figure.series.removeprefix(ALERT)
            by_series.setdefault(name, []).append((figure.at, figure.value))
    names = {
        identity(entry.alert): _name_of(entry)
        for entries in material.fired.values()
        for entry in entries
    }
    for key, points in by_series.items():
        yield f"Value of {plain(names.get(key, key))}", "", points
    for one in material.impacts:
        shares = [(f.at + 30.0, f.errors / f.count) for f in one.minutes if f.count]
        if any(share for _, share in shares):
            yield f"Share of requests of {plain(one.source)} that failed", "ratio", shares
        slow = [(f.at + 30.0, f.value) for f in one.minutes if f.value is not None]
        yield f"p95 of requests of {plain(one.source)}", "s", slow


def _shown_in(unit: str) -> Callable[[float], str]:
    if unit == "ratio":
        return percent
    return _seconds if unit == "s" else lambda value: f"{value:.4g}"


def _marks(material: Material) -> list[tuple[float, str]]:
    found = []
    for entry in material.entries:
        if entry.kind is EntryKind.TRANSITION:
            found.append((entry.at, "F" if entry.after == telling.FIRING else "R"))
        elif entry.kind in _LETTERS and entry.after != telling.STEP_ENDED:
            found.append((entry.at, _LETTERS[entry.kind]))
    return found


# What was done, and what goes out


def _actions(material: Material) -> list[str]:
    if not material.steps and not material.said("action", "actions", "done", "fixed", "fix"):
        return ["No step of a runbook was run, and no note tells what was done."]
    lines: list[str] = []
    for place, run in enumerate(material.steps, 1):
        lines += _action(place, run, material)
    said = material.said("action", "actions", "done", "fixed", "fix")
    return [*lines, *([""] if lines and said else []), *(f"- {plain(text)}" for text in said)]


def _action(place: int, run: StepRun, material: Material) -> list[str]:
    ended = run.ended
    who = f" by {plain(run.began.who)}" if run.began.who else ""
    looked = " (looks only)" if run.safe else ""
    clock = f"{material.utc(run.began.at):%H:%M:%S} UTC"
    lines = [f"{place}. {code(run.began.name)}{looked} at {clock}{who}: {plain(run.came_to)}"]
    if run.began.detail:
        lines += _indented(fenced(run.began.detail.splitlines(), "sh"))
    output = ended.detail.splitlines()[-_MOST_OUTPUT:] if ended is not None else []
    if output:
        lines += _indented(fenced(output))
    return [*([""] if place > 1 else []), *lines]


def _indented(lines: list[str]) -> list[str]:
    """Within an item of a list, and apart from what is before."""
    return ["", *(f"   {line}".rstrip() for line in lines)]


def _notifications(material: Material) -> list[str]:
    lines = ["## Notifications", "", "When it began:", "", *fenced(incident_notification(material))]
    over = resolution(material)
    if over:
        lines += ["", "When it was over:", "", *fenced(over)]
    return lines


def _footer(material: Material) -> str:
    return f"---\n\nWritten by onwatch from its journal at {material.moment(material.now)}."
