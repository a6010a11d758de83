"""From what a graph says at each step of a line to its letters and their places."""

import numpy as np
import pytest
from numpy.typing import NDArray

from export.index.text.recognizer import SPACE_FROM, decode_line

LETTERS = ("", "a", "b", "c", " ")


def steps(spelled: str, *, blank_at: dict[int, float] | None = None) -> NDArray[np.float32]:
    """What a graph says that is sure of a letter, or of none ("-"), at each step; `blank_at` makes blanks likelier."""
    chances = np.zeros((len(spelled), len(LETTERS)), np.float32)
    for at, letter in enumerate(spelled):
        chances[at, 0 if letter == "-" else LETTERS.index(letter)] = 0.9
    for at, chance in (blank_at or {}).items():
        chances[at, -1] = chance
    return chances


@pytest.mark.parametrize(
    ("spelled", "letters"),
    [
        ("", ""),
        ("---", ""),
        ("a", "a"),
        ("aa-", "a"),  # one letter that covers two steps
        ("a-a", "aa"),
        ("aab-bc", "abbc"),
        ("a- -b", "a b"),
        (" ", " "),
    ],
)
def test_repeats_count_once_and_steps_without_a_letter_part_them(spelled: str, letters: str) -> None:
    assert decode_line(steps(spelled), LETTERS).letters == letters


def test_places_are_the_middles_of_letters_as_shares_of_what_the_line_covers() -> None:
    line = decode_line(steps("aa--b---"), LETTERS, covered=0.625)
    assert line.places == pytest.approx((0.2, 0.9))
    assert decode_line(steps("--------b"), LETTERS, covered=0.5).places == (1.0,)  # read in what was filled up


@pytest.mark.parametrize(("chance", "letters"), [(SPACE_FROM, "a b"), (SPACE_FROM / 2, "ab")])
def test_a_blank_that_is_nearly_seen_between_letters_is_one(chance: float, letters: str) -> None:
    line = decode_line(steps("a--b", blank_at={2: chance}), LETTERS)
    assert line.letters == letters
    assert len(line.places) == len(letters)


def test_no_blank_is_made_beside_one_nor_before_or_behind_the_line() -> None:
    nearly = dict.fromkeys((0, 2, 4, 6), 0.4)
    assert decode_line(steps("-a- -b-", blank_at=nearly), LETTERS).letters == "a b"


def test_the_probability_is_that_of_the_letters_alone() -> None:
    chances = steps("a-b")
    chances[2] *= 0.5
    assert decode_line(chances, LETTERS).probability == pytest.approx(0.675)
    assert decode_line(steps("--"), LETTERS).probability == 0
