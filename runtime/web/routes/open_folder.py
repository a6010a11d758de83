"""The route that opens a picture's folder, for who sits at the machine that the server runs on, and for nobody else."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from runtime.library.image_rows import ID_MAX
from runtime.web.access.hosts import names_this_machine
from runtime.web.access.origins import is_own_page
from runtime.web.access.refusals import FolderNotOpened
from runtime.web.live_engine import FixedEngine, LiveEngine
from runtime.web.routes.routing import post_queued

if TYPE_CHECKING:
    from fastapi import FastAPI

    from runtime.web.routes.file_manager import Desktop

# Whoever comes through a proxy may be anywhere, although the proxy itself is on this machine.
PROXY_HEADERS = frozenset({b"forwarded", b"via", b"x-real-ip", b"cf-connecting-ip", b"true-client-ip"})
PROXY_PREFIX = b"x-forwarded"


class OpenFolderRequest(BaseModel):
    """`POST /open-folder`. There is no other field: no path comes from a client."""

    model_config = ConfigDict(strict=True, extra="forbid")

    id: int = Field(description="The picture's", ge=1, le=ID_MAX, examples=[17])


class OpenedFolderBody(BaseModel):
    """The answer to `POST /open-folder`: which folder of the library was opened, empty for the outermost."""

    folder: str


def add_open_folder(app: "FastAPI", live: FixedEngine | LiveEngine, desktop: "Desktop | None") -> None:
    """Declare it; without a desktop, every request is refused."""

    @post_queued(app, "/open-folder", OpenedFolderBody, takes="The body is {id}: a picture's.", more_errors=(403, 404))
    def open_folder(asked: OpenFolderRequest, request: Request) -> Response:
        """Open the folder of a picture in the file manager, with the picture selected where the system can."""
        if desktop is None:
            raise FolderNotOpened("it has no desktop, or programs of other machines can reach it")
        if not is_from_here(request.scope):
            raise FolderNotOpened("the request came from elsewhere, or through a proxy")
        library = live.current.library
        [row] = library.rows([asked.id])
        try:
            desktop.show(library.image_file(row.image_path))
        except OSError as cause:
            raise FolderNotOpened(f"the file manager cannot be started ({cause.strerror})") from cause
        folder = row.image_path.rpartition("/")[0]
        return Response(OpenedFolderBody(folder=folder).model_dump_json(), media_type="application/json")


def is_from_here(scope: Scope) -> bool:
    """Return whether a request was sent by a program of this machine, for itself, by a name of this machine alone."""
    names = [name.lower() for name, _ in scope["headers"]]
    if any(name in PROXY_HEADERS or name.startswith(PROXY_PREFIX) for name in names) or names.count(b"host") != 1:
        return False
    headers: Mapping[bytes, bytes] = dict(scope["headers"])
    is_asked_here = names_this_machine(headers[b"host"].decode("latin-1"))
    return _is_loopback(scope.get("client")) and is_asked_here and is_own_page(headers)


def _is_loopback(client: tuple[str, int] | None) -> bool:
    try:
        return client is not None and ip_address(client[0]).is_loopback
    except ValueError:
        return False
