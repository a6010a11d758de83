"""The models that an index is made with: which folder, and opened."""

from pathlib import Path

from export.errors import ArtefactDamaged, DeviceUnfit, SampleModelsUnasked
from export.index.picture_file import limit_decoders
from export.index.pipeline import Models
from runtime.artefacts.file_record import why_damaged
from runtime.artefacts.manifest import ModelsManifest, read_models_manifest
from runtime.artefacts.package_data import are_sample_models
from runtime.artefacts.picture_decoding import DecodeRule
from runtime.images import KEPT_SHORT_EDGE_PIXELS
from runtime.models.blip import BlipCaptioner
from runtime.models.clip import ClipEncoder
from runtime.models.onnx_session import Device
from runtime.settings import OWN_MODELS, Settings, has_manifest
from runtime.terminal import SAMPLE_MODELS_BANNER, tell

MODELS_REMEDY = "lookwhy models exports them anew; the sample's come with the program: install it again."


def choose_models(given: Path | None) -> Path:
    """Return the folder of models to work with: those named, or set, or exported here. The sample's only if named.

    Raises:
        SampleModelsUnasked: none of these is here.
    """
    if folder := given or Settings.read().models_dir:
        return folder
    if has_manifest(OWN_MODELS):
        return OWN_MODELS
    raise SampleModelsUnasked


def open_models(folder: Path, device: Device = "cpu") -> Models:
    """Return the models in a folder, checked by sha256 and opened; the captioner opens when it is first needed.

    An index names the models that made it, so what damaged ones make must not get into it: it would stay.

    Raises:
        ArtefactMissing, ArtefactCorrupt: they are not there, or cut short.
        ArtefactDamaged: a file is not as it was written.
        DeviceUnfit: they are quantized, and the device is a GPU.
        SessionFailed: onnxruntime cannot open one.
    """
    manifest = read_models_manifest(folder)
    if device != "cpu" and manifest.precision != "fp32":
        raise DeviceUnfit(folder, manifest.precision, device)
    faults = [f"{record.path}: {why}" for record in manifest.files() if (why := why_damaged(folder, record))]
    if faults:
        raise ArtefactDamaged(folder, faults, MODELS_REMEDY)
    if are_sample_models(manifest):
        tell(SAMPLE_MODELS_BANNER)
    blip, workers = manifest.blip, limit_decoders(Settings.read())
    encoder = ClipEncoder(folder, manifest.clip, device=device)
    return Models(
        manifest.fingerprint(),
        encoder,
        (lambda: BlipCaptioner(folder, blip, device=device)) if blip else None,
        workers,
        decode_rule_of(manifest),
        manifest.clip.cosine_levels,
        encoder.close_image_tower,
    )


def decode_rule_of(manifest: ModelsManifest) -> DecodeRule:
    """Return how pictures are decoded for these models: scaled, unless what is left would be less than twice their size."""
    sizes = [model.preprocessing.size for model in (manifest.clip, manifest.blip) if model]
    return "scaled" if 2 * max(sizes) <= KEPT_SHORT_EDGE_PIXELS else "exact"
