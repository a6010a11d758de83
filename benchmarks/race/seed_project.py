"""The seed's way: torch and transformers, queries padded to 77 tokens, a flat L2 index, captions picture by picture.

Written anew from what its README and code say; no line of it is the seed's own.
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
from benchmarks.race.implementation import Ask, Caption, TokenIds
from benchmarks.race.workload import BEAMS, TOP_K, Course, pictures_in


class Seed:
    """The seed's server and its preprocessing script, without HTTP and without Groq."""

    def __init__(self, course: Course, *, captions: bool) -> None:
        """Load the models; without captions CLIP alone, which is kinder to the seed than its own start is."""
        set_verbosity_error()
        disable_progress_bar()
        torch.set_num_threads(course.threads)
        self._course = course
        self._clip = CLIPModel.from_pretrained(course.clip).eval()
        self._clip_processor = CLIPProcessor.from_pretrained(course.clip)
        if captions:
            self._blip = BlipForConditionalGeneration.from_pretrained(course.blip).eval()
            self._blip_processor = BlipProcessor.from_pretrained(course.blip)
        self._index = FlatIndex(course.seed_index, course.threads)

    def search(self, query: str) -> list[str]:
        """Return the five nearest pictures."""
        tokens = self._clip_processor(text=[query], return_tensors="pt", padding="max_length")
        with torch.inference_mode():
            return self._index.search(self._clip.get_text_features(**tokens).numpy(), TOP_K)

    def asks(self) -> Mapping[str, Ask]:
        """Return the search."""
        return {"search_ms": lambda query: lambda: self.search(query)}

    def captions(self) -> Mapping[str, Caption]:
        """Return the one way there is."""
        return {"captions_ms": self._caption}

    def index(self, folder: Path, out: Path, *, captions: bool) -> None:
        """Embed one picture after the other, and caption them so."""
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
        length = self._course.tokens + 1  # which counts the start token
        token_ids = []
        for picture in pictures:
            pixels = self._blip_processor(images=Image.open(picture).convert("RGB"), return_tensors="pt")
            generated = self._blip.generate(**pixels, num_beams=BEAMS, max_length=length, min_length=length)
            token_ids.append(generated[0, 1:].tolist())
        return token_ids


open_contender = Seed
