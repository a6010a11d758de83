"""Captions put off, with the committed sample models: what a search answers between the two passes, and the end of both."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from export.index.build import Models
from runtime.artefacts.manifest import read_models_manifest
from runtime.bootstrap import open_engine
from runtime.engine import Engine
from runtime.models.blip import BlipCaptioner
from runtime.models.clip import ClipEncoder
from runtime.search.evidence import Answer
from runtime.settings import Settings
from tests.export.index.small_library import build, catalog_of, manifest_of, told_by
from tests.sample_library import MODELS, SCENES, SampleLibrary, run_module

QUERY = "a boat at sunset"


def index(library: SampleLibrary, out: Path, *options: str) -> str:
    """Run the command, and return what it told."""
    ended = run_module("export", "index", str(library.images), "--models", str(MODELS), "--out", str(out), *options)
    assert ended.returncode == 0, ended.stderr
    return ended.stderr


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
