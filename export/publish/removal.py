"""What goes from S3: files and pictures that no release names which is kept, and what versions before releases published."""

import re

from export.publish.picture_keys import UNNAMED_KEPT_S, kept_pictures, unnamed
from export.publish.release import ReleaseAddresses
from export.publish.release_state import ReleaseState, forget_before
from export.publish.s3 import S3Folder
from runtime.artefacts.releases.release_file import FILES_PREFIX, RELEASE_NAME

FILE = re.compile(rf"{FILES_PREFIX}(\d+)/[0-9a-f]{{64}}")
PREVIEW = re.compile(r"[0-9a-f]{64}\.\d+\.jpg")
ORIGINAL = re.compile(r"[0-9a-f]{64}/.+", re.DOTALL)  # a name may have a line break


def remove_old(state: ReleaseState, there: ReleaseAddresses, *, kept_s: float = UNNAMED_KEPT_S) -> int:
    """Remove what no release names that is kept, and return how many objects went.

    Files go by the number of the release that they were sent for: those of a later one than is in force are another
    publisher's, which sends them now. Pictures, whose keys have no number, go only once they are `kept_s` old.

    Raises:
        RemoteRefused: AWS did not remove one; to run it again is right.
    """
    if state.current is None:
        return 0
    named = {release.key(file) for release in state.kept for file in release.files()}
    pictures = kept_pictures(state, there.index)
    removed = 0
    for folder in _different(there.index, there.models):
        lying = {path: FILE.fullmatch(path) for path in folder.paths(FILES_PREFIX)}
        old = [path for path, found in lying.items() if found and int(found[1]) <= state.number and path not in named]
        removed += folder.remove(old)
    for folder, form, wanted in (
        (there.previews, PREVIEW, pictures.previews),
        (there.images, ORIGINAL, pictures.originals),
    ):
        published = {path: found for path, found in folder.paths().items() if form.fullmatch(path)}
        removed += folder.remove(unnamed(published, wanted, kept_s=kept_s))
    return removed


def keep_current_alone(state: ReleaseState, there: ReleaseAddresses) -> tuple[ReleaseState, int]:
    """Forget the releases before, and remove all that the one in force does not name, however new; returns as `remove_old`.

    Raises:
        ReleaseOvertaken: somebody else has published meanwhile; nothing was removed.
        RemoteRefused: AWS did not remove one.
    """
    state = forget_before(there.index, state)
    return state, remove_old(state, there, kept_s=0)


def remove_layout_before(state: ReleaseState, there: ReleaseAddresses) -> int:
    """Remove what versions before releases published, and return how many objects went; nothing where there is no release.

    Their models stay as long as the release in force names none: functions then use those.

    Raises:
        RemoteRefused: AWS did not remove one.
    """
    if state.current is None:
        return 0
    folders = [(there.index, FILE), (there.previews, PREVIEW)]
    if state.current.models:
        folders.append((there.models, FILE))
    if state.current.originals:
        folders.append((there.images, ORIGINAL))
    removed = 0
    for folder, form in folders:
        removed += folder.remove([path for path in folder.paths() if path != RELEASE_NAME and not form.fullmatch(path)])
    return removed


def _different(first: S3Folder, second: S3Folder) -> list[S3Folder]:
    return [first] if first.url == second.url else [first, second]
