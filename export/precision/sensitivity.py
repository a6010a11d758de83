"""How much a graph's outputs lose when some of its layers are quantized.

Owns the running of rewritten graphs that stay in the working folder, and the error that is measured on them. A rewritten
graph shares the exact graph's weights on disk, so writing one costs little beside running it.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import onnx
from numpy.typing import NDArray

from export.precision.edits import Edits
from export.precision.gates import cosines_between
from export.precision.layers import ExactGraph
from export.precision.rewriting import rewrite
from export.precision.rounding import Choice, Target
from runtime.models.onnx_session import Array, Session

Feed = Mapping[str, Array]
Outputs = list[list[Array]]  # by feed, then by output
Item = TypeVar("Item")


class LayerInputs(NamedTuple):
    """The inputs on which a graph's layers are measured.

    Attributes:
        feeds: inputs by name; each is a run of its own.
        outputs: the names of the outputs that are compared.
        quick: how many of the feeds, the first ones, a quick measure runs. They tell which layers cost much, not how much:
            eight texts misjudged a trained tower's loss by 10 %, at worst 44 %, 48 by 5 and 31 % (benchmarks/RESULTS.md).
    """

    feeds: Sequence[Feed]
    outputs: Sequence[str]
    quick: int

    @classmethod
    def spread(cls, feeds: Sequence[Feed], outputs: Sequence[str], *, quick: int, at_most: int) -> "LayerInputs":
        """Return at most so many feeds, spread over all; the quick ones, which come first, are spread, too."""
        taken = _spread(feeds, at_most)
        first = _spread(range(len(taken)), quick)
        others = [number for number in range(len(taken)) if number not in set(first)]
        return cls([taken[number] for number in (*first, *others)], outputs, len(first))


class LayerSensitivity:
    """Runs an exact graph once, and its rewritten forms as often as asked."""

    def __init__(self, graph: ExactGraph, inputs: LayerInputs, *, target: Target, threads: int) -> None:
        """Keep what is to be measured; nothing runs yet.

        Args:
            graph: the exact graph.
            inputs: what it is run on, and what is compared.
            target: the CPU for which weights are rounded.
            threads: of onnxruntime.
        """
        self.graph, self.target = graph, target
        self._inputs, self._threads = inputs, threads

    @property
    def quick_is_all(self) -> bool:
        """Whether a quick measure runs all inputs there are."""
        return self._inputs.quick == len(self._inputs.feeds)

    def measure_error(self, choice: Choice, edits: Edits | None = None, *, quick: bool = False) -> float:
        """Return 1 - cosine between the outputs of the exact and the rewritten graph: the mean over feeds and outputs."""
        path = self._write(rewrite(self.graph, choice, self.target, edits))
        feeds = self._inputs.feeds[: self._inputs.quick if quick else None]
        given = self._run(path, feeds, self._inputs.outputs, prepack="block8" in choice.values())
        return mean_error(self._exact_outputs[: len(given)], given)

    def read_activations(self, tensors: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the values of inner tensors of the exact graph, by name: (rows, channels) float32, over all feeds."""
        model = onnx.ModelProto()
        model.CopyFrom(self.graph.proto)
        model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in tensors)
        outputs = self._run(self._write(model), self._inputs.feeds, tensors)
        return {
            name: np.concatenate([values[at].reshape(-1, values[at].shape[-1]) for values in outputs])
            for at, name in enumerate(tensors)
        }

    @cached_property
    def _exact_outputs(self) -> Outputs:
        return self._run(self.graph.path, self._inputs.feeds, self._inputs.outputs)

    def _write(self, model: onnx.ModelProto) -> Path:
        path = self.graph.path.with_name(f"{self.graph.path.stem}.measured.onnx")
        onnx.save(model, path)
        return path

    def _run(self, path: Path, feeds: Sequence[Feed], outputs: Sequence[str], *, prepack: bool = False) -> Outputs:
        """Run each feed. Prepacking costs more than it gains here, but without it blocks take another, more exact path."""
        session = Session(path, self._threads, prepack=prepack)
        return [session.run(outputs, feed) for feed in feeds]


def mean_error(exact: Outputs, given: Outputs) -> float:
    """Return 1 - cosine, each output of a feed taken as one vector; the mean over all."""
    pairs = [pair for rows in zip(exact, given, strict=True) for pair in zip(*rows, strict=True)]
    return float(np.mean([1 - cosines_between(one.ravel(), other.ravel()) for one, other in pairs]))


def _spread(items: Sequence[Item], at_most: int) -> list[Item]:
    """Return at most so many, evenly spread."""
    count = min(at_most, len(items))
    return [items[number * len(items) // count] for number in range(count)]
