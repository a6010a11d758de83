"""How much a graph's outputs lose when some of its layers are quantized.

Owns the running of rewritten graphs that stay in the working folder, and the error that is measured on them. A rewritten
graph shares the exact graph's weights on disk, so writing one costs little beside running it.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

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


class LayerSensitivity:
    """Runs an exact graph once, and its rewritten forms as often as asked."""

    def __init__(
        self, graph: ExactGraph, feeds: Sequence[Feed], outputs: Sequence[str], *, target: Target, threads: int
    ) -> None:
        """Keep what is to be measured; nothing runs yet.

        Args:
            graph: the exact graph.
            feeds: inputs by name; each is a run of its own.
            outputs: the names of the outputs that are compared.
            target: the CPU for which weights are rounded.
            threads: of onnxruntime.
        """
        self.graph, self.target = graph, target
        self._feeds, self._outputs, self._threads = feeds, outputs, threads

    def measure_error(self, choice: Choice, edits: Edits | None = None) -> float:
        """Return 1 - cosine between the outputs of the exact and the rewritten graph: the mean over feeds and outputs."""
        path = self._write(rewrite(self.graph, choice, self.target, edits))
        return mean_error(self._exact_outputs, self._run(path, self._outputs, prepack="block8" in choice.values()))

    def read_activations(self, tensors: Sequence[str]) -> dict[str, list[NDArray[np.float32]]]:
        """Return the values of inner tensors of the exact graph, by name: (rows, channels) float32 for each feed."""
        model = onnx.ModelProto()
        model.CopyFrom(self.graph.proto)
        model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in tensors)
        outputs = self._run(self._write(model), tensors)
        return {name: [values[i].reshape(-1, values[i].shape[-1]) for values in outputs] for i, name in enumerate(tensors)}

    @cached_property
    def _exact_outputs(self) -> Outputs:
        return self._run(self.graph.path, self._outputs)

    def _write(self, model: onnx.ModelProto) -> Path:
        path = self.graph.path.with_name(f"{self.graph.path.stem}.measured.onnx")
        onnx.save(model, path)
        return path

    def _run(self, path: Path, outputs: Sequence[str], *, prepack: bool = False) -> Outputs:
        """Run every feed. Prepacking costs more than it gains here, but without it blocks take another, more exact path."""
        session = Session(path, self._threads, prepack=prepack)
        return [session.run(outputs, feed) for feed in self._feeds]


def mean_error(exact: Outputs, given: Outputs) -> float:
    """Return 1 - cosine, each output of a feed taken as one vector; the mean over all."""
    pairs = [pair for rows in zip(exact, given, strict=True) for pair in zip(*rows, strict=True)]
    return float(np.mean([1 - cosines_between(one.ravel(), other.ravel()) for one, other in pairs]))
