"""LiveEngine: the engine that answers now, and how another release of the index takes its place while requests go on.

A request takes the engine once, and keeps it to its end. Nothing is closed here: an engine's files close when the last
request that uses it has ended. What a release is, and how it is opened, the source knows (`bootstrap.py`).
"""

import logging
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from runtime.engine import Engine
from runtime.errors import LookwhyError, RemoteRefused, StorageTooSmall

log = logging.getLogger(__name__)

HERE_S, REMOTE_S = 1.0, 60.0  # between two looks for a new release, unless a setting says
WAITED_MAX_S = 3.0  # by a request on Lambda, while a new release is looked for and opened
_NOTHING: tuple[Hashable, Hashable] = (None, None)
PASSING = (RemoteRefused, StorageTooSmall)  # faults that may go without any file having changed


class ReleaseSource(Protocol):
    """Opens the engine of the release that lies there, and tells cheaply whether it is another one."""

    is_remote: bool
    opened_stamp: Hashable  # of the release that was opened last

    def stamp(self) -> Hashable:
        """Return the stamp of the release that lies there now, None where there is none at the moment."""
        ...

    def files_stamp(self) -> Hashable:
        """Return what tells that release's files from others, to see whether one that was refused was mended."""
        ...

    def open(self, *, warm: bool = False) -> Engine:
        """Return its engine; with `warm`, once it has searched."""
        ...

    def drop_others(self) -> None:
        """Remove what was fetched of releases before."""
        ...

    def find_damage(self, rest: Callable[[float], bool]) -> list[Path] | None:
        """Return the files of the release that are damaged; None where `rest` ended the check."""
        ...


@dataclass
class FixedEngine:
    """An engine that stays."""

    current: Engine


class LiveEngine:
    """The engine over the newest release that can be served. Any thread may read `current`."""

    def __init__(self, source: ReleaseSource, *, check_s: float | None = None) -> None:
        """Open the release that is there; `check_s` is the setting RELOAD_CHECK_S.

        Raises:
            LookwhyError: it cannot be opened.
        """
        self._source = source
        self.check_s = check_s if check_s is not None else REMOTE_S if source.is_remote else HERE_S
        self.current = source.open()
        self._served, self._refused = source.opened_stamp, _NOTHING
        self._told = ""
        self._looking = threading.Lock()
        self._check_ended = threading.Event()

    def watch(self) -> None:
        """Look for new releases from now on, and compare the files of each, in threads that end with the process."""
        self._start_check()
        if self.check_s:
            threading.Thread(target=self._keep_looking, name="releases", daemon=True).start()

    def look(self) -> None:
        """Take up the release that lies there, if it is another one and can be served; what fails is logged, once.

        One that was refused is tried again when one of its files has changed.
        """
        if self._looking.acquire(blocking=False):
            try:
                self._look()
            except Exception as error:  # of any kind: the release before must serve on
                self._tell(error)
            finally:
                self._looking.release()

    def _look(self) -> None:
        stamp = self._source.stamp()
        if stamp is None or stamp == self._served:  # None: folders are just being exchanged
            return
        files = self._source.files_stamp()
        if (stamp, files) == self._refused:
            return
        try:
            engine = self._source.open(warm=True)
        except PASSING:
            raise
        except Exception:  # of any kind: noted, and raised to whoever tells it
            self._refused = stamp, files
            raise
        self._switch(engine)

    def _switch(self, engine: Engine) -> None:
        before, self.current = self.current, engine
        self._served, self._refused, self._told = self._source.opened_stamp, _NOTHING, ""
        log.info("now serving %s; before: %s", engine.release, before.release and before.release.generation)
        del before
        self._source.drop_others()
        self._start_check()

    def _tell(self, error: Exception) -> None:
        """Log why a new release is not served, once."""
        if str(error) != self._told:
            self._told = str(error)
            known = isinstance(error, LookwhyError)
            release = self.current.release
            log.error("a new release is not served, %s is: %s", release, error, exc_info=None if known else error)

    def _keep_looking(self) -> None:
        wait = threading.Event().wait
        while not wait(self.check_s):
            self.look()

    def _start_check(self) -> None:
        self._check_ended.set()  # that of the release before
        self._check_ended = ended = threading.Event()
        threading.Thread(target=self._check, args=(ended,), name="damage", daemon=True).start()

    def _check(self, ended: threading.Event) -> None:
        """Compare all files with their records, and tell the damaged ones."""
        found = self._source.find_damage(ended.wait)
        if found is None or ended.is_set():
            return
        self.current.damage = tuple("/".join(path.parts[-2:]) for path in found)  # no more of it is a client's business
        if found:
            names = ", ".join(map(str, found))
            log.error("damaged: %s. Answers may be wrong. Build or export it again: lookwhy index, lookwhy models.", names)


class LookBetweenRequests:
    """Looks for a new release before a request, at most every so many seconds: for AWS Lambda, whose threads stand still.

    The request waits at most `waited_max_s`; what is not opened by then is opened during the next ones.
    """

    def __init__(
        self,
        app: ASGIApp,
        live: LiveEngine,
        *,
        waited_max_s: float = WAITED_MAX_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Keep the app; the first look is due after the engine's `check_s`, and none ever is where that is 0."""
        self._app, self._live, self._waited_max_s, self._clock = app, live, waited_max_s, clock
        self._due = clock() + live.check_s

    def look_next(self) -> None:
        """Look before the next request: what was found out is old."""
        self._due = self._clock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look, if that is due, and pass the request on."""
        if self._live.check_s and self._clock() >= self._due:
            self._due = self._clock() + self._live.check_s
            looking = threading.Thread(target=self._live.look, name="releases", daemon=True)
            looking.start()
            looking.join(self._waited_max_s)  # of the one request at a time that there is
        await self._app(scope, receive, send)
