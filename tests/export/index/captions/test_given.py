"""Captions by people in an index: shown in place of the models', remembered as long as they are given, cheap to change."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export.index.build import BuildOptions, Captioner, Models
from export.index.catalog import IndexedImage
from runtime.library.catalog import Library
from runtime.search.text_search import find_by_words
from runtime.stores.opening import open_stores
from tests.conftest import ROOT
from tests.export.index.small_library import (
    PHOTOS,
    GridEncoder,
    MeanCaptioner,
    build,
    catalog_of,
    draw,
    draw_many,
    manifest_of,
    said_by,
    small_models,
    told_by,
)

GIVEN = {"a.jpg": ("a red boat", "a ship at anchor"), "sub/d.bmp": ("two dogs",)}
COMPOSED, DECOMPOSED = "gr\u00fcn.png", "gru\u0308n.png"
MANY = [f"{number:02d}.png" for number in range(20)]
GIVEN_MANY = {name: (f"given {name}", f"other {name}") for name in MANY[::3]}


class CountedCaptioner(MeanCaptioner):
    """Counts the pictures that it describes; does `at[n]` before the nth."""

    def __init__(self, at: Mapping[int, Callable[[], None]] | None = None) -> None:
        self.at, self.seen = at or {}, 0

    def caption_pixels(self, pixels: np.ndarray) -> list[str]:
        self.at.get(self.seen, lambda: None)()
        self.seen += len(pixels)
        return super().caption_pixels(pixels)


def giving(captions: Mapping[str, Sequence[str]] | None = None, *, later: bool = False) -> BuildOptions:
    return BuildOptions(captions_later=later, given_captions=GIVEN if captions is None else captions)


def with_captioner(captioner: MeanCaptioner) -> Models:
    return replace(small_models(), open_captioner=lambda: captioner)


def never_opened() -> Captioner:
    pytest.fail("the captioner was opened")


def rows_of(out: Path) -> dict[str, IndexedImage]:
    return {row.image_path: row for row in catalog_of(out).rows}


def build_until_killed(folder: Path, out: Path) -> None:
    build(
        folder, out, with_captioner(CountedCaptioner({7: lambda: os.kill(os.getpid(), signal.SIGKILL)})), giving(GIVEN_MANY)
    )


def press_ctrl_c() -> None:
    raise KeyboardInterrupt


def test_the_first_is_shown_the_others_are_beside_it_and_the_captioner_sees_only_the_rest(folder: Path, out: Path) -> None:
    captioner = CountedCaptioner()
    summary = build(folder, out, with_captioner(captioner), giving())
    rows = rows_of(out)
    assert captioner.seen == len(PHOTOS) - len(GIVEN)
    assert summary.uncaptioned == 0
    row = rows["a.jpg"]
    assert (row.caption, row.caption_source, row.other_captions) == ("a red boat", "given", ("a ship at anchor",))
    assert (rows["sub/d.bmp"].caption, rows["sub/d.bmp"].other_captions) == ("two dogs", ())
    assert (rows["b.png"].caption_source, rows["b.png"].other_captions) == ("index", ())
    assert (rows["b.png"].caption or "").startswith("a picture of brightness")


def test_a_search_reads_them_and_finds_all_of_them_by_words(folder: Path, out: Path) -> None:
    build(folder, out, options=giving())
    library = Library.open(out, manifest_of(out))
    [found] = find_by_words(library, "an anchor", 5)
    [row] = library.rows([found])
    assert (row.image_path, row.caption_source, row.other_captions) == ("a.jpg", "given", ("a ship at anchor",))
    assert library.row_by_path("a.jpg") == row
    assert find_by_words(library, "red boat", 5) == [found]


def test_the_caption_s_vector_is_that_of_the_first(folder: Path, out: Path) -> None:
    build(folder, out, options=giving())
    _, captions = open_stores(out, manifest_of(out))
    assert captions
    [stored] = captions.vectors_of([rows_of(out)["a.jpg"].id])
    [wanted] = GridEncoder().embed_texts(["a red boat"])
    assert float(stored @ wanted) > 0.999


def test_where_all_are_given_or_captions_put_off_no_captioner_is_opened(folder: Path, out: Path) -> None:
    models = replace(small_models(), open_captioner=never_opened)
    build(folder, out, models, giving({name: ["a boat"] for name in PHOTOS}))
    later = out.with_name("later")
    build(folder, later, models, giving(later=True))
    assert [row.caption for row in rows_of(later).values() if row.caption] == ["a red boat", "two dogs"]


def test_a_changed_file_embeds_only_what_changed_and_an_equal_one_writes_nothing(folder: Path, out: Path) -> None:
    build(folder, out, options=giving())
    encoder = GridEncoder()
    models = replace(small_models(), encoder=encoder, open_captioner=never_opened)
    assert not build(folder, out, models, giving()).written
    assert build(folder, out, models, giving(GIVEN | {"a.jpg": ("a blue boat", "a ship at anchor")})).written
    assert (encoder.seen, encoder.read) == (0, ["a blue boat"])
    assert build(folder, out, models, giving(GIVEN | {"a.jpg": ("a blue boat", "a ship at sea")})).written
    assert (encoder.seen, encoder.read) == (0, ["a blue boat"])  # only the first has a vector
    assert rows_of(out)["a.jpg"].other_captions == ("a ship at sea",)


def test_without_them_the_models_captions_come_back_and_are_made_only_where_there_were_none(folder: Path, out: Path) -> None:
    plain = out.with_name("plain")
    build(folder, plain)
    build(folder, out)
    build(folder, out, options=giving())
    models = replace(small_models(), open_captioner=never_opened)
    assert "given captions of 2 pictures" in said_by(folder, out, models)
    assert told_by(out) == told_by(plain)
    fresh, captioner = out.with_name("fresh"), CountedCaptioner()
    build(folder, fresh, options=giving())
    build(folder, fresh, with_captioner(captioner), giving({"a.jpg": ["a boat"]}))
    assert captioner.seen == 1
    build(folder, fresh)
    assert told_by(fresh) == told_by(plain)


def test_they_stay_with_the_path_and_not_with_the_content(folder: Path, out: Path) -> None:
    (folder / "twin.jpg").write_bytes((folder / "a.jpg").read_bytes())
    build(folder, out, options=giving())
    assert (rows_of(out)["twin.jpg"].caption or "").startswith("a picture of brightness")
    draw(folder / "a.jpg", 99)
    build(folder, out, options=giving())
    assert (rows_of(out)["a.jpg"].caption, rows_of(out)["a.jpg"].made_caption) == ("a red boat", None)


def test_files_that_are_not_there_are_named_and_passed_over(folder: Path, out: Path) -> None:
    given = GIVEN | {f"no{number}\n.jpg": ("x",) for number in range(7)}
    told = said_by(folder, out, options=giving(given))
    assert "2 pictures have given captions" in told
    assert "Given captions of 7 files are left out, as no picture here has that name: no0\\n.jpg, no1\\n.jpg, " in told
    below = "None was found: a name is the picture's path below the folder that is indexed."
    assert below not in told
    assert below in said_by(folder, out, options=giving({"photos/a.jpg": ("x",)}))
    assert "no4\\n.jpg and 2 more\n" in told
    assert "left out" not in said_by(folder, out, options=giving())


@pytest.mark.parametrize(("on_disk", "given"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_an_accented_name_is_found_in_either_form(tmp_path: Path, out: Path, on_disk: str, given: str) -> None:
    folder = draw_many(tmp_path / "accented", [on_disk])
    build(folder, out, options=giving({given: ["a green square"]}))
    assert rows_of(out)[on_disk].caption == "a green square"


@pytest.mark.parametrize("ending", ["Ctrl-C", "kill"])
def test_an_interrupted_build_ends_as_an_uninterrupted_one(tmp_path: Path, out: Path, ending: str) -> None:
    folder, expected = draw_many(tmp_path / "many", MANY), tmp_path / "expected"
    build(folder, expected, options=giving(GIVEN_MANY))
    if ending == "Ctrl-C":
        with pytest.raises(KeyboardInterrupt):
            build(folder, out, with_captioner(CountedCaptioner({7: press_ctrl_c})), giving(GIVEN_MANY))
        assert {name for name, row in rows_of(out).items() if row.caption_source == "given"} == set(GIVEN_MANY)
    else:
        script = (
            "import sys; from pathlib import Path; from tests.export.index.captions.test_given import build_until_killed; "
            "build_until_killed(Path(sys.argv[1]), Path(sys.argv[2]))"
        )
        killed = subprocess.run([sys.executable, "-c", script, str(folder), str(out)], cwd=ROOT, check=False)
        assert killed.returncode == -signal.SIGKILL
    rest = CountedCaptioner()
    build(folder, out, with_captioner(rest), giving(GIVEN_MANY))
    assert 0 < rest.seen <= len(MANY) - len(GIVEN_MANY)
    assert told_by(out) == told_by(expected)
