"""python -m tests.cluster.s3vectors.load_once SHARDS STORE DIMENSION: one load, in a process that can be killed."""

import sys

from export.cluster.load.to_s3vectors import load_s3vectors
from tests.cluster.played import played_models
from tests.runtime.stores.large_vectors import silent

if __name__ == "__main__":
    load_s3vectors(sys.argv[1], sys.argv[2], played_models(int(sys.argv[3])), silent(), vectors_a_second=1e6)
