"""What the encoder remembers: a text that was embedded before needs no run, and keeps the vector that it had first."""

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.models.batching import BatchingEncoder
from tests.runtime.conftest import ColourEncoder, SharingEncoder


def test_the_encoder_says_what_rows_are_padded_with(encoder: ColourEncoder) -> None:
    assert BatchingEncoder(encoder, cache_size=0).pad_token_id == encoder.pad_token_id


def test_a_text_that_was_embedded_before_needs_no_run(encoder: ColourEncoder) -> None:
    batching = BatchingEncoder(encoder, cache_size=10)
    first = batching.embed_tokens(batching.tokenize(["red"]))
    again = batching.embed_tokens(batching.tokenize(["red"]))
    assert encoder.text_batches == [1]
    np.testing.assert_array_equal(first, again)


def test_a_run_is_known_as_a_whole_so_that_no_vector_depends_on_other_runs(encoder: ColourEncoder) -> None:
    batching = BatchingEncoder(encoder, cache_size=10)
    batching.embed_tokens(batching.tokenize(["red", "green"]))
    batching.embed_tokens(batching.tokenize(["red"]))
    batching.embed_tokens(batching.tokenize(["red", "green"]))
    assert encoder.text_batches == [2, 1]


def test_a_text_and_its_shortened_forms_are_one_run_and_known_afterwards() -> None:
    encoder = SharingEncoder()
    batching = BatchingEncoder(encoder, cache_size=10)
    text, shortened = batching.tokenize(["red green"]), batching.tokenize(["green", "red"])
    vectors = batching.embed_with_shortened(text, shortened)
    assert vectors.shape == (3, encoder.dimension)
    np.testing.assert_array_equal(batching.embed_with_shortened(text, shortened), vectors)
    np.testing.assert_array_equal(batching.embed_tokens(text), vectors[:1])
    assert encoder.text_batches == [3]
    with pytest.raises(ValueError, match="read-only"):
        vectors[0] = 0


class RoundingEncoder(SharingEncoder):
    """Embeds a text a little differently beside its forms, as int8 does."""

    def embed_with_shortened(self, text: NDArray[np.int64], shortened: NDArray[np.int64]) -> NDArray[np.float32]:
        return super().embed_with_shortened(text, shortened) + np.float32(0.25)


def test_a_text_that_was_embedded_alone_keeps_its_vector_and_its_forms_what_they_lack() -> None:
    encoder = RoundingEncoder()
    batching = BatchingEncoder(encoder, cache_size=10)
    text, shortened = batching.tokenize(["red green"]), batching.tokenize(["green", "red"])
    alone = batching.embed_tokens(text)
    for _ in range(2):
        vectors = batching.embed_with_shortened(text, shortened)
        np.testing.assert_allclose(vectors[0], alone[0], atol=1e-6)
        exact = encoder.embed_with_shortened(text, shortened)
        np.testing.assert_allclose(vectors[0] - vectors[1:], exact[0] - exact[1:], atol=1e-6)
    assert batching.embed_tokens(text) is alone


def test_shortened_forms_are_a_run_of_their_own_where_the_encoder_shares_nothing(encoder: ColourEncoder) -> None:
    batching = BatchingEncoder(encoder, cache_size=10)
    vectors = batching.embed_with_shortened(batching.tokenize(["red green"]), batching.tokenize(["green", "red"]))
    assert (len(vectors), encoder.text_batches) == (3, [1, 2])


def test_with_a_cache_of_no_size_every_text_is_a_run(encoder: ColourEncoder) -> None:
    batching = BatchingEncoder(encoder, cache_size=0)
    for _ in range(2):
        batching.embed_tokens(batching.tokenize(["red"]))
    assert encoder.text_batches == [1, 1]


def test_a_cached_vector_cannot_be_written_to(encoder: ColourEncoder) -> None:
    batching = BatchingEncoder(encoder, cache_size=10)
    with pytest.raises(ValueError, match="read-only"):
        batching.embed_tokens(batching.tokenize(["red"]))[0] = 0


def test_pictures_go_to_the_encoder_itself(encoder: ColourEncoder) -> None:
    batching = BatchingEncoder(encoder, cache_size=10)
    pixels = np.zeros((3, encoder.side, encoder.side), np.float32)
    np.testing.assert_array_equal(batching.embed_pixels(pixels[None]), encoder.embed_pixels(pixels[None]))
    np.testing.assert_array_equal(batching.attribute(pixels)[1], encoder.attribute(pixels)[1])


def test_past_its_size_the_cache_forgets_the_least_recently_used_text(encoder: ColourEncoder) -> None:
    batching = BatchingEncoder(encoder, cache_size=2)
    for colour in ("red", "green", "red", "blue"):
        batching.embed_tokens(batching.tokenize([colour]))
    encoder.text_batches.clear()
    batching.embed_tokens(batching.tokenize(["red"]))
    assert encoder.text_batches == []
    batching.embed_tokens(batching.tokenize(["green"]))
    assert encoder.text_batches == [1]
