"""The families of models that can be exported, and the classes of transformers that read them.

`checkpoint_family.py` says which of them a checkpoint is of; `exporters.py` and `siglip_exporter.py` have a class for each
family, with what differs in its export.
"""

from typing import Literal

Family = Literal["clip", "siglip", "blip"]
ENCODERS: tuple[Family, ...] = ("clip", "siglip")  # what --clip takes
CAPTIONERS: tuple[Family, ...] = ("blip",)  # what --blip takes
NAMES: dict[Family, str] = {"clip": "CLIP", "siglip": "SigLIP", "blip": "BLIP"}
MODEL_CLASSES: dict[Family, str] = {"clip": "CLIPModel", "siglip": "SiglipModel", "blip": "BlipForConditionalGeneration"}
PROCESSOR_CLASSES: dict[Family, str] = {
    "clip": "CLIPImageProcessor",
    "siglip": "SiglipImageProcessor",
    "blip": "BlipImageProcessor",
}
