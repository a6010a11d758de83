"""Artefact folders: what is absent, cut short, foreign or mismatched is named before anything is opened."""

import json
import re
from pathlib import Path

import pytest

from runtime.artefacts.cluster_search import ClusterSearchParams
from runtime.artefacts.file_record import record_file, record_graph
from runtime.artefacts.fingerprint import without_preprocessing
from runtime.artefacts.manifest import (
    IndexManifest,
    ModelsManifest,
    check_models_match,
    read_index_manifest,
    read_models_manifest,
)
from runtime.artefacts.model_records import CosineLevels, EncoderRecord
from runtime.errors import ArtefactCorrupt, ArtefactMissing, ModelsDiffer
from tests.sample_library import MODELS

PREPROCESSING = {"size": 8, "fit": "crop", "resample": "bicubic", "mean": [0, 0, 0], "std": [1, 1, 1]}


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("text.onnx", "image.onnx", "tokenizer.json"):
        (folder / name).write_text(f"the {name}")
    clip = {
        "name": "small",
        "text": record_graph(folder, "text.onnx"),
        "image": record_graph(folder, "image.onnx"),
        "tokenizer": record_file(folder, "tokenizer.json"),
        "dimension": 4,
        "context_length": 8,
        "end_token_id": 1,
        "logit_scale": 100.0,
        "patch_grid": 2,
        "preprocessing": PREPROCESSING,
    }
    manifest = ModelsManifest.model_validate({"precision": "int8", "clip": clip})
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    return folder


@pytest.fixture
def index_dir(tmp_path: Path, models_dir: Path) -> Path:
    folder = tmp_path / "index"
    (folder / "g000001").mkdir(parents=True)
    for name in ("image_index.faiss", "catalog.sqlite", "metadata.json"):
        (folder / "g000001" / name).write_text(name)
    manifest = IndexManifest(
        generation="g000001",
        images_dir="images",
        count=0,
        dimension=4,
        models=read_models_manifest(models_dir).fingerprint(),
        store=record_file(folder, "g000001/image_index.faiss"),
        catalog=record_file(folder, "g000001/catalog.sqlite"),
        metadata=record_file(folder, "g000001/metadata.json"),
    )
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    return folder


def test_a_missing_folder_or_file_is_named_with_the_remedy(tmp_path: Path, models_dir: Path, index_dir: Path) -> None:
    with pytest.raises(ArtefactMissing, match=r"nowhere.*lookwhy models"):
        read_models_manifest(tmp_path / "nowhere")
    (index_dir / "g000001" / "catalog.sqlite").unlink()
    with pytest.raises(ArtefactMissing, match=r"catalog\.sqlite is not there.*lookwhy index"):
        read_index_manifest(index_dir)


def test_a_folder_without_an_index_or_models_is_named_in_full_with_the_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = f"There is no index in {tmp_path}/artifacts/index (manifest.json is not there). If you made one in another folder"
    with pytest.raises(ArtefactMissing, match=f"^{re.escape(said)}.*--index FOLDER.*Else make one: lookwhy index FOLDER"):
        read_index_manifest(Path("artifacts/index"))
    for name, asked in (("sampel", "Did you mean --models sample? "), ("mine", "")):
        said = f"There are no models in {tmp_path}/{name} (manifest.json is not there). {asked}Export the models:"
        with pytest.raises(ArtefactMissing, match=f"^{re.escape(said)}.*--models .MODELS_DIR"):
            read_models_manifest(Path(name))


def test_a_truncated_file_is_named_with_both_lengths(models_dir: Path) -> None:
    (models_dir / "image.onnx").write_text("the im")
    with pytest.raises(ArtefactCorrupt, match=r"image\.onnx cannot be used: it has 6 bytes where the manifest says 14"):
        read_models_manifest(models_dir)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": "lookwhy-models/9"}', '{"clip": 7}', "\x00"])
def test_a_foreign_manifest_is_refused(models_dir: Path, text: str) -> None:
    (models_dir / "manifest.json").write_text(text)
    with pytest.raises(ArtefactCorrupt, match="lookwhy-models/1"):
        read_models_manifest(models_dir)


def test_an_unknown_field_is_refused(models_dir: Path) -> None:
    manifest = json.loads((models_dir / "manifest.json").read_text())
    (models_dir / "manifest.json").write_text(json.dumps(manifest | {"surprise": 1}))
    with pytest.raises(ArtefactCorrupt, match="surprise"):
        read_models_manifest(models_dir)


def test_an_index_without_clusters_says_nothing_of_them_so_that_older_programs_read_it(index_dir: Path) -> None:
    written = json.loads(read_index_manifest(index_dir).model_dump_json())
    assert not {"probing", "vectors", "awaited"} & written.keys()


def test_a_large_index_names_its_vectors_and_how_it_is_searched(index_dir: Path) -> None:
    (index_dir / "g000001" / "image_vectors.f16").write_text("vectors")
    probing = ClusterSearchParams(nlist=64, nprobe=3, rescored=40, recall_at_10=0.96, queries=100, asked_with="captions")
    vectors = record_file(index_dir, "g000001/image_vectors.f16")
    large = read_index_manifest(index_dir).model_copy(update={"probing": probing, "vectors": vectors})
    (index_dir / "manifest.json").write_text(large.model_dump_json())
    read = read_index_manifest(index_dir)
    assert read == large
    assert vectors in read.files()
    assert [file.path.rsplit("/")[1] for file in read.searched_files()] == [
        "image_index.faiss",
        "catalog.sqlite",
        "image_vectors.f16",
    ]
    (index_dir / "g000001" / "image_vectors.f16").unlink()
    with pytest.raises(ArtefactMissing, match=r"image_vectors\.f16"):
        read_index_manifest(index_dir)


def test_an_index_of_these_models_is_accepted_and_one_of_others_refused(models_dir: Path, index_dir: Path) -> None:
    models, index = read_models_manifest(models_dir), read_index_manifest(index_dir)
    check_models_match(index_dir, index, models_dir, models)
    other = index.model_copy(update={"models": index.models | {"text.onnx": "0" * 64}})
    with pytest.raises(ModelsDiffer) as refused:
        check_models_match(index_dir, other, models_dir, models)
    assert refused.value.differing == ("text.onnx",)


@pytest.mark.parametrize("tower", ["text", "image"])
def test_an_index_of_a_tower_whose_files_have_other_names_is_refused(models_dir: Path, index_dir: Path, tower: str) -> None:
    models, index = read_models_manifest(models_dir), read_index_manifest(index_dir)
    made_with = {f"other/{path}" if Path(path).stem == tower else path: value for path, value in index.models.items()}
    assert made_with != index.models
    with pytest.raises(ModelsDiffer) as refused:
        check_models_match(index_dir, index.model_copy(update={"models": made_with}), models_dir, models)
    assert f"other/{tower}.onnx" in refused.value.differing


def test_models_without_a_captioner_serve_an_index_that_has_captions(models_dir: Path, index_dir: Path) -> None:
    models, index = read_models_manifest(models_dir), read_index_manifest(index_dir)
    check_models_match(
        index_dir, index.model_copy(update={"models": index.models | {"blip/x.onnx": "1" * 64}}), models_dir, models
    )


def test_a_folder_that_may_not_be_read_is_named(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)  # whoever runs the tests as root may read anything
    with pytest.raises(ArtefactCorrupt, match="Permission denied"):
        read_models_manifest(models_dir)


def test_a_manifest_from_before_there_was_a_padding_token_is_padded_with_its_end_token(models_dir: Path) -> None:
    clip = read_models_manifest(models_dir).clip
    assert (clip.pad_token_id, clip.padded_to, clip.logit_bias) == (1, None, None)
    assert clip.cosine_levels == CosineLevels()
    written = json.loads(clip.model_dump_json())
    assert written["pad_token_id"] == 1
    assert not {"end_token_id", "padded_to", "logit_bias", "text_name", "text_revision"} & written.keys()
    assert EncoderRecord.model_validate(written) == clip


def test_a_length_that_cuts_texts_short_is_refused(models_dir: Path) -> None:
    manifest = json.loads((models_dir / "manifest.json").read_text())
    manifest["clip"] |= {"padded_to": 7}
    (models_dir / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtefactCorrupt, match="padded_to is 7, less than context_length, 8"):
        read_models_manifest(models_dir)


def test_captions_of_another_search_are_of_other_models() -> None:
    sample = read_models_manifest(MODELS)
    assert sample.blip is not None
    prints = [
        sample.model_copy(update={"blip": sample.blip.model_copy(update=rules)}).fingerprint()
        for rules in ({"num_beams": 1}, {"num_beams": 3}, {"num_beams": 3, "length_penalty": 2.0})
    ]
    assert without_preprocessing(prints[0]) == {file.path: file.sha256 for file in sample.files()}
    assert len({tuple(sorted(one.items())) for one in prints}) == 3
