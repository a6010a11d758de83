"""Sessions as immich's machine-learning service sets them by default, on fp32 graphs; its service itself is not run.

Its defaults (machine-learning/app/sessions/ort.py and models/clip of immich): no memory arena, one operator at a time; every
text is padded to the context length of 77. It gives an operator two threads; here, as everywhere, there is one.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image
from tokenizers import Tokenizer

from benchmarks.peers.graphs import CONTEXT, PLAIN_PICTURE_SIZE, PLAIN_VISUAL, TEXTUAL, TOKENIZER, normalized_pixels


class ImmichSessions:
    """The two towers."""

    def __init__(self, graphs: Path) -> None:
        """Open both; immich opens each when it is first asked for."""
        self._graphs = graphs
        self._tokenizer = Tokenizer.from_file(str(graphs / TOKENIZER))
        self._tokenizer.enable_padding(length=CONTEXT)
        self._tokenizer.enable_truncation(max_length=CONTEXT)
        self._text = self._open(TEXTUAL)
        self._image: Any = None

    def embed_query(self, query: str) -> object:
        """Return the vector of a query padded to 77 tokens."""
        return self._text.run(None, {"input": np.array([self._tokenizer.encode(query).ids])})[0]

    def embed_picture(self, path: Path) -> object:
        """Return the vector of a picture: its short side scaled to the tower's, and its middle."""
        self._image = self._image or self._open(PLAIN_VISUAL)
        with Image.open(path) as picture:
            return self._image.run(None, {"input": normalized_pixels(picture, PLAIN_PICTURE_SIZE)})[0]

    def _open(self, name: str) -> Any:  # noqa: ANN401 (onnxruntime's session has no types)
        options = onnxruntime.SessionOptions()
        options.enable_cpu_mem_arena = False
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        providers = [("CPUExecutionProvider", {"arena_extend_strategy": "kSameAsRequested"})]
        return onnxruntime.InferenceSession(str(self._graphs / name), options, providers=providers)


open_encoder = ImmichSessions
