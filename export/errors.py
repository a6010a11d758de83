"""What can go wrong while artefacts are made, as branches of the runtime's tree.

LookwhyError
└── ExportError
    ├── FolderUnusable     the folder of pictures is not there, is empty, or holds no picture
    ├── PatternUnusable    --exclude was given what can match nothing
    ├── UrlListUnusable    the list of addresses cannot be read, or names none
    ├── PlacesUnusable     the table of towns cannot be read or made
    ├── CaptionsUnusable   the file of pictures with captions cannot be read, or nothing in it can be used
    ├── ExactModelsUnusable the exact models to compare with are absent, or of another checkpoint
    ├── CheckpointUnusable a model cannot be had, or is not of a family that can be exported
    ├── SampleModelsUnasked no models but the sample's are here, and nobody named those
    ├── ExtraMissing       what is asked for needs an extra that is not installed
    ├── DeviceUnfit        the device has no arithmetic for models of this precision
    ├── ParityFailed       an exported graph differs from its model by more than the tolerance (`precision/gates.py`)
    ├── GateMissed         quantized graphs keep less of the exact ones than the gates ask (likewise)
    ├── TextModelsMissing  the models that read text in pictures are not installed
    ├── GenerationAbsent   there is no such generation of the index to go back to
    ├── ArtefactDamaged    files of models or index are not as they were written
    ├── DiskTooSmall       the disk will not hold what is to be made
    └── OutputUnwritable   the disk is full, or the folder cannot be written
"""

import shlex
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from runtime.errors import LookwhyError


class ExportError(LookwhyError):
    """The export step cannot go on; what was there before is untouched."""

    code: ClassVar[str] = "export_failed"


class FolderUnusable(ExportError):
    """There is nothing to index in the folder."""

    code = "folder_unusable"

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder, self.reason = folder, reason
        super().__init__(f"{folder} cannot be indexed: {reason}.")


class PatternUnusable(ExportError):
    """A pattern of what to leave out cannot be used."""

    code = "pattern_unusable"

    def __init__(self, pattern: str, reason: str) -> None:
        self.pattern, self.reason = pattern, reason
        super().__init__(f"--exclude {pattern!r} cannot be used: {reason}. Name a file or folder, or give a path or *.png.")


class UrlListUnusable(ExportError):
    """The list of addresses cannot be used."""

    code = "url_list_unusable"

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path} cannot be used as a list of addresses: {reason}.")


class PlacesUnusable(ExportError):
    """The table of towns cannot be read or made."""

    code = "places_unusable"

    def __init__(self, path: Path, reason: str, remedy: str) -> None:
        self.path, self.reason, self.remedy = path, reason, remedy
        super().__init__(f"{path} cannot be used as the table of towns: {reason}. {remedy}")


class CaptionsUnusable(ExportError):
    """The file of pictures with captions cannot be used."""

    code = "captions_unusable"

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path} cannot be used as pictures with captions: {reason}.")


class ExactModelsUnusable(ExportError):
    """There are no exact models to compare the quantized with."""

    code = "exact_models_unusable"

    def __init__(self, folder: Path, reason: str, remedy: str) -> None:
        self.folder, self.reason, self.remedy = folder, reason, remedy
        super().__init__(f"{folder} cannot be used as the exact models: {reason}. {remedy}")


class CheckpointUnusable(ExportError):
    """A checkpoint cannot be loaded, or is of another family."""

    code = "checkpoint_unusable"

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        self.name, self.reason, self.remedy = name, reason, remedy
        super().__init__(f"{name} cannot be exported: {reason}. {remedy}")


class DeviceUnfit(ExportError):
    """Quantized models were to run on a GPU."""

    code = "device_unfit"

    def __init__(self, models: Path, precision: str, device: str) -> None:
        self.models, self.precision, self.device = models, precision, device
        super().__init__(
            f"{models} is {precision}, which onnxruntime cannot run on {device}. Export the models anew with --precision "
            "fp32, index with them, and serve with the very same: an index answers only with the models that made it."
        )


class GenerationAbsent(ExportError):
    """An index cannot go back to a generation that is not there."""

    code = "generation_absent"

    def __init__(self, out: Path, name: str | None, others: Sequence[str]) -> None:
        self.out, self.name, self.others = out, name, tuple(others)
        wanted = f"{name} is not there to go back to" if name else "there is no generation to go back to"
        super().__init__(f"{out}: {wanted}. There are, beside the one in force: {', '.join(others) or 'none'}.")


class ArtefactDamaged(ExportError):
    """Files are not as they were written; `faults` says of each what is wrong, and `remedy` what to do."""

    code = "artefact_damaged"

    def __init__(self, folder: Path, faults: Sequence[str], remedy: str) -> None:
        self.folder, self.faults, self.remedy = folder, tuple(faults), remedy
        super().__init__(f"{folder} is damaged. {remedy}{list_lines(faults)}")


class SampleModelsUnasked(ExportError):
    """Only the sample models are here, and they are not used for somebody's own pictures unless they were named."""

    code = "sample_models_unasked"

    def __init__(self) -> None:
        super().__init__(
            "Only the sample models are here; they were trained on drawn scenes and do not understand photos. Get real "
            "ones: lookwhy models. To go on with the sample all the same: --models sample."
        )


class PackageMissing(ExportError):
    """A package that only torch's side of the export step needs is not installed."""

    code = "package_missing"

    def __init__(self, package: str) -> None:
        self.package = package
        super().__init__(
            f"The package {package} is not installed; converting, training and evaluating need it. "
            f"Install it with: {shlex.quote(sys.executable)} -m pip install {_requirements()} (torch is several gigabytes). "
            "To try Lookwhy without it: lookwhy storybook draw FOLDER, then lookwhy index FOLDER --models sample"
        )


class TextModelsMissing(ExportError):
    """Text in pictures was to be read, and the models that read it are not here."""

    code = "text_models_missing"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"Text in pictures cannot be read: {reason}. Its models come in the package rapidocr, of which nothing else is "
            f"used. Install it with: {shlex.quote(sys.executable)} -m pip install --no-deps rapidocr==3.10.0"
        )


class ExtraMissing(ExportError):
    """What is asked for needs packages of an extra that are not installed."""

    code = "extra_missing"

    def __init__(self, need: str, extra: str) -> None:
        self.need, self.extra = need, extra
        super().__init__(
            f"{need} needs the extra `{extra}`, which is not installed. "
            f"Install it with: {shlex.quote(sys.executable)} -m pip install 'lookwhy[{extra}]'"
        )


class OutputUnwritable(ExportError):
    """The result cannot be written."""

    code = "output_unwritable"

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path} cannot be written: {reason}. What was there before is untouched.")


class DiskTooSmall(ExportError):
    """The disk will not hold what is to be made."""

    code = "disk_too_small"

    def __init__(self, out: Path, needed: str, free: str, previews: str) -> None:
        self.out, self.needed, self.free = out, needed, free
        what = f"it takes about {needed}, {previews} of it for previews (--no-previews leaves them out), and {free} are free"
        super().__init__(f"The disk of {out} will not hold the index: {what}. Make room, and run the same command again.")


def list_lines(faults: Sequence[object]) -> str:
    """Return each of some faults on a line of its own, as the end of a message."""
    return "".join(f"\n  {fault}" for fault in faults)


def _requirements() -> str:
    """Return what pip is to install: the pinned packages in a checkout, else the extra of the package that runs."""
    pinned = Path("deploy/requirements-export.txt")
    return f"-r {pinned}" if (Path(__file__).parent.parent / pinned).is_file() else "'lookwhy[export]'"


@contextmanager
def naming_what_is_missing() -> Iterator[None]:
    """Turn a failed import in the block into PackageMissing.

    Raises:
        PackageMissing: a package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as cause:
        raise PackageMissing(cause.name or str(cause)) from cause


@contextmanager
def unwritable_refused(out: Path) -> Iterator[None]:
    """Turn a failed write into `OutputUnwritable`. Holds nothing but writes: every OSError inside is taken for one."""
    try:
        yield
    except OSError as cause:
        raise OutputUnwritable(out, cause.strerror or str(cause)) from cause
    except sqlite3.OperationalError as cause:
        raise OutputUnwritable(out, str(cause)) from cause
