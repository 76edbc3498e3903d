"""Steps as they would run: tokens that stand for what was shown, targets, which runbook it is."""

from __future__ import annotations

from dataclasses import replace

from checks.model import Status
from checks.probe import CheckSpec
from checks.runbooks.linking import links
from checks.runbooks.model import Runbook
from checks.runbooks.offering import Offered, Situation, offered
from checks.runbooks.reading import parse_runbook
from checks.runbooks.views import Subject
from checks.views import AlertView
from tests.checks.fakes import spec
from tests.widgets import samples

TEXT = """# Orders wait
```bash {name=look safe}
echo "$QUEUE of $INSTANCE is at $VALUE"
```
```sql {name=count safe target=orders-db}
SELECT count(*) FROM jobs WHERE queue = :queue
```
```sql {name=here}
DELETE FROM jobs WHERE id = :job_id
```
```bash {name=purge danger}
echo purged
```
"""


def runbook(text: str = TEXT) -> Runbook:
    found = parse_runbook(text, name="orders", path="orders.md").runbook
    assert found is not None
    return found


def alert(**changes: object) -> AlertView:
    made = AlertView(
        id="a1",
        name="QueueBacklog",
        check="shop",
        status=Status.CRITICAL,
        since=0.0,
        sentence="many wait",
        labels=(("instance", "shop:1"), ("queue", "mail")),
        rule="shop/0",
        value=1204.0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def situation(**changes: object) -> Situation:
    specs = {"shop": spec("shop"), "orders-db": spec("orders-db", kind="postgres")}
    subject = Subject(alert="a1", check="shop")
    made = Situation(subject, alert(), specs["shop"], specs, machine="web-1")
    return replace(made, **changes)  # type: ignore[arg-type]


def steps(
    now: Situation, before: dict[str, Offered] | None = None, **more: str
) -> dict[str, Offered]:
    return offered(runbook(**more), now, before or {}, read_only=False)


def test_a_token_lasts_as_long_as_nothing_that_was_shown_has_changed() -> None:
    now = situation()
    before = steps(now)
    assert steps(replace(now, machine="web-1"), before) == before, "the same objects"
    tokens = {one.view.token for one in before.values()}
    assert len(tokens) == 4

    def still(name: str, changed: Situation, **more: str) -> bool:
        after = steps(changed, before, **more)
        return after[name].view.token == before[name].view.token

    relabelled = replace(now, alert=alert(labels=(("instance", "shop:1"), ("queue", "x"))))
    assert not still("look", relabelled), "a value is another"
    assert still("purge", relabelled), "which this step does not use"
    assert not still("look", replace(now, alert=alert(value=1205.0)))
    assert not still("purge", replace(now, subject=Subject(alert="a2", check="shop")))
    others = {**now.specs, "orders-db": spec("orders-db", kind="postgres")}
    assert not still("count", replace(now, specs=others)), "its target was configured anew"
    assert still("look", replace(now, specs=others))
    assert not still("look", now, text=TEXT + "\nMore is written.\n"), "the file is another"
    found = replace(now, captured={"JOB_ID": "7"})
    assert not still("here", found)
    assert dict(steps(found)["here"].view.variables) == {"JOB_ID": "7"}


def test_a_step_says_what_keeps_it_from_running_and_what_it_is_done_to() -> None:
    found = steps(situation())
    assert dict(found["look"].view.variables)["VALUE"] == "1204"
    assert (found["count"].view.target, found["count"].view.refused) == ("orders-db", "")
    assert "shop is a played check" in found["here"].view.refused
    assert found["here"].view.missing == ("JOB_ID",)
    assert found["purge"].view.target == "shop"
    shell = steps(situation(), text=TEXT.replace("```bash", "```sh"))
    named = {name: one.view.target for name, one in found.items()}
    assert {name: one.view.target for name, one in shell.items()} == named
    assert (named["look"], named["purge"]) == ("", "shop")
    alone = steps(situation(check=None, alert=None, specs={}, subject=Subject()))
    assert alone["purge"].view.target == "web-1", "it is this machine that it is done to"
    assert 'no check "orders-db"' in alone["count"].view.refused
    none = offered(runbook(), situation(), {}, read_only=True)
    assert all("--read-only" in one.view.refused for one in none.values())


def test_an_alert_leads_where_its_rule_says_else_where_its_check_does() -> None:
    known = frozenset({"orders", "shop-down", "target-down"})

    def led(runbook_url: str, of_check: str, *, rule: str = "shop/0") -> dict[str, str]:
        check = samples.check("shop", Status.CRITICAL, runbook=of_check, up=False)
        return links([alert(runbook=runbook_url, rule=rule)], [check], known)

    assert led("https://wiki/runbooks/orders", "shop-down") == {"a1": "orders", "shop": "shop-down"}
    assert led("https://wiki/elsewhere", "shop-down") == {"a1": "shop-down", "shop": "shop-down"}
    assert led("", "") == {}
    assert led("", "", rule="") == {"a1": "target-down", "shop": "target-down"}


def test_checks_that_are_configured_anew_are_others() -> None:
    now = situation()
    assert now.same(replace(now))
    assert not now.same(replace(now, specs={**now.specs, "more": spec("more")}))
    shop: CheckSpec = spec("shop")
    assert not now.same(replace(now, check=shop, specs={**now.specs, "shop": shop}))


def test_a_label_that_was_scraped_sends_no_step_elsewhere() -> None:
    """The page of a target may have any label; where a step goes is the configuration's to say."""
    text = """# It is slow
```bash {name=look safe}
ssh "$HOST" uptime; echo "$CHECK $QUEUE $INSTANCE"
```
```bash {name=there target=orders-db}
echo "$INSTANCE"
```
"""
    forged = (("check", "x"), ("host", "evil.example"), ("instance", "evil:1"), ("queue", "mail"))
    made = offered(runbook(text), situation(alert=alert(labels=forged)), {}, read_only=False)
    assert dict(made["look"].view.variables) == {
        "HOST": "shop",
        "CHECK": "shop",
        "QUEUE": "mail",
        "INSTANCE": "evil:1",
    }
    assert dict(made["there"].view.variables)["INSTANCE"].startswith("orders-db")
