"""What is measured of each family's graphs: the inputs for its layers' errors, and its result against the gates.

Owns which inputs CLIP and BLIP are run on, and runs them as a search and the index do. The measures' formulas are in
`gates.py`; nothing is planned here. Constructing a measure runs no model: the exact graphs run when first needed, once.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from export.precision.calibration_set import CalibrationSet, draw_textures
from export.precision.cross_states import Scales, calibrate_scales, read_scales, restore_states, round_states
from export.precision.gates import PICTURE_RANKING, GateResult, compare_rankings, cosines_between, token_agreement
from export.precision.rounding import Target
from export.precision.sensitivity import Feed, LayerInputs
from runtime.artefacts.model_records import BlipRecord, EncoderRecord
from runtime.images import preprocess
from runtime.images.memory import trim_heap
from runtime.models.blip import BlipCaptioner, Tensors
from runtime.models.clip import open_text_tokenizer
from runtime.models.onnx_session import Array, Session

if TYPE_CHECKING:
    from PIL.Image import Image

# The inputs for one layer's error: for all layers, and for the costly ones.
QUICK_TEXTS, LAYER_TEXTS = 8, 48  # CLIP's
QUICK_IMAGES, LAYER_IMAGES = 3, 6
PICTURES_PER_LAYER = 1  # BLIP's vision tower: a second each, and they differ by a tenth at most in what they lose
QUICK_PREFIXES, LAYER_PREFIXES = 4, 8  # BLIP's decoder: caption beginnings
CAPTIONED_PICTURES = 6  # pictures whose captions are compared; as many others calibrate the scales of keys and values


class GateMeasure(Protocol):
    """One family's exact graphs, and what is measured of quantized ones beside them."""

    def calibration_inputs(self, graph: str) -> LayerInputs:
        """Return the inputs on which a graph's layers are measured."""

    def evaluate(self, folder: Path) -> GateResult:
        """Return what the quantized graphs below `folder` keep of the exact ones."""

    def calibrate_states(self, target: Target) -> Scales:
        """Return the scales of what the family's graphs can pass to each other in int8; none where there is nothing."""


class ClipGateMeasure:
    """CLIP: do texts and images keep their vectors, and texts their ten nearest images?"""

    def __init__(self, exact: Path, record: EncoderRecord, calibration: CalibrationSet, threads: int) -> None:
        """Measure beside the exact graphs below `exact`."""
        self._exact, self._record, self._calibration, self._threads = exact, record, calibration, threads
        self._outputs = {record.text.path: ("embedding",), record.image.path: ("embedding", "patch_contributions")}

    def calibration_inputs(self, graph: str) -> LayerInputs:
        """Return some texts, spread over the set, or some images."""
        texts = graph == self._record.text.path
        quick, at_most = (QUICK_TEXTS, LAYER_TEXTS) if texts else (QUICK_IMAGES, LAYER_IMAGES)
        return LayerInputs.spread(self._feeds[graph], self._outputs[graph], quick=quick, at_most=at_most)

    def evaluate(self, folder: Path) -> GateResult:
        """Compare all vectors, and the order in which each text finds the images."""
        exact, given = self._exact_outputs, self._run_graphs(folder)
        text, image = self._record.text.path, self._record.image.path
        cosines = {name: cosines_between(_flatten_samples(exact[name]), _flatten_samples(given[name])) for name in given}
        texts_and_pictures = [(run[f"{text} embedding"], run[f"{image} embedding"]) for run in (exact, given)]
        ranking = compare_rankings(*texts_and_pictures)
        losses = {text: 1 - ranking.by_texts, image: 1 - ranking.by_pictures}
        return GateResult(cosines, ranking.overlap, {PICTURE_RANKING: {"overlap_at_10": ranking.overlap_at_10}}, losses)

    def calibrate_states(self, target: Target) -> Scales:
        """Return no scales: CLIP's graphs pass nothing to each other."""
        return {}

    @cached_property
    def _feeds(self) -> dict[str, list[Feed]]:
        """The calibration set as each graph reads it, by graph."""
        record = self._record
        tokenizer = open_text_tokenizer(self._exact, record)
        texts: list[Feed] = [{"input_ids": tokenizer.encode([text])} for text in self._calibration.texts]
        images: list[Feed] = [
            {"pixel_values": preprocess(image, record.preprocessing)[None]} for image in self._calibration.images
        ]
        return {record.text.path: texts, record.image.path: images}

    @cached_property
    def _exact_outputs(self) -> dict[str, Array]:
        return self._run_graphs(self._exact)

    def _run_graphs(self, folder: Path) -> dict[str, Array]:
        """Return every output of both graphs, the samples of the calibration set along the first axis."""
        arrays: dict[str, Array] = {}
        for path, feeds in self._feeds.items():
            session, outputs = Session(folder / path, self._threads), self._outputs[path]
            rows = [session.run(outputs, feed) for feed in feeds]
            arrays |= {f"{path} {output}": np.concatenate([row[i] for row in rows]) for i, output in enumerate(outputs)}
        return arrays


def _flatten_samples(vectors: Array) -> Array:
    """Return (n, ...) as (n, m): a patch that contributes next to nothing has no direction of its own to keep."""
    return vectors.reshape(len(vectors), -1)


class _ExactCaptions(NamedTuple):
    """By picture: (1, 3, s, s) pixels, the decoder's keys and values, and the (1, t) caption with its start token."""

    pixels: list[NDArray[np.float32]]
    cross: list[Tensors]
    token_ids: list[NDArray[np.int64]]


class BlipGateMeasure:
    """BLIP: does the quantized decoder, reading the quantized vision tower, choose the tokens of the exact captions?"""

    def __init__(self, exact: Path, record: BlipRecord, calibration: CalibrationSet, threads: int) -> None:
        """Measure beside the exact graphs below `exact`."""
        self._exact, self._record, self._calibration, self._threads = exact, record, calibration, threads
        self._paths = record.vision.path, record.decoder.path

    def calibration_inputs(self, graph: str) -> LayerInputs:
        """Return some pictures, or beginnings of captions of several lengths, each with its picture's keys and values."""
        exact = self._exact_captions
        if graph == self._record.vision.path:
            pixels = [{"pixel_values": one} for one in exact.pixels]
            return LayerInputs.spread(pixels, list(exact.cross[0]), quick=PICTURES_PER_LAYER, at_most=PICTURES_PER_LAYER)
        feeds: list[Feed] = []
        for number in range(LAYER_PREFIXES):
            picture = number % len(exact.token_ids)
            caption, cross = exact.token_ids[picture], exact.cross[picture]
            length = 1 + number * caption.shape[1] // LAYER_PREFIXES
            feeds.append({"input_ids": caption[:, :length], **self._empty_cache(), **cross})
        return LayerInputs.spread(feeds, ("logits",), quick=QUICK_PREFIXES, at_most=LAYER_PREFIXES)

    def evaluate(self, folder: Path) -> GateResult:
        """Decode the exact captions with each quantized graph beside the other exact one, then with both quantized.

        Where the quantized graphs pass keys and values in int8, those of an exact graph are rounded for the other, and back;
        and those of textures, which are no scenes, are rounded, as scales of scenes may cut off what other pictures have.
        """
        exact, (vision_path, decoder_path) = self._exact_captions, self._paths
        vision, decoder = (Session(folder / path, self._threads) for path in self._paths)
        scales, states = read_scales(folder / decoder_path), list(exact.cross[0])
        given = [dict(zip(states, vision.run(states, {"pixel_values": one}), strict=True)) for one in exact.pixels]
        restored = [restore_states(one, scales) for one in given]
        cross = [cosines_between(_flatten(one), _flatten(other)) for one, other in zip(exact.cross, restored, strict=True)]
        rounded = [round_states(one, scales) for one in exact.cross]
        logits = self._exact_logits
        by_vision, by_decoder, by_both = (
            self._decode_captions(session, states)
            for session, states in ((self._decoder, restored), (decoder, rounded), (decoder, given))
        )
        cosines = {
            f"{vision_path} cross_states": np.stack(cross),
            f"{vision_path} logits": cosines_between(logits, by_vision),
            f"{decoder_path} logits": cosines_between(logits, by_decoder),
        }
        if scales:
            cosines[f"{decoder_path} cross_states of textures"] = self.round_textures(scales)
        losses = {path: 1 - float(cosines[f"{path} logits"].mean()) for path in self._paths}
        return GateResult(cosines, {}, {"blip captions": token_agreement(logits, by_both)}, losses)

    def calibrate_states(self, target: Target) -> Scales:
        """Return the scales of keys and values, from pictures whose captions are not compared if there are enough."""
        return calibrate_scales(self._exact_states(self._calibration.images[-CAPTIONED_PICTURES:]), target)

    def round_textures(self, scales: Scales) -> NDArray[np.float64]:
        """Return the cosine of each texture's exact keys and values with the same in int8."""
        exact = self._exact_states(draw_textures())
        pairs = ((_flatten(one), _flatten(restore_states(round_states(one, scales), scales))) for one in exact)
        return np.array([cosines_between(one, other) for one, other in pairs])

    def _exact_states(self, images: "Sequence[Image]") -> Iterator[Tensors]:
        """Yield the keys and values of each picture by the exact graph."""
        vision = Session(self._exact / self._record.vision.path, self._threads)
        names = vision.output_names
        for image in images:
            pixels = preprocess(image, self._record.preprocessing)[None]
            yield dict(zip(names, vision.run(names, {"pixel_values": pixels}), strict=True))

    @cached_property
    def _exact_captions(self) -> _ExactCaptions:
        captioner = BlipCaptioner(self._exact, self._record, self._threads)
        pixels = [captioner.prepare(image)[None] for image in self._calibration.images[:CAPTIONED_PICTURES]]
        cross = [captioner.see(one) for one in pixels]
        token_ids = [np.insert(captioner.decode(one, 1), 0, self._record.start_token_id, axis=1) for one in cross]
        del captioner  # so that the memory of its two graphs is free before others are opened
        trim_heap()
        return _ExactCaptions(pixels, cross, token_ids)

    @cached_property
    def _exact_logits(self) -> NDArray[np.float32]:
        return self._decode_captions(self._decoder, self._exact_captions.cross)

    @cached_property
    def _decoder(self) -> Session:
        return Session(self._exact / self._record.decoder.path, self._threads)

    @cached_property
    def _past_names(self) -> list[str]:
        return [name for name in self._decoder.input_shapes if name.startswith("past_")]

    def _decode_captions(self, decoder: Session, cross: Sequence[Tensors]) -> NDArray[np.float32]:
        """Return the (all tokens, vocabulary) logits after each token of the exact captions, one caption after the other."""
        pairs = zip(self._exact_captions.token_ids, cross, strict=True)
        return np.concatenate([self._decode_caption(decoder, caption, states) for caption, states in pairs])

    def _decode_caption(self, decoder: Session, caption: NDArray[np.int64], cross: Tensors) -> NDArray[np.float32]:
        """Return the (t, vocabulary) logits after each token of a (1, t) caption."""
        outputs = ["logits", *(name.replace("past_", "present_") for name in self._past_names)]
        past, logits = self._empty_cache(), []
        for token in caption[0]:
            step, *present = decoder.run(outputs, {"input_ids": token.reshape(1, 1), **past, **cross})
            past = dict(zip(self._past_names, present, strict=True))
            logits.append(step)
        return np.concatenate(logits)

    def _empty_cache(self) -> Tensors:
        shape = (1, self._record.heads, 0, self._record.head_width)
        return dict.fromkeys(self._past_names, np.empty(shape, np.float32))


def _flatten(states: Tensors) -> Array:
    """Return all of a picture's keys and values as one vector."""
    return np.concatenate([state.ravel() for state in states.values()])
