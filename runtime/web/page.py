"""The page: its HTML, its files, and its service worker. Knows no more of the frontend than where these lie."""

import hashlib
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import Scope

from runtime.web.files import FileAnswer
from runtime.web.routing import get

# Asked for again each time, and answered with 304 unless it changed: no browser mixes the files of two versions.
REVALIDATED = {"cache-control": "no-cache"}
SERVICE_WORKER = "service_worker.js"
VERSION = 'const VERSION = "{}";'  # where the service worker says which page it keeps


def add_page(app: FastAPI, frontend: Path) -> None:
    """Add the routes of the page that lies in the folder `frontend`."""

    @get(app, "/", response_class=Response, include_in_schema=False)
    def page() -> FileAnswer:
        return FileAnswer.of(frontend / "index.html", REVALIDATED)

    # beside the page, as it may only answer for what lies beside it or below
    @get(app, f"/{SERVICE_WORKER}", response_class=Response, include_in_schema=False)
    def service_worker() -> Response:
        if not (frontend / SERVICE_WORKER).is_file():  # a page of one's own need not have one
            raise HTTPException(404)
        return Response(versioned_service_worker(frontend), media_type="text/javascript", headers=REVALIDATED)

    app.mount("/static", PageFiles(directory=frontend), name="static")


def versioned_service_worker(frontend: Path) -> str:
    """Return the service worker of the page in a folder, with a version that changes whenever a file of the page does."""
    digest = hashlib.sha256()
    for path in sorted(path for path in frontend.rglob("*") if path.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(frontend).as_posix()} {len(content)} ".encode() + content)
    script = (frontend / SERVICE_WORKER).read_text("utf-8")
    return script.replace(VERSION.format(""), VERSION.format(digest.hexdigest()[:16]))


class PageFiles(StaticFiles):
    """starlette's, of files that are revalidated: without a word on that, browsers keep them for days."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, or 304.

        Raises:
            HTTPException: there is no such file, or the method is not GET or HEAD.
        """
        answer = await super().get_response(path, scope)
        answer.headers.update(REVALIDATED)
        return answer
