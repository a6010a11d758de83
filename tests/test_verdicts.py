"""What holds of each single hit, over two thousand hits of the sample models: verdicts and sentences do not contradict."""

import random
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from export.index.captions.questions import CaptionQuestions
from export.storybook.captions import noun_phrase
from export.storybook.scenes import COLOURS, COUNTS, OBJECTS
from runtime.bootstrap import open_engine
from runtime.search.caption_stance import AGREES
from runtime.search.caption_stance import stance_of as said_by
from runtime.search.evidence import Answer, Hit
from runtime.search.query import RequestLimits
from runtime.search.ranking import CAPTIONS_BELIEVED_FROM
from runtime.settings import Settings
from tests.sample_library import MODELS

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary

QUERIES, TOP_K, HITS_MIN = 70, 12, 2000
WITHOUT_TIME = ("at dusk", "in the snow", "near a zebra")  # in words that no caption uses
# All that may be said of a picture that is no match; nothing in it counts for the picture.
NO_MATCH = re.compile(
    r"There is no sign of [^.]+\."
    r"|It does not look like “[^”]+”( without [^.]+)?\."
    r"|The caption says “[^”]+”, but the picture does not look like it\."
    r"|The caption says there (is|are) no \w+(, and there is no sign of [^.]+)?\."
    r"|It shows \w+ \w+, not \w+(, and there is no sign of [^.]+)?\."
    r"|There (is|are) [\w ]+ and something \w+, but the \w+ (is|are) [\w ]+?(, and there is no sign of [^.]+)?\."
    r"|The \w+ (is|are) [\w ]+, not \w+(, and there is no sign of [^.]+)?\."
)


def queries_of(captions: list[str], rng: random.Random) -> Iterator[str]:
    """Yield queries of which captions say all, of things that may be nowhere, and of words that no caption uses."""
    questions = CaptionQuestions([[caption] for caption in captions])
    for at in range(QUERIES):
        yield questions.draw(rng)
        yield noun_phrase(rng.choice(COUNTS), rng.choice(COLOURS), rng.choice(OBJECTS))
        yield f"{questions.draw(rng)} {WITHOUT_TIME[at % len(WITHOUT_TIME)]}"


@pytest.fixture(scope="module")
def answers(sample_library: "SampleLibrary") -> list[Answer]:
    settings = Settings.read(models_dir=MODELS, index_dir=sample_library.index, groq_api_key="")
    engine, limits, rng = open_engine(settings), RequestLimits(), random.Random(20)
    captions = [row.caption or "" for row in engine.library.rows(range(1, engine.count + 1))]
    return [engine.search(limits.check_search(query, TOP_K)) for query in queries_of(captions, rng)]


@pytest.fixture(scope="module")
def hits(answers: list[Answer]) -> list[tuple[str, Hit]]:
    """Each hit with its query."""
    found = [(answer.request.query.text, hit) for answer in answers for hit in answer.hits]
    assert len(found) >= HITS_MIN
    return found


def test_a_hit_whose_caption_states_the_whole_query_is_never_called_none(hits: list[tuple[str, Hit]]) -> None:
    stated = [(query, hit) for query, hit in hits if said_by(query, hit.caption.text) == AGREES]
    assert len(stated) > 100
    assert [(query, hit.caption.text) for query, hit in stated if hit.evidence.verdict == "none"] == []
    assert all(hit.evidence.stance.agrees for _, hit in stated)


def test_no_sentence_of_a_hit_that_is_called_none_credits_it_with_a_word(hits: list[tuple[str, Hit]]) -> None:
    none = [(query, hit) for query, hit in hits if hit.evidence.verdict == "none"]
    assert len(none) > 500
    told = [(query, hit.explanation.text) for query, hit in none if not NO_MATCH.fullmatch(hit.explanation.text)]
    assert told == []


def test_hits_come_in_the_order_of_their_probabilities(answers: list[Answer]) -> None:
    for answer in answers:
        chances = [hit.evidence.match_probability or 0.0 for hit in answer.hits]
        assert chances == sorted(chances, reverse=True)


def test_a_strong_match_is_seldom_one_whose_caption_says_otherwise(hits: list[tuple[str, Hit]]) -> None:
    strong = [hit for _, hit in hits if hit.evidence.verdict == "strong"]
    assert len(strong) > 50
    assert sum(hit.evidence.stance.conflict is not None for hit in strong) / len(strong) < 0.05


def test_the_captions_of_the_sample_models_are_believed(sample_library: "SampleLibrary") -> None:
    from runtime.artefacts.manifest import read_index_manifest

    calibration = read_index_manifest(sample_library.index).calibration
    assert calibration
    assert calibration.agreeing_are_right >= CAPTIONS_BELIEVED_FROM
