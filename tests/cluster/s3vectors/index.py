"""One index of S3 Vectors in memory, and what it refuses to take."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

METADATA_MAX_BYTES, FILTERABLE_MAX_BYTES, KEYS_MAX = 40 * 1024, 2 * 1024, 50
ACCOUNT, REGION = "123456789012", "us-east-1"


class Refused(Exception):
    """An error of the service, by the name that its model gives it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass
class Index:
    """One index."""

    bucket: str
    name: str
    dimension: int
    metric: str
    configuration: dict[str, Any]
    created: float
    vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    metadata: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:s3vectors:{REGION}:{ACCOUNT}:bucket/{self.bucket}/index/{self.name}"

    @property
    def not_filterable(self) -> set[str]:
        return set(self.configuration.get("nonFilterableMetadataKeys", []))


def check_vector(values: list[float], index: Index, key: str) -> None:
    if len(values) != index.dimension:
        message = f"Invalid record for key '{key}': vector must have length {index.dimension}, but has length {len(values)}"
        raise Refused("ValidationException", message)
    vector = np.array(values, np.float32)
    if not np.isfinite(vector).all() or (index.metric == "cosine" and not vector.any()):
        raise Refused("ValidationException", f"Invalid record for key '{key}': not finite, or zero")


def check_metadata(metadata: Any, index: Index, key: str) -> None:
    def refuse(reason: str) -> None:
        raise Refused("ValidationException", f"Invalid record for key '{key}': {reason}")

    if not isinstance(metadata, dict):
        return refuse("metadata must be an object")
    filterable = {name: value for name, value in metadata.items() if name not in index.not_filterable}
    if len(metadata) > KEYS_MAX:
        refuse(f"more than {KEYS_MAX} metadata keys")
    if _bytes_of(metadata) > METADATA_MAX_BYTES:
        refuse(f"metadata of more than {METADATA_MAX_BYTES} bytes")
    if _bytes_of(filterable) > FILTERABLE_MAX_BYTES:
        refuse(f"Filterable metadata must have at most {FILTERABLE_MAX_BYTES} bytes")
    for one in _values(metadata):
        if not isinstance(one, str | bool | int | float):
            refuse(f"a value of the kind {type(one).__name__}")
    return None


def _values(metadata: Mapping[str, Any]) -> Iterator[Any]:
    for value in metadata.values():
        yield from value if isinstance(value, list) else [value]


def _bytes_of(metadata: Mapping[str, Any]) -> int:
    """Return how much of the limit a vector's metadata takes; the guide does not say how it counts, JSON is the most."""
    return len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode()) if metadata else 0
