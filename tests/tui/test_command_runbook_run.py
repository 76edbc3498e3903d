"""``onwatch runbook run``: what runs without being asked for, what does not, and its exit codes."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checks.secrets import MASK
from tests.patience import PATIENCE
from tests.servers.redis import RedisServer
from tests.tui.cli_helpers import PROGRAM, environment
from tui.arguments import parse
from tui.cli import main

CONFIG = """\
version: 1
checks:
  - {name: web, http: "http://ann:hunter2hunter2@127.0.0.1:9/health"}
runbooks: [runbooks/*.md]
"""
BOOK = """\
# Mend the queue

```bash {name=look safe capture=PID}
echo "at $INSTANCE as hunter2hunter2"; echo 4711
```

```bash {name=restart}
echo "restarting $PID on $QUEUE"; exit 3
```

```bash {name=after safe}
echo after
```

```bash {name=wipe danger}
echo wiped
```

```bash {name=long safe}
seq 20000; touch mended
```

```bash {name=hang safe}
echo hanging; sleep 60
```

```bash {name=ask interactive}
read -p "name? " x; echo "hello $x"
```
"""

Run = Callable[..., int]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "runbooks").mkdir()
    for name, text in (("onwatch.yaml", CONFIG), ("runbooks/mend.md", BOOK)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Run it without anybody to ask."""
    return lambda *words: main(["-c", str(folder / "onwatch.yaml"), "runbook", "run", *words])


def log_of(folder: Path) -> list[dict[str, object]]:
    (file,) = (folder / "state" / "onwatch").glob("steps-*.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_step_runs_as_it_is_shown(
    folder: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("mend", "--step", "look", "--check", "web") == 0
    said = capsys.readouterr()
    assert said.out == f"at 127.0.0.1:9 as {MASK}\n4711\n"
    assert 'echo "at $INSTANCE as' in said.err
    assert "$INSTANCE = 127.0.0.1:9" in said.err
    assert "── look: done after" in said.err
    begun, ended = log_of(folder)
    assert (begun["step"], begun["check"], ended["exit_code"]) == ("look", "web", 0)


def test_a_step_with_a_login_has_the_password_of_its_check(
    folder: Path, run: Run, redis_server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A step of a runbook that came with onwatch, at a server that lets nobody in without one."""
    redis_server.set(requirepass="hunter2hunter2", maxmemory="64mb")
    check = f"  - {{name: cache, redis: {{url: '{redis_server.url}', password: hunter2hunter2}}}}\n"
    config = folder / "onwatch.yaml"
    config.write_text(CONFIG.replace("checks:\n", f"checks:\n{check}"))
    assert run("redis-memory-high", "--step", "memory", "--check", "cache") == 0
    said = capsys.readouterr()
    assert "maxmemory_human:64.00M" in said.out
    assert "logs in as the check cache does" in said.err
    begun, _ = log_of(folder)
    assert begun["login"] is True
    assert "hunter2hunter2" not in f"{said}{begun}"


def test_all_steps_where_nobody_can_be_asked(
    run: Run, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert run("mend", "--check", "web", "--timeout", "300ms") == 124
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert (lines[1:3], lines[-1], len(lines)) == (["4711", "after"], "hanging", 20_004)
    assert "not run, since nobody agreed: restart, wipe, ask (there is no terminal" in said.err
    assert "--yes runs restart, ask; --yes-danger web runs wipe)" in said.err
    assert folder.exists()


def test_what_asks_is_agreed_to_on_the_command_line(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("mend", "--step", "restart", "--var", "queue=emails", "--var", "PID=1")
    assert run(*words) == 2
    assert "there is no terminal to ask on: run it with --yes" in capsys.readouterr().err
    assert run(*words, "--yes") == 3
    assert capsys.readouterr().out == "restarting 1 on emails\n"


def test_two_steps_are_not_run_as_the_last_alone(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run("mend", "--step", "look", "--step", "after")
    assert ended.value.code == 2
    assert "--step: stands there twice" in capsys.readouterr().err


def test_a_danger_wants_its_target(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("mend", "--step", "wipe", "--check", "web")
    assert run(*words, "--yes") == 2
    assert "run it with --yes-danger web" in capsys.readouterr().err
    assert run(*words, "--yes-danger", "db") == 2
    assert run(*words, "--yes-danger", "web") == 0
    assert capsys.readouterr().out == "wiped\n"


def test_captured_values_reach_the_steps_after(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("mend", "--check", "web", "--var", "QUEUE=emails", "--yes")
    assert run(*words) == 3
    said = capsys.readouterr()
    assert said.out.splitlines()[1:] == ["4711", "restarting 4711 on emails"]
    # What changes something has failed: the steps after it may not be what is wanted any more.
    assert "after" not in said.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mend", "--step", "loook"), 'mend has no step "loook"; did you mean look?'),
        (("mned",), 'there is no runbook "mned"; did you mean "mend"?'),
        (("mend", "--var", "X=1"), "no step of mend uses $X"),
        (("mend", "--var", "QUEUE"), '"QUEUE" is not NAME=VALUE'),
        (("mend", "--check", "wep"), 'there is no check "wep"; did you mean web?'),
        (("mend", "--timeout", "soon"), '"soon" is no duration such as 30s'),
    ],
)
def test_what_is_wrong_is_one_sentence(
    folder: Path, words: tuple[str, ...], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["-c", str(folder / "onwatch.yaml"), "runbook", "run", *words]) == 2
    told = capfd.readouterr().err
    assert said in told
    assert "NAME: " not in told, "what stands in the usage is no option"
    assert not list((folder / "state").glob("onwatch/steps-*"))


def test_a_value_that_is_refused(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("mend", "--step", "restart", "--yes", "--var", "PID=1", "--var", "QUEUE=$(id)")
    assert run(*words) == 126
    said = capsys.readouterr()
    assert '$QUEUE is refused: "$(id)" does not match' in said.err
    assert said.out == ""


def test_read_only(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    config = str(folder / "onwatch.yaml")
    step = ("runbook", "run", "mend", "--step", "look", "--check", "web")
    assert main(["-c", config, "--read-only", *step]) == 2
    monkeypatch.setenv("ONWATCH_READ_ONLY", "1")
    assert run(*step[2:]) == 2
    assert parse([]).read_only, "the monitor reads it, too"
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("onwatch: --read-only, or ONWATCH_READ_ONLY is set: no step runs") == 2
    assert not list((folder / "state").glob("onwatch/steps-*"))
    monkeypatch.setenv("ONWATCH_READ_ONLY", "0")
    assert not parse([]).read_only


def test_a_long_command_is_shown_whole(
    folder: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"# Long\n\n```bash {{name=long}}\n: {'x' * 4_000}; echo last\n```\n"
    (folder / "runbooks" / "mend.md").write_text(text)
    assert run("mend", "--step", "long", "--yes") == 0
    assert "; echo last" in capsys.readouterr().err


def test_a_pager_that_has_gone_ends_no_step(folder: Path) -> None:
    process = subprocess.Popen(
        [str(PROGRAM), "-c", "onwatch.yaml", "runbook", "run", "mend", "--step", "long"],
        cwd=folder,
        env=environment(folder, XDG_STATE_HOME=str(folder / "state")),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"1\n"
    process.stdout.close()
    process.wait(PATIENCE)
    assert (folder / "mended").exists()
    assert log_of(folder)[-1]["exit_code"] == 0


class Terminal:
    """The real program on a terminal."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.text = ""
        changes = {"XDG_STATE_HOME": str(folder / "state"), "TERM": "xterm"}
        environ = environment(folder, **changes)
        argv = [str(PROGRAM), "-c", str(folder / "onwatch.yaml"), "runbook", "run", *words]
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], argv, environ)  # noqa: S606 - a shell would be in between
        self._gone = False

    def until(self, what: str) -> None:
        end = time.monotonic() + PATIENCE
        while what not in self.text:
            assert time.monotonic() < end, self.text
            if not self._read():
                break
        assert what in self.text, self.text

    def _read(self) -> bool:
        try:
            data = os.read(self._master, 4096)
        except OSError:
            data = b""
        self.text += data.decode()
        return bool(data)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def code(self) -> int:
        while self._read():
            pass
        self._gone = True
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def close(self) -> None:
        if not self._gone:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._master)


@pytest.fixture
def on_terminal(folder: Path) -> Iterator[Callable[..., Terminal]]:
    made: list[Terminal] = []

    def start(*words: str) -> Terminal:
        made.append(Terminal(folder, *words))
        return made[-1]

    yield start
    for terminal in made:
        terminal.close()


def test_who_sits_there_is_asked(on_terminal: Callable[..., Terminal]) -> None:
    terminal = on_terminal("mend", "--step", "wipe", "--check", "web")
    terminal.until("Type web to run it: ")
    terminal.press("web\n")
    assert terminal.code() == 0
    assert "\nwiped" in terminal.text


def test_another_answer_is_no_agreement(on_terminal: Callable[..., Terminal]) -> None:
    terminal = on_terminal("mend", "--step", "wipe", "--check", "web")
    terminal.until("Type web to run it: ")
    terminal.press("yes\n")
    assert terminal.code() == 2
    assert "\nwiped" not in terminal.text


def test_ctrl_c_ends_the_step(on_terminal: Callable[..., Terminal], folder: Path) -> None:
    terminal = on_terminal("mend", "--step", "hang")
    terminal.until("\nhanging")
    terminal.press("\x03")
    assert terminal.code() == 130
    assert log_of(folder)[-1]["state"] == "cancelled"


def test_an_interactive_step_has_the_terminal(
    on_terminal: Callable[..., Terminal], folder: Path
) -> None:
    terminal = on_terminal("mend", "--step", "ask", "--yes")
    terminal.until("name? ")
    terminal.press("ann\n")
    assert terminal.code() == 0
    assert "hello ann" in terminal.text
    assert log_of(folder)[0]["interactive"] is True
