"""A source of pictures for the app's tests: a real mailbox, pictures by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from checks.logs.views import LogsWanted
from checks.rules.views import Pairs
from checks.runbooks.views import Subject
from checks.source import InFront, Mailbox
from checks.story.model import Silence
from checks.views import Snapshot
from tests.widgets import sample_logs, samples

__all__ = ["FakeSource"]


class FakeSource:
    """Shows the pictures it is given, and notes what it is asked for.

    It answers ``focus``, ``set_window`` and ``query`` as the engine does: with a picture.
    """

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.picture = samples.bad_night() if snapshot is None else snapshot
        self.asked: list[str] = []
        self.error: BaseException | None = None
        self._mailbox = Mailbox()

    def start(self) -> None:
        self.asked.append("start")
        self._mailbox.put(self.picture)

    def subscribe(self, wake: Callable[[], None]) -> None:
        self._mailbox.subscribe(wake)

    def latest(self) -> Snapshot | None:
        return self._mailbox.take()

    def failure(self) -> BaseException | None:
        return self.error

    def focus(self, check: str | None) -> None:
        self.asked.append(f"focus {check}")
        details = samples.details(check) if check else None
        self.show(replace(self.picture, details=details))

    def inspect(self, check: str, subject: str) -> None:
        self.asked.append(f"inspect {check} {subject}".rstrip())

    def set_window(self, seconds: float) -> None:
        self.asked.append(f"window {seconds:.0f}")
        self.show(replace(self.picture, window=seconds))

    def poll_now(self) -> None:
        self.asked.append("poll")

    def ask(self, check: str, question: str) -> None:
        self.asked.append(f"ask {check} {question}")

    def act(self, check: str, action: str, subject: str) -> None:
        self.asked.append(f"act {check} {action} {subject}")

    def query(self, text: str | None, seconds: float = 3600.0, about: Pairs = ()) -> None:
        named = "".join(f" {name}={value}" for name, value in about)
        self.asked.append(f"query {text} {seconds:.0f}{named}")
        self.show(self.picture)

    def logs(self, wanted: LogsWanted | None) -> None:
        about = None if wanted is None else (wanted.level, wanted.text, wanted.checks)
        self.asked.append(f"logs {about}")
        read = any(check.kind == "log" for check in self.picture.checks)
        view = sample_logs.logs(wanted) if wanted is not None and read else None
        self.show(replace(self.picture, logs=view))

    def dashboard(
        self,
        name: str | None,
        span: float = 3600.0,
        chosen: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.asked.append(f"dashboard {name} {span:.0f} {dict(chosen or {})}")
        self.show(self.picture)

    def runbook(self, name: str | None, subject: Subject | None = None) -> None:
        about = "" if subject is None else f" {subject.alert or subject.check}"
        self.asked.append(f"runbook {name}{about}")
        self.show(self.picture)

    def give_value(self, variable: str, value: str) -> None:
        self.asked.append(f"give {variable} {value}")

    def run_step(self, token: str, typed: str = "", in_front: InFront | None = None) -> None:
        del in_front
        self.asked.append(f"run step {token} {typed}".rstrip())

    def cancel_run(self, run: str) -> None:
        self.asked.append(f"cancel run {run}")

    def acknowledge(self, alert: str, note: str = "") -> None:
        self.asked.append(f"acknowledge {alert} {note}".rstrip())

    def unacknowledge(self, alert: str) -> None:
        self.asked.append(f"unacknowledge {alert}")

    def silence(self, silence: Silence) -> None:
        matchers = ",".join(map(str, silence.matchers))
        seconds = silence.ends - silence.starts
        self.asked.append(f"silence {matchers} {seconds:.0f} {silence.comment}".rstrip())

    def expire(self, silence: str) -> None:
        self.asked.append(f"expire {silence}")

    def note(self, text: str, incident: int = 0, at: float | None = None) -> None:
        when = "" if at is None else f" at {at:.0f}"
        self.asked.append(f"note {incident}{when} {text}")

    def report(self, incident: int) -> None:
        self.asked.append(f"report {incident}")

    def forget(self, check: str) -> None:
        self.asked.append(f"forget {check}")

    def close(self) -> None:
        self.asked.append("close")

    def show(self, snapshot: Snapshot) -> None:
        """Put ``snapshot`` into the mailbox."""
        self.picture = snapshot
        self._mailbox.put(snapshot)

    def fail(self, error: BaseException) -> None:
        """End as the engine does when its configuration cannot be used."""
        self.error = error
        self._mailbox.poke()
