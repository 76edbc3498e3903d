"""Steps that become root, as with ``sudo -n``: who can end them, and what is said otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[3]
OPEN = all(above.stat().st_mode & 0o001 for above in (ROOT, *ROOT.parents))

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user takes root"),
    pytest.mark.skipif(not OPEN, reason="other users may not read the project"),
]


@pytest.fixture
def sudo() -> Iterator[str]:
    """A program that anybody may run as root."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        helper = Path(folder, "python")
        helper.write_bytes(Path(sys.executable).resolve().read_bytes())
        helper.chmod(0o4755)
        yield str(helper)


def cancelled(sudo: str, program: str) -> list[str]:
    """How a step ends that runs ``program`` as root and is cancelled; then the program's number."""
    code = dedent(
        f"""\
        import asyncio, os
        from pathlib import Path
        from tests.checks.runbooks.running_kit import place_at
        from checks.runbooks.running import shell

        async def main():
            async with place_at(Path({str(Path(sudo).parent)!r})) as place:
                run = place.made('"$HELPER" -S -E -c "$PROGRAM"; true',
                                 {{"HELPER": {sudo!r}, "PROGRAM": {program!r}}})
                task = asyncio.create_task(run.go())
                while not run.output.lines:
                    await asyncio.sleep(0.01)
                run.hurry(0.6)
                ended = await task
                print(ended.state.value)
                print(ended.said)
                print(run.output.lines[0])

        os.setgid(65534)
        os.setuid(61234)
        asyncio.run(main())
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_root_s_process_is_interrupted_by_its_terminal(sudo: str) -> None:
    program = "import os,time; os.setuid(0); print(os.getpid(), flush=True); time.sleep(60)"
    state, said, pid = cancelled(sudo, program)
    assert state == "cancelled"
    assert "another user" not in said
    assert not Path("/proc", pid).exists()


def test_what_ignores_that_is_told(sudo: str) -> None:
    program = (
        "import os,signal,time; os.setuid(0); [signal.signal(n, signal.SIG_IGN) for n in (1, 2)];"
        "print(os.getpid(), flush=True); time.sleep(60)"
    )
    state, said, pid = cancelled(sudo, program)
    try:
        assert state == "cancelled"
        assert f"python ({pid}) runs as another user, whose processes this one may not end" in said
        assert "goes on: end it there (sudo kill)" in said
        assert Path("/proc", pid).exists()
    finally:
        os.kill(int(pid), signal.SIGKILL)
