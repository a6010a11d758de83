"""Going back to an earlier generation and forward again, by the one switch; how many stay."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from export.errors import ArtefactDamaged, GenerationAbsent
from export.index.build import BuildOptions
from export.index.generations.rollback import roll_back
from runtime.errors import ArtefactMissing
from tests.export.index.small_library import build, draw, manifest_of, told_by
from tests.runtime.stores.large_vectors import silent

BESIDE = ("manifest.json", "previews", "signatures.sqlite")
Told = tuple[Sequence[tuple[object, ...]], bytes, list[tuple[str, str]]]


@pytest.fixture
def told(folder: Path, out: Path) -> list[Told]:
    """Three generations, each with a picture more; what each tells."""
    told = []
    for turn in range(3):
        draw(folder / f"new {turn}.png", 30 + turn)
        build(folder, out, options=BuildOptions(keep=2))
        told.append(told_by(out))
    return told


def test_going_back_and_forward_shows_what_was_in_force_then(out: Path, told: list[Told]) -> None:
    assert roll_back(out, console=silent()).now.generation == "g000002"
    assert told_by(out) == told[1]
    assert roll_back(out, console=silent()).now.generation == "g000001"
    assert told_by(out) == told[0]
    outcome = roll_back(out, "g000003", console=silent())
    assert (outcome.now.count, outcome.before and outcome.before.generation) == (7, "g000001")
    assert told_by(out) == told[2]


def test_a_build_after_going_back_takes_no_name_that_was_given(folder: Path, out: Path, told: list[Told]) -> None:
    roll_back(out, console=silent())
    assert build(folder, out).generation == "g000004"
    assert told_by(out)[0] == told[2][0]
    assert {path.name for path in out.iterdir()} == {*BESIDE, "g000002", "g000004"}


def test_as_many_generations_stay_as_are_asked_for(folder: Path, out: Path, told: list[Told]) -> None:
    assert {path.name for path in out.iterdir()} == {
        "manifest.json",
        "previews",
        "signatures.sqlite",
        "g000001",
        "g000002",
        "g000003",
    }
    build(folder, out)
    assert {path.name for path in out.iterdir()} == {*BESIDE, "g000002", "g000003"}


def test_what_is_not_there_or_damaged_is_refused_and_the_index_stays(out: Path, told: list[Told]) -> None:
    for name in ("g000009", "../g000001", "g000003"):
        with pytest.raises(GenerationAbsent, match="g000002, g000001"):
            roll_back(out, name, console=silent())
    catalog = out / "g000002" / "catalog.sqlite"
    catalog.write_bytes(catalog.read_bytes()[:-1] + b"x")
    with pytest.raises(ArtefactDamaged, match=r"catalog\.sqlite"):
        roll_back(out, console=silent())
    assert manifest_of(out).generation == "g000003"


def test_a_manifest_that_cannot_be_read_is_no_obstacle(out: Path, told: list[Told]) -> None:
    (out / "manifest.json").write_text("{")
    assert roll_back(out, console=silent()).now.generation == "g000003"
    assert told_by(out) == told[2]


def test_without_an_index_or_a_generation_before_it_says_so(folder: Path, out: Path) -> None:
    with pytest.raises(ArtefactMissing):
        roll_back(out, console=silent())
    assert not out.exists()
    build(folder, out)
    with pytest.raises(GenerationAbsent, match="none"):
        roll_back(out, console=silent())
