"""Everything that can go wrong here, as one tree. Imports nothing of ours; knows no HTTP status.

    LookwhyError
    ├── SettingInvalid        a variable in the environment, .env or a flag has an unusable value
    ├── RequestError          the caller can correct it
    │   ├── RequestMalformed  not the JSON, or not the field, that the route takes
    │   ├── RequestTooLarge   a body over the limit
    │   ├── QueryEmpty        nothing to search for
    │   ├── QueryTooLong      more text than a query may have
    │   ├── TopKOutOfRange    more, or fewer, results than may be asked for
    │   ├── IdsOutOfRange     more, or fewer, hits than may be explained at once
    │   └── PictureWeightOutOfRange  picture_weight outside [0, 1]
    ├── ImageError            about one picture
    │   ├── ImageNotFound     no such picture in the library
    │   ├── ImageUnreadable   not a picture, or a broken one
    │   └── ImageTooLarge     over the byte or pixel limit
    ├── ArtefactError         about what the export step wrote; stops the start
    │   ├── ArtefactMissing   a folder or file is not there
    │   ├── ArtefactCorrupt   a file is there, but is not what the manifest promises
    │   ├── ModelsDiffer      the index was made with other models
    │   └── StorageTooSmall   artefacts from S3 do not fit the folder that they are fetched into
    ├── RemoteRefused         S3 or Secrets Manager did not give what a setting names
    ├── PicturesUnsupported   this installation can only search by words
    ├── SessionFailed         onnxruntime refused a batch
    └── Overloaded            more searches than are worked on or may wait

`code` is a class's name on the wire. Other files add branches: `export/errors.py` the export step's,
`web/access/refusals.py` who may ask, `library/photos/where.py` filters, `artefacts/remote/remote_faults.py`
RemoteRefused's, and `settings/accepted_values.py`, `search/cursor.py`, `programs/mcp_server.py` one each.
"""

from pathlib import Path
from typing import ClassVar


class LookwhyError(Exception):
    """The root: `code` is its name on the wire, `str(error)` a message that a user may read."""

    code: ClassVar[str] = "internal"


class SettingInvalid(LookwhyError):
    """A setting has a value that cannot be used, or `.env` itself cannot: then `value` is None."""

    code = "setting_invalid"

    def __init__(self, variable: str, value: str | None, accepted: str) -> None:
        self.variable, self.value, self.accepted = variable, value, accepted
        super().__init__(f"{variable if value is None else f'{variable}={value!r}'} cannot be used: {accepted}.")


class RequestError(LookwhyError):
    """The request is at fault, and its sender can correct it."""

    code = "request_invalid"


class RequestMalformed(RequestError):
    """The request does not have the form that the route takes."""

    code = "request_malformed"


class RequestTooLarge(RequestError):
    """The request's body is over the limit."""

    code = "request_too_large"

    def __init__(self, max_bytes: int, given_bytes: int | None = None) -> None:
        self.max_bytes, self.given_bytes = max_bytes, given_bytes
        given = "more" if given_bytes is None else f"{given_bytes:,} bytes"
        super().__init__(f"The body may have {max_bytes:,} bytes; {given} came. Send less.")


class QueryEmpty(RequestError):
    """The query holds no text."""

    code = "query_empty"

    def __init__(self) -> None:
        super().__init__("The query is empty, or only leaves things out. Say in a few words what the picture should show.")


class QueryTooLong(RequestError):
    """The query holds more text than the limit, or leaves out more."""

    code = "query_too_long"

    def __init__(self, given: int, max_allowed: int, unit: str = "characters") -> None:
        self.given, self.max_allowed, self.unit = given, max_allowed, unit
        super().__init__(f"The query has {given:,} {unit}; {max_allowed:,} are allowed. Shorten it.")


class TopKOutOfRange(RequestError):
    """`top_k` is outside 1..max."""

    code = "top_k_out_of_range"

    def __init__(self, given: int, max_allowed: int) -> None:
        self.given, self.max_allowed = given, max_allowed
        super().__init__(f"top_k is {given}; it must be a whole number from 1 to {max_allowed}.")


class IdsOutOfRange(RequestError):
    """There are too many, or no, hits to explain."""

    code = "ids_out_of_range"

    def __init__(self, given: int, max_allowed: int, *, heatmap: bool) -> None:
        self.given, self.max_allowed, self.heatmap = given, max_allowed, heatmap
        allowed = f"from 1 to {max_allowed:,} can be explained at once{' with heatmaps' if heatmap else ''}"
        super().__init__(f"{given:,} ids were given; {allowed}.")


class PictureWeightOutOfRange(RequestError):
    """`picture_weight` is outside [0, 1]."""

    code = "picture_weight_out_of_range"

    def __init__(self, given: float) -> None:
        self.given = given
        super().__init__(f"picture_weight is {given}; it must be from 0 (words alone) to 1 (the picture alone).")


class ImageError(LookwhyError):
    """One picture is at fault."""

    code = "image_invalid"


class ImageNotFound(ImageError):
    """The library has no such picture."""

    code = "image_not_found"

    def __init__(self, image_path: str) -> None:
        self.image_path = image_path
        super().__init__(f"The library has no picture {image_path!r}.")


class ImageUnreadable(ImageError):
    """The bytes are no picture that can be decoded."""

    code = "image_unreadable"

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"{name} cannot be read as a picture: {reason}.")


class ImageTooLarge(ImageError):
    """The picture is over a limit; it was not decoded."""

    code = "image_too_large"

    def __init__(self, name: str, given: int, allowed: int, unit: str) -> None:
        self.name, self.given, self.allowed, self.unit = name, given, allowed, unit
        super().__init__(f"{name} has {given:,} {unit}; {allowed:,} are allowed.")


class ArtefactError(LookwhyError):
    """What the export step wrote cannot be used; nothing starts until it is mended."""

    code = "artefact_invalid"


class ArtefactMissing(ArtefactError):
    """An artefact is not where it should be; `said` says so in other words than the path's alone."""

    code = "artefact_missing"

    def __init__(self, path: Path | str, remedy: str, said: str | None = None) -> None:
        self.path, self.remedy = path, remedy
        super().__init__(f"{said or f'{path} is not there.'} {remedy}")


class ArtefactCorrupt(ArtefactError):
    """An artefact is there, but is not what its manifest promises."""

    code = "artefact_corrupt"

    def __init__(self, path: Path | str, reason: str, remedy: str) -> None:
        self.path, self.reason, self.remedy = path, reason, remedy
        super().__init__(f"{path} cannot be used: {reason}. {remedy}")


class ModelsDiffer(ArtefactError):
    """The index was made with other models than those at hand, so its vectors mean something else."""

    code = "models_differ"

    def __init__(self, index_dir: Path, models_dir: Path, differing: tuple[str, ...]) -> None:
        self.index_dir, self.models_dir, self.differing = index_dir, models_dir, differing
        super().__init__(
            f"The index in {index_dir} was made with other models than those in {models_dir} "
            f"({', '.join(differing)} differ). Point MODELS_DIR at its models, or build it again: lookwhy index FOLDER."
        )


class StorageTooSmall(ArtefactError):
    """What is fetched from S3 does not fit the folder that it is fetched into."""

    code = "storage_too_small"

    def __init__(self, folder: Path, needed_bytes: int, free_bytes: int) -> None:
        self.folder, self.needed_bytes, self.free_bytes = folder, needed_bytes, free_bytes
        super().__init__(
            f"{folder} has room for {free_bytes:,} bytes; the artefacts from S3 need {needed_bytes:,} more. "
            "Give the function more ephemeral storage, or point FETCH_DIR at a larger folder."
        )


class RemoteRefused(LookwhyError):
    """An AWS service did not give what a setting names; boto3's own error is the cause."""

    code = "remote_refused"
    passes: ClassVar[bool] = False  # whether it may pass by itself in a moment

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        self.name, self.reason, self.remedy = name, reason, remedy
        super().__init__(f"{name} cannot be used: {reason}. {remedy}")


class PicturesUnsupported(LookwhyError):
    """This installation has no Pillow, as the zip that only searches: it can neither read nor show a picture."""

    code = "pictures_unsupported"

    def __init__(self) -> None:
        super().__init__("This server only searches by words: it has no Pillow to read a picture with. Use the whole image.")


class SessionFailed(LookwhyError):
    """onnxruntime could not open a graph, or refused a batch; its own error is the cause."""

    code = "session_failed"

    def __init__(self, graph: str, reason: str) -> None:
        self.graph, self.reason = graph, reason
        super().__init__(f"The graph {graph} failed: {reason}.")


class Overloaded(LookwhyError):
    """As many searches wait as may, or their pictures fill the memory that they may."""

    code = "overloaded"

    def __init__(self, waiting: int, retry_s: int, what: str = "searches are waiting") -> None:
        self.waiting, self.retry_s = waiting, retry_s
        super().__init__(f"{waiting:,} {what} already. Try again in {retry_s} s.")
