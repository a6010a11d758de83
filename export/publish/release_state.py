"""What `release.json` says is in force, as a publisher found it, and how another release takes its place.

To replace that one object, unless somebody else has, is the only thing that switches.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from export.publish.errors import ReleaseOvertaken
from export.publish.s3 import S3Folder
from runtime.artefacts.releases.published_release import REMEDY
from runtime.artefacts.releases.release_file import RELEASE_NAME, ReleaseFile, ReleaseRecord
from runtime.artefacts.remote.remote_faults import ABSENT, RemoteAbsent
from runtime.errors import ArtefactCorrupt

KEPT_BEFORE = 2  # releases before the one in force whose files stay
# A release stays this long after another took its place, however many follow: a function looks for a new one once a minute,
# and fetches parts of the one that it serves until then.
KEPT_S = 600.0
ASKED_EACH_TIME = "no-cache"


@dataclass(frozen=True)
class ReleaseState:
    """The release in force, if there is one, those before that are kept, the newest first, and the ETag of the file."""

    current: ReleaseRecord | None = None
    before: list[ReleaseRecord] = field(default_factory=list)
    tag: str | None = None

    @property
    def number(self) -> int:
        """The number of the release in force, 0 where there is none."""
        return self.current.number if self.current else 0

    @property
    def kept(self) -> list[ReleaseRecord]:
        """The one in force and those before, the newest first."""
        return [self.current, *self.before] if self.current else []

    @property
    def brought_by(self) -> dict[str, int]:
        """The number of the release that each file of those was sent for, by the file's sha256."""
        return {sha256: number for release in reversed(self.kept) for sha256, number in release.brought_by.items()}


def read_state(there: S3Folder) -> ReleaseState:
    """Return what stands at the index's address.

    Raises:
        RemoteRefused: S3 did not say.
        ArtefactCorrupt: a version of this program that this one does not know has written it.
    """
    try:
        content, tag = there.read_tagged(RELEASE_NAME)
    except RemoteAbsent as absent:
        if absent.reason != ABSENT["NoSuchKey"]:  # there is no bucket
            raise
        return ReleaseState()
    name = f"{there.url}/{RELEASE_NAME}"
    file = ReleaseFile.parse(content, name, REMEDY)
    try:
        before = [ReleaseRecord.model_validate(one) for one in file.before]
    except ValidationError as cause:
        raise ArtefactCorrupt(name, f"a release before is of another form ({cause.errors()[0]['msg']})", REMEDY) from cause
    return ReleaseState(file.current, before, tag)


def switch(there: S3Folder, state: ReleaseState, release: ReleaseRecord, *, kept_s: float = KEPT_S) -> ReleaseState:
    """Put a release into force in place of the one that `state` has, and return what stands there then.

    Args:
        there: the index's address.
        state: what the release was made for.
        release: the release.
        kept_s: how long one that was in force is kept, beside the last two.

    Raises:
        ReleaseOvertaken: another was put into force since; nothing has changed.
        RemoteRefused: S3 did not take it.
    """
    before = _still_kept(release, state.kept, kept_s)
    return _write(there, state, ReleaseState(release, before))


def forget_before(there: S3Folder, state: ReleaseState) -> ReleaseState:
    """Have only the release in force kept, and return what stands there then; raises as `switch`."""
    return _write(there, state, ReleaseState(state.current)) if state.before else state


def now() -> str:
    """Return the time as releases have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write(there: S3Folder, state: ReleaseState, wanted: ReleaseState) -> ReleaseState:
    if wanted.current is None:
        return state
    before = [one.model_dump(mode="json") for one in wanted.before]
    content = ReleaseFile(current=wanted.current, before=before).model_dump_json().encode()
    tag = there.exchange(RELEASE_NAME, content, state.tag, cache=ASKED_EACH_TIME)
    if tag is None:
        raise ReleaseOvertaken(there.url, wanted.current.number)
    return ReleaseState(wanted.current, wanted.before, tag)


def _still_kept(following: ReleaseRecord, before: list[ReleaseRecord], kept_s: float) -> list[ReleaseRecord]:
    """Return those of the releases before that stay: the last ones, and those that were in force until lately."""
    latest = (datetime.now(UTC) - timedelta(seconds=kept_s)).isoformat(timespec="seconds")
    kept, after = [], following
    for at, release in enumerate(before):
        if at < KEPT_BEFORE or after.published > latest:
            kept.append(release)
        after = release
    return kept
