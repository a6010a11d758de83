"""Ray: the only file that imports it. Runs the steps of a build over Parquet files, on all nodes of a cluster.

A killed node loses only what it had in hand, and a killed driver goes on: Ray keeps which rows were written, and a file of
rows and the note of it count together or not at all (`CheckpointConfig`).
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self

from export.cluster.errors import ClusterUnusable
from export.cluster.job import ActorSetup, Count, Tables
from export.cluster.models_files import fetch_models, fetch_places
from export.cluster.ray_address import HERE, find_cluster
from export.cluster.shard_files import COMPRESSION, names_in
from export.cluster.shards import open_folder
from export.cluster.stages import PictureStage, Work, hash_rows
from export.errors import ExtraMissing
from export.index.chosen_models import open_models
from export.index.photos.places import PlacesFile
from runtime.models.cpu_cores import usable_cores

if TYPE_CHECKING:
    import pyarrow as pa

# Of an actor, which keeps a core busy: the rest is left to the tasks that read and write. Half a CPU an actor left none when
# a node was killed, and the job hung (Ray 2.60, four actors on four CPUs).
ACTOR_CPUS = TASK_CPUS = 0.25
# Ray Data starts a task only where its nodes' object stores have room for a whole block, of 128 MB unless this is said: with
# stores of 100 MB, no task began. A row has 3 kB.
BLOCK_MAX_BYTES = 16_000_000
ACTOR_BYTES = 700_000_000  # beside the models' files: pixels in hand, and what onnxruntime takes to run
AT_ONCE = 32  # pictures of which files are fetched, and previews held, before the next
COUNTED_EVERY_S = 0.5
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}  # nothing is reported to anybody


class RayCluster:
    """One connection to a cluster, as a context manager: a cluster that was started for this build ends with it."""

    def __init__(self, address: str, *, actors: int | None = None) -> None:
        """Connect to a cluster.

        Args:
            address: `ray://HOST:PORT`, `HOST:PORT`, or "auto": that of this machine, or one that is started here.
            actors: how many hold models at once, at most; None is as many as the cluster has CPUs now.

        Raises:
            ExtraMissing: Ray is not installed.
            ClusterUnusable: there is no such cluster.
        """
        self._address, self._actors = address, actors
        os.environ.update(QUIET)
        try:
            import ray
            import ray.data  # needs pandas and pyarrow, which Ray alone does not bring
        except ModuleNotFoundError as cause:
            raise ExtraMissing("Building on a cluster", "cluster") from cause
        self._ray = ray
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        try:
            self._connect(address)
        except (ConnectionError, ValueError, RuntimeError, OSError) as cause:
            raise ClusterUnusable(address, f"{_first_line(cause)}. Is it started, and is the address right?") from cause

    @property
    def cpus(self) -> int:
        """How many CPUs it has now."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    @property
    def actors(self) -> int:
        """How many actors hold models at once, at most."""
        return self._actors or self.cpus

    def hash_files(self, tables: Tables, address: str, count: Count) -> None:
        """Hash the files in tables, and write them with their sha256; `count` is told how many are done.

        Raises:
            ClusterUnusable: the job failed.
        """
        with self._counted(count) as counter:
            stage = partial(_hash, address=address, counter=counter)
            self._run(tables, lambda rows: rows.map_batches(stage, batch_format="pyarrow", batch_size=AT_ONCE))

    def look_at_pictures(self, tables: Tables, work: Work, setup: ActorSetup, *, schema: "pa.Schema", count: Count) -> None:
        """Make the rows of tables complete, and write them as shards; `count` is told how many are done.

        Raises:
            ClusterUnusable: the job failed.
        """
        from ray.data import ActorPoolStrategy

        memory = ACTOR_BYTES + 2 * setup.models_bytes
        with self._counted(count) as counter:
            arguments = {"setup": setup, "work": work, "counter": counter}
            pool = ActorPoolStrategy(min_size=1, max_size=self.actors, initial_size=self.actors)
            gpus = {"num_gpus": 1} if setup.device == "cuda" else {}
            options = {"compute": pool, "num_cpus": ACTOR_CPUS, "memory": memory, "fn_constructor_kwargs": arguments, **gpus}
            options |= {"batch_format": "pyarrow", "batch_size": None}
            self._run(tables, lambda rows: rows.map_batches(_PictureActor, **options), schema=schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ray.shutdown()

    def _connect(self, address: str) -> None:
        quiet = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": True}
        found = find_cluster(address)
        own = {"num_cpus": usable_cores(), "include_dashboard": False} if found == HERE else {}
        self._ray.init(found, **own, **quiet)

    def _run(self, tables: Tables, stage: Callable[[Any], Any], schema: "pa.Schema | None" = None) -> None:
        from ray.data import DataContext, read_parquet
        from ray.data.checkpoint import CheckpointConfig
        from ray.exceptions import RayError

        filesystem, folder = open_folder(tables.remaining)
        files = len(names_in(tables.remaining))
        target, target_folder = open_folder(tables.out)
        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.target_max_block_size = BLOCK_MAX_BYTES
        context.use_datasource_v2 = False  # it joins small files, and each is to be a task of its own
        context.checkpoint_config = CheckpointConfig(
            tables.id_column, tables.done, delete_checkpoint_on_success=False, checkpoint_manager_cls=_recovery()
        )
        arguments: dict[str, Any] = {"compression": COMPRESSION} | ({"schema": schema} if schema else {})
        try:
            rows = stage(read_parquet(folder, filesystem=filesystem, override_num_blocks=files, num_cpus=TASK_CPUS))
            rows.write_parquet(
                target_folder,
                filesystem=target,
                filename_provider=_named(tables.prefix),
                ray_remote_args={"num_cpus": TASK_CPUS},
                **arguments,
            )
        except (RayError, OSError, ValueError, RuntimeError) as cause:
            raise ClusterUnusable(self._address, f"the job failed: {_root_of(cause)}") from cause
        finally:
            context.checkpoint_config = None

    @contextmanager
    def _counted(self, count: Count) -> Iterator[Any]:
        """Yield an actor that is told how many are done, and tell `count` of it now and then."""
        counter = self._ray.remote(num_cpus=0)(_Counter).remote()
        ended = Event()

        def tell() -> None:
            told = 0
            while not ended.wait(COUNTED_EVERY_S):
                with suppress(Exception):  # the node that counts may be killed: only the bar stands still then
                    done = self._ray.get(counter.total.remote(), timeout=10)
                    count(done - told)
                    told = done

        thread = Thread(target=tell, daemon=True)
        thread.start()
        try:
            yield counter
        finally:
            ended.set()
            thread.join()


class _Counter:
    """Counts what is done on all nodes."""

    def __init__(self) -> None:
        self._done = 0

    def add(self, done: int) -> None:
        self._done += done

    def total(self) -> int:
        return self._done


class _PictureActor:
    """A `PictureStage` in a process of its own, with models opened from its node's disk."""

    def __init__(self, setup: ActorSetup, work: Work, counter: Any) -> None:  # noqa: ANN401 (Ray's handle)
        places = PlacesFile(fetch_places(work.shards)) if setup.has_places else None
        self._stage = PictureStage(work, open_models(fetch_models(work.shards), setup.device), places)
        self._counter = counter

    def __call__(self, table: "pa.Table") -> "pa.Table":
        from pyarrow import concat_tables

        made = []
        for start in range(0, max(1, table.num_rows), AT_ONCE):
            made.append(self._stage(table.slice(start, AT_ONCE)))
            self._counter.add.remote(min(AT_ONCE, table.num_rows - start))
        return concat_tables(made)


def _hash(table: "pa.Table", *, address: str, counter: Any) -> "pa.Table":  # noqa: ANN401 (Ray's handle)
    hashed = hash_rows(table, address)
    counter.add.remote(table.num_rows)
    return hashed


def _recovery() -> type:
    """Return what removes the files that killed tasks left, and filters nothing: rows that are done are not in the tables.

    Ray's own filter is an actor that takes a whole CPU. On a cluster that had one left, nothing could be read beside it.
    """
    from ray.data.checkpoint.checkpoint_filter import IdColumnCheckpointManager

    class Recovery(IdColumnCheckpointManager):  # type: ignore[misc]  # Ray comes without types
        def load_checkpoint(self, *places: Any) -> tuple[None, int]:  # noqa: ANN401 (Ray's file systems)
            super().load_checkpoint(*places)
            return None, 0

    return Recovery


def _named(prefix: str) -> object:
    from ray.data.datasource import FilenameProvider

    class Named(FilenameProvider):  # type: ignore[misc]  # Ray comes without types
        def get_filename_for_task(self, write_uuid: str, task_index: int) -> str:
            return f"{prefix}-{write_uuid}-{task_index:06d}.parquet"

    return Named()


def _root_of(cause: BaseException) -> str:
    """Return the first line of the fault that a failed job began with, without Ray's own traces."""
    lines = [line for line in str(cause).strip().splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(cause).__name__


def _first_line(cause: Exception) -> str:
    return next(iter(str(cause).strip().splitlines()), type(cause).__name__).rstrip(".")
