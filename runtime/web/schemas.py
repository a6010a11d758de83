"""The JSON of the API: what a request may hold, what an answer holds. Knows no HTTP.

Answers are read from the search's own records: each field from the attribute of its name, or from the path in its alias.
"""

from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, AliasChoices, AliasPath, BaseModel, BeforeValidator, ConfigDict, Field

from runtime.library.captions import CaptionSource
from runtime.library.where import VALUE_MAX_CHARS
from runtime.search.evidence import Verdict
from runtime.search.query import MINUS_WORDS_MAX, PICTURE_WEIGHT, HitOrder
from runtime.search.testimony import CaptionSays


def _nested_lists(contributions: Any) -> Any:  # noqa: ANN401 (an array, or lists already)
    """Return an array as nested lists; pydantic does not read arrays."""
    return contributions.round(6).tolist() if isinstance(contributions, np.ndarray) else contributions


# Bounds that are described, but checked by the search itself, whose errors name the field and its limits.
WEIGHT_BOUNDS: dict[str, Any] = {"minimum": 0, "maximum": 1}
Rounded = Annotated[float, AfterValidator(partial(round, ndigits=6))]
RoundedShare = Annotated[float, AfterValidator(partial(round, ndigits=4))]
RoundedProbability = Annotated[float, Field(ge=0, le=1), AfterValidator(partial(round, ndigits=6))]
Rows = Annotated[list[list[float]], BeforeValidator(_nested_lists)]


QUERY_READ: Any = Field(
    None, description="The part that was searched for, where the query is too long for the model; else null"
)


WHERE_SAID = "Only pictures of this date, folder, place or camera; null for all"
ORDER_SAID = "The best first, or the newest of the best; those without a date come last"
_WHERE_VALUES = {
    "from": ("The first date: a year, a month or a day", "2019-06"),
    "to": ("The last date, included", "2019"),
    "folder": ("One or more whole names of folders, one within the other", "holiday"),
    "place": ("A town, a country, or both", "Lisbon, Portugal"),
    "camera": ("Words of its maker's and model's name", "Pixel 7"),
}
WHERE_FORM: dict[str, Any] = {
    "properties": {
        key: {
            "anyOf": [{"type": "string", "maxLength": VALUE_MAX_CHARS}, {"type": "null"}],
            "description": said,
            "examples": [example],
        }
        for key, (said, example) in _WHERE_VALUES.items()
    },
    "additionalProperties": False,
}
QUERY_SAID = f"What the picture should show; -word leaves out, up to {MINUS_WORDS_MAX} words or phrases"
QUERY_EXPLAINED = "The words that the pictures were found by"


class SearchFields(BaseModel):
    """`POST /search`; the app adds the bounds that its settings hold."""

    model_config = ConfigDict(strict=True, extra="ignore")

    query: str = Field(description=QUERY_SAID, examples=["a red boat -sunset"])
    top_k: int = Field(description="How many pictures", examples=[5])
    explain: bool = Field(default=True, description="Whether each hit gets its words' weights and its sentence")
    like: int | None = Field(default=None, description="A picture's id: more like this one; the query may then be empty")
    picture_weight: float = Field(
        default=PICTURE_WEIGHT,
        description="0: the words alone count; 1: the picture alone",
        json_schema_extra=WEIGHT_BOUNDS,
    )
    where: dict[str, Any] | None = Field(default=None, description=WHERE_SAID, json_schema_extra=WHERE_FORM)
    order: HitOrder = Field(default="match", description=ORDER_SAID)


class ExplainFields(BaseModel):
    """`POST /explain`: hits of a search in depth; the app adds the bounds that its settings hold."""

    model_config = ConfigDict(strict=True, extra="ignore")

    query: str = Field(description=QUERY_EXPLAINED, examples=["a red boat"])
    ids: list[int] = Field(description="The pictures", examples=[[17, 4]])
    heatmap: bool = Field(default=False, description="Whether each gets its heatmap and the check of it")
    explain: bool = Field(default=True, description="Whether each gets its words' weights and its sentence")


class AnswerPart(BaseModel):
    """Part of an answer: `model_validate` reads it from the search's record, or from its own JSON."""

    model_config = ConfigDict(from_attributes=True, validate_by_name=True)


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
    caption_says: CaptionSays = Field(
        "silent", validation_alias=AliasChoices("caption_says", AliasPath("testimony", "says"))
    )
    named: bool = Field(default=False, validation_alias=AliasChoices("named", "is_named"))
    written: bool = Field(default=False, validation_alias=AliasChoices("written", AliasPath("writing", "is_whole")))
    text: list[WrittenBody] = Field(default=[], validation_alias=AliasChoices("text", AliasPath("writing", "words")))
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

    `width` and `height` are the picture's, in pixels, upright. `preview_url` is null where no previews are served.
    """

    image_path: str = Field(validation_alias=AliasPath("row", "image_path"))
    image_url: str
    preview_url: str | None = None
    width: int = Field(validation_alias=AliasChoices("width", AliasPath("row", "width")))
    height: int = Field(validation_alias=AliasChoices("height", AliasPath("row", "height")))
    score: Rounded = Field(validation_alias=AliasChoices("score", AliasPath("evidence", "score")))
    caption: str = Field(validation_alias=AliasPath("caption", "text"))
    caption_source: CaptionSource
    taken: str | None = Field(
        None,
        validation_alias=AliasChoices("taken", AliasPath("facts", "taken")),
        description="Local time as it was written, as far as it is known: 2019, 2019-06, 2019-06-02, 2019-06-02T14:03:22",
    )
    place: str | None = Field(
        None,
        validation_alias=AliasChoices("place", AliasPath("facts", "place")),
        description="The town there, or the nearest",
    )
    country: str | None = Field(
        None, validation_alias=AliasChoices("country", AliasPath("facts", "country")), description="ISO 3166-1, two letters"
    )
    camera: str | None = Field(
        None, validation_alias=AliasChoices("camera", AliasPath("facts", "camera")), description="Maker and model"
    )
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

    `filtered` is null without a filter. A filter of `filters_suggested` is not applied.
    """

    query: str = Field(validation_alias=AliasPath("request", "query", "text"))
    query_read: str | None = QUERY_READ
    top_k: int = Field(validation_alias=AliasPath("request", "top_k"))
    verdict: Verdict | None
    match_probability: RoundedProbability | None
    results: list[ResultBody] = Field(validation_alias="hits")
    filtered: FilteredBody | None = None
    filters_suggested: list[SuggestedFilterBody] = []
    timings_ms: dict[str, float]


class ExplainBody(AnswerPart):
    """The answer to `POST /explain`, in the order of the ids."""

    query: str = Field(validation_alias=AliasPath("request", "query", "text"))
    query_read: str | None = QUERY_READ
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

    `sample_models`: the models know drawn scenes only, and no photos. `login`: a token is asked for. `damage`: files that
    are not what their manifest records; null until all were compared.
    """

    status: Literal["ready"] = "ready"
    pictures: int = Field(validation_alias=AliasChoices("pictures", "count"))
    sample_models: bool
    login: bool = False
    generation: str | None = Field(None, validation_alias=AliasChoices("generation", AliasPath("release", "generation")))
    models: str | None = Field(None, validation_alias=AliasChoices("models", AliasPath("release", "models_name")))
    damage: list[str] | None = None
