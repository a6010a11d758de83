"""python -m tests.cluster.s3vectors.load_once SHARDS STORE: one load, in a process that can be killed."""

import sys
import tempfile
from pathlib import Path

from export.cluster.load_s3vectors import load_s3vectors
from export.cluster.shards import read_shards
from tests.cluster.contract_shards import remote_manifest


def main(shards: Path, store: str) -> None:
    rows = [row for batch in read_shards(shards) for row in batch.to_pylist()]
    with tempfile.TemporaryDirectory() as folder:
        load_s3vectors(
            shards,
            store,
            lambda generation: remote_manifest(rows, generation, Path(folder)),
            vectors_a_second=1e6,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
