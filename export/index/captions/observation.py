"""What is true of some pictures, and what captions say of them: from labels, or from the captions alone.

A calibration weighs what captions say against what is true. Where no person has said what is, the captions themselves are
taken for true, and for what captions say stands what another observer, as reliable as they are, would have said.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.index.captions.questions import CaptionQuestions, CaptionReadings
from export.index.captions.reliability import CaptionReliability, Vocabulary, measure_reliability, without_omitted
from export.index.captions.words import EmbedTexts
from runtime.search.noun_phrases import noun_phrases

# Measured between people's captions of the same photos (`benchmarks/captions/given_captions.py`): one names 37 % of the
# nouns of another, and 2 % contradict each other. The models are not asked: a caption by a person is believed where the
# towers know nothing.
PEOPLE = CaptionReliability(wrong=0.02, omitted=0.63)


@dataclass(frozen=True)
class Observation:
    """Of n pictures: what is true of them, and captions that say it more or less.

    `sample` are their places among those that were given. `vectors` are those of the captions, (n, d). `figures` tell how
    reliable these are, as far as it was measured.
    """

    sample: NDArray[np.intp]
    truth: CaptionQuestions
    observed: CaptionReadings
    vectors: NDArray[np.float32]
    figures: Mapping[str, float]


def observe_by_labels(labels: Sequence[Sequence[str]], captions: Sequence[str], vectors: NDArray[np.float32]) -> Observation:
    """Return captions of pictures, with their (n, d) vectors, beside what people said of the pictures."""
    observed = CaptionReadings([noun_phrases(caption) for caption in captions])
    everything = np.arange(len(captions))
    return Observation(everything, CaptionQuestions(labels), observed, vectors, {"labelled": len(captions)})


def observe_again(
    captions: Sequence[str],
    pictures: NDArray[np.float32],
    vectors: NDArray[np.float32],
    embed_texts: EmbedTexts,
    rng: random.Random,
    *,
    by_people: bool = False,
) -> Observation:
    """Return captions that are taken for true, and another observation of their pictures.

    True are those that fit their pictures best; as many as have an error are left out, but half at most.

    Args:
        captions: of n pictures.
        pictures: their vectors, (n, d) of norm 1.
        vectors: those of the captions, (n, d) of norm 1.
        embed_texts: runs the text tower, about 1,000 times and once for each caption that is observed otherwise.
        rng: draws what is observed.
        by_people: whether people wrote the captions, who are as reliable as people were found to be.
    """
    reliability = PEOPLE if by_people else measure_reliability(captions, pictures, embed_texts, rng)
    vocabulary = Vocabulary([noun_phrases(caption) for caption in captions])
    with_errors = int(len(captions) * reliability.share_with_errors(vocabulary.words_of_a_caption))
    best_last = np.argsort((pictures * vectors).sum(axis=1), kind="stable")
    sample = np.sort(best_last[min(with_errors, len(captions) // 2) :])
    true = [captions[at] for at in sample]
    seen = [vocabulary.misread(caption, reliability.wrong, rng) for caption in true]
    of_seen = vectors[sample].copy()
    for at, (caption, other) in enumerate(zip(true, seen, strict=True)):
        if caption != other:
            [of_seen[at]] = embed_texts([other])
    observed = CaptionReadings([without_omitted(noun_phrases(other), reliability.omitted, rng) for other in seen])
    figures = {"caption_words_wrong": reliability.wrong, "things_not_captioned": reliability.omitted}
    return Observation(sample, CaptionQuestions([[caption] for caption in true]), observed, of_seen, figures)
