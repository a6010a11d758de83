"""An index of the sample library meets other models: what is made anew is counted, in the real towers."""

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from rich.console import Console

from export.index.build import BuildOptions, build_index
from export.index.chosen_models import open_models
from runtime.artefacts.file_record import record_graph
from runtime.artefacts.manifest import MANIFEST_NAME, ModelsManifest, read_models_manifest
from runtime.bootstrap import open_engine
from runtime.models.blip import BlipCaptioner
from runtime.models.clip import ClipEncoder
from runtime.settings import Settings
from tests.export.index.small_library import catalog_of, manifest_of
from tests.sample_library import MODELS, SCENES, SampleLibrary

Change = Callable[[Path, ModelsManifest], ModelsManifest]


class CountingEncoder(ClipEncoder):
    """Counts the pictures that it embeds."""

    seen = 0

    def embed_pixels(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        type(self).seen += len(pixels)
        return super().embed_pixels(pixels)


class CountingCaptioner(BlipCaptioner):
    """Counts the pictures that it describes."""

    seen = 0

    def caption_pixels(self, pixels: NDArray[np.float32]) -> list[str]:
        type(self).seen += len(pixels)
        return super().caption_pixels(pixels)


def changed_models(folder: Path, change: Change) -> Path:
    """Return a copy of the sample models of which something is other."""
    shutil.copytree(MODELS, folder)
    manifest = change(folder, read_models_manifest(folder))
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json())
    return folder


def other_image_tower(folder: Path, manifest: ModelsManifest) -> ModelsManifest:
    return _with(manifest, image=_rewritten(folder, manifest.clip.image.path))


def other_text_tower(folder: Path, manifest: ModelsManifest) -> ModelsManifest:
    return _with(manifest, text=_rewritten(folder, manifest.clip.text.path))


def other_preprocessing(_folder: Path, manifest: ModelsManifest) -> ModelsManifest:
    return _with(manifest, preprocessing=manifest.clip.preprocessing.model_copy(update={"fit": "stretch"}))


def _rewritten(folder: Path, path: str) -> object:
    """Write a graph that computes the same, as another file, and return its record."""
    graph = onnx.load(folder / path, load_external_data=False)
    graph.doc_string = "another"
    onnx.save(graph, folder / path)
    return record_graph(folder, path)


def _with(manifest: ModelsManifest, **changed: object) -> ModelsManifest:
    return manifest.model_copy(update={"clip": manifest.clip.model_copy(update=changed)})


def counted_build(pictures: Path, out: Path, folder: Path, options: BuildOptions | None = None) -> tuple[int, int, str]:
    """Build, and return how many pictures were embedded and captioned, and what was said."""
    manifest, said = read_models_manifest(folder), io.StringIO()
    blip = manifest.blip
    assert blip

    class Encoder(CountingEncoder): ...

    class Captioner(CountingCaptioner): ...

    encoder = Encoder(folder, manifest.clip)
    models = replace(open_models(folder), encoder=encoder, open_captioner=lambda: Captioner(folder, blip))
    build_index(pictures, out, models=models, console=Console(file=said, width=200), options=options)
    return Encoder.seen, Captioner.seen, said.getvalue()


@pytest.mark.parametrize(
    ("change", "embedded", "words"),
    [
        (other_image_tower, SCENES, f"another image tower (clip/image.onnx): {SCENES} pictures are embedded again"),
        (other_preprocessing, SCENES, "another preprocessing of the image tower"),
        (other_text_tower, 0, f"another text tower (clip/text.onnx): the vectors of {SCENES} captions"),
    ],
)
def test_another_encoder_makes_no_caption_anew_and_another_text_tower_no_picture(
    sample_library: SampleLibrary, tmp_path: Path, change: Change, embedded: int, words: str
) -> None:
    out, models = tmp_path / "index", changed_models(tmp_path / "models", change)
    shutil.copytree(sample_library.index, out)
    captions = [row.caption for row in catalog_of(out).rows]
    seen, captioned, said = counted_build(sample_library.images, out, models)
    assert (seen, captioned) == (embedded, 0)
    assert words in said
    assert [row.caption for row in catalog_of(out).rows] == captions
    assert manifest_of(out).models == read_models_manifest(models).fingerprint()
    assert manifest_of(out).calibration
    engine = open_engine(Settings.read(models_dir=models, index_dir=out, groq_api_key=""))
    assert engine.search(engine.limits.check_search("a red boat", 3)).hits


def test_an_index_beside_another_is_captioned_by_nobody(sample_library: SampleLibrary, tmp_path: Path) -> None:
    models = changed_models(tmp_path / "models", other_image_tower)
    options = BuildOptions(reuse=sample_library.index)
    seen, captioned, said = counted_build(sample_library.images, tmp_path / "beside", models, options)
    assert (seen, captioned) == (SCENES, 0)
    assert f"{SCENES} captions, 0 pictures' vectors" in said
