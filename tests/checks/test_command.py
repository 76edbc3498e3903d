"""The command check: what it runs, what it makes of exit codes, output and performance data."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from checks.model import Result, Status
from checks.probes.command import KIND
from checks.probes.command.config import CommandConfig, masked
from checks.store.store import Store
from checks.store.window import Window
from tests.checks.command_kit import Scripts
from tests.checks.http_kit import ask, probing


@pytest.fixture
def scripts(tmp_path: Path) -> Scripts:
    return Scripts(tmp_path)


async def shell(text: str, **options: Any) -> Result:
    """The result of a line of shell; what is no option of a run is a key of the configuration."""
    run = {key: options.pop(key) for key in ("timeout", "base_dir") if key in options}
    return await ask("command", {"argv": ["sh", "-c", text], **options}, **run)


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        (0, Status.OK, "ok"),
        (1, Status.WARNING, "expectation"),
        (2, Status.CRITICAL, "expectation"),
        (3, Status.UNKNOWN, "config"),
    ],
)
async def test_the_exit_code_decides(code: int, status: Status, reason: str) -> None:
    result = await shell(f"echo 'all is said'; exit {code}")
    assert (result.status, result.reason, result.up) == (status, reason, True)
    assert result.message == "all is said"
    assert result.value == f"exit {code}"
    assert result.samples.get("onwatch_command_exit_code") == code
    assert dict(result.facts)["exit code"] == str(code)


async def test_a_script_that_exits_1_for_down() -> None:
    result = await shell("echo 'Unhealthy - no database'; exit 1", exit_codes={"1": "critical"})
    assert (result.status, result.message) == (Status.CRITICAL, "Unhealthy - no database")
    assert dict(result.facts)["exit code"] == "1, by exit_codes critical"
    assert (await shell("exit 2", exit_codes={"1": "critical"})).status is Status.CRITICAL
    assert (await shell("exit 9", exit_codes={"9": "ok"})).status is Status.OK


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "exit 42",
            "sh ended with exit code 42, which no plugin uses; say by exit_codes what it means",
        ),
        (
            "no_such_program",
            "sh ended with exit code 127: the shell says by it that it did not find a program: "
            "sh: 1: no_such_program: not found",
        ),
        (
            "/etc/passwd",
            "sh ended with exit code 126: the shell says by it that it could not execute a program"
            ": sh: 1: /etc/passwd: Permission denied",
        ),
        (
            "exit 137",
            "sh ended with exit code 137: a shell says by it that a program was ended by SIGKILL; "
            "did the machine run out of memory?",
        ),
        ("echo working; kill -SEGV $$", "sh was ended by SIGSEGV: it crashed: working"),
        ("kill -KILL $$", "sh was ended by SIGKILL; did the machine run out of memory?"),
        ("kill -40 $$", "sh was ended by signal 40"),
    ],
)
async def test_odd_ends_are_unknown(text: str, message: str) -> None:
    result = await shell(text)
    assert (result.status, result.message) == (Status.UNKNOWN, message)


async def test_silence() -> None:
    result = await shell("exit 2")
    assert result.message == "sh said nothing and ended with exit code 2"
    result = await shell("echo >&2; echo 'cannot connect' >&2; exit 1")
    assert result.message == "sh printed nothing but an error: cannot connect"
    assert result.raw == "standard error:\n\ncannot connect"


async def test_of_a_traceback_the_last_line_says_most() -> None:
    result = await ask("command", {"argv": ["python3", "-c", "raise OSError('no route')"]})
    assert result.status is Status.WARNING
    assert result.message == "python3 printed nothing but an error: OSError: no route"


async def test_standard_error_beside_a_sentence_is_in_the_details_alone() -> None:
    result = await shell("echo fine; echo 'more of it'; echo deprecated >&2")
    assert result.message == "fine"
    assert result.raw == "fine\nmore of it\n\nstandard error:\ndeprecated"


async def test_escape_sequences_and_binary_data() -> None:
    result = await shell(r"printf '\033[2J\033]0;title\007red\033[0m\n\342\200\256back'; exit 1")
    assert result.message == "red"
    assert result.raw == "red\nback"
    result = await shell(r"head -c 3000 /dev/zero; printf '\377\376\n'")
    assert result.message == "sh printed binary data where a sentence is expected"
    assert result.raw.isprintable()


async def test_performance_data() -> None:
    result = await shell(
        "echo \"PING OK | 'round trip'=12ms;100;200;0 pl=60%;20;~:80 in=512c free=3MB;10:;5:\"; "
        "echo 'long | users=U x=oops'"
    )
    assert (result.message, result.value) == ("PING OK", "12 ms")
    samples, name = result.samples, "onwatch_command_perfdata"
    assert samples.get(name, label="round trip", unit="seconds") == pytest.approx(0.012)
    assert samples.get(f"{name}_warning", label="round trip", bound="upper") == 0.1
    assert samples.get(f"{name}_warning", label="round trip", bound="lower") is None
    assert samples.get(f"{name}_critical", label="pl", bound="upper") == 0.8
    assert samples.get(f"{name}_min", label="round trip") == 0
    assert samples.get(f"{name}_total", label="in", unit="") == 512
    assert samples.get(f"{name}_warning", label="free", bound="lower") == 10 * 1024**2
    assert samples.get(name, label="users") is None
    assert {series.name for series in samples.series} <= {metric.name for metric in KIND.metrics}
    (table,) = result.tables
    assert table.rows == (
        ("round trip", "12 ms", "", "> 100 ms", "> 200 ms", "0 s", ""),
        ("pl", "60 %", "warning", "> 20 %", "> 80 %", "", ""),
        ("in", "512", "", "", "", "", ""),
        ("free", "3.1 MB", "critical", "< 10.5 MB", "< 5.2 MB", "", ""),
        ("users", "unknown", "", "", "", "", ""),
    )
    assert dict(result.facts)["performance data left out"] == "x: 'oops' is no value"


async def test_performance_data_can_be_no_such_thing() -> None:
    result = await shell("echo 'a | b=1'", perfdata=False)
    assert (result.message, result.tables) == ("a | b=1", ())


async def test_each_datum_has_a_curve_with_its_bounds_also_while_it_is_down() -> None:
    result = await shell("echo 'ok | time=12ms;100;200 octets=5c free=9%;10:;5:'")
    store = Store()
    store.append("x", 5.0, 1000.0, result.samples)
    store.append("x", 5.0, 1005.0, (await shell("kill -9 $$")).samples)
    config = CommandConfig(argv=["x"])
    curves = {spec.title: spec for spec in KIND.curves(config, Window(store, "x", 1006.0, 3600.0))}
    assert list(curves) == ["time", "free", "octets"]
    assert (curves["time"].unit, curves["free"].unit) == ("s", "ratio")
    assert (curves["octets"].unit, curves["octets"].rate) == ("1/s", True)
    store.append("x", 5.0, 1010.0, result.samples)
    curves = {spec.title: spec for spec in KIND.curves(config, Window(store, "x", 1011.0, 3600.0))}
    assert (curves["time"].warning, curves["time"].critical) == (0.1, 0.2)
    assert curves["free"].warning == pytest.approx(0.1)
    assert curves["free"].critical == pytest.approx(0.05)
    silent = KIND.curves(
        CommandConfig(argv=["x"], perfdata=False), Window(store, "x", 1011.0, 3600.0)
    )
    assert silent == ()


async def test_expect() -> None:
    met = await shell("echo one; echo 'orders today: 7'", expect="^orders today: [1-9]")
    assert (met.status, met.message) == (Status.OK, "one")
    missed = await shell("echo 'orders today: 0'", expect="today: [1-9]")
    assert (missed.status, missed.reason) == (Status.CRITICAL, "expectation")
    assert missed.message == (
        'the output does not match "today: [1-9]", it begins with "orders today: 0"'
    )
    worse = await shell("echo 'cannot count'; exit 3", expect="today")
    assert (worse.status, worse.message) == (Status.UNKNOWN, "cannot count")


async def test_lines_become_child_rows() -> None:
    text = (
        "echo 'All checks'; echo '✅ database: 3 ms'; echo '❌ disk space: 97 %'; "
        "echo '[WARN] memory: 81 %'; echo '⚠️ agents: few'; echo '? odd: what'; echo end; exit 1"
    )
    pattern = r"^(?P<status>\S+) (?P<name>[^:]+): (?P<message>.*)$"
    result = await shell(text, rows=pattern, exit_codes={"1": "critical"})
    assert (result.status, result.message) == (Status.CRITICAL, "All checks")
    assert [(part.name, part.status, part.message) for part in result.parts] == [
        ("database", Status.OK, "3 ms"),
        ("disk space", Status.CRITICAL, "97 %"),
        ("memory", Status.WARNING, "81 %"),
        ("agents", Status.WARNING, "few"),
        ("odd", Status.UNKNOWN, "what"),
    ]


async def test_rows_of_supervisorctl() -> None:
    text = (
        "echo 'queue:a   RUNNING   pid 12, uptime 1:02:03'; "
        "echo 'queue:b   FATAL     Exited too quickly'; echo 'web  STARTING'; exit 3"
    )
    pattern = r"^(?P<name>\S+) +(?P<status>[A-Z]+) *(?P<message>.*)$"
    result = await shell(text, rows=pattern, exit_codes={"3": "critical"})
    assert [(part.name, part.status) for part in result.parts] == [
        ("queue:a", Status.OK),
        ("queue:b", Status.CRITICAL),
        ("web", Status.WARNING),
    ]
    many = await shell("yes 'a OK' | head -n 900", rows=pattern)
    assert len(many.parts) == 50
    blank = await shell("yes '' | head -n 60000; echo 'a OK'", rows=pattern)
    assert [part.name for part in blank.parts] == ["a"]


async def test_latency() -> None:
    result = await shell("sleep 0.05; echo fine", latency={"warning": "20ms"})
    assert (result.status, result.reason) == (Status.WARNING, "latency")
    assert result.message.endswith("ms, slower than the warning bound of 20 ms: fine")
    assert (await shell("echo bad; exit 2", latency={"warning": "0.1ms"})).message == "bad"


async def test_argv_reaches_the_program_as_it_stands(scripts: Scripts) -> None:
    argv = [scripts.write('printf "%s\\n" "$@"'), "a b", "*", "$HOME", "; id", "`id`", ""]
    result = await ask("command", {"argv": argv})
    assert result.raw == "\n".join(argv[1:])


async def test_a_string_is_one_program(scripts: Scripts) -> None:
    result = await ask("command", scripts.write("echo hello", "my probe.sh"))
    assert (result.message, dict(result.facts)["command"]) == (
        "hello",
        str(scripts.folder / "my probe.sh"),
    )


async def test_the_environment_is_small_and_the_same_everywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOMETHING_OF_OURS", "x")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.delenv("LANG", raising=False)
    result = await ask("command", {"argv": ["env"], "env": {"MODE": "fast"}})
    found = dict(line.split("=", 1) for line in result.raw.splitlines())
    allowed = {"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LC_NUMERIC", "MODE"}
    assert set(found) <= allowed
    assert (found["MODE"], found["LC_NUMERIC"], found["LANG"]) == ("fast", "C", "C.UTF-8")


async def test_where_it_runs(scripts: Scripts) -> None:
    (scripts.folder / "inner").mkdir()
    assert (await shell("pwd", base_dir=scripts.folder)).message == str(scripts.folder)
    inner = await shell("pwd", base_dir=scripts.folder, cwd="inner")
    assert inner.message == str(scripts.folder / "inner")
    scripts.write("echo here", "local.sh")
    own = await ask("command", "./local.sh", base_dir=scripts.folder)
    assert own.message == "here"


async def test_standard_input_is_empty() -> None:
    assert (await shell("cat; echo end")).message == "end"


async def test_a_credential_by_env_is_masked_wherever_it_turns_up(scripts: Scripts) -> None:
    secret = scripts.folder / "secret"
    secret.write_text("hunter2-geheim\n")
    secret.chmod(0o600)
    config = {
        "argv": ["sh", "-c", "echo \"login as $DB_PASSWORD | 'x $DB_PASSWORD'=1\""],
        "env": {"DB_PASSWORD": {"file": str(secret)}},
    }
    async with probing("command", config) as probe:
        result = await probe.run()
        masker = probe._target.env.masker  # type: ignore[attr-defined]
        shown = masker.result(result)
    assert "hunter2-geheim" in result.message
    assert shown.message == "login as •••"
    assert "hunter2" not in repr((shown.message, shown.raw, shown.tables, shown.facts))


async def test_a_word_in_clear_is_no_secret() -> None:
    config = {
        "argv": ["sh", "-c", "echo $MODE $API_TOKEN"],
        "env": {"MODE": "quickly", "API_TOKEN": "abcdefgh"},
    }
    async with probing("command", config) as probe:
        masker = probe._target.env.masker  # type: ignore[attr-defined]
        assert masker.result(await probe.run()).message == "quickly •••"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PW", "hunter2"),
        ("AUTH", "bob-hunter2"),
        ("MYKEY", "hunter2-hunter2"),
        ("APP", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"),
        ("APP", "d41d8cd98f00b204e9800998ecf8427e"),
    ],
)
async def test_a_credential_in_clear_is_masked(name: str, value: str) -> None:
    config = {"argv": ["sh", "-c", f"echo as ${name}"], "env": {name: value}}
    async with probing("command", config) as probe:
        masker = probe._target.env.masker  # type: ignore[attr-defined]
        shown = masker.result(await probe.run())
    assert shown.message == "as •••"
    assert value not in repr((shown.message, shown.raw, shown.facts))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH", "basic"),
        ("AUTHOR", "somebody"),
        ("LANG", "en_US.UTF-8"),
        ("TARGET", "x86_64-pc-linux-gnu"),
        ("HOST", "db1-replica.example.com"),
        ("SINCE", "2024-01-01T00:00:00Z"),
    ],
)
async def test_what_is_no_credential_is_shown(name: str, value: str) -> None:
    config = {"argv": ["sh", "-c", f"echo as ${name}"], "env": {name: value}}
    async with probing("command", config) as probe:
        masker = probe._target.env.masker  # type: ignore[attr-defined]
        assert masker.result(await probe.run()).message == f"as {value}"


async def test_credentials_among_arguments_are_masked_in_what_it_prints() -> None:
    config = ["sh", "-c", "echo got $2 $3", "x", "-u", "bob:hunter2-geheim", "-pGeheim42"]
    async with probing("command", {"argv": config}) as probe:
        masker = probe._target.env.masker  # type: ignore[attr-defined]
        shown = masker.result(await probe.run())
    assert shown.message == "got bob:••• -p•••"
    assert "geheim" not in repr((shown.message, shown.raw, shown.facts)).lower()


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        ("check_mysql -H db -p hunter2 -P 3306", "check_mysql -H db -p ••• -P 3306"),
        ("check_tcp -H db -p 80", "check_tcp -H db -p 80"),
        ("check_disk -w 10% -c 5% -p /", "check_disk -w 10% -c 5% -p /"),
        ("check_http -C 14,7 -a me:geheim", "check_http -C 14,7 -a •••"),
        ("probe --password geheim --token=geheim", "probe --password ••• --token=•••"),
        ("probe http://me:geheim@h/?a=1", "probe http://me:•••@h/?a=1"),
        ("ls -a dir", "ls -a dir"),
        ("probe -u bob:geheim db", "probe -u bob:••• db"),
        ("check_mysql -pgeheim -P3306", "check_mysql -p••• -P3306"),
        ("probe -pGeheim42-geheim", "probe -p•••"),
        ("docker run -u 1000:1000 -p8080:80 x", "docker run -u 1000:1000 -p8080:80 x"),
        ("find /srv -print -perm 644", "find /srv -print -perm 644"),
        ("check_tcp -p443 -u /a:b", "check_tcp -p443 -u /a:b"),
    ],
)
def test_arguments_that_look_like_credentials(argv: str, shown: str) -> None:
    assert " ".join(masked(argv.split())) == shown
    doubts = list(CommandConfig(argv=argv.split()).doubts())
    assert len(doubts) == shown.count("•••")
    assert not [text for _, text in doubts if "geheim" in text or "hunter2" in text]


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        ("/usr/lib/nagios/plugins/check_disk -w 1", "check_disk"),
        ("python3 -u /opt/orders.py", "orders.py"),
        ("php artisan health:check", "artisan"),
        ("sudo -n /opt/check_raid", "check_raid"),
        ("sh -c true", "sh"),
        ("python3", "python3"),
    ],
)
def test_what_it_is_called(argv: str, name: str) -> None:
    assert CommandConfig(argv=argv.split()).address() == name


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ("check_x -w 5", "a string is one program and is not split"),
        ("cat x | grep y", "no shell reads this"),
        ({"argv": []}, "at least 1 item"),
        ({"argv": [" "]}, "the program has no name"),
        ({"argv": ["a", "b\0c"]}, "zero byte"),
        ({"argv": ["a"], "env": {"A": "b\0c"}}, "zero byte"),
        ({"argv": ["a"], "env": {"A-B": "c"}}, "should match pattern"),
        ({"argv": ["a"], "exit_codes": {"256": "ok"}}, "less than or equal to 255"),
        ({"argv": ["a"], "exit_codes": {"1": "down"}}, "'ok', 'warning', 'critical' or 'unknown'"),
        ({"argv": ["a"], "expect": "("}, "not a regular expression"),
        ({"argv": ["a"], "rows": "(?P<name>x)"}, "lacks the group (?P<status>…)"),
        ({"argv": ["a"], "max_output": "2MB"}, "less than or equal to 1000000"),
    ],
)
def test_a_wrong_configuration(config: object, complaint: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(complaint)):
        CommandConfig.model_validate(config)


async def refused(argv: list[str], **more: Any) -> str:
    """The sentence of a program that cannot be run."""
    result = await ask("command", {"argv": argv, **more})
    assert (result.status, result.up, result.value) == (Status.UNKNOWN, False, "")
    assert dict(result.facts)["command"] == " ".join(argv)
    return f"{result.reason}: {result.message}"


async def test_of_a_program_that_is_not_there_the_details_tell_where_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = ":".join(f"/opt/somewhere/{n}/bin" for n in range(12))
    monkeypatch.setenv("PATH", path)
    result = await ask("command", {"argv": ["no-such-plugin"]})
    assert result.message == (
        "there is no program no-such-plugin in any of the 12 folders of its PATH; "
        "give its whole path, or install it"
    )
    assert dict(result.facts)["PATH"] == path
    result = await ask("command", "sleep 20")
    assert result.message == (
        "there is no program 'sleep 20': nothing splits it; give the program and its arguments "
        "as a list"
    )


async def test_programs_that_cannot_be_run(scripts: Scripts) -> None:
    folder = scripts.folder
    plain = scripts.write("echo", "plain", mode=0o644)
    open_to_all = scripts.write("echo", "open", mode=0o777)
    lost = scripts.write("#!/opt/no/python\n", "lost")
    windows = scripts.write("#!/bin/sh\r\necho\r\n", "windows")
    nameless = scripts.write("#!\necho\n", "nameless")
    garbage = Path(scripts.write("#!x", "garbage"))
    garbage.write_bytes(b"\x00\x01\x02\x03")
    assert await refused([f"{folder}/none"]) == f"config: there is no program {folder}/none"
    assert (await refused(["no-such-plugin"])).startswith(
        "config: there is no program no-such-plugin in "
    )
    assert await refused([str(folder)]) == f"config: {folder} is a folder, not a program"
    assert await refused(["/dev/null"]) == (
        "config: /dev/null is no file that can be run, not a program"
    )
    assert await refused([plain]) == (
        f"permission: {plain} is not executable for this user; run: chmod +x {plain}"
    )
    assert await refused([open_to_all]) == (
        f"permission: {open_to_all} is not run, since everybody can write to it; "
        f"run: chmod o-w {open_to_all}"
    )
    assert await refused([lost]) == (
        f"config: /opt/no/python, the interpreter in the first line of {lost}, is not there"
    )
    assert (await refused([windows])).endswith(f"run: sed -i 's/\\r$//' {windows}")
    assert await refused([nameless]) == (
        f"config: the first line of {nameless} names no interpreter after #!"
    )
    assert await refused([str(garbage)]) == (
        f"config: cannot start {garbage}: it is neither a program nor a script with #! in its "
        "first line"
    )
    assert await refused([f"{plain}/x"]) == f"config: cannot reach {plain}/x: Not a directory"
    assert await refused(["sh"], cwd=plain) == f"config: cannot run in {plain}: it is not a folder"
    assert (await refused(["sh"], cwd=f"{folder}/gone")).endswith("No such file or directory")


async def test_arguments_that_are_too_long() -> None:
    result = await ask("command", {"argv": ["true", "x" * 3_000_000]})
    assert result.message.endswith("its arguments and environment are too long")
    assert (result.status, result.reason) == (Status.UNKNOWN, "config")


async def test_a_program_somebody_is_writing_to(scripts: Scripts) -> None:
    program = scripts.folder / "busy"
    shutil.copy(shutil.which("true") or "/bin/true", program)
    with program.open("r+b"):
        assert (await refused([str(program)])).endswith("somebody is writing to it at this moment")
    assert (await ask("command", str(program))).status is Status.OK
