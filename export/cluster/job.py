"""What a build of shards asks of a cluster; `ray_cluster.py` does it with Ray. Knows no Ray."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from export.cluster.stages import Work
from runtime.models.onnx_session import Device

if TYPE_CHECKING:
    import pyarrow as pa

Count = Callable[[int], None]


@dataclass(frozen=True)
class Tables:
    """Where a step's rows come from and go to.

    `remaining` has the Parquet files that go in, each a task of its own. `out` is where files come out, whose names begin
    with `prefix`. `done` keeps which rows were written, by their `id_column`.
    """

    remaining: str
    out: str
    done: str
    prefix: str
    id_column: str


@dataclass(frozen=True)
class ActorSetup:
    """What a cluster's actors work with, put where the shards are built: models, and the table of towns if `has_places`.

    `models_bytes` is what the models' files have in all.
    """

    models_bytes: int
    device: Device = "cpu"
    has_places: bool = False


class Cluster(Protocol):
    """Does the steps of a build. It notes the ids of the rows that it has written, with their file."""

    @property
    def actors(self) -> int:
        """How many processes hold models at once, at most."""
        ...

    def hash_files(self, tables: Tables, address: str, count: Count) -> None:
        """Hash the files below an address that tables name, and write the tables with `sha256` and `reason`.

        `count` is told how many are done, now and then.

        Raises:
            ClusterUnusable: the job failed; what was written stays.
        """
        ...

    def look_at_pictures(self, tables: Tables, work: Work, setup: ActorSetup, *, schema: "pa.Schema", count: Count) -> None:
        """Make the rows of tables complete, and write them as shards; likewise."""
        ...
