"""Arrays of one file, mapped into memory: opened in no time, and of each only the pages that are read cost memory.

The form is safetensors' own (a length, a JSON header, then the arrays), of which only the few types used here are read. Owns
the form, not what an array means.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.errors import ArtefactCorrupt

DTYPES = {"U8": np.uint8, "I32": np.int32, "U32": np.uint32, "U64": np.uint64}
LENGTH_BYTES = 8  # of the header's length, before the header, in little-endian order


class MappedArrays:
    """One file. `texts` are its texts by name (safetensors' `__metadata__`)."""

    def __init__(self, path: Path, remedy: str) -> None:
        """Map the file and read its header; `remedy` ends the message of an error.

        Raises:
            ArtefactCorrupt: it is not of this form, or cannot be read.
        """
        self._path, self._remedy = path, remedy
        try:
            raw = np.memmap(path, np.uint8, mode="r")
            start = LENGTH_BYTES + int.from_bytes(raw[:LENGTH_BYTES].tobytes(), "little")
            header = json.loads(raw[LENGTH_BYTES:start].tobytes())
            self.texts: Mapping[str, str] = header.pop("__metadata__", {})
            self._arrays = {name: _view(raw[start:], entry) for name, entry in header.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as cause:
            raise self.damage("it is no file of mapped arrays") from cause

    def check_format(self, wanted: str) -> None:
        """Return if the file says that it is of this format.

        Raises:
            ArtefactCorrupt: it names another, or none.
        """
        if self.texts.get("format") != wanted:
            raise self.damage(f"it is no {wanted} file")

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return one array, which cannot be written to.

        Raises:
            ArtefactCorrupt: there is none of this name.
        """
        if name not in self._arrays:
            raise self.damage(f"it has no array {name}")
        return self._arrays[name]

    def damage(self, reason: str) -> ArtefactCorrupt:
        """Return the error that says what is wrong with the file."""
        return ArtefactCorrupt(self._path, reason, self._remedy)


def _view(raw: NDArray[np.uint8], entry: Mapping[str, Any]) -> NDArray[Any]:
    """Return the array that an entry of the header describes."""
    first, last = entry["data_offsets"]
    array = raw[first:last].view(DTYPES[entry["dtype"]])
    if last > len(raw) or array.size != math.prod(entry["shape"]):
        raise ValueError("the file ends before its last array")
    return array.reshape(entry["shape"])
