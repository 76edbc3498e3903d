"""Kinds of check from other packages: installed for real, run headless; and such as do not work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent

import pytest
from jsonschema import Draft202012Validator

from checks import registry
from checks.clock import FakeClock
from checks.config import EngineConfig
from checks.engine import Engine
from checks.model import Status
from checks.probe import CheckSpec
from checks.probes.tcp import TcpConfig
from checks.registry import KINDS
from checks.thirdparty import KindError, ThirdParty
from tests.tui.cli_helpers import onwatch

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "tests" / "packages" / "onwatch-heartbeat"


@pytest.fixture(scope="module")
def heartbeat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, built as a wheel and unpacked as an installer does: a folder to import from."""
    built = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)],
        cwd=SOURCE,
        capture_output=True,
        check=True,
    )
    (wheel,) = built.glob("*.whl")
    site = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(site)
    return site


def offering(folder: Path, package: str, points: str, code: str = "", version: str = "0.3") -> Path:
    """A package with ``code`` and the entry points ``points``, as an installer leaves it."""
    info = folder / f"{package.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[onwatch.checks]\n{points}\n")
    (folder / f"{package.replace('-', '_')}.py").write_text(dedent(code))
    return folder


def config(folder: Path, check: str) -> None:
    path = folder / "onwatch.yaml"
    path.write_text(f"version: 1\nchecks:\n  - {check}\n")
    path.chmod(0o644)


def test_it_runs_headless(heartbeat: Path, tmp_path: Path) -> None:
    config(tmp_path, "{name: worker, heartbeat: {path: beat, within: 1h}}")
    beat = tmp_path / "beat"
    beat.touch()
    os.utime(beat, (time.time() - 600,) * 2)
    done = onwatch(tmp_path, "check", "--json", PYTHONPATH=str(heartbeat))
    assert (done.returncode, done.stderr) == (0, "")
    (check,) = json.loads(done.stdout)["checks"]
    assert (check["kind"], check["status"]) == ("heartbeat", "ok")
    assert check["message"] == "last heartbeat 10 min ago"
    os.utime(beat, (time.time() - 10800,) * 2)
    done = onwatch(tmp_path, "check", PYTHONPATH=str(heartbeat))
    assert done.returncode == 2
    assert "last heartbeat 3 h ago, expected one every 1 h" in done.stdout


def test_its_configuration_is_validated_as_ours_is(heartbeat: Path, tmp_path: Path) -> None:
    config(tmp_path, "{name: worker, heartbeat: {path: beat, withn: 1h}}")
    done = onwatch(tmp_path, "validate", PYTHONPATH=str(heartbeat))
    assert done.returncode == 2
    assert done.stderr == (
        'onwatch.yaml:3: checks[0].heartbeat.withn: unknown key; did you mean "within"?\n'
    )
    config(tmp_path, "{name: worker, hartbeat: beat}")
    done = onwatch(tmp_path, "validate", PYTHONPATH=str(heartbeat))
    assert done.stderr == (
        'onwatch.yaml:3: checks[0].hartbeat: unknown key; did you mean "heartbeat"?\n'
    )
    config(tmp_path, "{name: worker, heartbeat: beat}")
    done = onwatch(tmp_path, "validate", PYTHONPATH=str(heartbeat))
    assert (done.returncode, done.stdout) == (0, "onwatch.yaml: 1 check (1 heartbeat)\n")


def test_without_the_package_there_is_no_such_kind(tmp_path: Path) -> None:
    config(tmp_path, "{name: worker, heartbeat: beat}")
    done = onwatch(tmp_path, "validate")
    assert done.returncode == 2
    said = done.stderr
    assert "onwatch.yaml:3: checks[0].heartbeat: unknown key; known here: alertmanager, " in said


def test_the_schema_has_it(heartbeat: Path, tmp_path: Path) -> None:
    done = onwatch(tmp_path, "schema", PYTHONPATH=str(heartbeat))
    assert (done.returncode, done.stderr) == (0, "")
    schema = json.loads(done.stdout)
    check = schema["$defs"]["Check"]["properties"]
    assert check["heartbeat"]["description"] == (
        "a file that something else must touch again and again"
    )
    within = schema["$defs"]["HeartbeatConfig"]["properties"]["within"]
    assert within["description"] == "How long ago it may have been touched."
    valid = Draft202012Validator(schema).is_valid
    assert valid({"version": 1, "checks": [{"name": "a", "heartbeat": "beat"}]})
    assert not valid({"version": 1, "checks": [{"name": "a", "heartbeat": {"withn": 1}}]})


BROKEN = {
    "its questions are none": (
        "beat = onwatch_beat:KIND",
        """\
        from checks.probe import Kind
        from checks.settings import KindConfig
        KIND = Kind("beat", "x", KindConfig, print, (), questions=("how?",))
        """,
        "the kind beat of the package onwatch-beat 0.3 has questions that are no tuple of Question",
    ),
    "it cannot be imported": (
        "beat = onwatch_beat:KIND",
        "import no_such_library",
        "the kind beat of the package onwatch-beat 0.3 cannot be imported: "
        "ModuleNotFoundError: No module named 'no_such_library'",
    ),
    "it ends the program": (
        "beat = onwatch_beat:KIND",
        "raise SystemExit(3)",
        "the kind beat of the package onwatch-beat 0.3 cannot be imported: SystemExit: 3",
    ),
    "there is no such name in it": (
        "beat = onwatch_beat:KIND",
        "",
        "the kind beat of the package onwatch-beat 0.3 cannot be imported: "
        "AttributeError: module 'onwatch_beat' has no attribute 'KIND'",
    ),
    "it is no kind": (
        "beat = onwatch_beat:KIND",
        "KIND = {'name': 'beat'}",
        "the kind beat of the package onwatch-beat 0.3 is no kind of check: onwatch_beat:KIND is "
        "of the type dict, expected a checks.probe.Kind",
    ),
    "it is called otherwise": (
        "beat = onwatch_beat:KIND",
        """\
        from checks.probe import Kind
        from checks.settings import KindConfig
        KIND = Kind("pulse", "x", KindConfig, print, ())
        """,
        "the kind beat of the package onwatch-beat 0.3 calls itself pulse; both names must be the "
        "same",
    ),
    "its configuration is none": (
        "beat = onwatch_beat:KIND",
        """\
        from checks.probe import Kind
        KIND = Kind("beat", "x", dict, print, ())
        """,
        "the kind beat of the package onwatch-beat 0.3 has a configuration that is no "
        "checks.settings.KindConfig",
    ),
    "its probe is none": (
        "beat = onwatch_beat:KIND",
        """\
        from checks.probe import Kind
        from checks.settings import KindConfig
        KIND = Kind("beat", "x", KindConfig, None, ())
        """,
        "the kind beat of the package onwatch-beat 0.3 has no probe that could be called",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_one_that_cannot_be_used_is_one_sentence(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points, code, sentence = BROKEN[case]
    monkeypatch.syspath_prepend(offering(tmp_path, "onwatch-beat", points, code))
    monkeypatch.delitem(sys.modules, "onwatch_beat", raising=False)
    found = ThirdParty(KINDS)
    assert (found.names(), found.complaints) == (["beat"], [])
    with pytest.raises(KindError) as caught:
        found.load("beat")
    assert str(caught.value) == sentence


def test_the_check_that_names_it_says_so_and_the_schema_goes_without(tmp_path: Path) -> None:
    points, code, sentence = BROKEN["it cannot be imported"]
    site = offering(tmp_path / "site", "onwatch-beat", points, code)
    config(tmp_path, "{name: a, beat: x}")
    done = onwatch(tmp_path, "check", PYTHONPATH=str(site))
    assert done.returncode == 2
    assert done.stderr == f"onwatch.yaml:3: checks[0].beat: {sentence}\n"
    done = onwatch(tmp_path, "schema", PYTHONPATH=str(site))
    assert (done.returncode, done.stderr) == (0, f"warning: {sentence}\n")
    assert "beat" not in json.loads(done.stdout)["$defs"]["Check"]["properties"]


FAILING = """\
from checks.probe import Kind
from checks.settings import KindConfig
from pydantic import field_validator

class Config(KindConfig):
    path: str = ""

    @field_validator("path")
    @classmethod
    def _odd(cls, value):
        if value == "odd":
            raise RuntimeError("no such beat")
        return value

    def instance(self):
        return {"nameless": None}[self.path] or self.path

    def doubts(self):
        raise LookupError(self.path)

    def address(self):
        return self.path

KIND = Kind("beat", "x", Config, print, ())
"""


@pytest.mark.parametrize(
    ("path", "said"), [("odd", "RuntimeError: no such beat"), ("other", "KeyError: 'other'")]
)
def test_one_that_fails_with_a_configuration_is_a_sentence(
    path: str, said: str, tmp_path: Path
) -> None:
    site = offering(tmp_path / "site", "onwatch-beat", "beat = onwatch_beat:KIND", FAILING)
    config(tmp_path, f"{{name: a, beat: {{path: {path}}}}}")
    for command in ("validate", "check"):
        done = onwatch(tmp_path, command, PYTHONPATH=str(site))
        assert done.returncode == 2
        assert done.stderr == (
            "onwatch.yaml:3: checks[0].beat: the kind beat of the package onwatch-beat 0.3 failed "
            f"with this configuration: {said}\n"
        )


def test_one_whose_doubts_fail_is_a_warning(tmp_path: Path) -> None:
    site = offering(tmp_path / "site", "onwatch-beat", "beat = onwatch_beat:KIND", FAILING)
    config(tmp_path, "{name: a, beat: {path: nameless}}")
    done = onwatch(tmp_path, "validate", PYTHONPATH=str(site))
    assert done.returncode == 0
    assert "the kind beat of the package onwatch-beat 0.3 failed" in done.stdout + done.stderr


def test_ours_are_not_replaced(tmp_path: Path) -> None:
    site = offering(tmp_path / "site", "evil-http", "http = evil_http:KIND", "raise SystemExit")
    config(tmp_path, "{name: a, host: }")
    done = onwatch(tmp_path, "validate", PYTHONPATH=str(site))
    warning = (
        "warning: the package evil-http 0.3 offers the kind http, which onwatch has itself; "
        "onwatch's own is used\n"
    )
    assert (done.returncode, done.stdout) == (0, f"onwatch.yaml: 1 check (1 host)\n{warning}")
    assert onwatch(tmp_path, "schema", PYTHONPATH=str(site)).stderr == warning


def test_names_that_no_key_can_have() -> None:
    found = ThirdParty([], [EntryPoint("Bad Name", "x:Y", "onwatch.checks")])
    assert found.names() == []
    assert found.complaints == [
        "an unnamed package offers the kind 'Bad Name', which is no name for one: small letters, "
        "digits and _, a letter first"
    ]


def test_two_packages_with_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offering(tmp_path, "one-beat", "beat = one_beat:KIND")
    offering(tmp_path, "two-beat", "beat = two_beat:KIND", version="2.0")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KindError) as caught:
        ThirdParty(KINDS).load("beat")
    sentence = str(caught.value)
    assert "the package one-beat 0.3" in sentence
    assert "the package two-beat 2.0" in sentence
    assert sentence.endswith("offer the kind beat; uninstall all but one of them")


def test_a_kind_that_nobody_offers() -> None:
    with pytest.raises(KeyError):
        ThirdParty([], []).load("beat")
    assert issubclass(KindError, Exception)


def test_a_configuration_with_our_kinds_does_not_pay_for_it(
    heartbeat: Path, tmp_path: Path
) -> None:
    config(tmp_path, "{name: a, host: }")
    code = (
        "import sys; from tui.config import load; load('onwatch.yaml', {}); "
        "print('checks.thirdparty' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(heartbeat)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


def test_the_page_shows_the_package_as_it_is() -> None:
    page = (ROOT / "docs" / "third-party-checks.md").read_text()
    assert (SOURCE / "onwatch_heartbeat.py").read_text() in page


ODD_KIND = """\
from checks.model import Result, Samples, Series, Status
from checks.probe import ChartSpec, Expected, Kind
from checks.settings import KindConfig

class Config(KindConfig):
    path: str = ""

    def instance(self):
        return self.path

class Probe:
    def __init__(self, config, target):
        self.way = config.path

    async def run(self):
        if self.way == "nothing":
            return None
        if self.way == "status":
            return Result("ok", "fine")
        if self.way == "duration":
            return Result(Status.OK, "fine", duration="3 ms")
        if self.way == "values":
            return Result(Status.OK, "fine", samples=Samples((Series.of("load"),), ("1",)))
        if self.way == "pairs":
            return Result(Status.OK, "fine", samples=Samples((Series.of("load"),), ()))
        if self.way == "up":
            return Result(Status.OK, "fine", up="yes")
        if self.way in ("facts", "phases", "tables", "events"):
            return Result(Status.OK, "fine", **{self.way: None})
        return Result(Status.OK, "fine")

    def attend(self, watched):
        if self.way == "attend":
            raise RuntimeError("do not look")

    async def close(self):
        raise RuntimeError("never")

def charts(config):
    if config.path == "charts":
        raise LookupError("no curve")
    return (("load",),) if config.path == "shapes" else ()

def curves(config, window):
    if config.path == "curves":
        raise ArithmeticError("no window")
    return ()

def expects(config):
    if config.path == "expects":
        raise KeyError("queues")
    return None if config.path == "unexpected" else Expected()

KIND = Kind("beat", "x", Config, Probe, (), charts=charts, curves=curves, expects=expects,
            drivers=("no_such_driver",))
"""


@pytest.fixture
def beat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The kind ``beat``, which fails in the way that its path names."""
    offering(tmp_path, "onwatch-beat", "beat = onwatch_beat:KIND", ODD_KIND)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "onwatch_beat", raising=False)
    monkeypatch.setattr(registry, "_third_party", None)
    yield
    registry._loaded.pop("beat", None)


ROWS = {
    "nothing": "internal error in the beat check: run() returned None, expected a checks.model.",
    "status": "internal error in the beat check: its status is 'ok', expected a checks.model.",
    "duration": "internal error in the beat check: its duration is '3 ms', expected seconds",
    "values": "internal error in the beat check: the values of its samples are no tuple of num",
    "pairs": "internal error in the beat check: its samples have 1 series and 0 values",
    "up": "internal error in the beat check: its up is 'yes', expected True or False",
    "facts": "internal error in the beat check: its facts are None, expected a tuple",
    "phases": "internal error in the beat check: its phases are None, expected a tuple",
    "tables": "internal error in the beat check: its tables are None, expected a tuple of Table",
    "events": "internal error in the beat check: its events are None, expected a tuple",
}
TOLD = {
    "charts": "the kind beat failed to tell its charts: LookupError: no curve",
    "shapes": "the kind beat failed to tell its charts: TypeError: expected a ChartSpec, not tuple",
    "curves": "the kind beat failed to tell its charts: ArithmeticError: no window",
    "expects": "the kind beat failed to tell what to expect of it: KeyError: 'queues'",
    "unexpected": "the kind beat failed to tell what to expect of it: expected a checks.probe.Expe",
    "attend": "",
}


@pytest.mark.parametrize("way", [*ROWS, *TOLD])
@pytest.mark.usefixtures("beat")
async def test_one_that_fails_while_it_is_watched_costs_its_own_row_alone(way: str) -> None:
    """Whatever of it the engine calls, and however it answers."""
    own = CheckSpec("odd", "beat", registry.kind("beat").config.model_validate({"path": way}))
    other = CheckSpec("cache", "tcp", TcpConfig.model_validate("127.0.0.1:1"))
    engine = Engine(EngineConfig((own, other)), FakeClock())
    engine.prepare()
    await engine.scheduler.once()
    engine.watch("odd")
    await engine.errands.settled()
    engine.snapshot()
    picture = engine.snapshot()
    rows = {check.name: check for check in picture.checks}
    assert rows["cache"].reason == "refused"
    row, details = rows["odd"], picture.details
    assert row.message.startswith(ROWS.get(way, "fine"))
    assert row.status is (Status.UNKNOWN if way in ROWS else Status.OK)
    assert details is not None
    assert {chart.title for chart in details.charts} <= {"duration of a run"}
    said = [event.text for event in picture.events if event.check == "odd"]
    if TOLD.get(way):
        assert any(text.startswith(TOLD[way]) for text in said), said
    if way in ("charts", "shapes", "curves"):
        assert TOLD[way] in dict(details.facts)["its charts"]
        assert len([text for text in said if text.startswith(TOLD[way])]) == 1, "told once"
    await engine.amend(EngineConfig((other,)))
    assert [check.name for check in engine.snapshot().checks] == ["cache"]
    await engine.close()
