"""Captions put off, with the committed sample models: what a search answers between the two passes, and the end of both."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from export.index.build import Models
from runtime.artefacts.manifest import read_models_manifest
from runtime.bootstrap import open_engine
from runtime.engine import Engine
from runtime.images import preprocess
from runtime.library.caption_file import FILE_NAME, CaptionFile
from runtime.models.blip import BlipCaptioner
from runtime.models.clip import ClipEncoder
from runtime.search.evidence import Answer
from runtime.settings import Settings
from tests.export.index.small_library import build, catalog_of, manifest_of, told_by
from tests.forked import run_forked
from tests.sample_library import MODELS, SCENES, SampleLibrary

QUERY = "a boat at sunset"


def index(library: SampleLibrary, out: Path, *options: str) -> str:
    """Run the command, and return what it told."""
    ended = run_forked("export", "index", str(library.images), "--models", str(MODELS), "--out", str(out), *options)
    assert ended.returncode == 0, ended.stderr
    return ended.stderr


def searched(library: SampleLibrary, index_dir: Path, query: str) -> list[tuple[str, str, str]]:
    """Return path, caption and its source of five hits, found by a process of its own."""
    environment = library.environment | {"INDEX_DIR": str(index_dir), "LOG_LEVEL": "WARNING"}
    ended = run_forked("runtime", "search", query, "--json", environment=environment)
    assert ended.returncode == 0, ended.stderr
    return [(hit["image_path"], hit["caption"], hit["caption_source"]) for hit in json.loads(ended.stdout)["results"]]


def test_a_later_process_answers_with_the_captions_of_the_first_though_the_pictures_are_gone(
    sample_library: SampleLibrary, tmp_path: Path
) -> None:
    images, out = tmp_path / "images", tmp_path / "index"
    shutil.copytree(sample_library.images, images)
    index(replace(sample_library, images=images), out, "--captions", "later")
    made = searched(sample_library, out, QUERY)
    assert {source for _, _, source in made} == {"live"}
    shutil.rmtree(images)
    assert searched(sample_library, out, QUERY) == made


def test_captions_made_live_are_those_of_an_index_and_a_build_takes_them_over(
    sample_library: SampleLibrary, tmp_path: Path
) -> None:
    out = tmp_path / "index"
    index(sample_library, out, "--captions", "later")
    engine = open_over(out)
    engine.search(engine.limits.check_search(QUERY, 20))
    kept = CaptionFile(out, read_models_manifest(MODELS).fingerprint()).read_all()
    of_index = {row.sha256: row.caption for row in catalog_of(sample_library.index).rows}
    assert len(kept) == 20
    assert kept == {sha256: of_index[sha256] for sha256 in kept}
    before = (out / FILE_NAME).read_bytes()
    index(sample_library, out, "--captions", "later")
    assert (out / FILE_NAME).read_bytes() == before
    assert {row.sha256: row.caption for row in catalog_of(out).rows if row.caption is not None} == kept


def test_a_picture_that_one_searches_with_is_not_kept(sample_library: SampleLibrary, tmp_path: Path) -> None:
    out = tmp_path / "index"
    index(sample_library, out, "--captions", "later")
    engine = open_over(out)
    asked = Image.linear_gradient("L").resize((320, 240)).convert("RGB")
    answer = engine.search_by_image(engine.limits.check_image_search("", 5), preprocess(asked, engine.preprocessing))
    kept = CaptionFile(out, read_models_manifest(MODELS).fingerprint()).read_all()
    assert set(kept) == {hit.row.sha256 for hit in answer.hits}


def open_over(index_dir: Path) -> Engine:
    return open_engine(Settings.read(models_dir=MODELS, index_dir=index_dir, groq_api_key=""))


def find(engine: Engine, top_k: int) -> Answer:
    return engine.search(engine.limits.check_search(QUERY, top_k))


def test_between_the_passes_a_search_captions_live_and_judges_nothing(sample_library: SampleLibrary, tmp_path: Path) -> None:
    out = tmp_path / "index"
    assert f"{SCENES} of them have no caption yet" in index(sample_library, out, "--captions", "later")
    answer, whole = (find(open_over(folder), 5) for folder in (out, sample_library.index))
    assert {(hit.caption_source, bool(hit.caption.text)) for hit in answer.hits} == {("live", True)}
    assert (answer.verdict, answer.match_probability) == (None, None)
    assert all(hit.explanation.text for hit in answer.hits)
    assert whole.verdict is not None
    told = index(sample_library, out)
    assert "no caption" not in told
    assert told_by(out) == told_by(sample_library.index)


def test_with_a_part_of_its_captions_an_index_answers_with_those_and_makes_the_others(
    sample_library: SampleLibrary, tmp_path: Path
) -> None:
    manifest = read_models_manifest(MODELS)
    assert manifest.blip
    blip, out = manifest.blip, tmp_path / "index"

    class Stopping(BlipCaptioner):
        """Presses Ctrl-C after half of the scenes."""

        left = SCENES // 2

        def caption_pixels(self, pixels: NDArray[np.float32]) -> list[str]:
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            return super().caption_pixels(pixels)

    encoder = ClipEncoder(MODELS, manifest.clip)
    with pytest.raises(KeyboardInterrupt):
        build(sample_library.images, out, Models(manifest.fingerprint(), encoder, lambda: Stopping(MODELS, blip)))
    assert sum(row.caption is not None for row in catalog_of(out).rows) == SCENES // 2
    assert manifest_of(out).calibration
    answer = find(open_over(out), SCENES)
    assert {hit.caption_source for hit in answer.hits} == {"index", "live"}
    assert all(hit.evidence.match_probability is not None for hit in answer.hits)
    index(sample_library, out)
    assert told_by(out) == told_by(sample_library.index)
