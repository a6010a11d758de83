"""The routes that show the library without a question: its months, its folders, its pictures a page at a time, and one.

They run no model and do not wait in the queue of searches: a page takes milliseconds.
"""

from typing import Annotated

from fastapi import FastAPI, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from runtime.library.image_rows import ID_MAX
from runtime.library.photos.picture_pages import PageOrder
from runtime.library.photos.where import KEYS, Where, check_where
from runtime.web.live_engine import FixedEngine, LiveEngine
from runtime.web.routes import openapi
from runtime.web.routes.paged_pictures import PagedPicture, paged_pictures
from runtime.web.routes.routing import get
from runtime.web.schemas import AnswerPart

PAGE_DEFAULT, PAGE_MAX = 60, 200  # pictures
PAGE_KEYS = ("offset", "limit", "order")
TAKEN = f"Parameters are {', '.join(KEYS)}; of /pictures also {', '.join(PAGE_KEYS)}."
ERRORS = openapi.errors(422, 429, 501, 503, descriptions={422: TAKEN})
OF_ONE = openapi.errors(404, 422, 429, 501, 503, descriptions={422: "The path ends with the id of a picture."})


class MonthBody(AnswerPart):
    """How many pictures are of a month (2019-06), or of a year of which no more is known (2019)."""

    month: str
    pictures: int


class TimelineBody(AnswerPart):
    """The answer to `GET /timeline`: how many pictures there are in all, how many without a date, and of each month."""

    pictures: int
    undated: int
    months: list[MonthBody]


class FolderBody(AnswerPart):
    """A folder as a filter may name it, and how many pictures such a filter leaves."""

    folder: str
    pictures: int


class FoldersBody(BaseModel):
    """The answer to `GET /folders`: those with most pictures first."""

    folders: list[FolderBody]


class ExamplesBody(BaseModel):
    """The answer to `GET /examples`."""

    examples: list[str]


class PicturesBody(BaseModel):
    """The answer to `GET /pictures`: a page, and the `offset` of the next one; null behind the last."""

    pictures: list[PagedPicture]
    next: int | None


class WhereFields(BaseModel):
    """The query string of `GET /timeline` and `GET /folders`: a filter, as `where` of `POST /search` has it."""

    model_config = ConfigDict(extra="forbid")

    first: str | None = Field(None, alias="from", description="The first date: 2019, 2019-06 or 2019-06-02")
    last: str | None = Field(None, alias="to", description="The last date, included")
    folder: str | None = Field(None, description="One or more whole names of folders, one within the other")
    place: str | None = Field(None, description="A town, a country, or both with a comma between")
    camera: str | None = Field(None, description="Words of its maker's and model's name")
    has_text: bool | None = Field(None, description="Whether text was read in the picture")

    @property
    def where(self) -> Where | None:
        """The checked filter; raises FilterInvalid."""
        return check_where({key: value for key, value in self.model_dump(by_alias=True).items() if key in KEYS})


class PageFields(WhereFields):
    """The query string of `GET /pictures`."""

    offset: int = Field(0, ge=0, le=ID_MAX, description="How many pictures come before, of those that the filter leaves")
    limit: int = Field(PAGE_DEFAULT, ge=1, le=PAGE_MAX, description="How many pictures at most")
    order: PageOrder = Field("date", description="The newest first, those without a date last; or by path")


def add_browsing(app: FastAPI, live: FixedEngine | LiveEngine) -> None:
    """Declare them. Each request reads `live.current` once."""

    @get(app, "/timeline", response_model=TimelineBody, responses=ERRORS)
    def timeline(asked: Annotated[WhereFields, Query()]) -> Response:
        """Count the pictures of each month, the newest first: of all, or of those that a filter leaves."""
        return _json(TimelineBody.model_validate(live.current.library.pages.timeline(asked.where)))

    @get(app, "/folders", response_model=FoldersBody, responses=ERRORS)
    def folders(asked: Annotated[WhereFields, Query()]) -> Response:
        """Count the pictures of the outer two levels of folders: of all pictures, or of those that a filter leaves."""
        counted = live.current.library.folders.of(asked.where)
        return _json(FoldersBody(folders=[FolderBody.model_validate(folder) for folder in counted]))

    @get(app, "/examples", response_model=ExamplesBody, responses=openapi.errors(429, 503))
    def examples() -> Response:
        """Return a few queries that each find something in this library; none where the index has none."""
        return _json(ExamplesBody(examples=list(live.current.library.examples.all)))

    @get(app, "/pictures", response_model=PicturesBody, responses=ERRORS)
    def pictures(asked: Annotated[PageFields, Query()]) -> Response:
        """Return pictures of the library, or of those that a filter leaves, from a place in the order on."""
        library, limit = live.current.library, asked.limit
        found = library.pages.page(
            asked.order, limit + 1, offset=asked.offset, where=asked.where
        )  # one more: is there a next?
        following = asked.offset + limit if len(found) > limit else None
        bodies = paged_pictures(library, library.rows_of_found(found[:limit]))
        return _json(PicturesBody(pictures=bodies, next=following))

    @get(app, "/pictures/{picture_id}", response_model=PagedPicture, responses=OF_ONE)
    def picture(picture_id: Annotated[int, Path(ge=1, le=ID_MAX)]) -> Response:
        """Return one picture of the library, such as the one that a link to the page names."""
        library = live.current.library
        [body] = paged_pictures(library, library.rows([picture_id]))
        return _json(body)


def _json(body: BaseModel) -> Response:
    """Return the answer as JSON, made in the request's own thread; `runtime/web/routes/searching.py` says why."""
    return Response(body.model_dump_json(), media_type="application/json")
