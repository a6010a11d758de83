"""Writes files of mapped arrays without the packages of the export side."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from runtime.artefacts.mapped_arrays import DTYPES
from runtime.models.onnx_session import Array

NAMES = {np.dtype(kind): name for name, kind in DTYPES.items()}


def write_arrays(path: Path, arrays: Mapping[str, Array], texts: Mapping[str, str]) -> Path:
    """Write a file of these arrays and texts, and return its path."""
    header: dict[str, object] = {"__metadata__": texts}
    body = b""
    for name, array in sorted(arrays.items(), key=lambda entry: -entry[1].itemsize):
        header[name] = {
            "dtype": NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [len(body), len(body) + array.nbytes],
        }
        body += array.tobytes()
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    path.write_bytes(len(head).to_bytes(8, "little") + head + body)
    return path
