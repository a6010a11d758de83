"""The JSON of requests; `schemas.py` has that of answers. Knows no HTTP."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from runtime.library.photos.where import VALUE_MAX_CHARS
from runtime.search.cursor import CURSOR_MAX_CHARS
from runtime.search.query import MINUS_WORDS_MAX, PICTURE_WEIGHT, HitOrder

# Bounds that are described, but checked by the search itself, whose errors name the field and its limits.
WEIGHT_BOUNDS: dict[str, Any] = {"minimum": 0, "maximum": 1}
WHERE_SAID = "Only pictures of this date, folder, place or camera, or with text; null for all"
ORDER_SAID = "The best first, or the newest of the best; those without a date come last"
CURSOR_SAID = "The `next` of the page before, all else as it was; top_k and order may change"
CURSOR_BOUNDS: dict[str, Any] = {"maxLength": CURSOR_MAX_CHARS}
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
    }
    | {"has_text": {"type": ["boolean", "null"], "description": "Whether text was read in the picture"}},
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
    cursor: str | None = Field(default=None, description=CURSOR_SAID, json_schema_extra=CURSOR_BOUNDS)


class ExplainFields(BaseModel):
    """`POST /explain`: hits of a search in depth; the app adds the bounds that its settings hold."""

    model_config = ConfigDict(strict=True, extra="ignore")

    query: str = Field(description=QUERY_EXPLAINED, examples=["a red boat"])
    ids: list[int] = Field(description="The pictures", examples=[[17, 4]])
    heatmap: bool = Field(default=False, description="Whether each gets its heatmap and the check of it")
    explain: bool = Field(default=True, description="Whether each gets its words' weights and its sentence")
