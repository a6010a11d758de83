"""What a search found and why: the hits, the evidence that each is a match, the verdicts, and how long it took.

Records, and arithmetic over vectors that others made. Knows no model, no store and no wording.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.model_records import CLIP_LEVELS, CosineLevels
from runtime.library.captions import CaptionSource
from runtime.library.copies import Copy
from runtime.library.image_rows import ImageRow
from runtime.library.photos.photo_facts import NO_FACTS, PhotoFacts
from runtime.search.caption_stance import SILENT, Stance
from runtime.search.heatmap import Heatmap, Occlusion
from runtime.search.picture_text_matches import NO_WRITING, Writing
from runtime.search.query import CheckedExplain, CheckedSearch
from runtime.search.suggested_filters import SuggestedFilter
from runtime.search.verdicts import Verdict, verdict_of
from runtime.search.words import Phrase, stem


@dataclass(frozen=True)
class WordWeight:
    """How much one content word of the query counts in one picture.

    `drop` is the cosine that the match loses without the word; it may be negative. `share` is its part of all positive
    drops, in [0, 1]. `in_caption` tells whether the caption mentions the word.
    """

    word: str
    drop: float
    share: float
    in_caption: bool


@dataclass(frozen=True)
class Evidence:
    """What is known of one match.

    `score` is the cosine of query and picture, `caption_score` that of query and caption, both in [-1, 1];
    `match_probability` is in [0, 1]. None stands for what is not known: no caption, or an index without calibration.
    `stance` is what the caption in the index says of the query in words; silent where there is none.
    `levels` say what cosines of the encoder mean. `is_named`: the names of its file and folders have all the words of the
    query. `writing` is what of the text that stands in the picture the query names.
    `words` is empty where no explanation was asked for, and heatmap and occlusion are None where no heatmap was.
    """

    score: float
    caption_score: float | None = None
    match_probability: float | None = None
    verdict: Verdict | None = None
    levels: CosineLevels = CLIP_LEVELS
    stance: Stance = SILENT
    is_named: bool = False
    writing: Writing = NO_WRITING
    words: tuple[WordWeight, ...] = ()
    heatmap: Heatmap | None = None
    occlusion: Occlusion | None = None


@dataclass(frozen=True)
class Explanation:
    """One sentence, and who wrote it: `evidence`, `cache`, `groq:` and the model's name, or `none` if there is none."""

    text: str = ""
    source: str = "none"


NOT_EXPLAINED = Explanation()


@dataclass(frozen=True)
class Hit:
    """One picture that was found. The caption is empty where the picture has none.

    `has_changed`: another picture has taken its file's place since it was indexed; then `facts` are unknown, and there is no
    `preview_url`, as there is none where no previews are served. `copies` are other
    pictures that it stands for, too, the first of `copy_count`.
    """

    row: ImageRow
    image_url: str
    evidence: Evidence
    caption: Phrase
    caption_source: CaptionSource
    explanation: Explanation = NOT_EXPLAINED
    has_changed: bool = False
    facts: PhotoFacts = NO_FACTS
    preview_url: str | None = None
    copies: tuple[Copy, ...] = ()
    copy_count: int = 0

    @property
    def bytes(self) -> int | None:
        """How large the picture's file is; None where that is not known."""
        return None if self.has_changed else self.row.bytes or None


@dataclass(frozen=True)
class Filtered:
    """How many of all pictures a request's filter leaves, which were searched."""

    pictures: int
    of: int

    @property
    def message(self) -> str:
        """The same as a sentence."""
        if self.pictures:
            return f"The filter leaves {self.pictures:,} of {self.of:,} pictures."
        return f"The filter leaves none of {self.of:,} pictures. Leave out a part of it, or take another."


@dataclass(frozen=True)
class Answer:
    """The hits that a request gets, and how long each stage took, in milliseconds.

    `query_read` is the part of the query that was searched for, where the encoder did not read all of it; else None.
    `filtered` is None where no filter was asked for. `next` is the cursor of the next page, None where nothing comes behind.
    """

    request: CheckedSearch | CheckedExplain
    hits: list[Hit]
    timings_ms: dict[str, float] = field(default_factory=dict)
    query_read: str | None = None
    filtered: Filtered | None = None
    filters_suggested: tuple[SuggestedFilter, ...] = ()
    next: str | None = None

    @property
    def match_probability(self) -> float | None:
        """How likely at least the best hit is a match; None where that is unknown."""
        known = [hit.evidence.match_probability for hit in self.hits]
        return max((probability for probability in known if probability is not None), default=None)

    @property
    def verdict(self) -> Verdict | None:
        """The search's verdict is its best hit's; where a filter leaves no picture, there is none."""
        if self.filtered is not None and not self.filtered.pictures:
            return "none"
        probability = self.match_probability
        return None if probability is None else verdict_of(probability)


class StageTimings:
    """Milliseconds by stage, in the order in which the stages first ran; a stage that runs again adds to its time."""

    def __init__(self) -> None:
        self.timings_ms: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block under `name`."""
        start = perf_counter()
        try:
            yield
        finally:
            spent_ms = (perf_counter() - start) * 1000
            self.timings_ms[name] = round(self.timings_ms.get(name, 0.0) + spent_ms, 3)


def weigh_words(words: Sequence[str], drops: NDArray[np.floating], caption: Phrase) -> tuple[WordWeight, ...]:
    """Return how much each word counts in one picture, from the (w,) cosines that the match loses without each."""
    gains = np.maximum(drops, 0.0)
    whole = float(gains.sum())
    return tuple(
        WordWeight(word, drop, gain / whole if whole else 0.0, stem(word) in caption.stems)
        for word, drop, gain in zip(words, drops.tolist(), gains.tolist(), strict=True)
    )
