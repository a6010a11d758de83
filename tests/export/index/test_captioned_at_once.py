"""Pictures go into a captioner together where no caption depends on the others of its batch, and one by one elsewhere."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from export.index.pipeline import CAPTIONED_AT_ONCE, Models
from tests.export.index.small_library import (
    FINGERPRINT,
    GridEncoder,
    MeanCaptioner,
    build,
    catalog_of,
    draw_many,
    small_models,
)

COUNT = 2 * CAPTIONED_AT_ONCE + 2


class BatchCaptioner(MeanCaptioner):
    """Notes how many pictures it is given at once."""

    def __init__(self, *, batch_invariant: bool) -> None:
        self.batch_invariant = batch_invariant
        self.given: list[int] = []

    def caption_pixels(self, pixels: NDArray[np.float32]) -> list[str]:
        self.given.append(len(pixels))
        return super().caption_pixels(pixels)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return draw_many(tmp_path / "pictures", [f"{number:02d}.png" for number in range(COUNT)])


def captions_of(out: Path) -> dict[str, str | None]:
    return {row.image_path: row.caption for row in catalog_of(out).rows}


@pytest.mark.parametrize(("batch_invariant", "given"), [(True, [5, 5, 2]), (False, [1] * COUNT)])
def test_only_captions_that_do_not_depend_on_their_batch_are_made_in_one(
    folder: Path, out: Path, *, batch_invariant: bool, given: list[int]
) -> None:
    captioner = BatchCaptioner(batch_invariant=batch_invariant)
    build(folder, out, Models(FINGERPRINT, GridEncoder(), lambda: captioner))
    assert captioner.given == given
    build(folder, out.with_name("one-by-one"), small_models())
    assert captions_of(out) == captions_of(out.with_name("one-by-one"))
    assert len(set(captions_of(out).values())) > COUNT - 2, "a caption of another picture should be seen"


def test_a_picture_that_goes_away_leaves_the_others_of_its_batch_their_captions(folder: Path, out: Path) -> None:
    captioner = BatchCaptioner(batch_invariant=True)

    def open_and_remove() -> BatchCaptioner:
        (folder / "03.png").unlink()  # embedded already, and not yet captioned
        return captioner

    build(folder, out, Models(FINGERPRINT, GridEncoder(), open_and_remove))
    assert captioner.given[0] == CAPTIONED_AT_ONCE - 1
    missing = [path for path, caption in captions_of(out).items() if caption is None]
    assert missing == ["03.png"]
