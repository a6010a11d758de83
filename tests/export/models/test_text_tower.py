"""A multilingual text tower over a CLIP's pictures: exported, the same as torch, and refused where it does not belong."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from rich.console import Console
from transformers import BertTokenizer, DistilBertModel, DistilBertTokenizerFast

from export.console import SilentDisplay
from export.errors import CheckpointUnusable
from export.evaluation.exact import exact_folder
from export.index.build import build_index
from export.index.chosen_models import open_models
from export.models.checkpoints import open_checkpoint
from export.models.export import ExportOptions, export_models
from export.models.families import ENCODERS
from export.models.mean_pooled_text import embed_with_torch, write_text_graph
from export.models.text_checkpoint import open_text_checkpoint, read_projection, refuse_other_pictures
from export.precision.calibration_set import draw_calibration_set
from export.storybook.folder import DrawingOptions, draw_folder
from runtime.artefacts.fingerprint import differing_entries
from runtime.artefacts.manifest import ModelsManifest, read_index_manifest, read_models_manifest
from runtime.bootstrap import open_engine
from runtime.errors import ModelsDiffer
from runtime.models.clip import ClipEncoder
from runtime.models.onnx_session import Session
from runtime.settings import Settings
from tests.export.small_checkpoints import save_clip
from tests.export.small_siglip import save_siglip
from tests.export.small_text_tower import CONTEXT, SCRIPTS, save_modules, save_text_tower
from tests.workers import made_once

pytestmark = pytest.mark.torch

MULTILINGUAL, OPENAI = "sentence-transformers/clip-ViT-B-32-multilingual-v1", "openai/clip-vit-base-patch32"
PRECISIONS = ("fp32", "planned")


def export_all(root: Path) -> None:
    save_clip(root / "clip")
    save_text_tower(root / "text", root / "clip")
    for precision in PRECISIONS:
        options = ExportOptions(precision=precision, calibration=draw_calibration_set(12), threads=1)  # type: ignore[arg-type]  # a literal of the tuple above
        export_models(str(root / "clip"), None, root / precision / "own", options=options)
        export_models(str(root / "clip"), None, root / precision / "both", text=str(root / "text"), options=options)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "text-tower", export_all)


@pytest.fixture(params=PRECISIONS)
def exported(request: pytest.FixtureRequest, root: Path) -> tuple[ModelsManifest, ModelsManifest, Path]:
    folder = root / str(request.param)
    return read_models_manifest(folder / "own"), read_models_manifest(folder / "both"), folder / "both"


def test_the_record_names_the_tower_and_pictures_stay_as_they_were(
    exported: tuple[ModelsManifest, ModelsManifest, Path],
) -> None:
    own, both, folder = exported
    record = both.clip
    assert (record.name, record.text_name, record.text_revision) == ("clip", "text", None)
    assert (record.context_length, record.pad_token_id, record.padded_to) == (CONTEXT, 0, None)
    assert record.image == own.clip.image
    assert record.logit_scale == own.clip.logit_scale
    assert not differing_entries("pictures", own.fingerprint(), both.fingerprint())
    assert differing_entries("texts", own.fingerprint(), both.fingerprint())
    assert not (folder / "clip" / "text.onnx").exists()
    assert both.made_by["text"].endswith("text")
    report = json.loads((folder / "report.json").read_text())
    assert {name.split()[0] for name in report["parity_to_torch"]} == {"clip/image.onnx", "text/text.onnx"}
    assert report["parity_to_torch"]["text/text.onnx embedding"]["max_difference_to_torch"] <= 1e-5


def test_texts_get_the_vectors_of_torch_alone_and_beside_longer_ones(root: Path) -> None:
    manifest = read_models_manifest(root / "fp32" / "both")
    checkpoint = open_text_checkpoint(str(root / "text"), open_checkpoint(str(root / "clip"), *ENCODERS))
    encoder, model = (
        ClipEncoder(root / "fp32" / "both", manifest.clip),
        DistilBertModel.from_pretrained(root / "text").eval(),
    )
    rows = [np.array([checkpoint.tokenizer(text)["input_ids"]]) for text in SCRIPTS]
    wanted = embed_with_torch(model, read_projection(checkpoint), rows, 0)
    assert np.abs(encoder.embed_texts(SCRIPTS) - wanted).max() <= 1e-5
    assert np.abs(encoder.embed_tokens(encoder.tokenize(SCRIPTS)) - wanted).max() <= 1e-5
    wrong = encoder.tokenize(SCRIPTS[:2])
    wrong[wrong == 0] = 3
    assert np.abs(encoder.embed_tokens(wrong) - wanted[:2]).max() > 1e-3, "padding is told from other tokens"


def test_token_ids_are_those_of_the_reference_in_every_script(root: Path) -> None:
    manifest = read_models_manifest(root / "fp32" / "both")
    encoder = ClipEncoder(root / "fp32" / "both", manifest.clip)
    reference = BertTokenizer(str(root / "text" / "vocab.txt"), do_lower_case=False, strip_accents=False)
    words = " ".join(SCRIPTS).split()
    rng = np.random.default_rng(0)
    texts = [*SCRIPTS, "", '5"x7"', *(" ".join(rng.choice(words, 6)) for _ in range(200))]
    for text in texts:
        wanted = reference(text, truncation=True, max_length=CONTEXT)["input_ids"]
        assert encoder.tokenize([text])[0].tolist() == wanted, text
    fast = DistilBertTokenizerFast.from_pretrained(root / "text")
    for text in [*texts, "e\u0301", "ｆｕｌｌ", "a\u200db"]:  # the slow one composes letters first, the fast and ours do not
        assert encoder.tokenize([text])[0].tolist() == fast(text, truncation=True, max_length=CONTEXT)["input_ids"]


def test_a_projection_with_a_bias_is_a_layer_too(root: Path, tmp_path: Path) -> None:
    save_text_tower(tmp_path / "text", root / "clip", bias=True)
    checkpoint = open_text_checkpoint(str(tmp_path / "text"), open_checkpoint(str(root / "clip"), *ENCODERS))
    dense, model = read_projection(checkpoint), DistilBertModel.from_pretrained(tmp_path / "text").eval()
    write_text_graph(model, dense, 0, tmp_path)
    text = np.array([[2, 7, 9, 3]])
    given = Session(tmp_path / "text" / "text.onnx", 1).run(["embedding"], {"input_ids": text})[0]
    assert dense.bias is not None
    assert np.abs(given - embed_with_torch(model, dense, [text], 0)).max() <= 1e-5


def refused(folder: Path, text: Path) -> str:
    with pytest.raises(CheckpointUnusable) as raised:
        export_models(str(folder), None, text.parent / "out", text=str(text), options=ExportOptions(precision="fp32"))
    assert not (text.parent / "out").exists()
    return str(raised.value)


def test_a_tower_over_other_pictures_is_refused_by_name_before_any_graph_is_made(root: Path, tmp_path: Path) -> None:
    torch.manual_seed(7)
    save_clip(tmp_path / "other")
    changed = {name: torch.randn(tensor.shape) for name, tensor in torch.nn.Linear(32, 24, bias=False).state_dict().items()}
    from transformers import CLIPModel

    model = CLIPModel.from_pretrained(tmp_path / "other")
    model.text_projection.weight.data = changed["weight"]
    model.save_pretrained(tmp_path / "other")
    save_text_tower(tmp_path / "text", root / "clip")
    assert "its vectors are not those of other: on 8 English texts, their mean cosine is" in refused(
        tmp_path / "other", tmp_path / "text"
    )
    save_text_tower(tmp_path / "text", root / "clip", dimension=20)
    assert "its vectors have 20 numbers, those of the pictures of clip 24" in refused(root / "clip", tmp_path / "text")
    save_siglip(tmp_path / "siglip")
    assert "the pictures of siglip, which is a siglip model" in refused(tmp_path / "siglip", tmp_path / "text")


@pytest.mark.parametrize(
    ("file", "changes", "said"),
    [
        ("2_Dense/config.json", {"activation_function": "torch.nn.modules.activation.Tanh"}, "its projection ends in Tanh"),
        ("1_Pooling/config.json", {"pooling_mode_cls_token": True}, "it pools by pooling_mode_cls_token"),
        ("config.json", {"model_type": "roberta"}, "it is a roberta model, not a distilbert model"),
    ],
)
def test_what_is_no_such_tower_is_refused_by_name(
    root: Path, tmp_path: Path, file: str, changes: dict[str, object], said: str
) -> None:
    save_text_tower(tmp_path / "text", root / "clip")
    path = tmp_path / "text" / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    assert said in refused(root / "clip", tmp_path / "text")


def test_parts_that_are_missing_or_other_modules_are_named(root: Path, tmp_path: Path) -> None:
    save_text_tower(tmp_path / "text", root / "clip")
    (tmp_path / "text" / "2_Dense" / "pytorch_model.bin").unlink()
    assert "it has no weights in 2_Dense" in refused(root / "clip", tmp_path / "text")
    modules = json.loads((tmp_path / "text" / "modules.json").read_text())
    (tmp_path / "text" / "modules.json").write_text(json.dumps(modules[:2]))
    assert "its modules are Transformer, Pooling, not Transformer, Pooling, Dense" in refused(
        root / "clip", tmp_path / "text"
    )
    (tmp_path / "text" / "modules.json").unlink()
    assert "its modules.json is missing" in refused(root / "clip", tmp_path / "text")
    save_modules(tmp_path / "text", torch.nn.Linear(32, 24), pooling="max_tokens")
    assert "it pools by pooling_mode_max_tokens" in refused(root / "clip", tmp_path / "text")


def test_a_published_tower_is_refused_beside_another_clip_before_anything_is_fetched() -> None:
    refuse_other_pictures(f"{MULTILINGUAL}@main", f"{OPENAI}@3d74acf")
    refuse_other_pictures("somebody/tower", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K")
    with pytest.raises(CheckpointUnusable, match=f"the pictures of {OPENAI}, not of laion/CLIP") as raised:
        export_models("laion/CLIP-ViT-B-32-laion2B-s34B-b79K@1a25a44", None, Path("never"), text=MULTILINGUAL)
    assert f"--clip {OPENAI}" in str(raised.value)


def test_exact_models_to_compare_with_are_made_with_the_tower(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "planned" / "both", tmp_path / "models")
    models = read_models_manifest(tmp_path / "models")
    made = exact_folder(tmp_path / "models", models, None, SilentDisplay())
    assert made == tmp_path / "models-fp32"
    assert read_models_manifest(made).clip.text.sha256 == read_models_manifest(root / "fp32" / "both").clip.text.sha256


class CountingEncoder(ClipEncoder):
    """Counts the pictures that it embeds."""

    seen = 0

    def embed_pixels(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        type(self).seen += len(pixels)
        return super().embed_pixels(pixels)


def test_an_index_keeps_its_pictures_and_is_searched_in_other_languages(root: Path, tmp_path: Path) -> None:
    draw_folder(tmp_path / "pictures", DrawingOptions(6, 5_000_021))
    built = []
    for name in ("own", "both"):
        folder = root / "fp32" / name
        encoder = CountingEncoder(folder, read_models_manifest(folder).clip)
        models = replace(open_models(folder), encoder=encoder)
        build_index(tmp_path / "pictures", tmp_path / "index", models=models, console=Console(quiet=True))
        built.append((encoder.seen, read_index_manifest(tmp_path / "index")))
    assert [seen for seen, _ in built] == [6, 6], "no picture is embedded again"
    (_, before), (_, after) = built
    assert before.store.sha256 == after.store.sha256
    assert before.models != after.models
    settings = {"index_dir": tmp_path / "index", "images_dir": tmp_path / "pictures", "groq_api_key": ""}
    engine = open_engine(Settings.read(models_dir=root / "fp32" / "both", **settings))
    answer = engine.search(engine.limits.check_search("赤い船", 3))
    assert len(answer.hits) == 3
    assert [word.word for word in answer.hits[0].evidence.words] == ["赤い", "船"]
    assert any(word.drop for word in answer.hits[0].evidence.words)
    with pytest.raises(ModelsDiffer, match=r"text\.onnx"):
        open_engine(Settings.read(models_dir=root / "fp32" / "own", **settings))
