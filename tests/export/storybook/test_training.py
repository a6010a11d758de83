import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn.modules.module import register_module_forward_pre_hook
from transformers import (
    AutoImageProcessor,
    AutoTokenizer,
    BlipForConditionalGeneration,
    CLIPModel,
)

from export.errors import OutputUnwritable
from export.storybook.augment import standardize
from export.storybook.benchmark import EvaluationSet
from export.storybook.blip_stage import BlipStage
from export.storybook.clip_stage import ClipStage, contrastive_loss
from export.storybook.models import copy_tower, new_blip, new_clip
from export.storybook.recipe import Recipe, Schedule
from export.storybook.reference import BlipReference, ClipReference
from export.storybook.stage import Progress, StageInputs, train_stage
from export.storybook.train import Reporter, train
from export.storybook.training_set import TrainingSet, load_training_set

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

SILENT = Reporter(lambda name, total: None, lambda count: None, lambda progress: None)
BLIP = Schedule(160, batch=16, learning_rate=2e-3, warmup=2, patch_weight=0.5)
CLIP = Schedule(160, batch=16, learning_rate=2e-3, warmup=2, patch_weight=0.3)
RECIPE = Recipe(0, 1, pool_pictures=250, album_pictures=6, corpus_scenes=400, blip=BLIP, clip=CLIP)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run in small: ten steps of BLIP, some of CLIP."""
    out = tmp_path_factory.mktemp("storybook")
    train(out, RECIPE, SILENT)
    return out


def test_a_few_steps_lower_the_losses_and_are_recorded(run: Path) -> None:
    record = json.loads((run / "training.json").read_text())
    for stage in record["stages"]:
        history = [row["loss"] for row in stage["history"]]
        assert history[-1] < 0.98 * history[0]  # smoothed: after ten steps it has come a quarter of the way
    assert record["recipe"]["blip"]["pictures"] == record["stages"][0]["pictures"] == 160
    assert set(record["figures"]) == {"fresh", "held-out"}
    assert record["figures"]["fresh"]["recall@10"] == 1.0  # of six pictures


def test_the_saved_folders_load_as_any_hugging_face_checkpoint(run: Path) -> None:
    clip, blip = CLIPModel.from_pretrained(run / "clip"), BlipForConditionalGeneration.from_pretrained(run / "blip")
    for model, folder in ((clip, "clip"), (blip, "blip")):
        tokenizer = AutoTokenizer.from_pretrained(run / folder)
        processor = AutoImageProcessor.from_pretrained(run / folder, use_fast=False)
        assert model.config.text_config.vocab_size == len(tokenizer)
        assert model.config.text_config.eos_token_id in (tokenizer.eos_token_id, tokenizer.sep_token_id)
        assert 112 in processor.size.values()
    tokenizer = AutoTokenizer.from_pretrained(run / "clip")
    assert tokenizer.eos_token_id == len(tokenizer) - 1 != 2
    assert blip.config.text_config.max_position_embeddings == 32


def test_a_finished_run_is_not_trained_again(run: Path) -> None:
    weights = (run / "blip" / "model.safetensors").read_bytes()
    steps: list[int] = []
    train(run, RECIPE, Reporter(lambda name, total: None, lambda count: None, lambda progress: steps.append(progress.step)))
    assert not steps
    assert (run / "blip" / "model.safetensors").read_bytes() == weights


def test_a_killed_run_goes_on_to_the_very_weights_it_would_have_reached(run: Path, tmp_path: Path) -> None:
    pool = load_training_set(run / "pool")
    schedule = Schedule(64, batch=8, learning_rate=1e-3, warmup=3, patch_weight=0.5)

    def kill(progress: Progress) -> None:
        if progress.step == 5:
            raise KeyboardInterrupt

    whole = _blip_stage(run, pool)
    train_stage(whole, schedule, tmp_path / "whole.pt", lambda progress: None)
    with pytest.raises(KeyboardInterrupt):
        train_stage(_blip_stage(run, pool), schedule, tmp_path / "cut.pt", kill)
    resumed = _blip_stage(run, pool)
    train_stage(resumed, schedule, tmp_path / "cut.pt", lambda progress: None)
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_clip_starts_from_a_tower_that_sees_what_blips_sees(run: Path) -> None:
    pictures = standardize(load_training_set(run / "pool").pixels[:32])
    blip = BlipForConditionalGeneration.from_pretrained(run / "blip").eval()
    clip = new_clip(AutoTokenizer.from_pretrained(run / "clip")).eval()
    copy_tower(blip, clip, pictures)
    with torch.no_grad():
        theirs = blip.vision_model(pictures).last_hidden_state
        ours = clip.vision_model.post_layernorm(clip.vision_model(pictures).last_hidden_state)
    assert torch.nn.functional.cosine_similarity(theirs, ours, dim=-1).mean() > 0.8


def test_constructing_a_stage_or_a_reference_runs_no_model(run: Path) -> None:
    tokenizer, training_set = AutoTokenizer.from_pretrained(run / "clip"), load_training_set(run / "pool")
    inputs = StageInputs(tokenizer, training_set, EvaluationSet.read(run / "fresh", 1), batch=8, seed=0)
    called: list[torch.nn.Module] = []
    hook = register_module_forward_pre_hook(lambda module, _: called.append(module))
    try:
        stage = ClipStage(new_clip(tokenizer), inputs)
        reference = ClipReference(stage.model, tokenizer)
        BlipReference(_blip_stage(run, training_set).model, tokenizer)
        assert not called
        reference.embed_texts(["a red boat"])
        assert called
    finally:
        hook.remove()


def test_a_text_true_of_two_pictures_is_not_punished_for_finding_both() -> None:
    true = torch.tensor([[True, True, False], [False, True, False], [False, False, True]])
    both = torch.tensor([[9.0, 9.0, -9.0], [-9.0, 9.0, -9.0], [-9.0, -9.0, 9.0]])
    only_own = 18 * torch.eye(3) - 9
    assert contrastive_loss(both, true) < contrastive_loss(only_own, true)


def test_the_schedule_rises_then_falls_with_the_pictures_seen() -> None:
    schedule = Schedule(1000, batch=10, learning_rate=1.0, warmup=10, patch_weight=0.5)
    assert schedule.learning_rate_at(0, 0.0) == pytest.approx(0.1)
    assert schedule.learning_rate_at(10, 0.0) == 1.0
    assert schedule.learning_rate_at(50, 0.5) == pytest.approx(0.5)
    assert schedule.learning_rate_at(100, 1.0) == 0.01
    assert schedule.patch_weight_at(0.3) == pytest.approx(0.25)
    assert schedule.patch_weight_at(1.0) == pytest.approx(0.05)


def test_a_folder_takes_no_second_recipe(run: Path) -> None:
    with pytest.raises(OutputUnwritable, match="another recipe"):
        train(run, replace(RECIPE, seed=1), SILENT)


def _blip_stage(run: Path, pool: TrainingSet) -> BlipStage:
    tokenizer = AutoTokenizer.from_pretrained(run / "blip")
    torch.manual_seed(0)
    inputs = StageInputs(tokenizer, pool, EvaluationSet.read(run / "fresh", 1), batch=8, seed=0)
    return BlipStage(new_blip(tokenizer), inputs)
