"""The live engine as a source of pictures: a thread, a loop, and nothing imported before.

The engine with its probes and numbers is imported in its own thread, so that whoever
shows the pictures can paint a first frame meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import glob
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from checks.clock import SystemClock
from checks.errors import ConfigError, NoThreadsError, OnwatchError
from checks.garbage import set_apart, settle
from checks.lanes import Lanes
from checks.model import clean
from checks.numerics import import_numpy
from checks.source import InFront, Mailbox

if TYPE_CHECKING:
    from checks.config import EngineConfig, Finder
    from checks.engine import Engine
    from checks.logs.views import LogsWanted
    from checks.rules.views import Pairs
    from checks.runbooks.views import Subject
    from checks.story.live import LiveStory
    from checks.story.model import Silence
    from checks.views import Snapshot

__all__ = ["EngineSource", "found"]

LOOK_INTERVAL: Final = 2.0
"""Seconds between looks at the configuration's files."""

_TICK: Final = 20_000_000
"""Nanoseconds by which a file's time may lag behind the clock that we read."""

_FAILED_LOOK: Final = "looking for services failed, and is tried again"

_Stamp = tuple[int, ...] | tuple[str, ...]
"""A file's inode, size, and when its text and its permissions changed; a pattern's matches."""

log = logging.getLogger("onwatch.engine")


def _stamp(file: Path) -> _Stamp | None:
    """What changes when ``file`` does, its permissions too; None where it is gone. Of a pattern,
    what changes when other files match it.
    """
    try:
        found = file.stat()
    except OSError:
        pattern = str(file)
        return tuple(sorted(glob.glob(pattern))) if glob.has_magic(pattern) else None  # noqa: PTH207
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _is_newer(stamp: _Stamp | None, files: Sequence[Path], began: int) -> bool:
    """Whether ``stamp`` may be of something later than what was read of ``files`` from ``began``
    (nanoseconds) on.
    """
    match stamp:
        case (int(), int(), int(), int(changed)):
            return changed >= began - _TICK
        case None | ():
            return False
        case _:
            return not set(stamp).issubset(map(str, files))


async def found(config: EngineConfig) -> EngineConfig:
    """``config`` with what its finder finds, where it has one."""
    return config if config.finder is None else await config.finder.look(config)


async def _found_for(following: Engine) -> EngineConfig:
    """As :func:`found`, of an engine that goes on where another ended."""
    try:
        return await found(following.config)
    except Exception as error:
        # The rim: as with every later look, of which the next comes soon.
        log.exception("looking for services failed inside")
        told = (following.notice, f"{_FAILED_LOOK}: {_cause(error)}")
        following.notice = "; ".join(filter(None, told))
        return following.config


async def _look_again(engine: Engine) -> None:
    """Have ``engine`` watch what its configuration's finder finds, for as long as it runs."""
    before, failed, _ = engine.notice.partition(_FAILED_LOOK)
    before, trouble = before.removesuffix("; "), engine.notice if failed else ""
    while (finder := engine.config.finder) is not None:
        await finder.rest()
        try:
            config = await finder.look(engine.config)
            if config is not engine.config:
                await engine.amend(config)
            if finder.sure and engine.rules is not None:
                engine.rules.settle()
        except Exception as error:
            # The rim: a look that fails must not cost what is watched already, nor the next look.
            said = f"{_FAILED_LOOK}: {_cause(error)}"
            if not trouble:
                log.exception("looking for services failed inside")
                before = engine.notice
            trouble = engine.notice = said
            await asyncio.sleep(LOOK_INTERVAL)
        else:
            if trouble and engine.notice == trouble:
                engine.notice = before
            trouble = ""


async def _over(tasks: set[asyncio.Task[Any]]) -> None:
    """Wait for the end of ``tasks``, also where whoever waits is to end by now: what they save at
    their end is not to be cut short.
    """
    over = asyncio.gather(*tasks, return_exceptions=True)
    cancelled = False
    while not over.done():
        try:
            await asyncio.wait({over})
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError


def _end(finder: Finder | None) -> None:
    if finder is not None:
        finder.close()


def _cause(error: Exception) -> str:
    """What went wrong, by the name of the error where its words are for nobody."""
    if isinstance(error, OnwatchError):
        return str(error)
    return f"{type(error).__name__}: {clean(str(error), 200)}".rstrip(": ")


class EngineSource:
    """An engine in its own thread, as a :class:`checks.source.SnapshotSource`.

    ``load`` reads the configuration; it is called off the UI's thread, so that the first
    picture does not wait for it, and may raise :class:`checks.errors.ConfigError`. It is
    called again when a file of the configuration changes; what cannot be used then leaves
    the running configuration in force, and a notice says why.
    """

    def __init__(self, load: Callable[[], EngineConfig]) -> None:
        self._load = load
        self._mailbox = Mailbox()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._engine: Engine | None = None
        self._main: asyncio.Task[None] | None = None
        self._stamps: dict[Path, _Stamp | None] = {}
        self._closed = threading.Event()
        self._wishes: list[Callable[[Engine], None]] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def subscribe(self, wake: Callable[[], None]) -> None:
        self._mailbox.subscribe(wake)

    def latest(self) -> Snapshot | None:
        return self._mailbox.take()

    def failure(self) -> BaseException | None:
        return self._failure

    def _work(self) -> None:
        try:
            import_numpy()
            config = self._read()
            if not self._closed.is_set():
                asyncio.run(self._serve(config))
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # the thread's end; the app reports it
            self._failure = error
            log.debug("the engine ended", exc_info=error)
            self._mailbox.poke()

    async def _serve(self, config: EngineConfig) -> None:
        with self._lock:
            self._loop, self._main = asyncio.get_running_loop(), asyncio.current_task()
        lanes = Lanes()
        # Most of a first look round is waiting, which leaves time to import the engine.
        config, _ = await asyncio.gather(
            found(config), lanes.run("engine", lambda: import_module("checks.engine"))
        )
        lanes.close()
        from checks.engine import Engine  # noqa: PLC0415 - see above

        set_apart()
        engine = Engine(config, SystemClock())
        try:
            while not self._closed.is_set():
                self._hand_over(engine)
                following = await self._until_changed(engine)
                if (finder := engine.config.finder) is not following.config.finder:
                    _end(finder)
                config = await _found_for(following)
                if config is not following.config:
                    following = Engine(config, engine.clock)
                following.follow(engine)
                engine = following
        finally:
            # What runs outlives a reload, and not this.
            await engine.runbooks.close()
            _end(engine.config.finder)

    def _hand_over(self, engine: Engine) -> None:
        with self._lock:
            self._engine = engine
            wishes, self._wishes = self._wishes, []
        for wish in wishes:
            wish(engine)

    async def _until_changed(self, engine: Engine) -> Engine:
        """Run ``engine`` until its files say something else; one for what they say then."""
        running = asyncio.create_task(engine.run(self._mailbox.put), name="engine")
        watching = asyncio.create_task(self._changed(engine), name="configuration")
        looking = asyncio.create_task(_look_again(engine), name="discovery")
        settling = asyncio.create_task(settle(), name="settle")
        tasks: set[asyncio.Task[Any]] = {running, watching, looking, settling}
        try:
            await asyncio.wait({running, watching}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                await running
            return await watching
        finally:
            for task in tasks:
                task.cancel()
            if self._closed.is_set():
                # Beside the engine's own end: together they have little time.
                tasks.add(asyncio.create_task(engine.runbooks.close(), name="end of steps"))
            await _over(tasks)

    async def _changed(self, engine: Engine) -> Engine:
        """Wait for a usable change of the files; one that is not leaves the engine as it is."""
        lanes = Lanes()
        try:
            return await self._usable_change(engine, lanes)
        finally:
            lanes.close()

    async def _usable_change(self, engine: Engine, lanes: Lanes) -> Engine:
        from checks.engine import Engine  # noqa: PLC0415 - imported by now

        files = engine.config.files
        while True:
            changed = False
            with contextlib.suppress(NoThreadsError):
                changed = await lanes.run("configuration", partial(self._changed_of, files))
            if not changed:
                await asyncio.sleep(LOOK_INTERVAL)
                continue
            try:
                return Engine(await lanes.run("configuration", self._read), engine.clock)
            except OnwatchError as error:
                if isinstance(error, ConfigError):
                    files = tuple(dict.fromkeys((*engine.config.files, *error.files)))
                engine.refuse(str(error))
            except Exception as error:
                # The rim: what a kind of somebody else's does must not cost what is watched.
                log.exception("taking over the configuration failed inside")
                engine.refuse(f"an error inside: {_cause(error)}")

    def _read(self) -> EngineConfig:
        """The configuration now. A file that has changed since this began is read once more."""
        began = time.time_ns()
        try:
            config = self._load()
        except ConfigError as error:
            self._note(error.files, began)
            raise
        self._note(config.files, began)
        return config

    def _note(self, files: Sequence[Path], began: int) -> None:
        """Stamp those of ``files`` that were never looked at; None is what no file has."""
        for file in files:
            if file not in self._stamps:
                stamp = _stamp(file)
                self._stamps[file] = None if _is_newer(stamp, files, began) else stamp

    def _changed_of(self, files: Sequence[Path]) -> bool:
        """Whether one of ``files`` is another than when it was looked at last, before it was
        read: what is written while a change is being taken over is a change again.
        """
        now = {file: _stamp(file) for file in files}
        changed = any(self._stamps.setdefault(file, stamp) != stamp for file, stamp in now.items())
        self._stamps.update(now)
        return changed

    def _wish(self, wish: Callable[[Engine], None]) -> None:
        with self._lock:
            engine, loop = self._engine, self._loop
            if engine is None or loop is None:
                self._wishes.append(wish)
                return

        def fulfil() -> None:
            engine.calm.stir(engine.clock.now())
            wish(engine)

        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(fulfil)

    def focus(self, check: str | None) -> None:
        def wish(engine: Engine) -> None:
            engine.watch(check)
            self._mailbox.put(engine.snapshot())

        self._wish(wish)

    def inspect(self, check: str, subject: str) -> None:
        self._wish(lambda engine: engine.errands.inspect(check, subject))

    def set_window(self, seconds: float) -> None:
        def wish(engine: Engine) -> None:
            engine.window = seconds
            self._mailbox.put(engine.snapshot())

        self._wish(wish)

    def poll_now(self) -> None:
        self._wish(lambda engine: engine.scheduler.poll_now())

    def ask(self, check: str, question: str) -> None:
        self._wish(lambda engine: engine.errands.ask(check, question))

    def act(self, check: str, action: str, subject: str) -> None:
        self._wish(lambda engine: engine.errands.act(check, action, subject))

    def query(self, text: str | None, seconds: float = 3600.0, about: Pairs = ()) -> None:
        def wish(engine: Engine) -> None:
            engine.query(text, seconds, about)
            self._mailbox.put(engine.snapshot())

        self._wish(wish)

    def logs(self, wanted: LogsWanted | None) -> None:
        def wish(engine: Engine) -> None:
            engine.look_at_logs(wanted)
            self._mailbox.put(engine.snapshot())

        self._wish(wish)

    def dashboard(
        self,
        name: str | None,
        span: float = 3600.0,
        chosen: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        def wish(engine: Engine) -> None:
            engine.look_at_dashboard(name, span, chosen or {})
            self._mailbox.put(engine.snapshot())

        self._wish(wish)

    def runbook(self, name: str | None, subject: Subject | None = None) -> None:
        def wish(engine: Engine) -> None:
            engine.runbooks.open(name, subject)
            self._mailbox.put(engine.snapshot())

        self._wish(wish)

    def give_value(self, variable: str, value: str) -> None:
        self._wish(lambda engine: engine.runbooks.give(variable, value))

    def run_step(self, token: str, typed: str = "", in_front: InFront | None = None) -> None:
        def wish(engine: Engine) -> None:
            engine.runbooks.run(token, typed, in_front)
            self._mailbox.put(engine.snapshot())

        self._wish(wish)

    def cancel_run(self, run: str) -> None:
        self._wish(lambda engine: engine.runbooks.cancel(run))

    def acknowledge(self, alert: str, note: str = "") -> None:
        self._annotate(lambda story: story.acknowledge(alert, note))

    def unacknowledge(self, alert: str) -> None:
        self._annotate(lambda story: story.unacknowledge(alert))

    def silence(self, silence: Silence) -> None:
        self._annotate(lambda story: story.silence(silence))

    def expire(self, silence: str) -> None:
        self._annotate(lambda story: story.expire(silence))

    def report(self, incident: int) -> None:
        self._annotate(lambda story: story.report(incident))

    def note(self, text: str, incident: int = 0, at: float | None = None) -> None:
        self._annotate(lambda story: story.note(text, incident, at))

    def _annotate(self, does: Callable[[LiveStory], None]) -> None:
        def wish(engine: Engine) -> None:
            if engine.story is not None:
                does(engine.story)
                self._mailbox.put(engine.snapshot())

        self._wish(wish)

    def forget(self, check: str) -> None:
        def wish(engine: Engine) -> None:
            if engine.config.finder is not None:
                engine.config.finder.forget(check)

        self._wish(wish)

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            loop, main = self._loop, self._main
        if loop is not None and main is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(main.cancel)
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=1.4)
