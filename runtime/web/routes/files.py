"""A file as an answer: whole or in ranges, or 304 where the client has it already. Knows no route."""

import hashlib
import io
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import formatdate, parsedate
from pathlib import Path
from typing import BinaryIO, Self

import anyio
from starlette.datastructures import Headers
from starlette.responses import FileResponse
from starlette.staticfiles import NotModifiedResponse
from starlette.types import Message, Receive, Scope, Send

from runtime.library.opened_file import OpenedFile
from runtime.web.faults import fault_answer
from runtime.web.media_types import media_type_of

FILE_FAULTS = {
    400: ("range_malformed", "The Range header cannot be read. Ask for bytes=FIRST-LAST, or leave it out."),
    412: (
        "precondition_failed",
        "This is another file than If-Match or If-Unmodified-Since names. Ask without, or with the newest answer's ETag.",
    ),
    416: ("range_not_satisfiable", "The file ends before the range begins; content-range has its size in bytes."),
}

LAST_S = 253_402_300_799  # of the year 9999, the last that a header can write


class FileAnswer(FileResponse):
    """starlette's, of a file that is opened already, with 304, and with our form of its errors."""

    def __init__(self, opened: OpenedFile, name: str, headers: Mapping[str, str]) -> None:
        """Take an opened file, which is closed once it is sent; its name tells its type."""
        facts = opened.stat
        if not 0 <= facts.st_mtime <= LAST_S:  # starlette would fail on it
            facts = os.stat_result((*facts[:8], _told_s(facts.st_mtime), *facts[9:10]))
        super().__init__(opened.path, headers=headers, media_type=media_type_of(name), stat_result=facts)
        self._opened: OpenedFile | None = opened

    @classmethod
    def of(cls, path: Path, headers: Mapping[str, str]) -> Self:
        """Open a file and return the answer with it.

        Raises:
            OSError: it is gone, or this user may not read it.
        """
        content = path.open("rb")
        return cls(OpenedFile(content, os.fstat(content.fileno())), path.name, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, or why not."""
        try:
            await self._answer(scope, receive, send)
        finally:
            if self._opened:
                self._opened.close()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_another(self.headers, Headers(scope=scope)):
            await fault_answer(412, *FILE_FAULTS[412])(scope, receive, send)
            return
        if is_not_modified(self.headers, Headers(scope=scope)):
            await NotModifiedResponse(self.headers)(scope, receive, send)
            return
        is_refused = False

        async def send_in_form(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start" and message["status"] in FILE_FAULTS:
                is_refused = True
                kept = {name: value for name, value in Headers(raw=message["headers"]).items() if name == "content-range"}
                await fault_answer(message["status"], *FILE_FAULTS[message["status"]], kept)(scope, receive, send)
            elif not is_refused:
                await send(message)

        await super().__call__(scope, receive, send_in_form)


class ContentAnswer(FileAnswer):
    """As `FileAnswer`, of what is made of a file: parts of it, or bytes."""

    def __init__(
        self,
        content: BinaryIO | bytes,
        size: int,
        headers: Mapping[str, str],
        *,
        media_type: str,
        opened: OpenedFile | None = None,
    ) -> None:
        """Take what is sent.

        Args:
            content: it, to be read from any place on.
            size: how many bytes it has.
            headers: with `validators`.
            media_type: its type.
            opened: a file that is closed once all is sent.
        """
        # starlette's own way to open a path finds nothing, should it ever be taken again
        stat = os.stat_result((0, 0, 0, 0, 0, 0, size, 0, 0, 0))
        FileResponse.__init__(self, os.devnull, headers=headers, media_type=media_type, stat_result=stat)
        self._opened, self._content = opened, io.BytesIO(content) if isinstance(content, bytes) else content

    @asynccontextmanager
    async def _open_file(self) -> AsyncIterator["anyio.AsyncFile[bytes]"]:
        """Yield what starlette's methods read from."""
        with self._content:
            yield anyio.wrap_file(self._content)


def validators(opened: OpenedFile, form: str) -> dict[str, str]:
    """Return ETag and date of what is made of a file; `form` tells from each other what may be made of it."""
    stat = opened.stat
    told = f"{stat.st_mtime_ns} {stat.st_size} {form}"
    etag = hashlib.md5(told.encode(), usedforsecurity=False).hexdigest()
    return {"etag": f'"{etag}"', "last-modified": http_date(stat.st_mtime)}


def http_date(seconds: float) -> str:
    """Return a time as headers write it; one that they cannot write, as some file systems keep, as the nearest they can."""
    return formatdate(_told_s(seconds), usegmt=True)


def _told_s(seconds: float) -> int:
    return int(min(max(seconds, 0), LAST_S))


def is_another(answer: Headers, request: Headers) -> bool:
    """Return whether the client wants another file than would be answered: by If-Match, else by If-Unmodified-Since."""
    if wanted := request.get("if-match"):
        return wanted.strip() != "*" and answer["etag"] not in map(str.strip, wanted.split(","))
    since, changed = (parsedate(date) for date in (request.get("if-unmodified-since"), answer["last-modified"]))
    return since is not None and changed is not None and changed > since


def is_not_modified(answer: Headers, request: Headers) -> bool:
    """Return whether the client has what would be answered: by If-None-Match, or without it by If-Modified-Since."""
    if wanted := request.get("if-none-match"):
        return wanted.strip() == "*" or answer["etag"] in [tag.strip().removeprefix("W/") for tag in wanted.split(",")]
    since, changed = (parsedate(date) for date in (request.get("if-modified-since"), answer["last-modified"]))
    return since is not None and changed is not None and changed <= since
