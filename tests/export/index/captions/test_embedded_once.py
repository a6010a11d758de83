"""No text of a library is embedded twice while it is measured, and its vector is the one of a run of its own."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.index.captions.embedded_once import EmbeddedOnce
from export.index.pipeline import Models
from tests.export.index.small_library import DIMENSION, FINGERPRINT, GridEncoder, MeanCaptioner, build, draw_many


def test_each_text_is_embedded_once_and_every_row_is_its_own() -> None:
    encoder = GridEncoder()
    embed_texts = EmbeddedOnce(encoder.embed_texts)
    asked = [["a boat", "rain"], ["rain"], ["a boat", "two boats", "a boat"]]
    vectors = [embed_texts(texts) for texts in asked]
    assert encoder.read == ["a boat", "rain", "two boats"]
    assert [rows.shape for rows in vectors] == [(2, DIMENSION), (1, DIMENSION), (3, DIMENSION)]
    for texts, rows in zip(asked, vectors, strict=True):
        assert np.array_equal(rows, GridEncoder().embed_texts(texts))


def test_a_vector_that_is_changed_by_its_reader_is_not_changed_for_the_next() -> None:
    embed_texts = EmbeddedOnce(GridEncoder().embed_texts)
    embed_texts(["a boat"])[:] = 0
    assert embed_texts(["a boat"]).any()


def test_a_build_embeds_no_question_twice(tmp_path: Path, out: Path) -> None:
    names = ("boat", "house", "tree", "dog", "kite")

    class Naming(MeanCaptioner):
        def caption_pixels(self, pixels: NDArray[np.float32]) -> list[str]:
            return [f"a {names[int(one.mean()) % len(names)]} in the rain" for one in pixels]

    encoder = GridEncoder()
    folder = draw_many(tmp_path / "pictures", [f"{number:02d}.png" for number in range(30)])
    build(folder, out, Models(FINGERPRINT, encoder, Naming))
    assert len(encoder.read) > len(names)
    captions = {f"a {name} in the rain" for name in names}  # those are embedded for the index itself, too
    questions = [text for text in encoder.read if text not in captions]
    assert len(questions) == len(set(questions))
