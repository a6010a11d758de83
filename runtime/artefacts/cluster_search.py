"""How a large index is searched: how many of its clusters, and the recall that this gives. Part of the index's manifest."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

AskedWith = Literal["captions", "pictures moved towards text"]


class ClusterSearchParams(BaseModel):
    """A search scans `nprobe` of `nlist` clusters and rescores `rescored` rows per ten hits; chosen when the index is built.

    `recall_at_10` is the share of the ten nearest pictures that are found, measured with `queries` other queries than
    `nprobe` was chosen with: captions of the library, or pictures' vectors moved towards text where it has too few captions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    nlist: int = Field(ge=1)
    nprobe: int = Field(ge=1)
    rescored: int = Field(ge=1)
    recall_at_10: float
    queries: int
    asked_with: AskedWith
