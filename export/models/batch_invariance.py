"""Whether a picture's caption is the same in any batch: measured bit for bit on the decoder as it was written.

Owns the comparison. That no product may scale activations over several rows is the plan's to know.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from export.precision.plan import GraphPlan
from runtime.artefacts.model_records import BlipRecord
from runtime.models.blip import BlipCaptioner
from runtime.models.onnx_session import Array, Session

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURES, BEAMS = 3, 3
Step = list[Array]  # logits, then the cache


def plans_rows(plan: GraphPlan) -> bool:
    """Return whether a plan has every product in rows: products in fp32 or blocks may sum in another order in a batch."""
    return plan.rows and all(layer.precision == "row8" for layer in plan.layers if layer.kind == "product")


def is_batch_invariant(folder: Path, record: BlipRecord, images: "Sequence[Image]", threads: int) -> bool:
    """Return whether logits and caches of some pictures are the same alone and together, over two steps of a search.

    Args:
        folder: the exported models.
        record: the captioner's.
        images: RGB pictures; the first `PICTURES` are compared.
        threads: of onnxruntime.
    """
    captioner = BlipCaptioner(folder, record, threads)
    alone = [captioner.see(captioner.prepare(image)[None]) for image in images[:PICTURES]]
    together = {name: np.concatenate([states[name] for states in alone]) for name in alone[0]}
    decoder = Session(folder / record.decoder.path, threads)
    both = list(_decode(decoder, record, together))
    for at, states in enumerate(alone):
        for batch, own in zip(both, _decode(decoder, record, states), strict=True):
            rows = len(own[0])
            if not all(
                np.array_equal(one[at * rows : (at + 1) * rows], other) for one, other in zip(batch, own, strict=True)
            ):
                return False
    return True


def _decode(decoder: Session, record: BlipRecord, states: Mapping[str, Array]) -> Iterator[Step]:
    """Yield a first step, with one row for each picture, and a second one, with a row for each beam."""
    pictures = len(next(iter(states.values())))
    past = {name: _no_past(record, pictures) for name in decoder.input_shapes if name.startswith("past_")}
    outputs = ["logits", *(name.replace("past_", "present_") for name in past)]
    first = decoder.run(outputs, {"input_ids": np.full((pictures, 1), record.start_token_id), **past, **states})
    yield first
    tokens = np.argsort(-first[0], axis=1, kind="stable")[:, :BEAMS].reshape(-1, 1)
    past = {name: np.repeat(cache, BEAMS, axis=0) for name, cache in zip(past, first[1:], strict=True)}
    yield decoder.run(outputs, {"input_ids": tokens, **past, **states})


def _no_past(record: BlipRecord, pictures: int) -> Array:
    return np.empty((pictures, record.heads, 0, record.head_width), np.float32)
