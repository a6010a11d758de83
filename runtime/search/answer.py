"""What a search answers: the hits, what is known of each, and how long each stage took."""

from dataclasses import dataclass, field

from runtime.library.captions import CaptionSource
from runtime.library.catalog import ImageRow
from runtime.search.evidence import Evidence, Verdict, verdict_of
from runtime.search.heatmap import Heatmap, Occlusion


@dataclass(frozen=True)
class Hit:
    """One picture that answers a question. `explanation` is empty, and the heatmap absent, where none was asked for."""

    row: ImageRow
    image_url: str
    evidence: Evidence
    caption: str
    caption_source: CaptionSource
    explanation: str = ""
    explanation_source: str = "none"
    heatmap: Heatmap | None = None
    occlusion: Occlusion | None = None


@dataclass(frozen=True)
class Answer:
    """The hits and how long each stage took, in milliseconds."""

    query: str
    hits: list[Hit]
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def match_probability(self) -> float | None:
        """How likely at least the best hit is a match; None where that is unknown."""
        known = [hit.evidence.match_probability for hit in self.hits]
        return max((probability for probability in known if probability is not None), default=None)

    @property
    def verdict(self) -> Verdict | None:
        """The search's verdict is its best hit's."""
        probability = self.match_probability
        return None if probability is None else verdict_of(probability)
