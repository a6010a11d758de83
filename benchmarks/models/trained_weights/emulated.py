"""Embeds texts with one graph: python -m benchmarks.models.trained_weights.emulated GRAPH ASKED.npz ANSWERS.npy

`benchmark.py` runs it under the emulator, where every import takes seconds: torch is not among them.
"""

import sys
from pathlib import Path

import numpy as np

from benchmarks.models.trained_weights.text_gate_measure import embed


def main() -> None:
    """Read (1, t) token ids, in their order, and write the (n, d) vectors."""
    graph, asked, answers = map(Path, sys.argv[1:])
    with np.load(asked) as arrays:
        feeds = [{"input_ids": arrays[f"arr_{number}"]} for number in range(len(arrays.files))]
    np.save(answers, embed(graph, feeds))


if __name__ == "__main__":
    main()
