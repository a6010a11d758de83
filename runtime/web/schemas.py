"""The JSON that goes over the wire: what a request may hold, what an answer holds. Knows no HTTP and no engine's insides."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from runtime.library.captions import CaptionSource
from runtime.search.answer import Answer, Hit
from runtime.search.evidence import Verdict
from runtime.search.query import PICTURE_WEIGHT

Fraction = Annotated[float, Field(ge=0, le=1)]


class SearchRequest(BaseModel):
    """`POST /search`. `top_k` without a value is the setting TOP_K_DEFAULT; `explain` asks for words and sentences."""

    model_config = ConfigDict(strict=True, extra="ignore")

    query: str = Field(description="What the picture should show; -word leaves out", examples=["a red boat -sunset"])
    top_k: int = Field(default=0, description="How many pictures; default: the setting TOP_K_DEFAULT", examples=[5])
    explain: bool = Field(default=True, description="Whether each hit gets its words' weights and its sentence")
    like: int | None = Field(default=None, description="A picture's id: more like this one; the query may then be empty")
    picture_weight: float = Field(default=PICTURE_WEIGHT, description="0: the words alone count; 1: the picture alone")


class ExplainRequest(BaseModel):
    """`POST /explain`: hits of a search in depth."""

    model_config = ConfigDict(strict=True, extra="ignore")

    query: str = Field(description="The words that the pictures were found by", examples=["a red boat"])
    ids: list[int] = Field(description="The pictures", examples=[[17, 4]])
    heatmap: bool = Field(default=False, description="Whether each gets its heatmap and the check of it")
    explain: bool = Field(default=True, description="Whether each gets its words' weights and its sentence")


class WordBody(BaseModel):
    """One content word of the query: the cosine that the match loses without it, and its part of all such losses."""

    word: str
    drop: float
    share: float
    in_caption: bool


class HeatmapBody(BaseModel):
    """What each patch contributes to the cosine, rows from the top; `box` is the part of the picture that they cover."""

    grid: int
    box: tuple[float, float, float, float]
    contributions: list[list[float]]


class OcclusionBody(BaseModel):
    """What the score loses without the hottest patches, and without as many random ones (the mean of `draws`)."""

    patches: int
    draws: int
    hottest_drop: float
    random_drop: float
    holds: bool


class EvidenceBody(BaseModel):
    """Why a picture matched, in facts. Both scores are cosines, in [-1, 1]."""

    score: float
    caption_score: float | None = None
    words: list[WordBody] = []
    heatmap: HeatmapBody | None = None
    occlusion: OcclusionBody | None = None


class ExplainedBody(BaseModel):
    """One hit in depth."""

    id: int
    match_probability: Fraction | None
    verdict: Verdict | None
    explanation: str
    explanation_source: str
    evidence: EvidenceBody


class ResultBody(ExplainedBody):
    """One hit. `image_path`, `caption` and `explanation` are the seed's contract."""

    image_path: str
    image_url: str
    score: float
    caption: str
    caption_source: CaptionSource


class SearchBody(BaseModel):
    """The answer to a search; `timings_ms` by stage, in the order in which the stages ran."""

    query: str
    top_k: int
    verdict: Verdict | None
    match_probability: Fraction | None
    results: list[ResultBody]
    timings_ms: dict[str, float]


class ExplainBody(BaseModel):
    """The answer to `POST /explain`, in the order of the ids."""

    query: str
    results: list[ExplainedBody]
    timings_ms: dict[str, float]


class FaultBody(BaseModel):
    """What is wrong: `code` for programs, `message` for people."""

    code: str
    message: str


class ErrorBody(BaseModel):
    """The one form of every error, on every route."""

    error: FaultBody


class ReadyBody(BaseModel):
    """The answer to `GET /readyz`. `sample_models`: the models know drawn scenes only, and no photos."""

    status: Literal["ready"] = "ready"
    pictures: int
    sample_models: bool


def to_search_body(answer: Answer, top_k: int) -> SearchBody:
    """Return the wire form of an answer to a search."""
    return SearchBody(
        query=answer.query,
        top_k=top_k,
        verdict=answer.verdict,
        match_probability=_rounded(answer.match_probability),
        results=[
            ResultBody(
                image_path=hit.row.image_path,
                image_url=hit.image_url,
                score=round(hit.evidence.score, 6),
                caption=hit.caption,
                caption_source=hit.caption_source,
                **_explained(hit),
            )
            for hit in answer.hits
        ],
        timings_ms=answer.timings_ms,
    )


def to_explain_body(answer: Answer) -> ExplainBody:
    """Return the wire form of hits in depth."""
    results = [ExplainedBody(**_explained(hit)) for hit in answer.hits]
    return ExplainBody(query=answer.query, results=results, timings_ms=answer.timings_ms)


def _explained(hit: Hit) -> dict[str, Any]:
    return {
        "id": hit.row.id,
        "match_probability": _rounded(hit.evidence.match_probability),
        "verdict": hit.evidence.verdict,
        "explanation": hit.explanation,
        "explanation_source": hit.explanation_source,
        "evidence": _to_evidence_body(hit),
    }


def _to_evidence_body(hit: Hit) -> EvidenceBody:
    known, heatmap, occlusion = hit.evidence, hit.heatmap, hit.occlusion
    return EvidenceBody(
        score=round(known.score, 6),
        caption_score=_rounded(known.caption_score),
        words=[
            WordBody(word=word.word, drop=round(word.drop, 6), share=round(word.share, 4), in_caption=word.in_caption)
            for word in known.words
        ],
        heatmap=HeatmapBody(
            grid=len(heatmap.contributions), box=heatmap.box, contributions=heatmap.contributions.round(6).tolist()
        )
        if heatmap
        else None,
        occlusion=OcclusionBody(
            patches=occlusion.patches,
            draws=occlusion.draws,
            hottest_drop=round(occlusion.hottest_drop, 6),
            random_drop=round(occlusion.random_drop, 6),
            holds=occlusion.holds,
        )
        if occlusion
        else None,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
