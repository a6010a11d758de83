"""What is measured of a text tower over pictures that were exported before: a `GateMeasure` of one graph."""

from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.precision.calibration_set import CalibrationSet
from export.precision.cross_states import Scales
from export.precision.gate_measures import LAYER_TEXTS, QUICK_TEXTS
from export.precision.gates import PICTURE_RANKING, REPORTED_KS, TOP_K, GateResult, cosines_between, overlap_at
from export.precision.rounding import Target
from export.precision.sensitivity import Feed, LayerInputs
from runtime.artefacts.model_records import EncoderRecord
from runtime.images import preprocess
from runtime.models.clip import open_text_tokenizer
from runtime.models.onnx_session import Session

Vectors = NDArray[np.float32]
OUTPUTS = ("embedding",)


class TextGateMeasure:
    """Do texts keep their vectors, and their ten nearest pictures?"""

    def __init__(
        self, exact: Path, record: EncoderRecord, pictures: Path, calibration: CalibrationSet, threads: int
    ) -> None:
        """Measure beside the exact graph below `exact`; the pictures' graph lies below `pictures`, as it will be used."""
        self._exact, self._record, self._pictures = exact, record, pictures
        self._calibration, self._threads = calibration, threads

    def calibration_inputs(self, _graph: str) -> LayerInputs:
        """Return some texts, spread over the set, as many as of a CLIP's."""
        return LayerInputs.spread(self._feeds, OUTPUTS, quick=QUICK_TEXTS, at_most=LAYER_TEXTS)

    def evaluate(self, folder: Path) -> GateResult:
        """Compare all vectors, and the order in which each text finds the pictures."""
        exact, given, path = self._exact_texts, self._embed_texts(folder), self._record.text.path
        cosines = cosines_between(exact, given)
        scores = [texts @ self._images.T for texts in (exact, given)]
        overlap = {k: overlap_at(k, *scores) for k in REPORTED_KS if k <= len(self._images)}
        ranking = {PICTURE_RANKING: {"overlap_at_10": overlap_at(TOP_K, *scores)}}
        return GateResult({f"{path} embedding": cosines}, overlap, ranking, {path: 1 - float(cosines.mean())})

    def calibrate_states(self, _target: Target) -> Scales:
        """Return no scales: there is one graph."""
        return {}

    @cached_property
    def _feeds(self) -> list[Feed]:
        tokenizer = open_text_tokenizer(self._exact, self._record)
        return [{"input_ids": tokenizer.encode([text])} for text in self._calibration.texts]

    @cached_property
    def _exact_texts(self) -> Vectors:
        return self._embed_texts(self._exact)

    @cached_property
    def _images(self) -> Vectors:
        session = Session(self._pictures / self._record.image.path, self._threads)
        pixels = (preprocess(image, self._record.preprocessing)[None] for image in self._calibration.images)
        return np.concatenate([session.run(OUTPUTS, {"pixel_values": one})[0] for one in pixels])

    def _embed_texts(self, folder: Path) -> Vectors:
        """Return (n, d) of norm 1, every text alone, as most queries are."""
        session = Session(folder / self._record.text.path, self._threads)
        return np.concatenate([session.run(OUTPUTS, feed)[0] for feed in self._feeds])
