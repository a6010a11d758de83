"""Scores captions against human ones by standard metrics. The only file that uses sacrebleu.

BLEU-4 (Papineni et al. 2002) and chrF (Popović 2015), both over the whole corpus, against all of a picture's captions, in
lower case. sacrebleu's signatures record all other settings, so that scores can be compared with published ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF


@dataclass(frozen=True)
class CaptionScores:
    """BLEU-4 and chrF, each 0 to 100, with sacrebleu's signature of its settings."""

    bleu4: float
    bleu4_signature: str
    chrf: float
    chrf_signature: str


def score_captions(captions: Sequence[str], references: Sequence[Sequence[str]]) -> CaptionScores:
    """Return the scores of n captions against n pictures' captions, one or more each."""
    streams = [list(stream) for stream in zip_longest(*references)]  # None where a picture has fewer captions than others
    bleu, chrf = BLEU(lowercase=True), CHRF(lowercase=True)
    bleu4 = bleu.corpus_score(list(captions), streams).score
    overlap = chrf.corpus_score(list(captions), streams).score
    return CaptionScores(bleu4, str(bleu.get_signature()), overlap, str(chrf.get_signature()))


def chrf_between(captions: Sequence[str], references: Sequence[str]) -> float:
    """Return the chrF, 0 to 100, of captions against one reference each."""
    return float(CHRF(lowercase=True).corpus_score(list(captions), [list(references)]).score)
