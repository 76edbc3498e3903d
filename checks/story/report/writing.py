"""The report of an incident as Markdown. Pure: material in, text out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from checks.story.model import Entry
from checks.story.report.curves import charts
from checks.story.report.follow_ups import follow_ups
from checks.story.report.impact import BAD, Impact
from checks.story.report.markdown import code, fenced, plain, table
from checks.story.report.material import (
    Material,
    StepRun,
    duration,
    name_of,
    percent,
    shown_seconds,
)
from checks.story.report.notifications import (
    actions_taken,
    incident_notification,
    resolution,
    root_cause,
    uncounted,
)
from checks.story.report.timeline import timeline

__all__ = ["report"]

_MOST_SOURCES: Final = 5
"""Sources of requests that are told of, those with most failed ones first."""
_MOST_OUTPUT: Final = 12
"""Lines of a step's output that are quoted: the last ones."""


def report(material: Material) -> str:
    """All of it; ends in a line break."""
    parts = [
        [f"# Incident {material.incident.id}: {plain(material.incident.title)}"],
        _facts(material),
        ["## Summary", "", *_summary(material)],
        ["## Impact", "", *_impact(material)],
        ["## Timeline", "", *timeline(material)],
        charts(material),
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
    others = [name for name in material.fired if first is None or name != name_of(first)]
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


# Impact


def _impact(material: Material) -> list[str]:
    told = [f"- {plain(text)}" for text in material.said("impact")]
    if not material.impacts:
        nothing = (
            "No source of requests was watched (a request log, or counters of a metrics page), so "
            "that nothing is known of failed requests."
        )
        return told or [nothing]
    lines = told
    for one in material.impacts[:_MOST_SOURCES]:
        lines = [*lines, *([""] if lines else []), *_impact_of(one, material)]
    left_out = len(material.impacts) - _MOST_SOURCES
    return [*lines, "", f"{left_out} more sources are left out."] if left_out > 0 else lines


def _impact_of(one: Impact, material: Material) -> list[str]:
    """A table where it was felt, else a sentence."""
    source, share = code(one.source), one.during.share
    if not one.during.minutes:
        return [f"Requests of {source}: {uncounted(material)}."]
    if not one.felt:
        failed = f"{percent(share)} failed" if share is not None else "there were none"
        if not one.before.minutes:
            return [
                f"Requests of {source}: {failed}; how it was before is {_begins(one, material)}."
            ]
        return [f"Requests of {source} were as before{f': {failed}' if share is not None else ''}."]
    lines = table((f"Requests of {source}", "before", "during"), _impact_rows(one, material))
    if one.worst > BAD:
        at = f"{material.clock(one.worst_at)} UTC"
        lines += ["", f"In the worst minute, at {at}, {percent(one.worst)} of them failed."]
    return lines


def _begins(one: Impact, material: Material) -> str:
    """Why nothing is told of the time before."""
    return f"not known: the log begins at {material.clock(one.begins)} UTC"


def _impact_rows(one: Impact, material: Material) -> Iterator[tuple[str, str, str]]:
    before, during = one.before, one.during
    known = before.minutes > 0
    time = f"{before.minutes} min" if known else _begins(one, material)
    yield "time", time, f"{during.minutes} min"
    yield "requests", f"{before.count:,}" if known else "—", f"{during.count:,}"
    yield "requests a minute", _rate(before.rate), _rate(during.rate)
    yield "**failed**", f"{before.errors:,}" if known else "—", f"**{during.errors:,}**"
    yield "share of failed ones", _share(before.share), _share(during.share)
    yield f"minutes above {percent(one.limit)}", "", str(one.bad)
    if before.p95 is not None or during.p95 is not None:
        p95 = shown_seconds(before.p95), shown_seconds(during.p95)
        yield "p95, median of the minutes", *p95
        worst = shown_seconds(before.worst_p95), shown_seconds(during.worst_p95)
        yield "p95, worst minute", *worst


def _rate(rate: float | None) -> str:
    return "—" if rate is None else f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def _share(share: float | None) -> str:
    return "—" if share is None else percent(share)


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
        lines += _indented(fenced(run.began.detail.splitlines(), "sh"), place)
    output = ended.detail.splitlines()[-_MOST_OUTPUT:] if ended is not None else []
    if output:
        lines += _indented(fenced(output), place)
    return [*([""] if place > 1 else []), *lines]


def _indented(lines: list[str], place: int) -> list[str]:
    """Within item ``place`` of a list, as far in as its text, and apart from what is before."""
    room = " " * len(f"{place}. ")
    return ["", *(f"{room}{line}".rstrip() for line in lines)]


def _notifications(material: Material) -> list[str]:
    lines = ["## Notifications", "", "When it began:", "", *fenced(incident_notification(material))]
    over = resolution(material)
    if over:
        lines += ["", "When it was over:", "", *fenced(over)]
    return lines


def _footer(material: Material) -> str:
    return f"---\n\nWritten by onwatch from its journal at {material.moment(material.now)}."
