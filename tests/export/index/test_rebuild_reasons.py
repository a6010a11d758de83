"""Other models make only those parts of an index anew that depend on what is other of them; a build says which, and why."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from export.index.build import BuildOptions, Models
from export.index.journal import JOURNAL_NAME, Journal
from export.index.pipeline import EmbeddedImage
from runtime.artefacts.fingerprint import without_preprocessing
from runtime.library.caption_file import CaptionFile
from runtime.stores.opening import open_stores
from tests.export.index.counted_models import COUNT, MODELS, Counted
from tests.export.index.small_library import (
    GridEncoder,
    build,
    catalog_of,
    draw,
    ids_by_path,
    manifest_of,
    said_by,
    told_by,
)


@pytest.mark.parametrize(
    ("changed", "made", "said"),
    [
        ({}, (0, 0), []),
        (
            {"clip/image.onnx": "9" * 64},
            (COUNT, 0),
            ["another image tower (clip/image.onnx): 24 pictures are embedded again", "What stays: captions."],
        ),
        (
            {"clip/image.preprocessing": "stretch to 224 pixels"},
            (COUNT, 0),
            ["another preprocessing of the image tower (clip/image.preprocessing): 24 pictures", "What stays: captions."],
        ),
        (
            {"clip/text.onnx": "9" * 64, "clip/tokenizer.json": "8" * 64},
            (0, 0),
            ["another text tower (clip/text.onnx, clip/tokenizer.json): the vectors of 24 captions, and match"],
        ),
        (
            {"blip/search": None},
            (0, COUNT),
            ["another captioner (blip/search): 24 captions are made again", "What stays: the pictures' vectors."],
        ),
        (
            {"blip/vision.preprocessing": "crop to 384 pixels"},
            (0, COUNT),
            ["another preprocessing of the captioner (blip/vision.preprocessing): 24 captions are made again"],
        ),
        (
            {"clip/image.onnx": "9" * 64, "clip/text.onnx": "9" * 64},
            (COUNT, 0),
            ["another image tower", "another text tower", "What stays: captions."],
        ),
    ],
)
def test_other_models_make_anew_what_depends_on_them_alone(
    many: Path, out: Path, changed: dict[str, str | None], made: tuple[int, int], said: Sequence[str]
) -> None:
    build(many, out, Counted().models)
    before, ids = manifest_of(out), ids_by_path(out)
    others = Counted(changed)
    told = said_by(many, out, others.models)
    assert others.made == made
    assert all(words in told for words in said)
    assert ("Made with another" in told) == bool(said)
    assert ids_by_path(out) == ids
    assert manifest_of(out).models == others.models.fingerprint
    assert manifest_of(out).generation == (before.generation if not changed else "g000002")
    build(many, out.with_name("from the start"), others.models)
    assert told_by(out) == told_by(out.with_name("from the start"))


def test_the_captions_vectors_stay_with_another_image_tower_and_go_with_another_text_tower(many: Path, out: Path) -> None:
    class OtherWords(GridEncoder):
        """Embeds a text as it would its mirror image, so that it can be told which encoder a vector came from."""

        def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return np.flip(super().embed_texts(texts), axis=1)

    build(many, out, Counted().models)
    before = _caption_vectors(out)
    for entry, stay in (("clip/image.onnx", True), ("clip/text.onnx", False)):
        build(many, out, replace(Counted({entry: "9" * 64, "clip/image.onnx": "9" * 64}).models, encoder=OtherWords()))
        assert np.array_equal(_caption_vectors(out), before) == stay


def _caption_vectors(out: Path) -> NDArray[np.float32]:
    _, captions = open_stores(out, manifest_of(out))
    assert captions is not None
    return captions.vectors_of([row.id for row in catalog_of(out).rows])


def test_models_without_a_captioner_keep_the_captions_that_are_there(many: Path, out: Path) -> None:
    build(many, out, Counted().models)
    captions = {row.image_path: row.caption for row in catalog_of(out).rows}
    draw(many / "new.png", 99)
    lacking = {entry: None for entry in MODELS if entry.startswith("blip/")}
    told = said_by(many, out, Counted({**lacking, "clip/image.onnx": "9" * 64}, captions=False).models)
    assert "another captioner" not in told
    assert {row.image_path: row.caption for row in catalog_of(out).rows} == {**captions, "new.png": None}
    again = Counted({"clip/image.onnx": "9" * 64})
    build(many, out, again.models)
    assert again.made == (0, 1), "the captioner of before knows all but the new one"


def test_of_captions_that_there_are_not_nothing_is_said(many: Path, out: Path) -> None:
    build(many, out, Counted().models, BuildOptions(captions_later=True))
    others = Counted({"clip/image.onnx": "9" * 64, "clip/text.onnx": "9" * 64, "blip/search": None})
    said = [line for line in said_by(many, out, others.models).splitlines() if "Made with" in line or "What stays" in line]
    assert [line.partition(" (")[0] for line in said] == ["Made with another image tower"]


def test_an_index_from_before_preprocessing_was_named_is_not_made_again(many: Path, out: Path) -> None:
    counted = Counted()
    older = replace(counted.models, fingerprint=without_preprocessing(MODELS))
    build(many, out, older)
    before = told_by(out)
    CaptionFile(out, older.fingerprint).write("f" * 64, "made while searching")
    again = Counted()
    told = said_by(many, out, again.models)
    assert again.made == (0, 0)
    assert "another" not in told
    assert told_by(out) == before
    assert CaptionFile(out, MODELS).read_all() == {"f" * 64: "made while searching"}


@pytest.mark.parametrize("is_same", [True, False])
def test_a_journal_of_a_version_with_one_fingerprint_is_believed_if_it_is_the_same(
    many: Path, out: Path, *, is_same: bool
) -> None:
    """Its table had the sha256 of the files' sha256, for all parts at once."""
    _interrupt(many, out, Counted().models)
    older = without_preprocessing(MODELS if is_same else {**MODELS, "blip/search": "5 beams"})
    with closing(sqlite3.connect(out / JOURNAL_NAME)) as journal, journal:
        journal.execute("DROP TABLE made_by")
        journal.execute("CREATE TABLE made_with (fingerprint TEXT PRIMARY KEY)")
        one = hashlib.sha256(json.dumps(older, sort_keys=True).encode()).hexdigest()
        journal.execute("INSERT INTO made_with VALUES (?)", (one,))
    again = Counted()
    build(many, out, again.models)
    assert again.made == ((0, COUNT - 8) if is_same else (COUNT, COUNT))


@pytest.mark.parametrize(
    ("changed", "made"),
    [
        ({"clip/image.onnx": "9" * 64}, (COUNT, COUNT - 8)),
        ({"blip/search": "5 beams"}, (0, COUNT)),
        ({"clip/text.onnx": "9" * 64}, (0, COUNT - 8)),
    ],
)
def test_a_journal_of_other_models_keeps_the_parts_that_are_the_same(
    many: Path, out: Path, changed: dict[str, str | None], made: tuple[int, int]
) -> None:
    _interrupt(many, out, Counted().models)
    others = Counted(changed)
    build(many, out, others.models)
    assert others.made == made


def _interrupt(folder: Path, out: Path, models: Models) -> None:
    """Stop a build whose pictures are embedded, and eight of them captioned, as a kill would: nothing is published."""
    build(folder, out, models)
    [generation] = [path for path in out.iterdir() if path.name.startswith("g0")]
    rows = catalog_of(out).rows
    vectors = GridEncoder().embed_pixels(np.ones((len(rows), 3, 2, 2), np.float32))
    with Journal(out, models.fingerprint) as journal:
        embedded = {row.sha256: EmbeddedImage(row.width, row.height, vectors[at]) for at, row in enumerate(rows)}
        journal.record_images(embedded, {})
        journal.record_captions({row.sha256: row.caption or "" for row in rows[:8]})
    shutil.rmtree(generation)
    (out / "manifest.json").unlink()
