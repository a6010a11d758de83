"""Recall@k on rankings that can be counted by hand, and when it is no better than chance."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from export.evaluation import recall
from export.evaluation.recall import chance_recall, differs_from_chance, rank_both_ways

Vectors = NDArray[np.float32]


def owners_of(*owners: int) -> NDArray[np.int64]:
    return np.array(owners, np.int64)


def scored(scores: list[list[float]]) -> tuple[Vectors, Vectors]:
    """Texts and pictures whose product is these scores: the pictures are the axes."""
    texts = np.array(scores, np.float32)
    return texts, np.eye(texts.shape[1], dtype=np.float32)


def test_ranks_counted_by_hand() -> None:
    texts, images = scored([[0.9, 0.1, 0.2], [0.3, 0.8, 0.4], [0.5, 0.6, 0.2], [0.1, 0.7, 0.3]])
    ranked = rank_both_ways(texts, images, owners_of(0, 0, 1, 2))
    # Texts: 0 finds picture 0 first; 1 has both others before its own; 2 finds picture 1 first; 3 has picture 1 before it.
    assert ranked.text_to_image.tolist() == [0, 2, 0, 1]
    # Pictures: 0's best own text has .9, above all; 1's own has .6, under .8 and .7; 2's own has .3, under .4 of text 1.
    assert ranked.image_to_text.tolist() == [0, 2, 1]
    shares = ranked.recall()
    assert shares["text_to_image"] == {"R@1": 0.5, "R@5": 1.0, "R@10": 1.0}
    assert shares["image_to_text"] == {"R@1": pytest.approx(1 / 3), "R@5": 1.0, "R@10": 1.0}


def test_any_of_a_pictures_captions_counts_and_its_others_do_not_stand_before_it() -> None:
    texts, images = scored([[0.9, 0.0], [0.8, 0.0], [0.7, 0.1], [0.6, 0.5]])
    assert rank_both_ways(texts, images, owners_of(0, 0, 0, 1)).image_to_text.tolist() == [0, 0]
    assert rank_both_ways(texts, images, owners_of(1, 1, 1, 0)).image_to_text.tolist() == [3, 1]


def test_recall_at_5_and_10_count_ranks_below_them() -> None:
    scores = np.zeros((12, 12), np.float32)
    for text in range(12):
        scores[text] = -np.arange(12)  # picture p is the (p + 1)th of every text
    ranked = rank_both_ways(scores, np.eye(12, dtype=np.float32), np.arange(12))
    assert ranked.recall()["text_to_image"] == {"R@1": 1 / 12, "R@5": 5 / 12, "R@10": 10 / 12}


def test_a_model_that_gives_everything_one_vector_finds_nothing() -> None:
    same = np.full((20, 8), 8**-0.5, np.float32)
    ranked = rank_both_ways(same, same, np.arange(20))
    assert set(ranked.text_to_image) == set(ranked.image_to_text) == {19}


def test_two_pictures_with_the_same_caption_are_a_miss_for_both() -> None:
    images = np.linalg.qr(np.random.default_rng(0).standard_normal((8, 8)))[0][:3].astype(np.float32)
    texts = images[[0, 0, 2]]
    ranked = rank_both_ways(texts, images, owners_of(0, 1, 2))
    assert ranked.image_to_text.tolist()[0] == 1
    assert ranked.text_to_image.tolist()[1] >= 1


def test_scores_that_are_no_numbers_find_nothing() -> None:
    texts, images = scored([[math.nan, 0.0], [0.0, math.nan]])
    ranked = rank_both_ways(texts, images, owners_of(0, 1))
    assert ranked.recall()["text_to_image"]["R@1"] == 0
    assert ranked.recall()["image_to_text"]["R@1"] == 0


def test_ranks_do_not_depend_on_the_size_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, images = unit_vectors(1, 90), unit_vectors(2, 30)
    whole = rank_both_ways(texts, images, np.repeat(np.arange(30), 3))
    monkeypatch.setattr(recall, "BLOCK_TEXTS", 7)
    parts = rank_both_ways(texts, images, np.repeat(np.arange(30), 3))
    assert np.array_equal(whole.text_to_image, parts.text_to_image)
    assert np.array_equal(whole.image_to_text, parts.image_to_text)


def unit_vectors(seed: int, count: int) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((count, 16)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_chance_is_k_of_n_and_a_draw_without_replacement() -> None:
    chance = chance_recall([2] * 20)
    assert chance["text_to_image"] == {"R@1": 0.05, "R@5": 0.25, "R@10": 0.5}
    missed = math.comb(38, 5) / math.comb(40, 5)
    assert chance["image_to_text"]["R@5"] == pytest.approx(1 - missed)
    assert chance_recall([1, 1])["image_to_text"] == {"R@1": 0.5, "R@5": 1.0, "R@10": 1.0}


def test_random_vectors_have_the_recall_of_chance() -> None:
    owners = np.repeat(np.arange(50), 5)
    shares = [
        rank_both_ways(unit_vectors(seed, 250), unit_vectors(-seed % 997, 50), owners).recall() for seed in range(1, 40)
    ]
    chance = chance_recall([5] * 50)
    for direction in ("text_to_image", "image_to_text"):
        mean = np.mean([share[direction]["R@10"] for share in shares])
        assert mean == pytest.approx(chance[direction]["R@10"], abs=0.02)
    assert not any(differs_from_chance(share["text_to_image"], 50) for share in shares)


def test_captions_that_stand_and_fall_together_are_not_taken_for_many_hits() -> None:
    # 16 of 50 pictures with all five captions among ten: 32 % where chance gives 20 %. As 250 trials that would be past four
    # deviations; as 50 it is what random rankings give one time in 30.
    assert not differs_from_chance({"R@1": 0.02, "R@5": 0.1, "R@10": 0.32}, 50)
    assert differs_from_chance({"R@1": 0.02, "R@5": 0.1, "R@10": 0.42}, 50)


def test_one_depth_is_enough_to_tell() -> None:
    assert differs_from_chance({"R@1": 1.0, "R@5": 1.0, "R@10": 1.0}, 5)
    assert not differs_from_chance({"R@1": 1.0, "R@5": 1.0, "R@10": 1.0}, 4)
    assert differs_from_chance({"R@1": 0.2, "R@5": 0.2, "R@10": 0.2}, 50)
