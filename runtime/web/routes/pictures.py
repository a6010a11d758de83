"""The routes of pictures: the files themselves as a browser shows them, without metadata, and their previews.

Knows HTTP; `runtime/images/stripping` knows what is sent of a file, `runtime/library` where previews are.
"""

import io
from typing import Annotated

import anyio
from fastapi import FastAPI, Path, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.staticfiles import NotModifiedResponse

from runtime.errors import ImageNotFound
from runtime.images import PREVIEW_EDGES, picture_as_jpeg, shrink_image
from runtime.library.catalog import Library
from runtime.library.opened_file import OpenedFile
from runtime.library.previews.made_previews import preview_of
from runtime.settings import Settings
from runtime.web.live_engine import FixedEngine, LiveEngine
from runtime.web.routes import openapi
from runtime.web.routes.files import ContentAnswer, http_date, is_another, is_not_modified, validators
from runtime.web.routes.routing import get

# Each takes a core for a tenth of a second to a second, and threads that searches, health and the page need, too.
MADE_AT_ONCE = 2
PICTURES_CACHE = "private, no-cache"  # no cache that others share, and each time asked whether it is still the same picture
PREVIEWS_CACHE = "private, max-age=31536000, immutable"  # another picture has another sha256
JPEG = "image/jpeg"
Sha256 = Annotated[str, Path(description="Of the picture's file", json_schema_extra={"pattern": "^[0-9a-f]{64}$"})]
Edge = Annotated[
    str, Path(description="Pixels of the longest edge", json_schema_extra={"enum": [str(edge) for edge in PREVIEW_EDGES]})
]


def add_pictures(app: FastAPI, live: FixedEngine | LiveEngine, settings: Settings, max_bytes: int | None) -> None:
    """Declare them. `max_bytes` is what one answer has room for; what is larger is sent smaller, as a JPEG."""
    said = openapi.PICTURE | openapi.errors(400, 404, 412, 413, 416, 422, 429, 501, 503)
    making = anyio.CapacityLimiter(MADE_AT_ONCE)

    @get(app, "/images/{image_path:whole_path}", response_class=Response, responses=said)
    async def picture(image_path: str, request: Request) -> Response:
        """Return one picture of the library, without metadata; as a JPEG where browsers do not show its format."""
        opened = await run_in_threadpool(live.current.library.open_file, image_path)
        try:
            return await _original(opened, image_path, request)
        except BaseException:
            opened.close()
            raise

    async def _original(opened: OpenedFile, image_path: str, request: Request) -> Response:
        from runtime.images.stripping.original import shown_original  # the first picture pays for it, not the start
        from runtime.images.stripping.pieces import PieceFile

        descriptor, with_exif = opened.content.fileno(), settings.originals_with_exif
        cache = {"cache-control": PICTURES_CACHE}
        shown = await run_in_threadpool(shown_original, descriptor, with_metadata=with_exif)
        if shown and (not max_bytes or shown.pieces.size <= max_bytes):
            content = io.BufferedReader(PieceFile(descriptor, shown.pieces))
            headers = cache | validators(opened, f"original {with_exif}")
            return ContentAnswer(content, shown.pieces.size, headers, media_type=shown.media_type, opened=opened)
        headers = cache | validators(opened, "jpeg")
        told = Headers(headers)
        if is_not_modified(told, request.headers) and not is_another(told, request.headers):
            opened.close()
            return NotModifiedResponse(told)
        async with making:
            await _refuse_who_left(request)
            jpeg = await run_in_threadpool(_made_jpeg, opened, image_path, max_bytes)
        return ContentAnswer(jpeg, len(jpeg), headers, media_type=JPEG, opened=opened)

    @get(app, "/previews/{sha256}.{edge}.jpg", response_class=Response, responses=said)
    async def preview(sha256: Sha256, edge: Edge, request: Request) -> Response:
        """Return a picture's preview: a JPEG, upright, in sRGB, without metadata. It is made where there is none yet."""
        library = live.current.library
        found, changed_s = await run_in_threadpool(_find_preview, library, sha256, edge)
        if found is None:
            async with making:
                await _refuse_who_left(request)
                made = await run_in_threadpool(preview_of, library, sha256, int(edge))
        else:
            made = found
        headers = {
            "cache-control": PREVIEWS_CACHE,
            "etag": f'"{sha256[:32]}-{edge}"',
            "last-modified": http_date(changed_s),
        }
        if isinstance(made, bytes):
            return ContentAnswer(made, len(made), headers, media_type=JPEG)
        return ContentAnswer(made.content, made.stat.st_size, headers, media_type=JPEG, opened=made)


def _find_preview(library: Library, sha256: str, edge: str) -> tuple[OpenedFile | None, float]:
    """Return a preview that is there, if it is, and the time of its picture in seconds since 1970.

    Raises:
        ImageNotFound: the library has no such picture, or there are no such previews.
    """
    rows = library.rows_of_content(sha256) if edge in map(str, PREVIEW_EDGES) else []
    if not rows:
        raise ImageNotFound(f"{sha256}.{edge}.jpg")
    return library.previews.find(sha256, int(edge)), (rows[0].mtime_ns or 0) / 1e9


def _made_jpeg(opened: OpenedFile, image_path: str, max_bytes: int | None) -> bytes:
    jpeg = picture_as_jpeg(opened.path, image_path)
    return jpeg if not max_bytes or len(jpeg) <= max_bytes else shrink_image(opened.path, image_path, max_bytes)


async def _refuse_who_left(request: Request) -> None:
    """Raise ClientDisconnect where nobody waits for the answer any more."""
    if await request.is_disconnected():
        raise ClientDisconnect
