"""A night in which somebody has taken some alerts and silenced others."""

from __future__ import annotations

from dataclasses import replace

from checks.story.handling import handled, views_of
from checks.story.model import Acknowledgement, Matcher, Silence
from checks.story.targets import Target, Targets, Term
from checks.story.things import rank_of, thing_of
from checks.story.views import StoryView
from checks.views import AlertView, Snapshot
from tests.widgets.curves import NOW
from tests.widgets.sample_alerts import alert_night

__all__ = ["handled_night", "story_of"]

TARGETS = Targets({"critical": Target(Term(900), Term(1800))}, contact="Engineering Manager")


def story_of(
    night: Snapshot, taken: tuple[str, ...] = (), silenced: tuple[Silence, ...] = ()
) -> StoryView:
    """What is made of ``night`` where the alerts called so are ``taken``."""
    acknowledged = {thing_of(one): _by_alice(one) for one in night.alerts if one.name in taken}
    active = [one for one in silenced if one.active(night.time)]
    return StoryView(
        handled=handled(night.alerts, acknowledged, active, {}, TARGETS),
        silences=views_of(silenced, night.alerts, night.time),
        who="alice from 10.0.0.5",
    )


def _by_alice(alert: AlertView) -> Acknowledgement:
    note = "the pool of the workers leaks"
    return Acknowledgement(alert.id, "alice", NOW - 60, note, thing_of(alert), rank_of(alert))


def handled_night() -> Snapshot:
    """The second alert is taken, those of the disk and the queue are silenced."""
    night = alert_night()
    firing = [one for one in night.alerts if one.firing]
    last = firing[-1]
    silences = (
        Silence(
            "a1",
            (Matcher("alertname", "=", dict(last.labels).get("alertname", last.name)),),
            NOW - 600,
            NOW + 3000,
            "bob",
            "the import of the archive",
        ),
        Silence(
            "window nightly",
            (Matcher("job", "=", "backup"),),
            NOW + 9000,
            NOW + 16_200,
            "configuration",
            "new tapes",
            window="nightly",
        ),
        Silence("a3", (Matcher("check", "=", "search"),), NOW - 9000, NOW - 3000, "alice", "moved"),
    )
    return replace(night, story=story_of(night, (firing[1].name,), silences))
