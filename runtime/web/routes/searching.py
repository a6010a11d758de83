"""The routes of searches: what each takes, and what it answers. Knows HTTP; the engine knows the rest."""

import json
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Body, FastAPI, File, Form, Response, UploadFile
from pydantic import Field

from runtime.images import UploadReader
from runtime.library.photos.where import FilterInvalid
from runtime.search.query import PICTURE_WEIGHT, HitOrder
from runtime.settings import Settings
from runtime.web.live_engine import FixedEngine, LiveEngine
from runtime.web.log.requests import note_query
from runtime.web.request_fields import (
    CURSOR_BOUNDS,
    CURSOR_SAID,
    ORDER_SAID,
    QUERY_EXPLAINED,
    QUERY_SAID,
    WEIGHT_BOUNDS,
    WHERE_SAID,
    ExplainFields,
    SearchFields,
)
from runtime.web.routes.routing import post_queued
from runtime.web.schemas import ExplainBody, SearchBody


def add_searches(app: FastAPI, live: FixedEngine | LiveEngine, settings: Settings, uploads: UploadReader) -> None:
    """Declare them. Each request reads `live.current` once, and `uploads` reads the pictures that one searches with."""
    limits = live.current.limits
    top_k_bounds: dict[str, Any] = {"minimum": 1, "maximum": limits.top_k_max}
    query_bounds: dict[str, Any] = {"maxLength": settings.query_max_chars}
    ids_bounds: dict[str, Any] = {"minItems": 1, "maxItems": limits.top_k_max}

    class SearchRequest(SearchFields):
        """`POST /search`. With `explain`, each hit gets its word weights and a sentence."""

        query: str = Field(description=QUERY_SAID, examples=["a red boat -sunset"], json_schema_extra=query_bounds)
        top_k: int = Field(settings.top_k_default, description="How many pictures", json_schema_extra=top_k_bounds)

    class ExplainRequest(ExplainFields):
        """`POST /explain`. Each id counts once; with `heatmap`, fewer may be asked for."""

        query: str = Field(description=QUERY_EXPLAINED, examples=["a red boat"], json_schema_extra=query_bounds)
        ids: list[int] = Field(description="The pictures", examples=[[17, 4]], json_schema_extra=ids_bounds)

    @post_queued(
        app,
        "/search",
        SearchBody,
        takes='The body must be JSON (content-type: application/json) like {"query": "a red boat", "top_k": 5}.',
    )
    def search(body: Annotated[SearchRequest, Body()]) -> Response:
        """Find the pictures nearest to a query, or most like a picture of the library, and say why each is among them."""
        request = limits.check_search(
            body.query,
            body.top_k,
            explain=body.explain,
            like=body.like,
            picture_weight=body.picture_weight,
            where=body.where,
        )
        request = limits.check_page(replace(request, order=body.order), body.cursor)
        note_query(body.query)
        return _rendered(SearchBody.model_validate(live.current.search(request)))

    @post_queued(
        app,
        "/search/image",
        SearchBody,
        takes="The body must be a form (content-type: multipart/form-data) with the picture's file as `image`.",
        more_errors=(501,),
    )
    def search_by_image(  # noqa: PLR0913, PLR0917 (a parameter is a field of the form)
        image: Annotated[UploadFile, File(description="The picture to search with")],
        query: Annotated[str, Form(description="Words to search with, too", json_schema_extra=query_bounds)] = "",
        top_k: Annotated[
            int, Form(description="How many pictures", json_schema_extra=top_k_bounds)
        ] = settings.top_k_default,
        picture_weight: Annotated[
            float, Form(description="0: the words alone count; 1: the picture alone", json_schema_extra=WEIGHT_BOUNDS)
        ] = PICTURE_WEIGHT,
        explain: Annotated[bool, Form(description="Whether each hit gets its sentence")] = True,
        where: Annotated[str, Form(description=f"{WHERE_SAID}: a JSON object as POST /search takes it")] = "",
        order: Annotated[HitOrder, Form(description=ORDER_SAID)] = "match",
        cursor: Annotated[str, Form(description=CURSOR_SAID, json_schema_extra=CURSOR_BOUNDS)] = "",
    ) -> Response:
        """Find the pictures most like one that is sent along, perhaps with words."""
        request = limits.check_image_search(
            query, top_k, explain=explain, picture_weight=picture_weight, where=_read_json(where)
        )
        request = limits.check_page(replace(request, order=order), cursor)
        note_query(query)
        engine = live.current
        name = image.filename or "The picture"
        pixels = uploads.read(image.file.read(), name, engine.preprocessing, engine.library.decode_rule)
        return _rendered(SearchBody.model_validate(engine.search_by_image(request, pixels)))

    @post_queued(
        app,
        "/explain",
        ExplainBody,
        takes='The body must be JSON (content-type: application/json) like {"query": "a red boat", "ids": [1, 2]}.',
    )
    def explain(body: Annotated[ExplainRequest, Body()]) -> Response:
        """Say of hits in depth why they match, or do not: sentence, words, and on demand where in the picture."""
        request = limits.check_explain(body.query, body.ids, heatmap=body.heatmap, explain=body.explain)
        note_query(body.query)
        return _rendered(ExplainBody.model_validate(live.current.explain(request)))


def _read_json(field: str) -> object:
    """Return what a form's field holds as JSON; None where it is left empty."""
    try:
        return json.loads(field) if field.strip() else None
    except (ValueError, RecursionError) as cause:
        raise FilterInvalid("where", field, 'a JSON object such as {"from": "2019-06"}') from cause


def _rendered(body: SearchBody | ExplainBody) -> Response:
    """Return the answer as JSON, its stages' times in `Server-Timing`.

    Rendered here, in the search's own thread: FastAPI would check the body once more in another one, and then render it on
    the event loop, where everybody waits for it.
    """
    stages = (f"{stage};dur={milliseconds}" for stage, milliseconds in body.timings_ms.items())
    headers = {"server-timing": ", ".join(stages)}
    return Response(body.model_dump_json(), media_type="application/json", headers=headers)
