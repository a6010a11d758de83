"""The families of models that can be exported, and the classes of transformers that read them.

`checkpoint_family.py` says which of them a checkpoint is of; `exporters.py` and `siglip_exporter.py` have a class for each
family, with what differs in its export.
"""

from typing import Literal

Family = Literal["clip", "siglip", "blip", "distilbert"]
ENCODERS: tuple[Family, ...] = ("clip", "siglip")  # what --clip takes
CAPTIONERS: tuple[Family, ...] = ("blip",)  # what --blip takes
TEXT_TOWERS: tuple[Family, ...] = ("distilbert",)  # what --text takes
OPTIONS: dict[tuple[Family, ...], str] = {ENCODERS: "--clip", CAPTIONERS: "--blip", TEXT_TOWERS: "--text"}
NAMES: dict[Family, str] = {"clip": "CLIP", "siglip": "SigLIP", "blip": "BLIP", "distilbert": "DistilBERT"}
MODEL_CLASSES: dict[Family, str] = {
    "clip": "CLIPModel",
    "siglip": "SiglipModel",
    "blip": "BlipForConditionalGeneration",
    "distilbert": "DistilBertModel",
}
# Of those that see pictures.
PROCESSOR_CLASSES: dict[Family, str] = {
    "clip": "CLIPImageProcessor",
    "siglip": "SiglipImageProcessor",
    "blip": "BlipImageProcessor",
}
