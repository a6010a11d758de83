"""Plain ONNX: what a competent user gets without this project: fp32 graphs, default sessions, numpy in between.

The decoder has no cache, so each token runs the whole sequence again, for every beam. Uses nothing of `runtime/`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image, ImageOps
from tokenizers import Tokenizer

from benchmarks.race.flat_index import FlatIndex, write_flat_index
from benchmarks.race.implementation import CaptionPictures, PrepareSearch
from benchmarks.race.workload import BEAMS, TOP_K, Workload, pictures_in

TEXT, IMAGE, VISION, DECODER = "clip_text.onnx", "clip_image.onnx", "blip_vision.onnx", "blip_decoder.onnx"
TOKENIZERS = {"clip": "clip_tokenizer.json", "blip": "blip_tokenizer.json"}
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)  # as in both checkpoints' preprocessor_config.json
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
Floats = NDArray[np.float32]


class PlainOnnx:
    """CLIP and BLIP in four onnxruntime sessions."""

    def __init__(self, workload: Workload, *, captions: bool) -> None:
        """Open what a search needs; with `captions`, BLIP's two graphs too. The image tower is opened when needed."""
        self._workload = workload
        self._tokenizer = Tokenizer.from_file(str(workload.plain / TOKENIZERS["clip"]))
        self._text = self._open(TEXT)
        self._image: Any = None
        if captions:
            self._words = Tokenizer.from_file(str(workload.plain / TOKENIZERS["blip"]))
            self._start, self._end = self._words.token_to_id("[DEC]"), self._words.token_to_id("[SEP]")
            self._vision, self._decoder = self._open(VISION), self._open(DECODER)
        self._index = FlatIndex(workload.seed_index, workload.threads)

    def search(self, query: str) -> list[str]:
        """Return the five nearest pictures."""
        token_ids = np.array([self._tokenizer.encode(query).ids])
        return self._index.search(_run(self._text, input_ids=token_ids), TOP_K)

    def search_variants(self) -> Mapping[str, PrepareSearch]:
        """Return the only kind."""
        return {"search_ms": lambda query: lambda: self.search(query)}

    def caption_variants(self) -> Mapping[str, CaptionPictures]:
        """Return the only kind."""
        return {"captions_ms": lambda pictures: [self._caption(picture) for picture in pictures]}

    def index(self, folder: Path, out: Path, *, captions: bool) -> None:
        """Embed the pictures one by one, and caption them one by one if asked to."""
        self._image = self._image or self._open(IMAGE)
        files, side = pictures_in(folder), self._image.get_inputs()[0].shape[-1]
        vectors = [_run(self._image, pixel_values=_pixels(_square(_read(file)), side)) for file in files]
        token_ids = [self._caption(file) for file in files] if captions else []
        write_flat_index(out, files, vectors, [self._words.decode(row) for row in token_ids])

    def _open(self, graph: str) -> Any:  # noqa: ANN401 (onnxruntime comes without types)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._workload.threads
        return onnxruntime.InferenceSession(str(self._workload.plain / graph), options, providers=["CPUExecutionProvider"])

    def _caption(self, picture: Path) -> list[int]:
        """Return the best of three beams; the end token is forbidden, so that all captions have the same length."""
        side = self._vision.get_inputs()[0].shape[-1]
        states = _run(self._vision, pixel_values=_pixels(_read(picture), side)).repeat(BEAMS, axis=0)  # (b, p, w)
        beams = np.full((BEAMS, 1), self._start)
        scores = np.array([0.0] + [-np.inf] * (BEAMS - 1))  # start with one beam: the others would be copies of it
        for _ in range(self._workload.tokens):
            logits = _run(self._decoder, input_ids=beams, image_states=states)  # (b, v)
            logits[:, self._end] = -np.inf
            totals = scores[:, None] + _log_softmax(logits)
            best = np.argsort(-totals, axis=None)[:BEAMS]
            rows, tokens = np.unravel_index(best, totals.shape)
            beams, scores = np.hstack([beams[rows], tokens[:, None]]), totals[rows, tokens]
        return [int(token_id) for token_id in beams[0, 1:]]


open_implementation = PlainOnnx


def _run(session: Any, **inputs: NDArray[Any]) -> Floats:  # noqa: ANN401 (onnxruntime comes without types)
    output: Floats = session.run(None, inputs)[0]
    return output


def _read(picture: Path) -> Image.Image:
    return Image.open(picture).convert("RGB")


def _square(picture: Image.Image) -> Image.Image:
    return ImageOps.fit(picture, (min(picture.size),) * 2)


def _pixels(picture: Image.Image, side: int) -> Floats:
    values = np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC)) / 255  # (s, s, 3)
    pixels: Floats = ((values - MEAN) / STD).astype(np.float32).transpose(2, 0, 1)[None]  # (1, 3, s, s)
    return pixels


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs: Floats = (shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))).astype(np.float32)
    return logs
