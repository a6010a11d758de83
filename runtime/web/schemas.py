"""The JSON of answers; `request_fields.py` has that of requests. Knows no HTTP.

They are read from the search's own records: each field from the attribute of its name, or from the path in its alias.
"""

from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, AliasChoices, AliasPath, BaseModel, BeforeValidator, ConfigDict, Field

from runtime.library.captions import CaptionSource
from runtime.search.caption_stance import CaptionSays
from runtime.search.verdicts import Verdict


def _nested_lists(contributions: Any) -> Any:  # noqa: ANN401 (an array, or lists already)
    """Return an array as nested lists; pydantic does not read arrays."""
    return contributions.round(6).tolist() if isinstance(contributions, np.ndarray) else contributions


Rounded = Annotated[float, AfterValidator(partial(round, ndigits=6))]
RoundedShare = Annotated[float, AfterValidator(partial(round, ndigits=4))]
RoundedProbability = Annotated[float, Field(ge=0, le=1), AfterValidator(partial(round, ndigits=6))]
Rows = Annotated[list[list[float]], BeforeValidator(_nested_lists)]


QUERY_READ: Any = Field(
    None, description="The part that was searched for, where the query is too long for the model; else null"
)
QUERY_LANGUAGE: Any = Field(
    None,
    validation_alias=AliasPath("request", "query", "language"),
    description='Of the query, as ISO 639 has it ("und": one of several); left out where it is English or not known',
    exclude_if=lambda language: language is None,
)


class AnswerPart(BaseModel):
    """Part of an answer: `model_validate` reads it from the search's record, or from its own JSON."""

    # defer_build: parts are built with the answer that they belong to, and not each once more; a third of this module's time
    model_config = ConfigDict(from_attributes=True, validate_by_name=True, defer_build=True)


class WordBody(AnswerPart):
    """One content word of the query: the cosine that the match loses without it, and its part of all such losses."""

    word: str
    drop: Rounded
    share: RoundedShare
    in_caption: bool


class HeatmapBody(AnswerPart):
    """What each patch contributes to the cosine, rows from the top; `box` is the part of the picture that they cover."""

    grid: int
    box: tuple[float, float, float, float]
    contributions: Rows


class OcclusionBody(AnswerPart):
    """What the score loses without the hottest patches, and without as many random ones (the mean of `draws`)."""

    patches: int
    draws: int
    hottest_drop: Rounded
    random_drop: Rounded
    holds: bool


class WrittenBody(AnswerPart):
    """A word that stands in the picture in letters; `box` is left, top, right, bottom, as fractions of it when upright."""

    text: str
    box: tuple[float, float, float, float]


class EvidenceBody(AnswerPart):
    """Why a picture matched, in facts. Both scores are cosines, in [-1, 1].

    `caption_says` compares the caption with the query in words; `named`: the names of file and folders have all its words.
    `text`: the words in the picture's own text that the query names; `written`: all of the query's stand there together.
    """

    score: Rounded
    caption_score: Rounded | None = None
    caption_says: CaptionSays = Field("silent", validation_alias=AliasPath("stance", "says"))
    named: bool = Field(default=False, validation_alias="is_named")
    written: bool = Field(default=False, validation_alias=AliasPath("writing", "is_whole"))
    text: list[WrittenBody] = Field(default=[], validation_alias=AliasPath("writing", "words"))
    words: list[WordBody] = []
    heatmap: HeatmapBody | None = None
    occlusion: OcclusionBody | None = None


class ExplainedBody(AnswerPart):
    """One hit in depth."""

    id: int = Field(validation_alias=AliasPath("row", "id"))
    match_probability: RoundedProbability | None = Field(validation_alias=AliasPath("evidence", "match_probability"))
    verdict: Verdict | None = Field(validation_alias=AliasPath("evidence", "verdict"))
    explanation: str = Field(validation_alias=AliasPath("explanation", "text"))
    explanation_source: str = Field(validation_alias=AliasPath("explanation", "source"))
    evidence: EvidenceBody


class CopyBody(AnswerPart):
    """A picture that a result stands for, too."""

    id: int
    image_path: str


class ResultBody(ExplainedBody):
    """One hit. `image_path`, `caption` and `explanation` are the seed's contract.

    `width` and `height` are the picture's, in pixels, upright, and `bytes` its file's, null where another picture has taken
    its place. `preview_url` is null where no previews are served.
    """

    image_path: str = Field(validation_alias=AliasPath("row", "image_path"))
    image_url: str
    preview_url: str | None = None
    width: int = Field(validation_alias=AliasPath("row", "width"))
    height: int = Field(validation_alias=AliasPath("row", "height"))
    bytes: int | None = None
    # by its name first: an answer has a score of the evidence, too
    score: Rounded = Field(validation_alias=AliasChoices("score", AliasPath("evidence", "score")))
    caption: str = Field(validation_alias=AliasPath("caption", "text"))
    caption_source: CaptionSource
    taken: str | None = Field(
        None,
        validation_alias=AliasPath("facts", "taken"),
        description="Local time as it was written, as far as it is known: 2019, 2019-06, 2019-06-02, 2019-06-02T14:03:22",
    )
    taken_source: str | None = Field(
        None,
        validation_alias=AliasPath("facts", "taken_source"),
        description="What told it: sidecar, exif, exif_digitized, xmp, iptc, takeout, name, exif_modified or mtime",
    )
    place: str | None = Field(
        None,
        validation_alias=AliasPath("facts", "place"),
        description="The town there, or the nearest",
    )
    country: str | None = Field(None, validation_alias=AliasPath("facts", "country"), description="ISO 3166-1, two letters")
    camera: str | None = Field(None, validation_alias=AliasPath("facts", "camera"), description="Maker and model")
    copies: list[CopyBody] = []
    copy_count: int = 0


class FilteredBody(AnswerPart):
    """How many of all pictures the filter leaves, and the same as a sentence."""

    pictures: int
    of: int
    message: str


class SuggestedFilterBody(AnswerPart):
    """A filter that some words of the query suggest; `query` is what is left without them, and may be empty."""

    words: str
    where: dict[str, str]
    query: str


class SearchBody(AnswerPart):
    """The answer to a search; `timings_ms` by stage, in the order in which the stages ran.

    `filtered` is null without a filter. A filter of `filters_suggested` is not applied. `verdict` and `match_probability`
    are those of the best result of this page.
    """

    model_config = ConfigDict(defer_build=False)  # not with the first search

    query: str = Field(validation_alias=AliasPath("request", "query", "text"))
    query_read: str | None = QUERY_READ
    query_language: str | None = QUERY_LANGUAGE
    top_k: int = Field(validation_alias=AliasPath("request", "top_k"))
    verdict: Verdict | None
    match_probability: RoundedProbability | None
    results: list[ResultBody] = Field(validation_alias="hits")
    filtered: FilteredBody | None = None
    filters_suggested: list[SuggestedFilterBody] = []
    next: str | None = Field(None, description="The `cursor` of the next page; null where nothing comes behind")
    timings_ms: dict[str, float]


class ExplainBody(AnswerPart):
    """The answer to `POST /explain`, in the order of the ids."""

    query: str = Field(validation_alias=AliasPath("request", "query", "text"))
    query_read: str | None = QUERY_READ
    query_language: str | None = QUERY_LANGUAGE
    results: list[ExplainedBody] = Field(validation_alias="hits")
    timings_ms: dict[str, float]


class FaultBody(BaseModel):
    """What is wrong: `code` for programs, `message` for people."""

    code: str
    message: str


class ErrorBody(BaseModel):
    """The one form of every error, on every route."""

    error: FaultBody


class ReadyBody(AnswerPart):
    """The answer to `GET /readyz`.

    `sample_models`: the models know drawn scenes only, and no photos. `login`: a token is asked for. `local`: folders are
    opened for who asks. `damage`: files that are not what their manifest records; null until all were compared. `awaited`:
    how many pictures are still to be read, while a build goes on.
    """

    status: Literal["ready"] = "ready"
    pictures: int = Field(validation_alias=AliasChoices("pictures", "count"))
    sample_models: bool
    login: bool = False
    local: bool = False
    generation: str | None = Field(None, validation_alias=AliasPath("release", "generation"))
    models: str | None = Field(None, validation_alias=AliasPath("release", "models_name"))
    damage: list[str] | None = None
    awaited: int = Field(
        0,
        validation_alias=AliasPath("release", "index", "awaited"),
        exclude_if=lambda count: count == 0,
    )
