"""An index that is searched while its first build still embeds: ids that stay, however the build goes on or ends."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from export.index.build import BuildOptions, Models
from export.index.generations.rollback import roll_back
from export.index.vectors import embedding
from runtime.library.catalog import Library
from tests.conftest import ROOT
from tests.export.index.small_library import (
    GridEncoder,
    build,
    catalog_of,
    draw,
    draw_many,
    ids_by_path,
    manifest_of,
    said_by,
    small_models,
    told_by,
)
from tests.runtime.stores.large_vectors import silent

AT_ONCE = BuildOptions(publish_every_s=0)  # after each part
COUNT, PART = 20, 4
NAMES = [f"{number:02}.png" for number in range(COUNT)]
Seen = list[tuple[int, int]]


class LookingEncoder(GridEncoder):
    """Does `at[n]` before it embeds its nth picture."""

    def __init__(self, at: dict[int, Callable[[], object]]) -> None:
        super().__init__()
        self.at = at

    def embed_pixels(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        self.at.get(self.seen, lambda: None)()
        return super().embed_pixels(pixels)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "FIRST_PART", PART)
    monkeypatch.setattr(embedding, "PART", PART)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return draw_many(tmp_path / "photos", NAMES)


def looking(at: dict[int, Callable[[], object]]) -> Models:
    return replace(small_models(), encoder=LookingEncoder(at))


def looking_each(out: Path, seen: Seen) -> Models:
    """Return models that note, before each picture, how many the index shows and awaits."""

    def look() -> None:
        if (out / "manifest.json").exists():
            manifest = manifest_of(out)
            seen.append((manifest.count, manifest.awaited))
            assert len(told_by(out)[0]) == manifest.count

    return looking(dict.fromkeys(range(COUNT), look))


def stop() -> None:
    raise KeyboardInterrupt


def names_of(out: Path) -> Sequence[str]:
    return [row.image_path for row in catalog_of(out).rows]


def test_what_is_embedded_is_published_part_by_part_with_the_ids_that_it_keeps(folder: Path, out: Path) -> None:
    (folder / "05.png").write_bytes(b"broken")
    shutil.copy(folder / "02.png", folder / "18.png")  # of a content that is embedded long before
    build(folder, out.with_name("in one go"))
    seen: Seen = []
    ids: list[dict[str, int]] = []
    models = looking_each(out, seen)
    assert isinstance(models.encoder, LookingEncoder)
    models.encoder.at[12] = lambda: ids.append(ids_by_path(out))
    build(folder, out, models, AT_ONCE)
    assert sorted(set(seen)) == [(4, 16), (7, 12), (11, 8), (15, 4)]
    assert seen == sorted(seen)
    assert told_by(out) == told_by(out.with_name("in one go"))
    assert ids[0] == {path: one for path, one in ids_by_path(out).items() if path < "12"}
    assert manifest_of(out).awaited == 0


def test_the_terminal_says_how_many_can_be_searched(folder: Path, out: Path) -> None:
    said = said_by(folder, out, options=AT_ONCE)
    assert "Searchable now: 4 of 20 pictures." in said
    assert "Searchable now: 16 of 20 pictures." in said


def test_facts_and_texts_of_the_catalogue_come_with_the_first_part(folder: Path, out: Path) -> None:
    os.utime(folder / "00.png", (1_600_000_000, 1_600_000_000))
    taken: list[str | None] = []

    def look() -> None:
        taken.append(catalog_of(out).facts_of(catalog_of(out).rows[0]).taken)
        assert Library.open(out, manifest_of(out)).row_by_path("00.png").id == 1

    build(folder, out, looking({PART: look}), AT_ONCE)
    assert taken == ["2020-09-13T12:26:40"]


def build_until_killed(folder: Path, out: Path) -> None:
    """Build, and be killed while the third part is embedded."""
    embedding.FIRST_PART = embedding.PART = PART
    build(folder, out, looking({2 * PART + 1: lambda: os.kill(os.getpid(), signal.SIGKILL)}), AT_ONCE)


def test_a_killed_build_goes_on_from_there_and_ends_as_one_that_was_not(folder: Path, out: Path) -> None:
    build(folder, out.with_name("in one go"))
    script = (
        "import sys; from pathlib import Path; from tests.export.index.vectors.test_embedding import build_until_killed; "
        "build_until_killed(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(folder), str(out)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (names_of(out), manifest_of(out).awaited) == (NAMES[: 2 * PART], COUNT - 2 * PART)
    seen: Seen = []
    models = looking_each(out, seen)
    build(folder, out, models, AT_ONCE)
    assert told_by(out) == told_by(out.with_name("in one go"))
    assert seen == sorted(seen)
    assert isinstance(models.encoder, GridEncoder)
    assert models.encoder.seen <= COUNT - 2 * PART


def test_ctrl_c_leaves_what_was_published_and_the_next_run_ends_it(folder: Path, out: Path) -> None:
    build(folder, out.with_name("in one go"))
    with pytest.raises(KeyboardInterrupt):
        build(folder, out, looking({10: stop}), AT_ONCE)
    assert names_of(out) == NAMES[: 2 * PART]
    summary = build(folder, out)
    assert (summary.added, summary.unchanged, summary.written) == (COUNT - 2 * PART, 2 * PART, True)
    assert told_by(out) == told_by(out.with_name("in one go"))


def test_a_part_in_force_is_written_anew_though_nothing_else_can_be_read(folder: Path, out: Path) -> None:
    for name in NAMES[PART:]:
        (folder / name).write_bytes(b"broken")
    with pytest.raises(KeyboardInterrupt):
        build(folder, out, looking({PART - 1: stop}), AT_ONCE)
    build(folder, out, options=AT_ONCE)
    assert (names_of(out), manifest_of(out).awaited) == (NAMES[:PART], 0)


def test_new_pictures_join_an_index_part_by_part(folder: Path, out: Path) -> None:
    build(folder, out)
    before = ids_by_path(out)
    draw_many(folder / "01 new", [f"{number}.jpg" for number in range(8)])
    seen: Seen = []
    build(folder, out, looking_each(out, seen), AT_ONCE)
    assert set(seen) == {(COUNT, 0), (COUNT + PART, PART)}
    assert {path: one for path, one in ids_by_path(out).items() if path in before} == before


@pytest.mark.parametrize("what", ["removed", "renamed", "changed"])
def test_where_more_than_new_pictures_came_the_index_before_is_shown_to_the_end(folder: Path, out: Path, what: str) -> None:
    build(folder, out)
    draw_many(folder / "new", [f"{number}.jpg" for number in range(8)])
    if what == "removed":
        (folder / "03.png").unlink()
    elif what == "renamed":
        (folder / "03.png").rename(folder / "new" / "03.png")
    else:
        draw(folder / "03.png", 99)
    seen: Seen = []
    build(folder, out, looking_each(out, seen), AT_ONCE)
    assert set(seen) == {(COUNT, 0)}


def test_pictures_are_embedded_before_the_last_of_the_folder_are_read(folder: Path, out: Path) -> None:
    hidden = folder.with_name("elsewhere.png")

    def take_away() -> None:
        (folder / NAMES[-1]).rename(hidden)

    summary = build(folder, out, looking({1: take_away}), AT_ONCE)
    assert (summary.count, [one.reason for one in summary.skipped]) == (COUNT - 1, ["it went away while it was being read"])


def test_generations_on_the_way_take_no_place_of_those_that_one_would_go_back_to(folder: Path, out: Path) -> None:
    for turn in range(3):
        draw(folder / f"9{turn}.png", 90 + turn)
        build(folder, out, options=BuildOptions(keep=3))
    draw_many(folder / "new", [f"{number}.jpg" for number in range(5 * PART)])
    build(folder, out, options=BuildOptions(publish_every_s=0, keep=3, captions_later=True))
    left = sorted(path.name for path in out.glob("g*"))
    assert {"g000001", "g000002", "g000003"} <= set(left)
    assert len(left) == 5  # the one in force, and the one before, which a reader may be opening
    assert roll_back(out, console=silent()).now.generation == "g000003"


def test_a_part_that_a_killed_build_left_takes_no_place_either(folder: Path, out: Path) -> None:
    build(folder, out)
    draw_many(folder / "new", [f"{number}.jpg" for number in range(3 * PART)])
    with pytest.raises(KeyboardInterrupt):
        build(folder, out, looking({2 * PART: stop}), AT_ONCE)
    assert manifest_of(out).awaited == PART
    build(folder, out, options=BuildOptions(captions_later=True))
    assert roll_back(out, console=silent()).now.generation == "g000001"


def test_captions_follow_once_all_can_be_searched(folder: Path, out: Path) -> None:
    seen: Seen = []

    def look() -> None:
        seen.append((manifest_of(out).count, manifest_of(out).awaited))
        stop()

    models = replace(small_models(), open_captioner=look)  # type: ignore[arg-type]  # it stops, and opens none
    options = BuildOptions(publish_every_s=1e-9)  # no more often than parts are, and captions not due at once
    with pytest.raises(KeyboardInterrupt):
        build(folder, out, models, options)
    assert seen == [(COUNT, 0)]
