"""The state machine of a rule's alerts, step by step, with the time as an argument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.alerts.model import Alert, Evidence, Found, Pairs, State, Transition
from checks.alerts.state import RETENTION, OverLimitError, Terms, step

SECOND = 1_000
MINUTE = 60_000
WEB: Pairs = (("alertname", "A"), ("instance", "web-1"))
DB: Pairs = (("alertname", "A"), ("instance", "db-1"))


@dataclass
class Doubting:
    """Doubts that a test can set."""

    silence: str = ""
    over: str = ""
    short: bool = False
    value: Evidence = field(default_factory=Evidence)

    def watched(self, scope: Pairs) -> tuple[int, ...]:
        return (0,)

    def checks(self, scope: Pairs, watched: tuple[int, ...]) -> tuple[str, ...]:
        return ()

    def silent(self, alert: Alert) -> str:
        return self.silence

    def ended(self, alert: Alert) -> str:
        return self.over

    def unrecorded(self, scope: Pairs) -> bool:
        return self.short

    def now(self, labels: Pairs) -> Evidence:
        return self.value


@dataclass
class Rule:
    """A rule whose evaluations follow each other, a step apart."""

    terms: Terms = field(default_factory=Terms)
    doubts: Doubting | None = None
    apart: int = MINUTE
    now: int = -MINUTE
    alerts: Mapping[Pairs, Alert] = field(default_factory=dict)
    told: list[Transition] = field(default_factory=list)

    def evaluate(self, *there: Pairs, value: float = 1.0, judged: bool = True) -> Rule:
        self.now += self.apart
        text = (("summary", f"{value:g}"),)
        found = {
            labels: Found(value, text, (("__name__", "x"),), "> 0", judged) for labels in there
        }
        done = step(self.terms, self.alerts, found, self.now, self.doubts)
        self.alerts = done.alerts
        self.told += done.transitions
        return self

    def states(self) -> dict[str, State]:
        return {dict(labels)["instance"]: alert.state for labels, alert in self.alerts.items()}

    @property
    def web(self) -> Alert:
        return self.alerts[WEB]

    def course(self) -> list[tuple[int, str, str]]:
        return [(one.at // SECOND, str(one.before), str(one.after)) for one in self.told]


def test_without_for_it_fires_in_the_evaluation_that_finds_it() -> None:
    rule = Rule().evaluate(WEB)
    assert rule.web.state is State.FIRING
    assert (rule.web.active_at, rule.web.fired_at) == (0, 0)
    assert rule.course() == [(0, "inactive", "firing")]
    assert rule.told[0].why == "the expression returns it, and nothing is waited for"


def test_how_long_it_was_there_is_told_in_whole_seconds() -> None:
    rule = Rule(Terms(hold=MINUTE)).evaluate(WEB)
    rule.now += 8_470
    for _ in range(3):
        rule.evaluate(WEB)
    assert rule.told[1].why == "it has been there for 1m8s (for: 1m)"


def test_with_for_it_is_pending_first_and_fires_once_that_has_passed() -> None:
    rule = Rule(Terms(hold=2 * MINUTE))
    for _ in range(4):
        rule.evaluate(WEB)
    assert rule.course() == [(0, "inactive", "pending"), (120, "pending", "firing")]
    assert rule.told[1].why == "it has been there for 2m (for: 2m)"
    assert rule.web.active_at == 0
    assert rule.web.fired_at == 2 * MINUTE


def test_it_fires_at_the_first_evaluation_after_for_where_that_lies_between_two() -> None:
    rule = Rule(Terms(hold=90 * SECOND)).evaluate(WEB).evaluate(WEB)
    assert rule.web.state is State.PENDING
    assert rule.evaluate(WEB).web.state is State.FIRING


def test_value_and_annotations_are_those_of_the_last_evaluation() -> None:
    rule = Rule(Terms(hold=MINUTE)).evaluate(WEB, value=3).evaluate(WEB, value=4)
    assert rule.web.value == 4
    assert rule.web.annotations == (("summary", "4"),)
    rule.evaluate(WEB, value=5)
    assert rule.web.value == 5


def test_a_pending_alert_that_is_missing_is_gone_at_once_and_begins_anew() -> None:
    rule = Rule(Terms(hold=2 * MINUTE)).evaluate(WEB).evaluate(WEB).evaluate()
    assert rule.alerts == {}
    assert rule.told[-1].after is State.INACTIVE
    assert rule.told[-1].why == "the expression returns it no more, after 2m of 2m"
    assert rule.evaluate(WEB).web.active_at == 3 * MINUTE


def test_a_firing_alert_that_is_missing_is_resolved_and_kept_for_a_quarter_of_an_hour() -> None:
    rule = Rule().evaluate(WEB).evaluate()
    assert rule.web.state is State.RESOLVED
    assert rule.web.resolved_at == MINUTE
    for _ in range(RETENTION // MINUTE):
        rule.evaluate()
    assert rule.web.state is State.RESOLVED
    assert rule.evaluate().alerts == {}


def test_one_that_fires_again_is_a_new_alert() -> None:
    rule = Rule(Terms(hold=MINUTE)).evaluate(WEB).evaluate(WEB).evaluate().evaluate(WEB)
    assert rule.web.state is State.PENDING
    assert rule.web.active_at == 3 * MINUTE
    assert rule.web.fired_at is None
    assert rule.web.resolved_at is None


def test_keep_firing_for_counts_from_the_first_evaluation_without_it() -> None:
    rule = Rule(Terms(keep=2 * MINUTE)).evaluate(WEB).evaluate().evaluate()
    assert rule.states() == {"web-1": State.FIRING}
    assert rule.web.missing_since == MINUTE
    rule.evaluate()
    assert rule.web.state is State.RESOLVED
    assert rule.web.resolved_at == 3 * MINUTE
    assert "keep_firing_for: 2m" in rule.told[-1].why


def test_coming_back_within_keep_firing_for_starts_it_over() -> None:
    rule = Rule(Terms(keep=2 * MINUTE)).evaluate(WEB).evaluate().evaluate(WEB)
    assert rule.web.missing_since is None
    rule.evaluate().evaluate()
    assert rule.states() == {"web-1": State.FIRING}
    assert rule.evaluate().web.state is State.RESOLVED


def test_keep_firing_for_does_nothing_for_a_pending_one() -> None:
    assert Rule(Terms(hold=MINUTE, keep=MINUTE)).evaluate(WEB).evaluate().alerts == {}


def test_alerts_of_a_rule_do_not_touch_each_other() -> None:
    rule = Rule(Terms(hold=MINUTE)).evaluate(WEB).evaluate(WEB, DB).evaluate(DB)
    assert rule.states() == {"web-1": State.RESOLVED, "db-1": State.FIRING}


def test_a_for_that_has_become_longer_makes_it_wait_again() -> None:
    rule = Rule(Terms(hold=MINUTE)).evaluate(WEB).evaluate(WEB)
    rule.terms = Terms(hold=5 * MINUTE)
    rule.evaluate(WEB)
    assert rule.web.state is State.PENDING
    assert rule.told[-1].why == "`for` is 5m now, and it has been there for 2m"


def test_over_the_limit_all_are_cleared_and_told() -> None:
    rule = Rule(Terms(limit=1)).evaluate(WEB)
    with pytest.raises(OverLimitError, match="exceeded limit of 1 with 2 alerts") as caught:
        rule.evaluate(WEB, DB)
    assert [(one.labels, one.after) for one in caught.value.transitions] == [(WEB, State.INACTIVE)]


def test_resolved_alerts_do_not_count_against_the_limit_but_kept_ones_do() -> None:
    assert len(Rule(Terms(limit=1)).evaluate(WEB).evaluate().evaluate(DB).alerts) == 2
    rule = Rule(Terms(limit=1, keep=10 * MINUTE)).evaluate(WEB)
    with pytest.raises(OverLimitError):
        rule.evaluate(DB)


def test_every_transition_shows_its_evidence() -> None:
    rule = Rule(Terms(hold=MINUTE), Doubting(value=Evidence(0.2, "> 0", "x"))).evaluate(WEB)
    rule.evaluate(WEB, value=7).evaluate()
    assert [one.evidence.value for one in rule.told] == [1.0, 7.0, 0.2]
    assert {one.evidence.threshold for one in rule.told} == {"> 0"}


def test_without_samples_a_firing_alert_goes_on_and_says_since_when() -> None:
    doubts = Doubting()
    rule = Rule(doubts=doubts).evaluate(WEB)
    doubts.silence = 'up{instance="web-1"}'
    rule.evaluate().evaluate()
    assert rule.web.state is State.FIRING
    assert rule.web.no_data_since == MINUTE
    assert [one.at for one in rule.told] == [0, MINUTE], "told once"
    assert 'up{instance="web-1"} returns no samples any more' in rule.told[-1].why
    doubts.silence = ""
    assert rule.evaluate().web.state is State.RESOLVED


def test_samples_that_are_there_again_take_the_mark_away() -> None:
    doubts = Doubting(silence="up")
    rule = Rule(doubts=doubts).evaluate(WEB).evaluate().evaluate(WEB)
    assert rule.web.no_data_since is None
    assert rule.web.active_at == 0
    assert rule.told[-1].why == "samples are there again, and the expression returns it"


def test_time_without_samples_does_not_count_for_for() -> None:
    doubts = Doubting(silence="up")
    rule = Rule(Terms(hold=2 * MINUTE), doubts).evaluate(WEB)
    for _ in range(10):
        rule.evaluate()
    assert rule.evaluate(WEB).web.state is State.PENDING
    assert rule.evaluate(WEB).evaluate(WEB).web.state is State.FIRING


def test_with_too_little_history_nothing_begins_and_nothing_fires() -> None:
    rule = Rule(Terms(hold=MINUTE), Doubting(short=True)).evaluate(WEB, judged=False)
    assert rule.alerts == {}
    rule = Rule(Terms(hold=MINUTE), Doubting()).evaluate(WEB).evaluate(WEB, judged=False)
    assert rule.web.state is State.PENDING
    assert rule.web.no_history
    assert rule.evaluate(WEB).web.state is State.FIRING


@pytest.mark.parametrize("there", [True, False])
def test_time_with_too_little_history_does_not_count_for_for(there: bool) -> None:
    doubts = Doubting(short=True)
    rule = Rule(Terms(hold=3 * MINUTE), doubts).evaluate(WEB)
    for _ in range(10):
        rule.evaluate(*[WEB][:there], judged=False)
    doubts.short = False
    assert rule.evaluate(WEB).web.state is State.PENDING
    assert not rule.web.no_history
    assert rule.web.active_at == 10 * MINUTE
    assert rule.evaluate(WEB).web.state is State.PENDING
    assert rule.evaluate(WEB).web.state is State.FIRING


def test_time_without_samples_amid_too_little_history_counts_once() -> None:
    doubts = Doubting(silence="up")
    rule = Rule(Terms(hold=3 * MINUTE), doubts).evaluate(WEB).evaluate().evaluate()
    doubts.short = True
    rule.evaluate().evaluate(WEB, judged=False)
    doubts.short, doubts.silence = False, ""
    assert rule.evaluate(WEB).web.active_at == 4 * MINUTE


def test_with_too_little_history_a_firing_alert_is_not_over() -> None:
    doubts = Doubting(short=True)
    rule = Rule(doubts=doubts).evaluate(WEB).evaluate().evaluate()
    assert rule.web.state is State.FIRING
    assert rule.web.no_history
    assert "insufficient history" in rule.told[-1].why
    doubts.short = False
    assert rule.evaluate().web.state is State.RESOLVED


def flap(rule: Rule, times: int) -> Rule:
    for _ in range(times):
        rule.evaluate(WEB).evaluate()
    return rule


def test_what_comes_back_again_and_again_flaps_and_is_held() -> None:
    rule = flap(Rule(doubts=Doubting()), 3).evaluate(WEB)
    assert rule.web.flapping
    for _ in range(5):
        assert rule.evaluate().web.state is State.FIRING
    assert rule.evaluate().web.state is State.RESOLVED
    assert "held, since it flaps: 5m" in rule.told[-1].why


def test_what_is_there_for_long_flaps_no_more() -> None:
    rule = flap(Rule(doubts=Doubting()), 3).evaluate(WEB)
    assert rule.web.flapping
    for _ in range(30):
        rule.evaluate(WEB)
    assert not rule.web.flapping
    assert rule.evaluate().web.state is State.RESOLVED


def test_what_comes_back_now_and_then_does_not_flap() -> None:
    rule = Rule(doubts=Doubting(), apart=10 * MINUTE)
    assert not flap(rule, 6).evaluate(WEB).web.flapping


def test_prometheus_knows_no_flapping() -> None:
    rule = flap(Rule(), 6)
    assert rule.web.state is State.RESOLVED
    assert len(rule.told) == 12


histories = st.lists(st.sets(st.sampled_from([WEB, DB])), max_size=25)
terms = st.builds(
    Terms,
    hold=st.integers(0, 4).map(lambda n: n * MINUTE),
    keep=st.integers(0, 4).map(lambda n: n * MINUTE),
)


@given(terms, histories)
def test_the_states_are_what_the_history_says(terms: Terms, history: list[set[Pairs]]) -> None:
    """Against a second reading of the rules, which looks at the whole past each time."""
    rule = Rule(terms)
    for at, there in enumerate(history):
        rule.evaluate(*there)
        for labels in (WEB, DB):
            alert = rule.alerts.get(labels)
            past = [labels in each for each in history[: at + 1]]
            state = alert.state if alert is not None else State.INACTIVE
            assert state == expected(past, terms), (labels, past)


def expected(past: Iterable[bool], terms: Terms) -> State:
    """The state after evaluations a minute apart that did or did not find the alert."""
    firing, run, gone = False, 0, 0
    ever = -1
    for there in past:
        run = run + 1 if there else 0
        gone = 0 if there else gone + 1
        if ever >= 0:
            ever += 1
        if firing:
            if not there and (gone - 1) * MINUTE >= terms.keep:
                firing, ever = False, 0
        elif there and (run - 1) * MINUTE >= terms.hold:
            firing = True
    if firing:
        return State.FIRING
    if run:
        return State.PENDING
    return (
        State.RESOLVED
        if 0 <= ever <= RETENTION // MINUTE and not _began(past, ever)
        else State.INACTIVE
    )


def _began(past: Iterable[bool], ever: int) -> bool:
    """Whether it was there again since it was resolved, which forgets the resolved one."""
    return ever > 0 and any(list(past)[-ever:])


@given(terms, histories)
def test_transitions_lead_from_one_state_to_the_next(
    terms: Terms, history: list[set[Pairs]]
) -> None:
    rule = Rule(terms)
    for there in history:
        rule.evaluate(*there)
    known: dict[Pairs, State] = {}
    for one in rule.told:
        before = known.get(one.labels, State.INACTIVE)
        assert (
            one.before in {before, State.INACTIVE}
            if before is State.RESOLVED
            else one.before is before
        )
        assert one.before is not one.after
        assert one.why
        known[one.labels] = one.after
