"""The families of models that can be exported, and the classes of transformers that read them.

`checkpoints.py` opens a checkpoint of a family; `exporters.py` has a class for each family, with what differs in its export.
"""

from typing import Literal

Family = Literal["clip", "blip"]
MODEL_CLASSES: dict[Family, str] = {"clip": "CLIPModel", "blip": "BlipForConditionalGeneration"}
PROCESSOR_CLASSES: dict[Family, str] = {"clip": "CLIPImageProcessor", "blip": "BlipImageProcessor"}
