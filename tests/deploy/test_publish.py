"""Publishing: one write puts a release into force, nothing is sent twice, and what a reader may still hold stays a while."""

from pathlib import Path
from typing import Any

import pytest

from export.publish.errors import PublishedModelsDiffer, ReleaseAbsent, ReleaseOvertaken
from export.publish.release import ReleaseAddresses, ReleaseContents, publish_release, roll_back
from export.publish.release_state import read_state, switch
from export.publish.removal import keep_current_alone, remove_layout_before, remove_old
from export.publish.sending import FOR_GOOD
from runtime.artefacts.manifest import read_index_manifest, read_models_manifest
from runtime.artefacts.releases.release_file import RELEASE_NAME
from runtime.errors import ModelsDiffer
from runtime.library.catalog import Library
from runtime.library.previews.kept_previews import Previews
from tests.deploy.published import write_layout_before
from tests.deploy.writes import Writes, bucket, writes
from tests.export.index.small_library import build, draw, draw_many
from tests.fuzz.release_kills import addresses, assert_whole, publish
from tests.sample_library import MODELS

__all__ = ["bucket", "writes"]  # fixtures


@pytest.fixture
def there(writes: Writes, bucket: str) -> ReleaseAddresses:
    return addresses(writes, bucket)


@pytest.fixture
def contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReleaseContents:
    """An index of two pictures, made by models that see nothing."""
    monkeypatch.setattr("export.index.probabilities.fit_calibration.QUESTIONS", 50)
    build(draw_many(tmp_path / "pictures", ["a.jpg", "b.png"]), tmp_path / "index")
    return ReleaseContents(tmp_path / "index", originals=True)


def change(contents: ReleaseContents, *names: str) -> None:
    """Index other pictures in their place."""
    folder = contents.index_dir.parent / "pictures"
    for old in folder.iterdir():
        old.unlink()
    for name in names:
        draw(folder / name, seed=ord(name[0]))
    build(folder, contents.index_dir)


def files_in(there: ReleaseAddresses) -> set[str]:
    return set(there.index.paths("files/"))


def test_the_release_goes_last_and_what_lies_there_is_not_sent_again(
    contents: ReleaseContents, there: ReleaseAddresses, writes: Writes
) -> None:
    _, sent = publish_release(contents, there)
    assert (sent.previews, sent.originals) == (6, 2)
    assert sent.files == len(read_index_manifest(contents.index_dir).files()) + 1
    assert writes.keys[-1] == f"index/{RELEASE_NAME}"
    writes.keys.clear()
    _, again = publish_release(contents, there)
    assert (again.release.number, again.files, again.previews, again.originals) == (2, 0, 0, 0)
    assert writes.keys == [f"index/{RELEASE_NAME}"]


def test_files_and_pictures_go_two_releases_later(contents: ReleaseContents, there: ReleaseAddresses) -> None:
    publish(contents, there)
    first, previews = files_in(there), set(there.previews.paths())
    for names in (["c.jpg"], ["d.jpg"]):
        change(contents, *names)
        state, _ = publish_release(contents, there)
        remove_old(state, there, kept_s=0)
        assert first <= files_in(there)
        assert previews <= set(there.previews.paths())
    change(contents, "e.jpg")
    state, _ = publish_release(contents, there)
    state = switch(there.index, state, state.kept[0].model_copy(update={"number": 5}), kept_s=0)
    assert [one.number for one in state.kept] == [5, 4, 3]
    assert remove_old(state, there) > 0
    assert not first & files_in(there)
    assert previews <= set(there.previews.paths()), "pictures stay for a day: another publisher may rely on them"
    remove_old(state, there, kept_s=0)
    assert not previews & set(there.previews.paths())
    assert_whole(there)


def test_a_release_that_was_in_force_until_just_now_is_kept_however_many_follow(
    contents: ReleaseContents, there: ReleaseAddresses
) -> None:
    for _ in range(5):
        state, _ = publish_release(contents, there)
    assert [one.number for one in state.kept] == [5, 4, 3, 2, 1]


def test_of_what_a_publisher_sends_another_one_removes_nothing(contents: ReleaseContents, there: ReleaseAddresses) -> None:
    """An attempt that ended before its switch has left files of the next number."""
    state, _ = publish_release(contents, there)
    there.index.write(f"files/000002/{'ab' * 32}", b"being sent", cache=FOR_GOOD)
    there.index.write(f"files/000001/{'ab' * 32}", b"left behind", cache=FOR_GOOD)
    assert remove_old(state, there) == 1
    assert f"files/000002/{'ab' * 32}" in files_in(there)


def test_the_release_before_is_put_into_force_again(contents: ReleaseContents, there: ReleaseAddresses) -> None:
    publish(contents, there)
    with pytest.raises(ReleaseAbsent, match="nothing was published before the one in force"):
        roll_back(there)
    change(contents, "c.jpg")
    publish(contents, there)
    with pytest.raises(ReleaseAbsent, match="no release 7 to go back to: there are 1"):
        roll_back(there, 7)
    current = roll_back(there).current
    assert current
    assert (current.number, current.repeats, current.index.count) == (3, 1, 2)
    undone = roll_back(there).current
    assert undone
    assert (undone.number, undone.repeats, undone.index.count) == (4, 2, 1)
    assert_whole(there)


def test_the_release_in_force_can_be_kept_alone(contents: ReleaseContents, there: ReleaseAddresses) -> None:
    publish(contents, there)
    change(contents, "c.jpg")
    state = publish(contents, there)
    state, removed = keep_current_alone(state, there)
    assert removed > 0
    assert [one.number for one in state.kept] == [2]
    assert len(files_in(there)) == len(state.kept[0].files())
    assert (len(there.previews.paths()), len(there.images.paths())) == (3, 1)


def test_a_release_of_whoever_comes_second_is_not_put_into_force(contents: ReleaseContents, there: ReleaseAddresses) -> None:
    before = read_state(there.index)
    state, sent = publish_release(contents, there)
    with pytest.raises(ReleaseOvertaken, match="somebody else has published"):
        switch(there.index, before, sent.release.model_copy(update={"originals": False}))
    with pytest.raises(ReleaseOvertaken):
        switch(there.index, state.__class__(state.current, tag='"other"'), sent.release.model_copy(update={"number": 9}))
    assert read_state(there.index).current == sent.release


def test_a_lost_answer_to_the_write_that_switches_is_no_defeat(
    contents: ReleaseContents, there: ReleaseAddresses, writes: Writes, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_once = writes.put_object

    def put_twice(**given: Any) -> Any:
        put_once(**given)
        return put_once(**given)  # as boto3 does where the first answer did not arrive

    monkeypatch.setattr(writes, "put_object", put_twice)
    assert publish_release(contents, there)[0].number == 1


def test_models_that_did_not_make_the_index_are_refused(contents: ReleaseContents, there: ReleaseAddresses) -> None:
    with pytest.raises(ModelsDiffer):
        publish_release(ReleaseContents(contents.index_dir, MODELS), there)
    write_layout_before(MODELS, read_models_manifest(MODELS), there.models)
    with pytest.raises(PublishedModelsDiffer, match="Publish its models with it"):
        publish_release(contents, there)
    assert read_state(there.index).current is None


def test_what_versions_before_published_goes_only_where_that_is_asked_for(
    contents: ReleaseContents, there: ReleaseAddresses
) -> None:
    index = read_index_manifest(contents.index_dir)
    write_layout_before(contents.index_dir, index, there.index)
    there.previews.write(f"ab/{'ab' * 32}.512.jpg", b"x", cache=FOR_GOOD)
    there.images.write("a.jpg", b"x", cache=FOR_GOOD)
    before = set(there.index.paths())
    assert remove_layout_before(read_state(there.index), there) == 0
    state = publish(contents, there)
    assert before <= set(there.index.paths())
    assert remove_layout_before(state, there) == len(before) + 2
    assert not before & set(there.index.paths())
    assert_whole(there)


def test_a_published_preview_lies_where_the_page_asks_for_it(
    contents: ReleaseContents, there: ReleaseAddresses, writes: Writes, bucket: str
) -> None:
    publish(contents, there)
    library = Library.open(contents.index_dir, read_index_manifest(contents.index_dir))
    for row in library.rows(library.some_ids(9)):
        url = Previews(base_url="previews").url(row.sha256)
        head = writes.head_object(Bucket=bucket, Key=url)
        assert (head["ContentType"], head["CacheControl"]) == ("image/jpeg", FOR_GOOD)
