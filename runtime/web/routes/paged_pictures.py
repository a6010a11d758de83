"""PagedPicture: one picture of the library without a question, as `GET /pictures` and `lookwhy.open` tell it. No HTTP."""

from collections.abc import Sequence

from pydantic import BaseModel

from runtime.library.captions import CaptionSource
from runtime.library.catalog import Library
from runtime.library.image_rows import ImageRow


class PagedPicture(BaseModel):
    """One picture of a page, with the fields of its name in a search's result; `caption` is empty where it has none yet."""

    id: int
    image_path: str
    image_url: str
    preview_url: str | None
    width: int
    height: int
    bytes: int
    caption: str
    caption_source: CaptionSource
    taken: str | None
    taken_source: str | None
    place: str | None
    country: str | None
    camera: str | None


def paged_pictures(library: Library, rows: Sequence[ImageRow]) -> list[PagedPicture]:
    """Return pictures of a library with what is known of each, in the order of their rows.

    Raises:
        ArtefactCorrupt: the catalogue is damaged.
    """
    return [
        PagedPicture(
            id=row.id,
            image_path=row.image_path,
            image_url=library.image_url(row),
            preview_url=library.previews.url(row.sha256),
            width=row.width,
            height=row.height,
            bytes=row.bytes,
            caption=row.caption or "",
            caption_source="none" if row.caption is None else row.caption_source,
            taken=facts.taken,
            taken_source=facts.taken_source,
            place=facts.place,
            country=facts.country,
            camera=facts.camera,
        )
        for row, facts in zip(rows, library.facts.of([row.id for row in rows]), strict=True)
    ]
