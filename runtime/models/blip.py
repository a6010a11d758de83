"""BlipCaptioner: a batch of images to captions, by one decoding loop over a key-value cache.

Knows the two BLIP graphs. The vision graph runs once an image, and projects it to each decoder layer's keys and values for
cross-attention. The decoder graph takes one token and the cache, and gives what may be the next token and the longer cache;
the first step is the same graph with an empty cache. The next token is chosen in `decoding.py` and `beam_search.py`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.folder import Folder, open_folder
from runtime.artefacts.model_records import BlipRecord
from runtime.images import preprocess
from runtime.models.beam_search import BeamSearch
from runtime.models.decoding import DecodingRules, DecodingStrategy, GreedySearch, Indices, NextTokens, likeliest_tokens
from runtime.models.key_value_cache import KeyValueCache
from runtime.models.onnx_session import Device, Session, open_graph
from runtime.models.tokenizer import Tokenizer

if TYPE_CHECKING:
    from PIL.Image import Image

Tensors = dict[str, NDArray[Any]]
NEXT_TOKENS = ("top_tokens", "top_log_probabilities")  # outputs of a decoder, in the order of the fields of `NextTokens`


class BlipCaptioner:
    """BLIP's captioning, decoded by the manifest's rules: how many beams, at most how many tokens.

    Any number of threads may caption at once.
    """

    def __init__(self, models: Path | Folder, record: BlipRecord, threads: int = 1, *, device: Device = "cpu") -> None:
        """Fetch and open both graphs, to run on `device`, and the tokenizer.

        Raises:
            SessionFailed: a graph cannot be opened, or there is no such device.
            ArtefactCorrupt: the tokenizer file is none, or a file cannot be fetched as it was published.
            RemoteRefused, StorageTooSmall: a file cannot be fetched.
        """
        self.record, self._rules = record, _rules_of(record)
        source = open_folder(models)
        source.fetch(*record.files())
        path, content = source.path / record.tokenizer.path, source.held(record.tokenizer)  # held, or just fetched
        self._tokenizer = Tokenizer(path, record.max_tokens, record.pad_token_id, content=content)
        self._vision = open_graph(source, record.vision, threads, device=device)
        self._decoder = open_graph(source, record.decoder, threads, device=device)
        self._tokens_given, self._vocabulary = (_width_of(self._decoder, name) for name in (NEXT_TOKENS[0], "logits"))

    @property
    def batch_invariant(self) -> bool:
        """Whether a picture's caption is the same, bit for bit, alone and in any batch."""
        return self.record.batch_invariant

    def prepare(self, image: "Image", scaled_from: tuple[int, int] | None = None) -> NDArray[np.float32]:
        """Return the vision graph's pixels of an RGB picture: (3, s, s) float32. Needs no graph, so any thread may.

        `scaled_from` is the size of the whole, where the picture was scaled while it was decoded.
        """
        return preprocess(image, self.record.preprocessing, scaled_from)

    def caption_images(self, images: Sequence["Image"]) -> list[str]:
        """Caption RGB pictures of any size, in one batch."""
        return self.caption_pixels(np.stack([self.prepare(image) for image in images])) if images else []

    def caption_pixels(self, pixels: NDArray[np.float32]) -> list[str]:
        """Caption prepared pictures, in one batch.

        A batch is faster, as the decoder reads its weights once a token for all rows. But where the captioner is not
        `batch_invariant`, a caption depends a little on its batch: that of an int8 graph which scales activations over all
        rows. Such captions are made one at a time if they are kept.

        Args:
            pixels: (n, 3, s, s) float32, each as `prepare` returns it; n is at least 1.

        Returns:
            n captions, special tokens left out.

        Raises:
            SessionFailed: onnxruntime refused the batch.
        """
        token_ids = self.decode(self.see(pixels), len(pixels))
        return [self._tokenizer.decode(row[row != self.record.pad_token_id]) for row in token_ids]

    def see(self, pixels: NDArray[np.float32]) -> Tensors:
        """Return every decoder layer's cross-attention keys and values, by name; the batch is axis 0 of each.

        They are float32, or int8 where the graphs were exported so: a matter between the two graphs.

        One picture a run: five in a batch take as long as five runs, and need five times the memory. With several pictures,
        each run writes to where the decoder will read: a second copy (42 MB a picture in BLIP base, in int8 11 MB) would be
        the process's peak. With one, onnxruntime's own memory is faster, as it was used before.
        """
        names = self._vision.output_names
        if len(pixels) == 1:
            return dict(zip(names, self._vision.run(names, {"pixel_values": pixels}), strict=True))
        states: Tensors = {
            name: np.empty((len(pixels), *self._shape_of(name)), self._vision.output_dtype(name)) for name in names
        }
        for at in range(len(pixels)):
            picture = slice(at, at + 1)
            self._vision.run_into({name: rows[picture] for name, rows in states.items()}, {"pixel_values": pixels[picture]})
        return states

    def _shape_of(self, states: str) -> list[int]:
        """Return the shape of one picture's keys or values; of its axes, graphs may leave the length in tokens open."""
        axes = self._vision.output_shapes[states][1:]
        return [length if isinstance(length, int) else self.record.image_tokens for length in axes]

    def decode(self, cross: Tensors, pictures: int) -> NDArray[np.int64]:
        """Return the token ids of each picture's caption.

        The beams of one picture are rows of the decoder that share its keys and values. A picture whose caption is found
        leaves the batch.

        Args:
            cross: what `see` returned for n pictures; overwritten where n > 1.
            pictures: n.

        Returns:
            (n, t) int64 without start and end tokens, t at most `max_tokens`; pad tokens from a caption's end on.
        """
        search, cache = _search_by(self._rules, pictures), KeyValueCache(self.record, pictures)
        while len(search.last_tokens):
            kept = search.advance(self._run_decoder(search, cache, cross))
            cache.keep(kept.rows)
            cross = {name: _keep_pictures(states, kept.pictures) for name, states in cross.items()}
        return search.captions()

    def _run_decoder(self, search: DecodingStrategy, cache: KeyValueCache, cross: Tensors) -> NextTokens:
        """Decode each row's last token, write the longer cache, and return the likeliest next tokens.

        Graphs that return the tokens themselves save a search over all words in numpy, which takes five to seven times
        as long as in the graph.
        """
        inputs: Tensors = {"input_ids": search.last_tokens[:, None], **cache.past(), **cross}
        outputs: Tensors = dict(cache.present())
        rows = len(search.last_tokens)
        if self._tokens_given >= search.tokens_wanted:
            shape = (rows, self._tokens_given)
            following = NextTokens(np.empty(shape, np.int64), np.empty(shape, np.float32))
            self._decoder.run_into(outputs | dict(zip(NEXT_TOKENS, following, strict=True)), inputs)
            return following
        logits = np.empty((rows, self._vocabulary), np.float32)
        self._decoder.run_into(outputs | {"logits": logits}, inputs)
        return likeliest_tokens(logits, search.tokens_wanted)


def _rules_of(record: BlipRecord) -> DecodingRules:
    return DecodingRules(
        start_token_id=record.start_token_id,
        end_token_id=record.end_token_id,
        pad_token_id=record.pad_token_id,
        max_tokens=record.max_tokens,
        num_beams=record.num_beams,
        length_penalty=record.length_penalty,
        early_stopping=record.early_stopping,
    )


def _search_by(rules: DecodingRules, pictures: int) -> DecodingStrategy:
    return GreedySearch(rules, pictures) if rules.num_beams == 1 else BeamSearch(rules, pictures)


def _width_of(decoder: Session, output: str) -> int:
    """Return how much a decoder's output has for each row; 0 for one that it does not have."""
    *_, width = decoder.output_shapes.get(output, (0,))
    return width if isinstance(width, int) else 0


def _keep_pictures(states: NDArray[Any], pictures: Indices) -> NDArray[Any]:
    """Return the kept pictures' states, in place; only those that fill a gap are copied: in fp32, a picture has 42 MB."""
    for row in np.flatnonzero(pictures != np.arange(len(pictures))):
        states[row] = states[pictures[row]]
    return states[: len(pictures)]
