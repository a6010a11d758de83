"""A SigLIP and a SigLIP 2 from their checkpoints to answers: exported, a folder indexed, searched and explained."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from export.index.build import build_index
from export.index.chosen_models import open_models
from export.models.export import ExportOptions, export_models
from export.precision.calibration_set import draw_calibration_set
from export.precision.gates import Gates
from export.storybook.folder import DrawingOptions, draw_folder
from runtime.artefacts.manifest import ModelsManifest, read_models_manifest
from runtime.bootstrap import open_engine
from runtime.engine import Engine
from runtime.models.clip import ClipEncoder
from runtime.settings import Settings
from tests.export.small_siglip import CONTEXT, save_siglip
from tests.workers import made_once

pytestmark = pytest.mark.torch

PICTURES = 30
FORMS = {"SigLIP, exact": (False, "fp32"), "SigLIP 2, planned": (True, "planned")}
GRAPHS = {"siglip/text.onnx", "siglip/image.onnx"}


class Served:
    """One of the forms, exported; its index over drawn pictures; and the engine over both."""

    def __init__(self, folder: Path) -> None:
        self.models, self.index, self.pictures = folder / "models", folder / "index", folder.parent / "pictures"
        self.manifest: ModelsManifest = read_models_manifest(self.models)

    def open(self) -> Engine:
        settings = Settings.read(models_dir=self.models, index_dir=self.index, images_dir=self.pictures, groq_api_key="")
        return open_engine(settings)


def export_and_index(root: Path) -> None:
    draw_folder(root / "pictures", DrawingOptions(PICTURES, 5_000_019))
    for number, (second, precision) in enumerate(FORMS.values()):
        folder = root / str(number)
        save_siglip(folder / "checkpoint", second=second)
        options = ExportOptions(
            precision=precision,  # type: ignore[arg-type]  # a literal of the table above
            gates=Gates(),
            calibration=draw_calibration_set(12),
            threads=1,
        )
        export_models(str(folder / "checkpoint"), None, folder / "models", options=options)
        models = open_models(folder / "models")
        build_index(root / "pictures", folder / "index", models=models, console=Console(quiet=True))


@pytest.fixture(scope="module", params=FORMS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    root = made_once(tmp_path_factory, "siglip-served", export_and_index)
    return Served(root / str(list(FORMS).index(request.param)))


def test_the_manifest_has_all_that_the_runtime_needs(served: Served) -> None:
    record = served.manifest.clip
    second = record.pad_token_id == 0
    assert {record.text.path, record.image.path} == GRAPHS
    assert (record.context_length, record.padded_to, record.dimension, record.patch_grid) == (CONTEXT, CONTEXT, 48, 4)
    assert record.logit_scale == pytest.approx(math.exp(4.7), rel=1e-5)
    assert record.logit_bias == pytest.approx(-12.7, rel=1e-5)
    assert record.preprocessing.fit == "stretch"
    assert record.preprocessing.resample == ("bilinear" if second else "bicubic")
    assert record.cosine_levels.low_score == pytest.approx(12.7 / math.exp(4.7), rel=1e-5)


def test_the_report_has_the_measures_of_both_towers(served: Served) -> None:
    report = json.loads((served.models / "report.json").read_text())
    differences = {name: measures["max_difference_to_torch"] for name, measures in report["parity_to_torch"].items()}
    assert {name.split()[0] for name in differences} == GRAPHS
    assert max(differences.values()) <= 1e-4
    if served.manifest.precision != "fp32":
        assert all(size["bytes"] < size["bytes_exact"] for size in report["sizes"].values())


def test_pictures_are_found_and_judged_by_the_model_s_own_log_odds(served: Served) -> None:
    engine, record = served.open(), served.manifest.clip
    answer = engine.search(engine.limits.check_search("a red boat at sunset -sand", 5))
    assert engine.count == PICTURES
    assert len(answer.hits) == 5
    for hit in answer.hits:
        log_odds = record.logit_scale * hit.evidence.score + (record.logit_bias or 0)
        assert hit.evidence.match_probability == pytest.approx(1 / (1 + math.exp(-log_odds)), abs=1e-4)
        assert {word.word for word in hit.evidence.words} == {"red", "boat", "sunset"}


def test_a_long_query_is_cut_and_a_batch_of_texts_gets_the_vectors_of_each(served: Served) -> None:
    encoder = ClipEncoder(served.models, served.manifest.clip)
    texts = ["a", "two birds above a house", "a red boat at sunset " * 20]
    token_ids = encoder.tokenize(texts)
    assert token_ids.shape == (3, CONTEXT)
    alone = np.concatenate([encoder.embed_tokens(encoder.tokenize([text])) for text in texts])
    together = encoder.embed_tokens(token_ids)
    assert np.abs(np.linalg.norm(alone, axis=1) - 1).max() <= 1e-5
    assert (alone * together).sum(axis=1).min() > 0.99  # int8 scales activations over the batch


def test_a_hit_has_a_heatmap_and_its_check_by_occlusion(served: Served) -> None:
    engine = served.open()
    answer = engine.explain(engine.limits.check_explain("a red boat at sunset", [1], heatmap=True))
    evidence = answer.hits[0].evidence
    assert evidence.heatmap
    assert evidence.occlusion
    assert evidence.heatmap.contributions.shape == (4, 4)
    assert evidence.heatmap.box == (0.0, 0.0, 1.0, 1.0)  # nothing is cropped
    assert np.ptp(evidence.heatmap.contributions) > 0
    assert evidence.occlusion.patches >= 1
    assert evidence.occlusion.hottest_drop != 0
