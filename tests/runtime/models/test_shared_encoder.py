"""The encoder that searches share: what was embedded before needs no run, and what it gives nobody can spoil."""

import numpy as np
import pytest

from runtime.models.shared_encoder import SharedEncoder
from tests.runtime.conftest import ColourEncoder


def test_a_text_that_was_embedded_before_needs_no_run(encoder: ColourEncoder) -> None:
    shared = SharedEncoder(encoder, cache_size=10)
    first = shared.embed_tokens(shared.tokenize(["red"]))
    again = shared.embed_tokens(shared.tokenize(["red"]))
    assert encoder.text_batches == [1]
    np.testing.assert_array_equal(first, again)


def test_a_run_is_known_as_a_whole_so_that_no_vector_depends_on_other_runs(encoder: ColourEncoder) -> None:
    shared = SharedEncoder(encoder, cache_size=10)
    shared.embed_tokens(shared.tokenize(["red", "green"]))
    shared.embed_tokens(shared.tokenize(["red"]))
    shared.embed_tokens(shared.tokenize(["red", "green"]))
    assert encoder.text_batches == [2, 1]


def test_without_a_memory_every_text_is_a_run(encoder: ColourEncoder) -> None:
    shared = SharedEncoder(encoder, cache_size=0)
    for _ in range(2):
        shared.embed_tokens(shared.tokenize(["red"]))
    assert encoder.text_batches == [1, 1]


def test_a_remembered_vector_cannot_be_written_to(encoder: ColourEncoder) -> None:
    shared = SharedEncoder(encoder, cache_size=10)
    with pytest.raises(ValueError, match="read-only"):
        shared.embed_tokens(shared.tokenize(["red"]))[0] = 0


def test_pictures_go_to_the_encoder_itself(encoder: ColourEncoder) -> None:
    shared = SharedEncoder(encoder, cache_size=10)
    pixels = np.zeros((3, encoder.side, encoder.side), np.float32)
    np.testing.assert_array_equal(shared.embed_pixels(pixels[None]), encoder.embed_pixels(pixels[None]))
    np.testing.assert_array_equal(shared.attribute(pixels)[1], encoder.attribute(pixels)[1])
