"""Probing: how many of a large index's clusters a search looks through, and what that finds. Stands in the manifest."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

AskedWith = Literal["captions", "pictures moved towards text"]


class Probing(BaseModel):
    """`nprobe` of `nlist` clusters, and `rescored` of the rows found there for every ten hits, chosen at build time.

    `recall_at_10` is the share of the ten nearest pictures that are found, over `queries` that it was not chosen by:
    captions of the library itself, or pictures moved towards text where it has too few.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    nlist: int = Field(ge=1)
    nprobe: int = Field(ge=1)
    rescored: int = Field(ge=1)
    recall_at_10: float
    queries: int
    asked_with: AskedWith
