"""What a manifest says of each model: its files, and all that must be known to run it. Data, so that code knows no family.

`manifest.py` owns the files that these records stand in, `fingerprint.py` what of them decides what an index holds.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from runtime.artefacts.file_record import FileRecord, GraphRecord, Record
from runtime.artefacts.match_calibration import MatchCalibration, calibration_of_pairs


class Preprocessing(Record):
    """How pixels become a graph's input: resize, crop, rescale to [0, 1], normalize.

    `fit` is "crop" where the shortest edge becomes `size` and the middle square is cut out (CLIP), and "stretch" where both
    edges become `size` (BLIP). `mean` and `std` are per RGB channel, after rescaling.
    """

    size: int
    fit: Literal["crop", "stretch"]
    resample: Literal["bicubic", "bilinear", "lanczos"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @property
    def rule(self) -> str:
        """All of it, as a text."""
        return (
            f"{self.fit} to {self.size} pixels, {self.resample}, mean {_numbers(self.mean)}, deviation {_numbers(self.std)}"
        )


class CosineLevels(Record):
    """What an encoder's cosines mean; each family of models has its own. Manifests from before they were named are CLIP's.

    Below `low_score`, a text and a picture have nothing to do with each other: the default is about the mean of unrelated
    pairs in CLIP ViT-B/32; LAION-400M called a pair a match from .3 on (arXiv 2111.02114). `likeness`: from which cosines on
    two pictures are alike somewhat, much, almost exactly; different photos have about .5 in CLIP ViT-B/32. `text_cosine` is
    that of a picture and a text that describes it, both without their mean.
    """

    low_score: float = Field(default=0.2, gt=0, lt=1)
    likeness: tuple[float, float, float] = (0.65, 0.8, 0.95)
    text_cosine: float = Field(default=0.3, gt=0, lt=1)


CLIP_LEVELS = CosineLevels()


class EncoderRecord(Record):
    """The two graphs that embed texts and pictures into one space, and what must be known to run them.

    `text_name` and `text_revision` name the text tower's checkpoint where that is another than the pictures'.
    `context_length` counts tokens, start and end included. Texts are padded with `pad_token_id` at their end: to `padded_to`
    tokens where the graph takes that length alone, else only beside longer texts. The training logit is the cosine times
    `logit_scale`, plus `logit_bias` where the model was trained on single pairs; None where it was trained on which pair of
    a batch is right, so that no logit is the log-odds of a pair. `patch_grid` is the number of patches along one edge.
    """

    name: str
    revision: str | None = None
    text_name: str | None = Field(default=None, exclude_if=lambda given: given is None)
    text_revision: str | None = Field(default=None, exclude_if=lambda given: given is None)
    text: GraphRecord
    image: GraphRecord
    tokenizer: FileRecord
    dimension: int
    context_length: int
    pad_token_id: int
    padded_to: int | None = Field(default=None, exclude_if=lambda given: given is None)
    logit_scale: float
    logit_bias: float | None = Field(default=None, exclude_if=lambda given: given is None)
    patch_grid: int
    preprocessing: Preprocessing
    cosine_levels: CosineLevels = CLIP_LEVELS

    @model_validator(mode="before")
    @classmethod
    def _read_older(cls, given: object) -> object:
        """Take the end token of a manifest from before there was a padding token: its models were padded with that."""
        if isinstance(given, dict) and "end_token_id" in given and "pad_token_id" not in given:
            given = {**given, "pad_token_id": given["end_token_id"]}
            del given["end_token_id"]
        return given

    @model_validator(mode="after")
    def _check_length(self) -> Self:
        if self.padded_to is not None and self.padded_to < self.context_length:
            msg = f"padded_to is {self.padded_to}, less than context_length, {self.context_length}"
            raise ValueError(msg)
        return self

    @property
    def title(self) -> str:
        """What it is called: its checkpoint, and that of its texts where it is another."""
        return self.name if self.text_name is None else f"{self.name} with {self.text_name}"

    def pair_calibration(self) -> MatchCalibration | None:
        """Return how likely a pair belongs together by the model alone; None where its training says nothing of that."""
        if self.logit_bias is None:
            return None
        return calibration_of_pairs(self.dimension, self.logit_scale, self.logit_bias)

    def files(self) -> list[FileRecord]:
        """Return the records of its files: graphs, their weights, tokenizer."""
        return [*self.text.files(), *self.image.files(), self.tokenizer]


class BlipRecord(Record):
    """The two BLIP graphs and what must be known to decode with them.

    `layers`, `heads`, `head_width` are the decoder's: one key and one value of (batch, heads, tokens, head_width) a layer.
    The graphs say themselves whether a picture's are passed in float32 or int8. Where `batch_invariant`, a picture's caption
    is the same in any batch.
    `max_tokens` is the longest caption decoded, in tokens, the end included; `num_beams`, `length_penalty` and
    `early_stopping` say how it is searched for (`DecodingRules` in `decoding.py`).
    """

    name: str
    revision: str | None = None
    vision: GraphRecord
    decoder: GraphRecord
    tokenizer: FileRecord
    layers: int
    heads: int
    head_width: int
    image_tokens: int
    start_token_id: int
    end_token_id: int
    pad_token_id: int
    max_tokens: int
    num_beams: int = Field(default=1, ge=1)
    length_penalty: float = 1.0
    early_stopping: bool | Literal["never"] = False
    preprocessing: Preprocessing
    batch_invariant: bool = Field(default=False, exclude_if=lambda given: not given)  # so that older programs read the rest

    def files(self) -> list[FileRecord]:
        """Return the records of its files: graphs, their weights, tokenizer."""
        return [*self.vision.files(), *self.decoder.files(), self.tokenizer]

    @property
    def search(self) -> str:
        """How captions are searched for, as a text; one index holds captions of one search alone."""
        return f"{self.num_beams} beams, length penalty {self.length_penalty:g}, early stopping {self.early_stopping}"


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:g}" for value in values)
