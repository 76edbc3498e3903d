"""The wheel, built through the sdist: what it holds, and that its command runs."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def run(*argv: str | Path, cwd: Path) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as made from the unpacked sdist, not from the checkout."""
    built = tmp_path_factory.mktemp("dist")
    hatchling = (sys.executable, "-m", "hatchling", "build")
    run(*hatchling, "-t", "sdist", "-d", built, cwd=ROOT)
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extraction_filter = staticmethod(tarfile.data_filter)
        archive.extractall(built)  # noqa: S202 - made here; 3.11.2 has no filters yet
    run(*hatchling, "-t", "wheel", "-d", built, cwd=built / f"onwatch-{VERSION}")
    return built / f"onwatch-{VERSION}-py3-none-any.whl"


def tracked(package: str) -> set[str]:
    listed = run("git", "ls-files", package, cwd=ROOT).splitlines()
    return {name for name in listed if (ROOT / name).exists()}


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    code = {name for name in names if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in code} == {"checks", "widgets", "tui"}
    for package in ("checks", "widgets", "tui"):
        assert tracked(package) <= code
        assert f"{package}/py.typed" in code
    assert not [name for name in names if name.endswith((".pyc", ".db", ".log"))]


def test_the_command_runs_from_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=tmp_path)
    site = next((venv / "lib").glob("python*")) / "site-packages"
    zipfile.ZipFile(wheel).extractall(site)  # noqa: S202 - made here
    # The libraries come from the environment of the tests; onwatch itself does not.
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"])
    python = venv / "bin" / "python"
    where = run(python, "-c", "import checks, widgets, tui; print(tui.__file__)", cwd=tmp_path)
    assert Path(where).is_relative_to(venv)
    entry = "import sys; from tui.cli import main; sys.exit(main())"
    assert run(python, "-c", entry, "--version", cwd=tmp_path) == f"onwatch {VERSION}"
    points = (site / f"onwatch-{VERSION}.dist-info" / "entry_points.txt").read_text()
    assert "onwatch = tui.cli:main" in points


def test_version_and_changelog_move_together() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert changelog.split("\n## ", 2)[1].split()[0] == VERSION
