"""Finds the folder of exact models to compare quantized ones with, checks its checkpoints, and exports it if it is absent.

The only part of `evaluate` that may load torch, and only if that folder is absent.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

from export.console import ProgressDisplay
from export.errors import ExactModelsUnusable
from runtime.artefacts.manifest import ModelsManifest, read_models_manifest
from runtime.artefacts.model_records import BlipRecord, EncoderRecord

EXACT: Final = "fp32"
# What identifies a checkpoint: the name alone does not, as two local folders may have the same one.
CLIP_TRAITS = ("name", "revision", "text_name", "text_revision", "dimension", "logit_scale", "preprocessing")
BLIP_TRAITS = ("name", "revision", "layers", "image_tokens", "num_beams", "preprocessing")


def exact_folder(models_dir: Path, models: ModelsManifest, given: Path | None, display: ProgressDisplay) -> Path | None:
    """Return the folder of exact models, exported if it is absent; None if the models are exact themselves.

    Args:
        models_dir: the models' folder.
        models: its manifest, which names the checkpoints.
        given: the exact folder; None is `models_dir` with "-fp32" appended to its name.
        display: shows each step of an export.

    Raises:
        ExactModelsUnusable: the folder holds other models, or is absent and the manifest does not name the checkpoints.
        ArtefactMissing, ArtefactCorrupt: it exists, but is not a complete folder of models.
        CheckpointUnusable, ParityFailed, OutputUnwritable: it could not be exported.
    """
    if given is None and models.precision == EXACT:
        return None
    folder = given or _beside(models_dir)
    if not folder.exists():  # an export would replace whatever is there
        _export_exact(folder, models_dir, models, display)
    _require_same_checkpoints(folder, read_models_manifest(folder), models_dir, models)
    return folder


def _beside(models_dir: Path) -> Path:
    folder = models_dir if models_dir.name not in ("", "..") else models_dir.resolve()
    return folder.with_name(f"{folder.name}-{EXACT}")


def _export_exact(folder: Path, models_dir: Path, models: ModelsManifest, display: ProgressDisplay) -> None:
    made_by, encoder = models.made_by, models.clip
    clip = _source(encoder.name, encoder.revision, made_by.get("clip"))
    text = _source(encoder.text_name, encoder.text_revision, made_by.get("text")) if encoder.text_name else None
    blip = _source(models.blip.name, models.blip.revision, made_by.get("blip")) if models.blip else None
    if clip is None or (models.blip and blip is None) or (encoder.text_name and text is None):
        raise ExactModelsUnusable(
            folder,
            f"it is not there, and {models_dir} does not say what it was made of",
            f"Make it: lookwhy models --clip ... {'--text ... ' if encoder.text_name else ''}--blip ... --precision {EXACT} "
            f"--out {folder}, "
            "or name one that you have by --exact.",
        )
    from export.models.export import ExportOptions, export_models

    display.say(f"{folder} is not there: exporting the exact models into it, once")
    options = ExportOptions(precision=EXACT)
    if models.blip:
        options = replace(options, num_beams=models.blip.num_beams, caption_size_px=models.blip.preprocessing.size)
    export_models(clip, blip, folder, text=text, options=options, display=display)


def _source(name: str | None, revision: str | None, given: str | None) -> str | None:
    """Return the checkpoint to export; one from the hub with its commit, as its name alone may now mean a later commit."""
    return f"{name}@{revision}" if given and revision else given


def _require_same_checkpoints(folder: Path, exact: ModelsManifest, models_dir: Path, models: ModelsManifest) -> None:
    if exact.precision != EXACT:
        reason = f"its precision is {exact.precision}, not {EXACT}"
        raise ExactModelsUnusable(folder, reason, f"Make one: lookwhy models --precision {EXACT} --out ...")
    differing = _differing("clip", CLIP_TRAITS, exact.clip, models.clip)
    if exact.blip and models.blip:
        differing += _differing("blip", BLIP_TRAITS, exact.blip, models.blip)
    if differing:
        reason = f"it was made from other checkpoints than {models_dir} ({'; '.join(differing)})"
        raise ExactModelsUnusable(folder, reason, "Name the right one by --exact.")


def _differing(
    family: str, traits: tuple[str, ...], exact: EncoderRecord | BlipRecord, models: EncoderRecord | BlipRecord
) -> list[str]:
    return [
        f"{family} {trait}: {getattr(exact, trait)} and {getattr(models, trait)}"
        for trait in traits
        if getattr(exact, trait) != getattr(models, trait)
    ]
