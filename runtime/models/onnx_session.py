"""The only file that imports onnxruntime: opens graphs, runs them, names what failed.

A graph with its weights in a file beside it, of the same name but for `WEIGHTS_SUFFIX`, was optimized when it was exported:
it is not optimized again, and the weights are mapped. Knows no model. onnxruntime is imported for the first graph, after its
telemetry is switched off.
"""

import mmap
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.file_record import WEIGHTS_SUFFIX, GraphRecord, sha256_of
from runtime.artefacts.folder import Folder
from runtime.errors import ArtefactCorrupt, SessionFailed

if TYPE_CHECKING:
    import onnxruntime

REMEDY = "Export the models again: lookwhy models."
Array = NDArray[Any]
Content = tuple[
    bytes, tuple[str, mmap.mmap] | None
]  # of a graph, and name and content of its weights if it has a file of them
Device = Literal["cpu", "cuda"]
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
DTYPES: Mapping[str, type[np.generic]] = {"tensor(float)": np.float32, "tensor(int8)": np.int8}
# No TF32: it keeps 10 bits of the mantissa, and these vectors are compared with those that a CPU makes of queries.
CUDA_OPTIONS = {"use_tf32": "0"}


class Session:
    """One opened graph, which any number of threads may run at once."""

    def __init__(
        self, path: Path, threads: int, *, prepack: bool = True, device: Device = "cpu", content: Content | None = None
    ) -> None:
        """Open the graph at `path`, to run on `threads` threads of the CPU, or on the first GPU.

        `prepack` copies the weights into the order in which they are multiplied: slower to open, faster to run. `content` is
        used in place of the files at `path`, which gives the graph only its name then.

        Raises:
            SessionFailed: onnxruntime cannot read the graph, its error being the cause; or has no such device here.
        """
        self.name = f"{path.parent.name}/{path.name}"
        self._session = _open(path, self.name, _options(threads, path, content, prepack=prepack), device, content)
        check_in_use(device, self._session.get_providers(), self.name)
        self.input_shapes = {entry.name: tuple(entry.shape) for entry in self._session.get_inputs()}
        self.output_shapes = {entry.name: tuple(entry.shape) for entry in self._session.get_outputs()}
        self.optional_inputs = frozenset(entry.name for entry in self._session.get_overridable_initializers())
        self._output_types = {entry.name: entry.type for entry in self._session.get_outputs()}
        self.output_names = tuple(self.output_shapes)

    @property
    def metadata(self) -> dict[str, str]:
        """What the graph's file says beside the graph, by name."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def output_dtype(self, name: str) -> type[np.generic]:
        """Return numpy's type of an output that is float32 or int8."""
        return DTYPES[self._output_types[name]]

    def run(self, outputs: Sequence[str], inputs: Mapping[str, Array]) -> list[Array]:
        """Return the named outputs, in their order.

        Raises:
            SessionFailed: onnxruntime refused the inputs; its error is the cause.
        """
        try:
            results: list[Array] = self._session.run(list(outputs), dict(inputs))
        except _onnxruntime_errors() as cause:
            raise SessionFailed(self.name, _first_line(cause)) from cause
        return results

    def run_into(self, outputs: Mapping[str, Array], inputs: Mapping[str, Array]) -> None:
        """Write the named outputs into these arrays; each is contiguous, and has its output's shape and dtype.

        Saves a copy of large outputs, and onnxruntime's own memory for them.

        Raises:
            SessionFailed: onnxruntime refused the inputs, or the arrays; its error is the cause.
        """
        binding = self._session.io_binding()
        try:
            for name, array in inputs.items():
                binding.bind_cpu_input(name, np.ascontiguousarray(array))
            for name, array in outputs.items():
                binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
            self._session.run_with_iobinding(binding)
        except _onnxruntime_errors() as cause:
            raise SessionFailed(self.name, _first_line(cause)) from cause


def choose_providers(device: Device, available: Sequence[str], graph: str) -> list[Any]:
    """Return the execution providers for a device, given those that this onnxruntime was built with.

    Raises:
        SessionFailed: it was built without that device.
    """
    if device == "cpu":
        return [CPU]
    if CUDA not in available:
        reason = "onnxruntime here has no CUDA; pip uninstall onnxruntime and pip install onnxruntime-gpu in its place"
        raise SessionFailed(graph, reason)
    return [(CUDA, CUDA_OPTIONS), CPU]  # the CPU for the few nodes that only compute shapes


def check_in_use(device: Device, used: Sequence[str], graph: str) -> None:
    """Refuse a session that fell back to the CPU: where onnxruntime cannot start a GPU, it only warns.

    Raises:
        SessionFailed: it fell back.
    """
    if device == "cuda" and CUDA not in used:
        raise SessionFailed(graph, "onnxruntime could not start CUDA: no GPU is seen, or its CUDA or cuDNN is not installed")


def open_graph(folder: Folder, record: GraphRecord, threads: int, *, device: Device = "cpu") -> Session:
    """Return a graph of a folder, opened, as its files were when the folder was asked to hold them.

    Raises:
        SessionFailed: onnxruntime cannot read the graph, or has no such device.
        ArtefactCorrupt: it is not what its record says, or cannot be fetched as it was published.
        RemoteRefused, StorageTooSmall: a file cannot be fetched.
    """
    path = folder.path / record.path
    if folder.is_as_held(*record.files()):
        folder.fetch(*record.files())
        _check_sha256(path, record)
        session = Session(path, threads, device=device)
        if folder.is_as_held(*record.files()):  # it was while they were opened, too
            return session
    graph, weights = folder.held(record), folder.held(record.weights) if record.weights else None
    if graph is None:
        raise ArtefactCorrupt(path, "another file was put in its place while it was opened", REMEDY)
    named = (Path(record.weights.path).name, weights) if record.weights and weights else None
    return Session(path, threads, device=device, content=(bytes(graph), named))


def _check_sha256(path: Path, record: GraphRecord) -> None:
    """Refuse a damaged graph before it is opened: onnxruntime may run another one, or end the process. Takes 1 ms.

    Not its weights, which are large: with damaged ones, it runs, and answers otherwise.

    Raises:
        ArtefactCorrupt: it has another sha256 than its record.
    """
    if record.weights and path.is_file() and sha256_of(path) != record.sha256:
        raise ArtefactCorrupt(path, "its sha256 is not the one in the manifest", REMEDY)


def _options(threads: int, path: Path, content: Content | None, *, prepack: bool) -> "onnxruntime.SessionOptions":
    runtime = import_onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1  # the graphs are chains: nothing to run side by side
    options.log_severity_level = 3
    options.enable_mem_pattern = False  # plans memory for one shape; without it BLIP's tower peaks 17 MB lower, as fast
    weights = content[1] if content else None
    if weights or (not content and path.with_suffix(WEIGHTS_SUFFIX).is_file()):
        options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if weights:
        name, data = weights
        options.add_external_initializers_from_files_in_memory([name], [data], [len(data)])
    options.add_session_config_entry("session.disable_prepacking", str(int(not prepack)))
    return options


def _open(
    path: Path, name: str, options: "onnxruntime.SessionOptions", device: Device, content: Content | None
) -> "onnxruntime.InferenceSession":
    runtime = import_onnxruntime()
    try:
        providers = choose_providers(device, runtime.get_available_providers(), name)
        return runtime.InferenceSession(content[0] if content else path, options, providers=providers)
    except _onnxruntime_errors() as cause:
        raise SessionFailed(name, _first_line(cause)) from cause


def import_onnxruntime() -> Any:  # noqa: ANN401 (a module without types)
    """Return onnxruntime, its telemetry switched off."""
    # Since 1.29 it reports usage over the network unless this is set before the import.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    return onnxruntime


def _onnxruntime_errors() -> tuple[type[Exception], ...]:
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    # ValueError: a missing input, raised by the Python side. RuntimeError: the base of whatever else the C++ side raises.
    return (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NoSuchFile,
            state.NotImplemented, state.RuntimeException, state.EPFail, ValueError, RuntimeError)  # fmt: skip


def _first_line(cause: Exception) -> str:
    return str(cause).strip().splitlines()[0].rstrip(".") if str(cause).strip() else type(cause).__name__
