"""The two families put to the test: the questions for each graph's layers, and the judgement over a family's graphs.

Owns what is asked of CLIP and BLIP, on the path that a search and the index take. Judges by `gates.py`, plans nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from export.precision.calibration_set import Calibration
from export.precision.gates import CURVE, TOP_K, Judgement, cosines_between, overlap_at, token_agreement
from export.precision.sensitivity import Feed
from runtime.artefacts.manifest import BlipRecord, ClipRecord
from runtime.images import preprocess
from runtime.models.blip import BlipCaptioner, Tensors
from runtime.models.onnx_session import Array, Session, return_freed_memory
from runtime.models.tokenizer import Tokenizer

TRIED_TEXTS, TRIED_IMAGES, TRIED_PICTURES = 8, 3, 1  # for each layer's trial: CLIP's texts and images, BLIP's pictures
CAPTIONED = 6  # pictures whose captions are compared
PREFIXES = 6  # beginnings of captions for each trial of a decoder's layer


class Exam(Protocol):
    """One family's exact graphs and what they answered."""

    def questions(self, graph: str) -> tuple[list[Feed], Sequence[str]]:
        """Return the inputs for the trials of a graph's layers, and the outputs that are compared."""

    def judge(self, folder: Path) -> Judgement:
        """Return what the rounded graphs below `folder` kept."""


class ClipExam:
    """CLIP: do texts and images keep their vectors, and texts their ten nearest images?"""

    def __init__(self, exact: Path, record: ClipRecord, calibration: Calibration, threads: int) -> None:
        """Ask the exact graphs below `exact`."""
        self._record, self._threads = record, threads
        tokenizer = Tokenizer(exact / record.tokenizer.path, record.context_length, record.end_token_id)
        self._texts: list[Feed] = [{"input_ids": tokenizer.encode([text])} for text in calibration.texts]
        self._images: list[Feed] = [
            {"pixel_values": preprocess(image, record.preprocessing)[None]} for image in calibration.images
        ]
        self._outputs = {record.text.path: ("embedding",), record.image.path: ("embedding", "patch_contributions")}
        self._exact = self._ask(exact)

    def questions(self, graph: str) -> tuple[list[Feed], Sequence[str]]:
        """Return some texts, spread over the set, or some images."""
        feeds, wanted = (self._texts, TRIED_TEXTS) if graph == self._record.text.path else (self._images, TRIED_IMAGES)
        return feeds[:: max(1, len(feeds) // wanted)][:wanted], self._outputs[graph]

    def judge(self, folder: Path) -> Judgement:
        """Compare all vectors, and the order in which each text finds the images."""
        given, text, image = self._ask(folder), self._record.text.path, self._record.image.path
        cosines = {name: cosines_between(_by_sample(self._exact[name]), _by_sample(given[name])) for name in given}
        losses = {path: 1 - float(cosines[f"{path} embedding"].mean()) for path in (text, image)}
        scores = [answers[f"{text} embedding"] @ answers[f"{image} embedding"].T for answers in (self._exact, given)]
        overlap = {k: overlap_at(k, *scores) for k in CURVE if k <= scores[0].shape[1]}
        shares = {"clip ranking": {"overlap_at_10": overlap_at(TOP_K, *scores)}}
        return Judgement(cosines, overlap, shares, losses)

    def _ask(self, folder: Path) -> dict[str, Array]:
        answers: dict[str, Array] = {}
        for path, feeds in ((self._record.text.path, self._texts), (self._record.image.path, self._images)):
            session, outputs = Session(folder / path, self._threads), self._outputs[path]
            rows = [session.run(outputs, feed) for feed in feeds]
            answers |= {f"{path} {output}": np.concatenate([row[i] for row in rows]) for i, output in enumerate(outputs)}
        return answers


def _by_sample(vectors: Array) -> Array:
    """Return (n, ...) as (n, m): a patch that contributes next to nothing has no direction of its own to keep."""
    return vectors.reshape(len(vectors), -1)


class BlipExam:
    """BLIP: does the decoder, given what the rounded tower sees, choose the tokens of the exact captions?"""

    def __init__(self, exact: Path, record: BlipRecord, calibration: Calibration, threads: int) -> None:
        """Caption with the exact graphs below `exact`."""
        self._record, self._threads = record, threads
        self._paths = record.vision.path, record.decoder.path
        self._pixels, self._cross, self._captions = self._caption(exact, calibration)
        return_freed_memory()
        self._decoder = Session(exact / record.decoder.path, threads)
        self._past_names = [name for name in self._decoder.input_shapes if name.startswith("past_")]
        self._logits = [self._follow(self._decoder, *one) for one in zip(self._captions, self._cross, strict=True)]

    def questions(self, graph: str) -> tuple[list[Feed], Sequence[str]]:
        """Return some pictures, or beginnings of captions of several lengths, each with its picture's keys and values."""
        if graph == self._record.vision.path:
            return [{"pixel_values": one} for one in self._pixels[:TRIED_PICTURES]], list(self._cross[0])
        feeds: list[Feed] = []
        for number in range(PREFIXES):
            turn = number % len(self._captions)
            caption, cross = self._captions[turn], self._cross[turn]
            length = 1 + number * caption.shape[1] // PREFIXES
            feeds.append({"input_ids": caption[:, :length], **self._no_past(), **cross})
        return feeds, ("logits",)

    def judge(self, folder: Path) -> Judgement:
        """Let the rounded graphs follow the exact captions, one beside the other exact one, then both together."""
        vision, decoder = (Session(folder / path, self._threads) for path in self._paths)
        given = [
            dict(zip(self._cross[0], vision.run(list(self._cross[0]), {"pixel_values": one}), strict=True))
            for one in self._pixels
        ]
        seen = [cosines_between(_join(cross), _join(one)) for cross, one in zip(self._cross, given, strict=True)]
        logits = np.concatenate(self._logits)
        by_vision, by_decoder, by_both = (
            np.concatenate([self._follow(session, *one) for one in zip(self._captions, states, strict=True)])
            for session, states in ((self._decoder, given), (decoder, self._cross), (decoder, given))
        )
        vision_path, decoder_path = self._paths
        cosines = {
            f"{vision_path} cross_states": np.stack(seen),
            f"{vision_path} logits": cosines_between(logits, by_vision),
            f"{decoder_path} logits": cosines_between(logits, by_decoder),
        }
        losses = {path: 1 - float(cosines[f"{path} logits"].mean()) for path in self._paths}
        return Judgement(cosines, {}, {"blip captions": token_agreement(logits, by_both)}, losses)

    def _caption(
        self, exact: Path, calibration: Calibration
    ) -> tuple[list[NDArray[np.float32]], list[Tensors], list[NDArray[np.int64]]]:
        """Return pixels, keys and values, and exact captions with their start token, by picture."""
        captioner = BlipCaptioner(exact, self._record, self._threads)
        pixels = [captioner.prepare(image)[None] for image in calibration.images[:CAPTIONED]]
        cross = [captioner.see(one) for one in pixels]
        captions = [np.insert(captioner.decode(one, 1), 0, self._record.start_token_id, axis=1) for one in cross]
        return pixels, cross, captions

    def _follow(self, decoder: Session, caption: NDArray[np.int64], cross: Tensors) -> NDArray[np.float32]:
        """Return the (t, vocabulary) logits after each token of a (1, t) caption."""
        outputs = ["logits", *(name.replace("past_", "present_") for name in self._past_names)]
        past, logits = self._no_past(), []
        for token in caption[0]:
            step, *present = decoder.run(outputs, {"input_ids": token.reshape(1, 1), **past, **cross})
            past = dict(zip(self._past_names, present, strict=True))
            logits.append(step)
        return np.concatenate(logits)

    def _no_past(self) -> Tensors:
        shape = (1, self._record.heads, 0, self._record.head_width)
        return dict.fromkeys(self._past_names, np.empty(shape, np.float32))


def _join(states: Tensors) -> Array:
    """All of a picture's keys and values as one vector."""
    return np.concatenate([state.ravel() for state in states.values()])
