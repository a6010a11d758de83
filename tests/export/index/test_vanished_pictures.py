"""A large part of a library that is gone at once: a tenth is told, half is kept until it is given up."""

from dataclasses import replace
from pathlib import Path

from export.index.build import BuildOptions
from export.index.generations.rollback import roll_back
from export.index.unreachable_pictures import named_folders
from tests.export.index.small_library import (
    build,
    draw,
    draw_many,
    ids_by_path,
    said_by,
    small_models,
)


def test_of_a_tenth_that_vanishes_it_is_told_how_to_bring_it_back_and_of_less_nothing(tmp_path: Path, out: Path) -> None:
    wordless = replace(small_models(), open_captioner=None)
    folder = draw_many(tmp_path / "photos", [f"{number}.png" for number in range(101)])
    build(folder, out, wordless)
    before = ids_by_path(out)
    away = tmp_path / "away"
    away.mkdir()
    for number in range(40):
        (folder / f"{number}.png").rename(away / f"{number}.png")
    said = " ".join(said_by(folder, out, wordless).split())
    assert "40 of 101 pictures are no longer there and left the index. Were they to stay? Put their files back" in said
    for file in away.iterdir():
        file.rename(folder / file.name)
    roll_back(out)
    assert (build(folder, out, wordless).unchanged, ids_by_path(out)) == (101, before)
    for number in range(10):
        (folder / f"{number}.png").unlink()
    assert "no longer there" not in said_by(folder, out, wordless)
    for number in range(50, 70):
        (folder / f"{number}.png").unlink()
    asked = BuildOptions(forget=named_folders(folder, [], everywhere=True))
    assert "no longer there" not in said_by(folder, out, wordless, options=asked)


def test_half_a_library_that_vanishes_at_once_is_kept_until_it_is_given_up(tmp_path: Path, out: Path) -> None:
    wordless = replace(small_models(), open_captioner=None)  # so many captions would be calibrated in every build
    folder = draw_many(tmp_path / "photos", [f"{number}.png" for number in range(20)])
    build(folder, out, wordless)
    ids = ids_by_path(out)
    for number in range(10):
        (folder / f"{number}.png").rename(tmp_path / f"{number}.png")
    assert "10 pictures kept unseen: half of the library or more is no longer there" in said_by(folder, out, wordless)
    for seed in range(30, 60):
        draw(folder / "new" / f"{seed}.png", seed)
    build(folder, out, wordless)
    assert [kept.pictures for kept in build(folder, out, wordless).kept] == [10]
    (tmp_path / "3.png").rename(folder / "3.png")
    assert [kept.pictures for kept in build(folder, out, wordless).kept] == [9]
    assert {path: ids_by_path(out)[path] for path in ids} == ids
    assert build(folder, out, wordless, options=BuildOptions(forget=(".",))).removed == 9
