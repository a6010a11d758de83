"""An exact graph put on trial: what its outputs lose when some of its layers are rounded.

Owns the running of rewritten graphs that never leave the working folder, and the one figure they are judged by. Writes small
graphs that share the exact graph's weights, so a trial costs little more than its run.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from export.precision.gates import cosines_between
from export.precision.layers import ExactGraph
from export.precision.rewriting import Edits, rewrite
from export.precision.rounding import Choice, Target
from runtime.models.onnx_session import Array, Session

Feed = Mapping[str, Array]
Answers = list[list[Array]]  # by feed, then by output

SEEN_ROWS = 128  # rows of an activation that are kept to judge a rounding by; the range is taken over all


class Trials:
    """Asks the exact graph once, and its rewritten forms as often as wanted."""

    def __init__(
        self, graph: ExactGraph, feeds: Sequence[Feed], outputs: Sequence[str], *, target: Target, threads: int
    ) -> None:
        """Ask the exact graph.

        Args:
            graph: what is to be rewritten.
            feeds: inputs by name; each is a run of its own.
            outputs: the names of what is compared.
            target: the CPU for which weights are rounded.
            threads: of onnxruntime.
        """
        self.graph, self.target = graph, target
        self._feeds, self._outputs, self._threads = feeds, outputs, threads
        self._exact = self._ask(graph.path, outputs)

    def error(self, choice: Choice, edits: Edits | None = None) -> float:
        """Return 1 - cosine between what the exact and the rewritten graph answer: the mean over feeds and outputs."""
        path = self._write(rewrite(self.graph, choice, self.target, edits))
        return mean_error(self._exact, self._ask(path, self._outputs, prepack="block8" in choice.values()))

    def watch(self, tensors: Sequence[str]) -> dict[str, list[NDArray[np.float32]]]:
        """Return what inner tensors of the exact graph hold, by name: (rows, channels) float32 for each feed."""
        model = onnx.ModelProto()
        model.CopyFrom(self.graph.proto)
        model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in tensors)
        answers = self._ask(self._write(model), tensors)
        return {name: [answer[i].reshape(-1, answer[i].shape[-1]) for answer in answers] for i, name in enumerate(tensors)}

    def _write(self, model: onnx.ModelProto) -> Path:
        path = self.graph.path.with_name(f"{self.graph.path.stem}.trial.onnx")
        onnx.save(model, path)
        return path

    def _ask(self, path: Path, outputs: Sequence[str], *, prepack: bool = False) -> Answers:
        """Run every feed. Prepacking costs more than it gains here, but without it blocks take another, more exact path."""
        session = Session(path, self._threads, prepack=prepack)
        return [session.run(outputs, feed) for feed in self._feeds]


def mean_error(exact: Answers, given: Answers) -> float:
    """Return 1 - cosine, each output of a feed taken as one vector; the mean over all."""
    pairs = [pair for rows in zip(exact, given, strict=True) for pair in zip(*rows, strict=True)]
    return float(np.mean([1 - cosines_between(one.ravel(), other.ravel()) for one, other in pairs]))
