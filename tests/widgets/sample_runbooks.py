"""A runbook as it is looked at during a night of alerts, and runs of its steps."""

from __future__ import annotations

from dataclasses import replace

from checks.runbooks.model import Runbook
from checks.runbooks.offering import Situation, offered
from checks.runbooks.reading import parse_runbook
from checks.runbooks.views import (
    Offer,
    RunbookFocus,
    RunbooksView,
    RunState,
    RunView,
    StepOffer,
    Subject,
)
from checks.views import AlertView, Snapshot

__all__ = ["TEXT", "books", "offers_for", "run", "runbook", "runbook_night"]

TEXT = """# Too many connections

The server refuses new sessions once the last connection is used. Applications then say
*Too many connections*, and so does the health check.

## Look

Who holds the connections, by user and host:

```sql {name=who safe}
SELECT user, host, count(*) AS n FROM information_schema.processlist GROUP BY user, host
```

- Many from **one** host: a worker pool that does not give them back.
- Many that sleep: an application without a limit.

The sessions that do nothing for longest:

```bash {name=sleepers safe capture=PID}
mysql --batch --skip-column-names -e "SELECT id FROM information_schema.processlist \\
  WHERE command = 'Sleep' ORDER BY time DESC LIMIT 1"
```

## Mend

End the one found above:

```sql {name=kill}
KILL :PID
```

Restart the workers of the job:

```bash {name=restart-workers timeout=2m}
sudo -n systemctl restart worker@"$JOB"
```

If nothing helps, restart the server; every session is lost:

```bash {name=restart-server danger}
sudo -n systemctl restart mariadb
```
"""


def runbook() -> Runbook:
    reading = parse_runbook(TEXT, name="mysql-connections", path="runbooks/mysql-connections.md")
    assert reading.runbook is not None, reading.problems
    return reading.runbook


def offers_for(alert: AlertView, *, read_only: bool = False) -> tuple[StepOffer, ...]:
    """The steps as they are offered for ``alert``, with tokens that are their names."""
    subject = Subject(alert=alert.id, check=alert.check)
    labels = (("instance", "10.0.0.9:3306"), ("job", alert.check))
    labelled = replace(alert, labels=alert.labels or labels)
    situation = Situation(subject, labelled, None, {}, machine="shop-1")
    made = offered(runbook(), situation, {}, read_only=read_only)
    return tuple(
        replace(
            one.view,
            token=f"token of {name}",
            target=one.view.target or (alert.check if one.view.language == "sql" else ""),
            refused=one.view.refused.partition("{target=…}")[2].removeprefix("; ")
            if "{target=…}" in one.view.refused
            else one.view.refused,
        )
        for name, one in made.items()
    )


def run(alert: AlertView, step: str, now: float, **changes: object) -> RunView:
    """A run of ``step`` that has ended well, or as ``changes`` say."""
    offer = next(one for one in offers_for(alert) if one.name == step)
    made = RunView(
        id=f"run of {step}",
        runbook="mysql-connections",
        step=step,
        title=offer.title,
        subject=Subject(alert=alert.id, check=alert.check),
        state=RunState.DONE,
        began=now - 14,
        ended=now - 12.8,
        exit_code=0,
        lines=(),
        said="done after 1.2 s",
        text=offer.text,
        variables=offer.variables,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def books(alert: AlertView, runs: tuple[RunView, ...] = (), **changes: object) -> RunbooksView:
    """The runbook, looked at for ``alert``."""
    made = runbook()
    focus = RunbookFocus(
        subject=Subject(alert=alert.id, check=alert.check),
        name=made.name,
        runbook=made,
        steps=offers_for(alert),
        alert=alert,
    )
    steps = tuple((step.name, step.title) for step in made.steps)
    offer = Offer(made.name, made.title, made.path, steps)
    view = RunbooksView((offer,), focus, runs, links={alert.id: made.name})
    return replace(view, **changes)  # type: ignore[arg-type]


def runbook_night(snapshot: Snapshot, *, ran: bool = False) -> Snapshot:
    """``snapshot`` with the runbook of its first alert; with output of its steps where ``ran``."""
    alert, now = snapshot.alerts[0], snapshot.time
    runs: tuple[RunView, ...] = ()
    if ran:
        table = (
            "user      host             n",
            "--------  --------------  --",
            "shop      10.0.0.5        96",
            "shop      10.0.0.6        41",
            "onwatch   localhost        2",
            "(3 rows)",
        )
        going = ("stopping worker@gateway", "waiting for 3 jobs to finish …")
        runs = (
            run(alert, "who", now, lines=table),
            run(
                alert,
                "restart-workers",
                now,
                lines=going,
                state=RunState.RUNNING,
                ended=None,
                exit_code=None,
                said="",
            ),
        )
    return replace(snapshot, runbooks=books(alert, runs))
