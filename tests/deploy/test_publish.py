"""Publishing: one write puts a release into force, nothing is sent twice, and what a reader may still hold stays a while."""

import json
from pathlib import Path
from typing import Any

import pytest

from export.publish.__main__ import publish_page
from export.publish.errors import PublishedModelsDiffer, ReleaseAbsent, ReleaseOvertaken
from export.publish.release import ReleaseAddresses, ReleaseContents, publish_release, roll_back
from export.publish.release_state import read_state, switch
from export.publish.removal import keep_current_alone, remove_layout_before, remove_old
from export.publish.s3 import OUTPUTS, S3Folder
from export.publish.sending import FOR_GOOD
from runtime.artefacts.manifest import read_index_manifest, read_models_manifest
from runtime.artefacts.release_file import RELEASE_NAME
from runtime.errors import ModelsDiffer
from runtime.library.catalog import Library
from runtime.library.kept_previews import Previews
from tests.conftest import ROOT
from tests.deploy.cloud import Cloud
from tests.deploy.emulator import emulated, post
from tests.deploy.published import Published, write_layout_before
from tests.export.index.small_library import build, draw, draw_many
from tests.fuzz.release_kills import addresses, assert_whole, publish, publish_killed, publish_two, start_cold
from tests.fuzz.written_releases import write_release
from tests.sample_library import MODELS, SampleLibrary, run_module

FUNCTION_URL = "https://abcd1234.lambda-url.eu-central-1.on.aws/"


class Writes:
    """boto3's S3 client, with the keys in the order in which they are written."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.keys: list[str] = []

    def upload_fileobj(self, body: Any, bucket: str, key: str, **given: Any) -> None:
        self._client.upload_fileobj(body, bucket, key, **given)
        self.keys.append(key)

    def put_object(self, **given: Any) -> Any:
        answer = self._client.put_object(**given)
        self.keys.append(given["Key"])
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@pytest.fixture
def writes(cloud: Cloud) -> Writes:
    return Writes(cloud.client("s3"))


@pytest.fixture
def bucket(cloud: Cloud, request: pytest.FixtureRequest) -> str:
    name = f"publish-{abs(hash(request.node.name))}"
    cloud.make_bucket(name)
    return name


@pytest.fixture
def there(writes: Writes, bucket: str) -> ReleaseAddresses:
    return addresses(writes, bucket)


@pytest.fixture
def contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReleaseContents:
    """An index of two pictures, made by models that see nothing."""
    monkeypatch.setattr("export.index.fit_calibration.QUESTIONS", 50)
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
    assert (sent.previews, sent.originals) == (4, 2)
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
    assert (len(there.previews.paths()), len(there.images.paths())) == (2, 1)


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


@pytest.fixture
def two_releases(sample_library: SampleLibrary, tmp_path: Path) -> list[ReleaseContents]:
    """Two that differ in models, index and one picture."""
    return [write_release(sample_library, tmp_path / f"release {number}", number) for number in (1, 2)]


def test_wherever_a_publisher_is_killed_one_whole_release_is_in_force(
    two_releases: list[ReleaseContents], cloud: Cloud, bucket: str
) -> None:
    """At some of its requests; `python -m tests.fuzz.releases` takes every one."""
    first, second = two_releases
    there = addresses(cloud.client("s3"), bucket)
    publish(first, there)
    for allowed in range(3, 1000, 7):
        is_done = publish_killed(cloud, bucket, second, allowed)
        number = assert_whole(there).number
        assert number in (1, 2)
        if number == 2:
            break
    assert is_done or number == 2
    publish(second, there)
    assert_whole(there)


def test_of_two_publishers_one_wins_and_the_other_says_so(
    two_releases: list[ReleaseContents], cloud: Cloud, bucket: str
) -> None:
    there = addresses(cloud.client("s3"), bucket)
    for before in range(2):
        ends = publish_two(cloud, bucket, (two_releases[0], two_releases[1]))
        assert sorted(map(type, ends), key=str) == [ReleaseOvertaken, int]
        assert before + 1 in ends
        assert assert_whole(there).number == before + 1


def test_models_and_index_change_together(
    two_releases: list[ReleaseContents], cloud: Cloud, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    there = addresses(cloud.client("s3"), bucket)
    for at, contents in enumerate(two_releases, start=1):
        publish(contents, there)
        assert str(start_cold(cloud, bucket, tmp_path / "fetched")).endswith(f", release {at}")
    roll_back(there)
    assert str(start_cold(cloud, bucket, tmp_path / "fetched")).endswith(", release 1")


def test_the_page_says_where_its_api_is_and_goes_last(writes: Writes, bucket: str) -> None:
    there = S3Folder(f"s3://{bucket}", writes)
    publish_page(ROOT / "frontend", there, FUNCTION_URL)
    assert f'<meta name="api-base" content="{FUNCTION_URL.rstrip("/")}">'.encode() in there.read("index.html")
    assert writes.keys[-2:] == ["index.html", "service_worker.js"]
    script = writes.head_object(Bucket=bucket, Key="static/app.js")
    assert script["ContentType"] == "text/javascript"
    page = writes.head_object(Bucket=bucket, Key="index.html")
    assert (page["ContentType"], page["CacheControl"]) == ("text/html", "no-cache")


def test_a_large_file_is_sent_in_parts_and_keeps_what_is_said_of_it(cloud: Cloud, bucket: str, tmp_path: Path) -> None:
    large = tmp_path / "image.weights"
    large.write_bytes(b"w" * 9_000_000)  # more than one part of 8 MiB
    client = cloud.client("s3")
    there, sent = S3Folder(f"s3://{bucket}/models", client), list[int]()
    there.write("image.weights", large, cache="no-cache", sha256="5" * 64, sent=sent.append)
    head = client.head_object(Bucket=bucket, Key="models/image.weights")
    assert head["ETag"].strip('"').endswith("-2")
    assert (head["ContentLength"], head["ContentType"], head["CacheControl"]) == (
        9_000_000,
        "application/octet-stream",
        "no-cache",
    )
    assert there.sha256("image.weights") == "5" * 64
    assert sum(sent) == 9_000_000


def make_stack(cloud: Cloud, bucket: str, name: str) -> None:
    """Make a stack with the outputs of template.yaml."""
    prefixes = {"IndexUrl": "/index", "ModelsUrl": "/models", "ImagesUrl": "/images", "PageUrl": ""}
    values = {output: f"s3://{bucket}{prefix}" for output, prefix in prefixes.items()}
    values |= {"PreviewsUrl": f"s3://{bucket}/previews", "PicturesArePublic": "true"}
    values |= {"FunctionName": f"{name}-function", "FunctionUrl": FUNCTION_URL}
    assert set(values) == set(OUTPUTS)
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {output: {"Value": value} for output, value in values.items()},
    }
    cloud.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


def test_what_is_published_from_the_command_line_is_searched_listed_and_rolled_back(
    sample_library: SampleLibrary, cloud: Cloud, bucket: str, tmp_path: Path
) -> None:
    make_stack(cloud, bucket, "lookwhy")
    environment = sample_library.environment | cloud.environment

    def ran(*command: str) -> str:
        done = run_module("export.publish", *command, environment=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    release = ("release", "--index", str(sample_library.index))
    assert "Release 1 is in force: index g000001 of 60 pictures" in ran(*release, "--models", str(MODELS))
    assert "Sent: 1 files, 0 previews, 60 pictures." in ran(*release, "--originals")
    assert "Release 3 is in force: release 1 again" in ran("rollback")
    assert [line.split()[0] for line in ran("list").splitlines()] == ["3", "2", "1"]
    # the 60 pictures, and the file that release 2 alone had
    assert "Removed: 61 old files." in ran("prune", "--current-alone", "--old-layout")
    with emulated(Published(cloud, sample_library, bucket).environment(tmp_path / "fetched"), tmp_path / "log") as function:
        assert post(function, "/search", {"query": "a castle"}).status == 200


@pytest.mark.parametrize(
    ("stack", "said"), [("none", "The stack none cannot be used"), ("bare", "its outputs lack FunctionName")]
)
def test_a_stack_that_is_none_of_ours_is_named_in_one_line(
    sample_library: SampleLibrary, cloud: Cloud, stack: str, said: str
) -> None:
    if stack == "bare":
        template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
        cloud.client("cloudformation").create_stack(StackName=stack, TemplateBody=json.dumps(template))
    environment = sample_library.environment | cloud.environment
    command = ("release", "--stack", stack, "--index", str(sample_library.index))
    done = run_module("export.publish", *command, environment=environment)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_the_right_to_write_publishing_ends_with_one_line(sample_library: SampleLibrary, cloud: Cloud) -> None:
    with cloud.for_someone_without_rights() as denying:
        environment = sample_library.environment | denying.environment
        done = run_module("export.publish", "release", "--index", str(sample_library.index), environment=environment)
    assert done.returncode == 1
    assert "permission is denied" in done.stderr
    assert len(done.stderr.splitlines()) == 1
