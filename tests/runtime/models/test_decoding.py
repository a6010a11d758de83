"""Searches over logits that are made up: who goes on, who leaves. tests/export compares captions with transformers'."""

import numpy as np
import pytest

from runtime.models.beam_search import BeamSearch
from runtime.models.decoding import (
    DecodingRules,
    DecodingStrategy,
    EarlyStopping,
    GreedySearch,
    NextTokens,
    cut_padding,
    fill_gaps,
    likeliest_tokens,
)

START, END, PAD = 9, 3, 0
VOCABULARY = 10


def rules(**given: object) -> DecodingRules:
    return DecodingRules(START, END, PAD, **{"max_tokens": 6} | given)  # type: ignore[arg-type]  # any field by name


def says(*tokens: int, end: dict[int, float] | None = None) -> NextTokens:
    """All tokens by their likelihood, a row for each given token, which is by far the likeliest; the end the least likely.

    `end` has the logits of the end in some rows: above 20, it is the likeliest there.
    """
    logits = np.tile(np.linspace(0, 1, VOCABULARY, dtype=np.float32), (len(tokens), 1))
    logits[:, END] = -50
    logits[np.arange(len(tokens)), tokens] = 20
    for row, logit in (end or {}).items():
        logits[row, END] = logit
    return likeliest_tokens(logits, VOCABULARY)


@pytest.mark.parametrize(
    ("goes_on", "places"),
    [
        ([True, True], [0, 1]),
        ([False, False], []),
        ([True, False, True, True], [0, 3, 2]),
        ([False, True, False, True, True], [4, 1, 3]),
        ([False, False, True], [2]),
    ],
)
def test_gaps_are_filled_from_behind_and_nothing_else_moves(goes_on: list[bool], places: list[int]) -> None:
    assert fill_gaps(np.array(goes_on)).tolist() == places


@pytest.mark.parametrize("count", [1, 2, 6, 10])
def test_the_likeliest_tokens_come_in_order_with_their_log_probabilities(count: int) -> None:
    logits = 40 * np.random.default_rng(4).standard_normal((5, VOCABULARY)).astype(np.float32)
    tokens, log_probabilities = likeliest_tokens(logits, count)
    wide = logits.astype(np.float64)
    exact = wide - np.log(np.exp(wide).sum(axis=1, keepdims=True))
    assert np.array_equal(tokens, np.argsort(-logits, axis=1)[:, :count])
    assert log_probabilities.dtype == np.float32
    assert np.allclose(log_probabilities, np.take_along_axis(exact, tokens, axis=1), atol=1e-4)


def test_padding_inside_a_caption_stays() -> None:
    assert cut_padding(np.array([[5, 0, 6, 0], [0, 0, 0, 0]]), 0).tolist() == [[5, 0, 6], [0, 0, 0]]
    assert cut_padding(np.zeros((2, 3), np.int64), 0).shape == (2, 0)


def test_greedily_a_picture_leaves_at_its_end_and_the_last_takes_its_place() -> None:
    search = GreedySearch(rules(), 3)
    assert search.last_tokens.tolist() == [START] * 3
    assert search.advance(says(5, 6, 7)).rows.tolist() == [0, 1, 2]
    kept = search.advance(says(END, 5, 8))
    assert (kept.rows.tolist(), kept.pictures.tolist()) == ([2, 1], [2, 1])
    assert search.last_tokens.tolist() == [8, 5]
    search.advance(says(END, END))
    assert len(search.last_tokens) == 0
    assert search.captions().tolist() == [[5, 0], [6, 5], [7, 8]]


@pytest.mark.parametrize("num_beams", [1, 3])
def test_no_caption_is_longer_than_max_tokens(num_beams: int) -> None:
    search: DecodingStrategy = GreedySearch(rules(), 2) if num_beams == 1 else BeamSearch(rules(num_beams=num_beams), 2)
    steps = 0
    while rows := len(search.last_tokens):
        search.advance(says(*[5] * rows))
        steps += 1
    assert steps == 6
    assert search.captions().tolist() == [[5] * 6] * 2


def test_beams_are_rows_of_the_picture_that_they_belong_to() -> None:
    search = BeamSearch(rules(num_beams=2, early_stopping=True), 3)
    kept = search.advance(says(5, 6, 7))
    assert kept.rows.tolist() == [0, 0, 1, 1, 2, 2], "all beams begin as one"
    kept = search.advance(says(5, 5, 6, 6, 7, 7, end={0: 19, 1: 19}))  # both beams of the first picture may end
    assert kept.pictures.tolist() == [0, 1, 2], "one finished caption is not yet two"
    kept = search.advance(says(5, 5, 6, 6, 7, 7, end={0: 30, 1: 30}))
    assert kept.pictures.tolist() == [2, 1]
    assert all(row // 2 == picture for row, picture in zip(kept.rows, [2, 2, 1, 1], strict=True))
    assert len(search.last_tokens) == 4


def test_a_shorter_caption_wins_where_length_is_punished() -> None:
    def caption(length_penalty: float) -> list[int]:
        search = BeamSearch(rules(num_beams=2, length_penalty=length_penalty, early_stopping="never"), 1)
        while rows := len(search.last_tokens):
            search.advance(says(*[5] * rows, end=dict.fromkeys(range(rows), 20.5)))  # a little likelier than to go on
        found: list[int] = search.captions()[0].tolist()
        return found

    assert caption(-2.0) == []
    assert len(caption(4.0)) > 0


Prefix = tuple[int, ...]


def made_up_logits(picture: int, prefix: Prefix) -> np.ndarray:
    """What a decoder would say after a prefix: by chance, but always the same."""
    logits = 2 * np.random.default_rng([picture, *prefix]).standard_normal(VOCABULARY, np.float32)
    logits[END] += 1
    return logits


def captions_of(search: DecodingStrategy, pictures: int) -> list[list[int]]:
    """Decode made-up pictures; as a decoder does with its cache, keep each row's prefix by what `advance` returns."""
    rows: list[tuple[int, Prefix]] = [(picture, ()) for picture in range(pictures)]
    active = list(range(pictures))
    while len(search.last_tokens):
        kept = search.advance(likeliest_tokens(np.stack([made_up_logits(*row) for row in rows]), search.tokens_wanted))
        parents = [rows[row] for row in kept.rows]
        rows = [(at, (*prefix, int(token))) for (at, prefix), token in zip(parents, search.last_tokens, strict=True)]
        active = [active[at] for at in kept.pictures]
        assert [picture for picture, _ in rows] == list(np.repeat(active, len(rows) // max(1, len(active))))
    return [[token for token in caption if token != PAD] for caption in search.captions().tolist()]


def plain_beam_search(picture: int, wanted: DecodingRules) -> list[int]:
    """Beam search of one picture over lists, as transformers documents it."""
    beams = wanted.num_beams
    running: list[tuple[float, Prefix]] = [(0.0, ())]
    finished: list[tuple[float, Prefix]] = []
    for length in range(1, wanted.max_tokens + 1):
        candidates: list[tuple[float, Prefix]] = []
        for score, prefix in running:
            logits = made_up_logits(picture, prefix).astype(np.float64)
            steps = logits - np.log(np.exp(logits).sum())
            candidates += [(score + step, (*prefix, token)) for token, step in enumerate(steps)]
        candidates = sorted(candidates, reverse=True)[: 2 * beams]
        ended = [prefix[-1] == END or length == wanted.max_tokens for _, prefix in candidates]
        best = zip(candidates[:beams], ended[:beams], strict=True)
        finished += [(score / length**wanted.length_penalty, prefix) for (score, prefix), ends in best if ends]
        finished = sorted(finished, reverse=True)[:beams]
        running = [one for one, ends in zip(candidates, ended, strict=True) if not ends][:beams]
        if not running or (len(finished) == beams and _is_over(running[0][0], finished[-1][0], length, wanted)):
            break
    return [token for token in finished[0][1] if token not in (END, PAD)]


def _is_over(best_running: float, worst_finished: float, length: int, wanted: DecodingRules) -> bool:
    if wanted.early_stopping is True:
        return True
    at_best = wanted.max_tokens if wanted.early_stopping == "never" and wanted.length_penalty > 0 else length
    return bool(best_running / at_best**wanted.length_penalty <= worst_finished)


@pytest.mark.parametrize("num_beams", [1, 3])
@pytest.mark.parametrize("early_stopping", [False, True, "never"])
@pytest.mark.parametrize("length_penalty", [-1.0, 0.0, 1.0, 3.0])
def test_beams_of_many_pictures_find_what_a_plain_search_of_each_finds(
    num_beams: int, early_stopping: EarlyStopping, length_penalty: float
) -> None:
    wanted = rules(num_beams=num_beams, early_stopping=early_stopping, length_penalty=length_penalty)
    found = captions_of(BeamSearch(wanted, 8), 8)
    assert found == [plain_beam_search(picture, wanted) for picture in range(8)]
    assert len({len(caption) for caption in found}) > 1


def test_greedily_each_picture_gets_the_likeliest_token_of_every_step() -> None:
    for picture, caption in enumerate(captions_of(GreedySearch(rules(), 12), 12)):
        prefix: Prefix = ()
        while len(prefix) < 6 and prefix[-1:] != (END,):
            prefix = (*prefix, int(made_up_logits(picture, prefix).argmax()))
        assert caption == [token for token in prefix if token not in (END, PAD)]
