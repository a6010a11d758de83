"""The seed project's method: torch and transformers, queries padded to 77 tokens, a flat L2 index, captions one by one.

Our own implementation of what its README and code describe; no line is copied.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import BlipForConditionalGeneration, BlipProcessor, CLIPModel, CLIPProcessor
from transformers.utils.logging import disable_progress_bar, set_verbosity_error

from benchmarks.race.flat_index import FlatIndex, write_flat_index
from benchmarks.race.implementation import CaptionPictures, PrepareSearch, TokenIds
from benchmarks.race.workload import BEAMS, TOP_K, Workload, pictures_in


class SeedProject:
    """The seed project's server and its preprocessing script, without HTTP and without Groq."""

    def __init__(self, workload: Workload, *, captions: bool) -> None:
        """Load the models; without `captions` CLIP alone, an advantage for the seed project, which always loads both."""
        set_verbosity_error()
        disable_progress_bar()
        torch.set_num_threads(workload.threads)
        self._workload = workload
        self._clip = CLIPModel.from_pretrained(workload.clip).eval()
        self._clip_processor = CLIPProcessor.from_pretrained(workload.clip)
        if captions:
            self._blip = BlipForConditionalGeneration.from_pretrained(workload.blip).eval()
            self._blip_processor = BlipProcessor.from_pretrained(workload.blip)
        self._index = FlatIndex(workload.seed_index, workload.threads)

    def search(self, query: str) -> list[str]:
        """Return the five nearest pictures."""
        tokens = self._clip_processor(text=[query], return_tensors="pt", padding="max_length")
        with torch.inference_mode():
            return self._index.search(self._clip.get_text_features(**tokens).numpy(), TOP_K)

    def search_variants(self) -> Mapping[str, PrepareSearch]:
        """Return the only kind."""
        return {"search_ms": lambda query: lambda: self.search(query)}

    def caption_variants(self) -> Mapping[str, CaptionPictures]:
        """Return the only kind."""
        return {"captions_ms": self._caption}

    def index(self, folder: Path, out: Path, *, captions: bool) -> None:
        """Embed the pictures one by one, and caption them one by one if asked to."""
        files = pictures_in(folder)
        vectors = [self._embed(file) for file in files]
        token_ids = self._caption(files) if captions else []
        texts = [self._blip_processor.decode(row, skip_special_tokens=True) for row in token_ids]
        write_flat_index(out, files, vectors, texts)

    def _embed(self, picture: Path) -> NDArray[np.float32]:
        pixels = self._clip_processor(images=Image.open(picture).convert("RGB"), return_tensors="pt")
        with torch.inference_mode():
            vector: NDArray[np.float32] = self._clip.get_image_features(**pixels).numpy()
        return vector

    def _caption(self, pictures: Sequence[Path]) -> TokenIds:
        length = self._workload.tokens + 1  # which counts the start token
        token_ids = []
        for picture in pictures:
            pixels = self._blip_processor(images=Image.open(picture).convert("RGB"), return_tensors="pt")
            generated = self._blip.generate(**pixels, num_beams=BEAMS, max_length=length, min_length=length)
            token_ids.append(generated[0, 1:].tolist())
        return token_ids


open_implementation = SeedProject
