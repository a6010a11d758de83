"""Two hundred mutated pictures, a few of each kind: only our errors come. `tests.fuzz.pictures` itself tries thousands."""

from pathlib import Path

from runtime.images import upload_limits
from tests.fuzz.picture_seeds import seeds
from tests.fuzz.pictures import outcome_of, picture_of

SMALL = upload_limits(2_000_000, 64)


def test_every_seed_is_decoded(tmp_path: Path) -> None:
    refused = {kind for kind, content in seeds().items() if outcome_of(content, tmp_path, SMALL) != "decoded"}
    assert refused == {"tiff lab"}


def test_mutated_pictures_are_decoded_or_refused_by_name(tmp_path: Path) -> None:
    outcomes = {outcome_of(picture_of(number, seed=200)[1], tmp_path, SMALL) for number in range(200)}
    assert "decoded" in outcomes
    assert len(outcomes) > 3
