"""No local sentence says more than its verdict or against itself, whatever the facts."""

import itertools
import re

import pytest

from runtime.search.caption_stance import SILENT, Conflict, Stance
from runtime.search.verdicts import Verdict
from tests.runtime.explain.said import facts, sentence

SUNSET = "a red boat at sunset"
# What would say that a picture fits.
CREDITS = ("seems to show", "mentions", "all that you asked", "It may fit", "It fits", "looks like what", "looks a little")


CONFLICTS = [
    conflict
    for noun in ("boat", "boats", "orange", "people")
    for conflict in (
        Conflict("colour", noun, "red", "blue"),
        Conflict("colour", noun, "red", "blue", elsewhere=True),
        Conflict("number", noun, "two", "one"),
        Conflict("denied", noun, "boat"),
    )
]
AGREES = Stance(agrees=True)
STANCES = [SILENT, AGREES, *(Stance(conflict=conflict) for conflict in CONFLICTS)]
VERDICTS: list[Verdict | None] = ["strong", "weak", "none", None]
PLACES = list(itertools.product(("mentioned", "seen", "missing"), repeat=2))


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("told", STANCES, ids=str)
@pytest.mark.parametrize("has_caption", [True, False])
def test_no_sentence_says_more_than_its_verdict_or_against_itself(
    verdict: Verdict | None, told: Stance, has_caption: bool
) -> None:
    for places in PLACES:
        for score in (0.04, 0.3):
            placed = dict(zip(("red", "boat"), places, strict=True))
            mentioned = [word for word, place in placed.items() if place == "mentioned"]
            caption = f"a {' '.join(mentioned)} house" if has_caption else None
            drops = {word: 0.2 if place == "seen" else 0.0 for word, place in placed.items()}
            hit = facts(caption, score, verdict=verdict, drops=drops, told=told)
            text = sentence("a red boat", hit)
            assert re.fullmatch(r"[A-Z“][^.]*\.", text), text
            assert "  " not in text, text
            assert not re.search(r"[ ,;:][.,;:]|[{}%]|\d", text), text
            assert not (verdict == "none" and any(credit in text for credit in CREDITS)), text
            assert not (
                "no sign of" in text
                and any(f"“{word}”" in text.partition("no sign of")[2] for word in mentioned if has_caption)
            ), text
            if verdict == "strong":
                assert "no sign of" not in text, text
                assert "hardly" not in text, text
                assert not told.agrees or " not " not in text.replace("though the caption does not", ""), text
                assert not told.conflict or "the caption says that" in text, text
