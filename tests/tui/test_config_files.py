"""Which file is read, whom it may belong to, and what is no text."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from checks.errors import ConfigError
from tests.tui.cli_helpers import PROGRAM, environment
from tests.tui.config_helpers import write
from tui.config import load

ONE = "version: 1\nchecks:\n  - {name: a, http: http://127.0.0.1/}\n"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path))


def complaint(path: str | None = None, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, environ)
    return str(caught.value)


def test_files_are_found_in_the_order_of_the_manual() -> None:
    write(ONE, "xdg/onwatch/onwatch.yaml")
    assert load(None, {}).path.endswith("xdg/onwatch/onwatch.yaml")
    write(ONE)
    assert load(None, {}).path == "onwatch.yaml"
    write(ONE, "variable.yaml")
    assert load(None, {"ONWATCH_CONFIG": "variable.yaml"}).path == "variable.yaml"
    write(ONE, "named.yaml")
    assert load("named.yaml", {"ONWATCH_CONFIG": "variable.yaml"}).path == "named.yaml"


def test_without_a_file_this_machine_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "web-1")
    loaded = load(None, {"ONWATCH_CONFIG": ""})
    assert loaded.path == ""
    assert [(check.name, check.kind) for check in loaded.engine.checks] == [("web-1", "host")]


def test_relative_paths_start_from_the_file(tmp_path: Path) -> None:
    write(ONE, "below/onwatch.yaml")
    assert load("below/onwatch.yaml", {}).engine.base_dir == tmp_path / "below"


def test_a_missing_file_is_named_with_who_named_it() -> None:
    assert complaint("gone.yaml") == "gone.yaml: cannot be read: there is no such file"
    assert complaint(ONWATCH_CONFIG="gone.yaml") == (
        "gone.yaml: cannot be read: there is no such file (named by $ONWATCH_CONFIG)"
    )


def test_a_directory_is_no_configuration() -> None:
    Path("d").mkdir()
    assert complaint("d") == "d: cannot be read: it is a directory; name a file"


def test_a_dangling_link_is_not_skipped() -> None:
    Path("onwatch.yaml").symlink_to("gone")
    assert complaint() == "onwatch.yaml: cannot be read: there is no such file"


def test_a_pipe_in_the_folder_is_not_waited_for() -> None:
    os.mkfifo("onwatch.yaml")
    assert complaint() == "onwatch.yaml: is not a regular file"


def test_a_named_pipe_that_nobody_writes_to_is_given_up() -> None:
    os.mkfifo("pipe")
    began = time.monotonic()
    assert complaint("pipe") == "pipe: cannot be read: it is a pipe that nobody writes to"
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("delay", ["", "sleep 1.3; "])
def test_a_pipe_is_read_to_its_end_however_slow_its_writer(delay: str, tmp_path: Path) -> None:
    lines = "printf 'version: 1\\n'; sleep 0.2; printf 'checks: [{name: c, host: }]\\n'"
    script = f"{PROGRAM} validate <({delay}{lines})"
    done = subprocess.run(
        ["bash", "-c", script],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 check (1 host)" in done.stdout


@pytest.mark.parametrize("mode", [0o646, 0o666, 0o664])
def test_a_local_file_that_others_can_write_is_refused(mode: int) -> None:
    path = write(ONE)
    path.chmod(mode)
    os.chown(path, -1, os.getgid() if mode & 0o002 else _foreign_group())
    assert complaint() == (
        "onwatch.yaml: refused: others can write to it, and it can run commands; "
        "run: chmod go-w onwatch.yaml"
    )
    assert load("onwatch.yaml", {}).engine.warnings == (
        "onwatch.yaml: others can write to it, and it can run commands; "
        "run: chmod go-w onwatch.yaml",
    )


def _foreign_group() -> int:
    """A group that is nobody's own; a process without privileges has only its groups."""
    return 100 if os.geteuid() == 0 else os.getgroups()[-1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_local_file_of_somebody_else_is_refused() -> None:
    os.chown(write(ONE), 65534, -1)
    assert complaint() == (
        "onwatch.yaml: refused: it belongs to nobody, neither to you nor to root, and can run "
        "commands; read it, then run: chown root onwatch.yaml"
    )


def test_writable_by_the_owners_own_group_is_fine() -> None:
    path = write(ONE)
    path.chmod(0o664)
    os.chown(path, os.geteuid(), os.getegid())
    assert load(None, {}).path == "onwatch.yaml"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\x7fELF\x02\x01\x01\x00", "onwatch.yaml:1: is not a text file: it holds U+007F"),
        (b"version: 1\n\x00", "onwatch.yaml:2: is not a text file: it holds U+0000"),
        (
            b"version: 1\na: caf\xe9\n",
            "onwatch.yaml:2: is not UTF-8 text: byte 0xe9 on this line",
        ),
        ("version: 1".encode("utf-16"), "onwatch.yaml: is UTF-16 text; save it as UTF-8"),
        (
            b"a: 1\n" * 500_000,
            "onwatch.yaml: is larger than 2 MiB; split it with `include`",
        ),
    ],
)
def test_what_is_no_text_is_refused_in_one_sentence(data: bytes, sentence: str) -> None:
    Path("onwatch.yaml").write_bytes(data)
    assert complaint("onwatch.yaml") == sentence


def test_a_byte_order_mark_is_no_obstacle() -> None:
    Path("onwatch.yaml").write_bytes(b"\xef\xbb\xbf" + ONE.encode())
    assert len(load("onwatch.yaml", {}).engine.checks) == 1
