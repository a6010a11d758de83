"""The JSON that goes over the wire: what a request may hold, what an answer holds. Knows no HTTP and no engine's insides."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from runtime.engine import Hit, SearchAnswer

Verdict = Literal["strong", "weak", "none"]


class SearchRequest(BaseModel):
    """`POST /search`. `top_k` without a value is the setting TOP_K_DEFAULT; `explain` asks for a sentence a hit."""

    model_config = ConfigDict(strict=True, extra="ignore")

    query: str = Field(description="What the picture should show, in words", examples=["a red boat at sunset"])
    top_k: int = Field(default=0, description="How many pictures; default: the setting TOP_K_DEFAULT", examples=[5])
    explain: bool = Field(default=True, description="Whether each hit gets its sentence")


class EvidenceBody(BaseModel):
    """Why a picture matched, in facts. `score` is the cosine of query and picture, in [-1, 1]."""

    score: float


class ResultBody(BaseModel):
    """One hit. `image_path`, `caption` and `explanation` are the seed's contract."""

    id: int
    image_path: str
    image_url: str
    score: float
    match_probability: float | None = None
    verdict: Verdict | None = None
    caption: str
    caption_source: Literal["index", "live", "none"]
    explanation: str
    explanation_source: str
    evidence: EvidenceBody


class SearchBody(BaseModel):
    """The answer to `POST /search`; `timings_ms` by stage, in the order in which the stages ran."""

    query: str
    top_k: int
    verdict: Verdict | None = None
    results: list[ResultBody]
    timings_ms: dict[str, float]


class FaultBody(BaseModel):
    """What is wrong: `code` for programs, `message` for people."""

    code: str
    message: str


class ErrorBody(BaseModel):
    """The one form of every error, on every route."""

    error: FaultBody


class ReadyBody(BaseModel):
    """The answer to `GET /readyz`."""

    status: Literal["ready"] = "ready"
    pictures: int


def to_search_body(answer: SearchAnswer) -> SearchBody:
    """Return the wire form of an answer."""
    results = [_to_result_body(hit) for hit in answer.hits]
    return SearchBody(query=answer.query, top_k=answer.top_k, results=results, timings_ms=answer.timings_ms)


def _to_result_body(hit: Hit) -> ResultBody:
    score = round(hit.evidence.score, 6)
    return ResultBody(
        id=hit.row.id,
        image_path=hit.row.image_path,
        image_url=hit.image_url,
        score=score,
        caption=hit.caption,
        caption_source=hit.caption_source,
        explanation=hit.explanation,
        explanation_source=hit.explanation_source,
        evidence=EvidenceBody(score=score),
    )
