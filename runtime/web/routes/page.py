"""The page: its HTML, its files, and its service worker. Knows no more of the frontend than where these lie."""

import os
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import Scope

from runtime.errors import SettingInvalid
from runtime.web.routes.files import FileAnswer
from runtime.web.routes.routing import get
from runtime.web.routes.service_worker import SERVICE_WORKER, versioned_service_worker

PAGE = "index.html"
# Asked for again each time, and answered with 304 unless it changed: no browser mixes the files of two versions.
REVALIDATED = {"cache-control": "no-cache"}


def add_page(app: FastAPI, frontend: Path) -> None:
    """Add the routes of the page that lies in the folder `frontend`.

    Raises:
        SettingInvalid: there is no page in it.
    """
    if not os.access(frontend / PAGE, os.R_OK):
        accepted = f"it has no {PAGE} that can be read. Give a folder with a page, or unset it"
        raise SettingInvalid("FRONTEND_DIR", str(frontend), accepted)

    @get(app, "/", response_class=Response, include_in_schema=False)
    def page() -> FileAnswer:
        return FileAnswer.of(frontend / PAGE, REVALIDATED)

    # beside the page, as it may only answer for what lies beside it or below
    @get(app, f"/{SERVICE_WORKER}", response_class=Response, include_in_schema=False)
    def service_worker() -> Response:
        if not (frontend / SERVICE_WORKER).is_file():  # a page of one's own need not have one
            raise HTTPException(404)
        return Response(versioned_service_worker(frontend), media_type="text/javascript", headers=REVALIDATED)

    app.mount("/static", PageFiles(directory=frontend), name="static")


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

    def file_response(
        self, full_path: "str | os.PathLike[str]", stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> FileAnswer:
        """Return a file as this server answers all files: starlette's own says in plain text what is wrong with a range."""
        return FileAnswer.of(Path(full_path), REVALIDATED)
