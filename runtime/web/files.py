"""A file as an answer: whole or in ranges, or 304 where the client has it already. Knows no route."""

import os
from collections.abc import Mapping
from email.utils import parsedate
from mimetypes import guess_type
from pathlib import Path
from typing import Self

from starlette.datastructures import Headers
from starlette.responses import FileResponse
from starlette.staticfiles import NotModifiedResponse
from starlette.types import Message, Receive, Scope, Send

from runtime.library.opened_file import OpenedFile
from runtime.web.faults import fault_answer

RANGE_FAULTS = {
    400: ("range_malformed", "The Range header cannot be read. Ask for bytes=FIRST-LAST, or leave it out."),
    416: ("range_not_satisfiable", "The file ends before the range begins; content-range has its size in bytes."),
}


class FileAnswer(FileResponse):
    """starlette's, of a file that is opened already, with 304, and with our form of its errors."""

    def __init__(self, opened: OpenedFile, name: str, headers: Mapping[str, str]) -> None:
        """Take an opened file, which is closed once it is sent; its name tells its type."""
        media_type = guess_type(name)[0] or "application/octet-stream"
        super().__init__(opened.path, headers=headers, media_type=media_type, stat_result=opened.stat)
        self._opened = opened

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
        with self._opened:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_not_modified(self.headers, Headers(scope=scope)):
            await NotModifiedResponse(self.headers)(scope, receive, send)
            return
        is_refused = False

        async def send_in_form(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start" and message["status"] in RANGE_FAULTS:
                is_refused = True
                kept = {name: value for name, value in Headers(raw=message["headers"]).items() if name == "content-range"}
                await fault_answer(message["status"], *RANGE_FAULTS[message["status"]], kept)(scope, receive, send)
            elif not is_refused:
                await send(message)

        await super().__call__(scope, receive, send_in_form)


def is_not_modified(answer: Headers, request: Headers) -> bool:
    """Return whether the client has what would be answered: by If-None-Match, or without it by If-Modified-Since."""
    if wanted := request.get("if-none-match"):
        return wanted.strip() == "*" or answer["etag"] in [tag.strip().removeprefix("W/") for tag in wanted.split(",")]
    since, changed = (parsedate(date) for date in (request.get("if-modified-since"), answer["last-modified"]))
    return since is not None and changed is not None and changed <= since
