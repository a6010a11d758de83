"""The search for what damage does, small: the whole run is `python -m tests.fuzz.artefacts`."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fuzz import artefacts
from tests.sample_library import MODELS

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary


def test_each_damage_of_a_few_is_refused_or_told(sample_library: "SampleLibrary") -> None:
    found = artefacts.run(sample_library.index, MODELS, sample_library.images, places=8, seed=4)
    assert len(found) == 8
    results = {result for counted in found.values() for result in counted}
    assert all(artefacts.is_right(result) for result in results), results


@pytest.mark.parametrize(
    ("found", "result"),
    [
        (("failed", "Traceback\nKeyError: 7", ""), "failed: KeyError: 7"),
        (("refused", "ArtefactCorrupt", "it is cut short"), artefacts.REFUSED),
        (("answered", "sound", ["f"]), artefacts.SAME),
        (("answered", "other", ["f"]), artefacts.TOLD),
        (("answered", "other", []), artefacts.UNSEEN),
    ],
)
def test_what_comes_of_a_damage_is_sorted(found: tuple[str, str, object], result: str) -> None:
    assert artefacts.sort(artefacts.Damage(Path("f"), "flip", 0), found, "sound") == result


@pytest.mark.parametrize(("kind", "content"), [("flip", b"\0\0\4"), ("zero", b"\0\0\0"), ("cut", b"\0\0")])
def test_damage_is_done(tmp_path: Path, kind: str, content: bytes) -> None:
    (tmp_path / "f").write_bytes(b"\0\0\0" if kind == "flip" else b"\0\0\1")
    artefacts.Damage(Path("f"), kind, 2, 2).do(tmp_path)
    assert (tmp_path / "f").read_bytes() == content
