"""ClipEncoder: texts and images to unit vectors in one space, and what each patch of an image contributes to its vector.

Knows the two CLIP graphs, not what their vectors are compared with.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.folder import Folder, open_folder
from runtime.artefacts.mapped_arrays import MappedArrays
from runtime.artefacts.model_records import EncoderRecord, Preprocessing
from runtime.images import preprocess, seen_part
from runtime.images.memory import trim_heap
from runtime.models.encoder import TextTokenizer
from runtime.models.mapped_bpe import SUFFIX as MAPPED_SUFFIX
from runtime.models.mapped_bpe import MappedBpe
from runtime.models.mapped_words import FORMAT as WORDS_FORMAT
from runtime.models.mapped_words import MappedWords
from runtime.models.onnx_session import REMEDY, Device, Session, open_graph
from runtime.models.packed_texts import PACKING_INPUTS, pack_texts, without_padding
from runtime.models.tokenizer import Tokenizer

if TYPE_CHECKING:
    from PIL.Image import Image

Vectors = NDArray[np.float32]


class ClipEncoder:
    """CLIP's two towers. The image tower is fetched and opened for the first image: a search by words never needs it.

    Until then its files are held: it is the one that belongs to the text tower, whatever is exported meanwhile.

    A vector that is stored is made in a run of its own. The int8 graphs scale activations over a whole batch, so in a batch
    a vector depends on its neighbours; queries at the same time share a batch all the same. A batch of images would be no
    faster on a CPU that one image keeps busy. Any number of threads may embed at once.
    """

    def __init__(self, models: Path | Folder, record: EncoderRecord, threads: int = 1, *, device: Device = "cpu") -> None:
        """Fetch and open the text tower and its tokenizer; both towers run on `device`.

        Raises:
            SessionFailed: the graph cannot be opened, or there is no such device.
            ArtefactCorrupt: the tokenizer file is none, or a file cannot be fetched as it was published.
            RemoteRefused, StorageTooSmall: a file cannot be fetched.
        """
        self._models, self._record, self._threads, self._device = open_folder(models), record, threads, device
        self._models.hold(*record.image.files())
        self._models.fetch(*record.text.files(), record.tokenizer)
        self._tokenizer = open_text_tokenizer(self._models.path, record)
        self._text = open_graph(self._models, record.text, threads, device=device)
        self._image: Session | None = None
        self._opening = threading.Lock()

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        return self._record.dimension

    @property
    def pad_token_id(self) -> int:
        """What texts are padded with, at their end."""
        return self._record.pad_token_id

    @property
    def preprocessing(self) -> Preprocessing:
        """What `prepare` does to a picture."""
        return self._record.preprocessing

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed queries or captions, each in a run of its own.

        Args:
            texts: any number; what is longer than the context length loses its end.

        Returns:
            (n, d) float32, each row of L2 norm 1, so a dot product is a cosine in [-1, 1].

        Raises:
            SessionFailed: onnxruntime refused a text.
        """
        rows = [self.embed_tokens(self.tokenize([text])) for text in texts]
        return np.concatenate(rows) if rows else np.empty((0, self.dimension), np.float32)

    def tokenize(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return (n, t) token ids, cut at the context length and padded as the manifest says."""
        return self._tokenizer.encode(texts)

    def read_part(self, text: str) -> str:
        """Return the part of a text that fits into the context length: all of it, or whole words from its beginning."""
        return self._tokenizer.read_part(text)

    def embed_tokens(self, token_ids: NDArray[np.int64]) -> Vectors:
        """Embed tokenized texts in one run: fast, but each vector depends a little on its batch.

        Args:
            token_ids: (n, t) int64, as `tokenize` returns them; n is at least 1.

        Returns:
            (n, d) float32, each row of L2 norm 1.

        Raises:
            SessionFailed: onnxruntime refused the batch.
        """
        return self._text.run(["embedding"], {"input_ids": token_ids})[0]

    @property
    def shares_prefixes(self) -> bool:
        """Whether the text tower's graph takes shortened forms of a text behind it: CLIP's, if it was exported for that."""
        return self._text.optional_inputs >= PACKING_INPUTS

    def embed_with_shortened(self, text: NDArray[np.int64], shortened: NDArray[np.int64]) -> Vectors:
        """Embed a tokenized text and shortened forms of it; in one run, if the graph shares their beginnings.

        Args:
            text: (1, t) int64, as `tokenize` returns it.
            shortened: (n, u) int64, the same of n forms that lack words of it; n is at least 1.

        Returns:
            (1 + n, d) float32, the text's first, each row of L2 norm 1. In int8, each depends a little on the others.

        Raises:
            SessionFailed: onnxruntime refused the batch.
        """
        if not self.shares_prefixes:
            return np.concatenate([self.embed_tokens(text), self.embed_tokens(shortened)])
        [whole, *forms] = [without_padding(row, self.pad_token_id) for row in (*text, *shortened)]
        return self._text.run(["embedding"], pack_texts(whole, forms))[0]

    def prepare(self, image: "Image", scaled_from: tuple[int, int] | None = None) -> NDArray[np.float32]:
        """Return the image tower's pixels of an RGB picture: (3, s, s) float32. Needs no graph, so any thread may.

        `scaled_from` is the size of the whole, where the picture was scaled while it was decoded.
        """
        return preprocess(image, self._record.preprocessing, scaled_from)

    def embed_pixels(self, pixels: NDArray[np.float32]) -> Vectors:
        """Embed prepared pictures.

        Args:
            pixels: (n, 3, s, s) float32, each as `prepare` returns it.

        Returns:
            (n, d) float32, each row of L2 norm 1.

        Raises:
            SessionFailed: onnxruntime refused a picture, or cannot open the image tower.
            ArtefactCorrupt, RemoteRefused, StorageTooSmall: the image tower cannot be fetched.
        """
        tower = self._image_tower()
        rows = [tower.run(["embedding"], {"pixel_values": one[None]})[0] for one in pixels]
        return np.concatenate(rows) if rows else np.empty((0, self.dimension), np.float32)

    def embed_images(self, images: Sequence["Image"]) -> Vectors:
        """Embed RGB pictures of any size: (n, d) float32, each row of L2 norm 1."""
        size = self._record.preprocessing.size
        pixels = [self.prepare(image) for image in images]
        return self.embed_pixels(np.stack(pixels) if pixels else np.empty((0, 3, size, size), np.float32))

    def attribute(self, pixels: NDArray[np.float32]) -> tuple[Vectors, Vectors]:
        """Return the vector of one prepared picture, and what each of its patches contributes to it.

        Args:
            pixels: (3, s, s) float32, as `prepare` returns it.

        Returns:
            The vector, (d,) float32 of L2 norm 1, and the contributions, (g, g, d) float32, rows from the top: the dot
            product of a text's vector and a contribution is the part of their cosine that comes from this patch. g is the
            manifest's `patch_grid`.

        Raises:
            As `embed_pixels`.
        """
        outputs = ["embedding", "patch_contributions"]
        embedding, contributions = self._image_tower().run(outputs, {"pixel_values": pixels[None]})
        grid = self._record.patch_grid
        return embedding[0], contributions.reshape(grid, grid, self.dimension)

    def seen_part(self, image: "Image") -> tuple[float, float, float, float]:
        """Return the part of a picture that the tower sees, (x0, y0, x1, y1) as fractions of its width and height."""
        return seen_part(image, self._record.preprocessing)

    def close_image_tower(self) -> None:
        """Give the memory of the image tower back, 127 MB of a CLIP B/32 in int8. The next image opens it again."""
        with self._opening:
            self._image = None
        trim_heap()

    def _image_tower(self) -> Session:
        with self._opening:  # two threads with the first pictures at the same time would open it twice
            if self._image is None:
                self._image = open_graph(self._models, self._record.image, self._threads, device=self._device)
            return self._image


def open_text_tokenizer(folder: Path, record: EncoderRecord) -> TextTokenizer:
    """Return the tokenizer of an encoder whose files lie in a folder; raises as `open_tokenizer` does."""
    path = folder / record.tokenizer.path
    return open_tokenizer(path, record.context_length, record.pad_token_id, padded_to=record.padded_to)


def open_tokenizer(path: Path, context_length: int, pad_token_id: int, *, padded_to: int | None) -> TextTokenizer:
    """Return the tokenizer in a file, in whichever of the three forms it is; texts are cut and padded as its class says.

    Raises:
        ArtefactCorrupt: the file is none.
    """
    if path.suffix != MAPPED_SUFFIX:
        return Tokenizer(path, context_length, pad_token_id, padded_to=padded_to)
    arrays = MappedArrays(path, REMEDY)
    form = MappedWords if arrays.texts.get("format") == WORDS_FORMAT else MappedBpe
    return form(arrays, context_length, pad_token_id, padded_to=padded_to)
