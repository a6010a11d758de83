"""How the pictures of an index are decoded, and those that one searches it with: the index's manifest names it."""

from typing import Literal

# "exact": as the models' own processors have it; "scaled": large pictures are made smaller while they are decoded, and other
# colours become sRGB's. `runtime/images/memory.py` says how much smaller, benchmarks/RESULTS.md how near that is.
DecodeRule = Literal["exact", "scaled"]
