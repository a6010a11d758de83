"""The routes of pictures: what is shown is seen in a browser, says nothing of people and places, and is sent once."""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image, ImageCms

from runtime.engine import Engine
from runtime.library.catalog import Library
from runtime.library.previews.kept_previews import Previews
from runtime.settings import Settings
from runtime.stores.flat import FlatStore
from runtime.web.api import create_app
from tests.runtime.images.odd_pictures import encoded, noise
from tests.runtime.images.profiles import rgb_profile
from tests.runtime.images.stripping.test_original import SECRET, XMP, exif, upright_pixels
from tests.runtime.picture_library import make_library
from tests.runtime.web.test_api import fault

WIDE = noise(1800, 900)
PICTURES: dict[str, bytes] = {
    "scan.tif": encoded(noise(60, 40), "TIFF", tiffinfo={270: SECRET.decode(), 700: XMP}),
    "x.ppm": encoded(noise(60, 40), "PPM"),
    "a tiff.jpg": encoded(noise(60, 40), "TIFF"),
    "photo.jpg": encoded(noise(60, 40), "JPEG", exif=exif(), xmp=XMP, comment=SECRET),
    "moving.gif": encoded(noise(60, 40).convert("P"), "GIF", save_all=True, append_images=[noise(60, 41).convert("P")]),
    "wide.png": encoded(WIDE, "PNG", exif=exif()),
    "gone.png": encoded(noise(30, 30), "PNG"),
    "p3.png": encoded(noise(60, 40), "PNG", icc_profile=rgb_profile()),
    "p3.tif": encoded(noise(60, 40).convert("RGBA"), "TIFF", icc_profile=rgb_profile()),
    "broken.tif": b"II*\0\x08\0\0\0 no picture",
}


def content_of(name: str) -> str:
    return hashlib.sha256(PICTURES[name]).hexdigest()


def preview_url(name: str, edge: int = 512) -> str:
    return f"/previews/{content_of(name)}.{edge}.jpg"


@pytest.fixture
def index_dir(tmp_path: Path) -> Path:
    (tmp_path / "index").mkdir()
    return tmp_path / "index"


@pytest.fixture
def library(tmp_path: Path, index_dir: Path) -> Library:
    library = make_library(tmp_path, PICTURES, frozenset({"gone.png"}))
    library.previews = Previews(index_dir)
    return library


@pytest.fixture
def store() -> FlatStore:
    store = FlatStore(4)
    store.add(range(1, 11), np.full((10, 4), 0.5, np.float32))
    return store


def served(engine: Engine, **settings: Any) -> TestClient:
    return TestClient(create_app(engine, Settings.read(**settings)), raise_server_exceptions=False)


@pytest.mark.parametrize("name", ["scan.tif", "x.ppm", "a tiff.jpg"])
def test_what_browsers_do_not_show_comes_as_a_jpeg_of_the_whole_picture(client: TestClient, name: str) -> None:
    answer = client.get(f"/images/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.format, image.size) == ("JPEG", (60, 40))
        assert np.abs(np.asarray(image, int) - np.asarray(noise(60, 40), int)).mean() < 3
    assert b"Anna" not in answer.content
    head = client.head(f"/images/{name}")
    assert (head.content, head.headers["content-length"]) == (b"", str(len(answer.content)))


@pytest.mark.parametrize("name", ["scan.tif", "photo.jpg", "moving.gif"])
def test_ranges_lengths_and_etags_are_those_of_what_is_sent(client: TestClient, name: str) -> None:
    url = f"/images/{name}"
    whole = client.get(url)
    assert int(whole.headers["content-length"]) == len(whole.content)
    for first, last in ((0, 9), (1, len(whole.content) - 1), (30, 70)):
        part = client.get(url, headers={"range": f"bytes={first}-{last}", "if-range": whole.headers["etag"]})
        assert (part.status_code, part.content) == (206, whole.content[first : last + 1])
        assert part.headers["content-range"] == f"bytes {first}-{last}/{len(whole.content)}"
    several = client.get(url, headers={"range": "bytes=0-3,10-12"})
    assert several.status_code == 206
    assert whole.content[10:13] in several.content
    beyond = client.get(url, headers={"range": f"bytes={len(whole.content)}-"})
    assert (beyond.status_code, fault(beyond)["code"]) == (416, "range_not_satisfiable")
    again = client.get(url, headers={"if-none-match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(url).headers["content-length"] == whole.headers["content-length"]


def test_an_original_has_no_metadata_unless_the_settings_say_so(engine: Engine) -> None:
    client, open_client = served(engine), served(engine, originals_with_exif=True)
    bare, whole = client.get("/images/photo.jpg"), open_client.get("/images/photo.jpg")
    assert b"Anna" not in bare.content
    assert whole.content == PICTURES["photo.jpg"]
    assert np.array_equal(upright_pixels(bare.content), upright_pixels(whole.content))
    assert bare.headers["etag"] != whole.headers["etag"]
    assert open_client.get("/images/scan.tif").headers["content-type"] == "image/jpeg"


def test_what_is_made_is_not_made_again_for_one_who_has_it(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    etag = client.get("/images/scan.tif").headers["etag"]
    monkeypatch.setattr("runtime.web.routes.pictures.picture_as_jpeg", None)
    assert client.get("/images/scan.tif", headers={"if-none-match": etag}).status_code == 304


def test_a_picture_that_cannot_be_decoded_is_an_error_in_the_one_form(client: TestClient) -> None:
    answer = client.get("/images/broken.tif")
    assert (answer.status_code, fault(answer)["code"]) == (422, "image_unreadable")
    answer = client.get(preview_url("broken.tif"))
    assert (answer.status_code, fault(answer)["code"]) == (422, "image_unreadable")


@pytest.mark.parametrize("edge", [320, 512, 1600])
def test_a_preview_is_upright_small_and_kept_for_good(client: TestClient, index_dir: Path, edge: int) -> None:
    answer = client.get(preview_url("wide.png", edge))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.size, dict(image.getexif())) == ((edge // 2, edge), {})
    sha256 = content_of("wide.png")
    assert (index_dir / "previews" / sha256[:2] / f"{sha256}.{edge}.jpg").read_bytes() == answer.content
    assert client.get(preview_url("wide.png", edge)).content == answer.content
    part = client.get(preview_url("wide.png", edge), headers={"range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, answer.content[2:6])
    etag = {"if-none-match": answer.headers["etag"]}
    assert client.get(preview_url("wide.png", edge), headers=etag).status_code == 304
    assert client.head(preview_url("wide.png", edge)).headers["content-length"] == str(len(answer.content))


def test_one_decode_makes_all_previews_of_a_picture(client: TestClient, tmp_path: Path) -> None:
    small = client.get(preview_url("photo.jpg"))
    (tmp_path / "images" / "photo.jpg").unlink()
    assert client.get(preview_url("photo.jpg", 1600)).content == small.content  # it has fewer pixels than either


def test_an_index_from_before_the_smallest_previews_has_them_made_of_its_larger_ones(
    client: TestClient, index_dir: Path, tmp_path: Path
) -> None:
    client.get(preview_url("wide.png"))
    smallest = next(index_dir.rglob("*.320.jpg"))
    smallest.unlink()
    (tmp_path / "images" / "wide.png").unlink()
    Image.new("RGB", (256, 512), "red").save(next(index_dir.rglob("*.512.jpg")))
    made = client.get(preview_url("wide.png", 320))
    assert (made.status_code, smallest.read_bytes()) == (200, made.content)
    with Image.open(io.BytesIO(made.content)) as image:
        assert (image.size, image.getpixel((9, 9))) == ((160, 320), (254, 0, 0))


def test_where_the_larger_preview_is_damaged_the_smallest_is_made_of_the_picture(
    client: TestClient, index_dir: Path
) -> None:
    whole = client.get(preview_url("wide.png", 320)).content
    larger = next(index_dir.rglob("*.512.jpg"))
    for content in (larger.read_bytes()[:999], b"\xff\xd8no picture\xff\xd9"):
        larger.write_bytes(content)
        next(index_dir.rglob("*.320.jpg")).unlink()
        assert client.get(preview_url("wide.png", 320)).content == whole


def test_where_nothing_can_be_kept_a_preview_is_made_each_time(engine: Engine, library: Library) -> None:
    library.previews = Previews()
    first, second = (served(engine).get(preview_url("wide.png")) for _ in range(2))
    assert (first.status_code, first.content) == (200, second.content)
    assert served(engine).get(preview_url("wide.png"), headers={"range": "bytes=2-5"}).content == first.content[2:6]


@pytest.mark.parametrize(
    "path",
    [
        "../catalog.sqlite",
        f"{'0' * 64}.512.jpg",
        f"{content_of('photo.jpg')}.513.jpg",
        f"{content_of('photo.jpg')}.0512.jpg",
        f"{content_of('photo.jpg')}.51٢.jpg",
        f"{content_of('photo.jpg')}.512.png",
        f"{content_of('photo.jpg')}.512.jpg%00",
        f"{content_of('photo.jpg').upper()}.512.jpg",
        f"%2e%2e%2f{content_of('photo.jpg')}.512.jpg",
        f"xx%2f{content_of('photo.jpg')}.512.jpg",
        "%ed%a0%80.512.jpg",
        "%25.512.jpg",
        content_of("photo.jpg"),
        "",
    ],
)
def test_only_previews_of_the_library_are_served(client: TestClient, path: str) -> None:
    client.get(preview_url("photo.jpg"))
    answer = client.get(f"/previews/{path}", follow_redirects=False)
    assert (answer.status_code, fault(answer)["code"] in {"image_not_found", "not_found"}) == (404, True)


def test_a_file_of_previews_that_is_no_picture_of_the_library_stays_hidden(client: TestClient, index_dir: Path) -> None:
    other = index_dir / "previews" / "ab" / f"{'ab' * 32}.512.jpg"
    other.parent.mkdir(parents=True)
    other.write_bytes(encoded(noise(8, 8), "JPEG"))
    assert client.get(f"/previews/{'ab' * 32}.512.jpg").status_code == 404


def test_another_picture_in_the_place_of_one_gets_no_preview_under_its_name(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "images" / "x.ppm").write_bytes(encoded(noise(61, 41), "PPM")[: len(PICTURES["x.ppm"])])
    for name in ("x.ppm", "gone.png"):
        answer = client.get(preview_url(name))
        assert (answer.status_code, fault(answer)["code"]) == (404, "image_not_found")


def test_a_preview_cut_by_a_power_cut_is_made_again(client: TestClient, index_dir: Path) -> None:
    whole = client.get(preview_url("wide.png")).content
    [kept] = index_dir.rglob("*.512.jpg")
    for content in (b"", whole[:999]):
        kept.write_bytes(content)
        assert client.get(preview_url("wide.png")).content == whole


def test_colours_of_display_p3_are_shown_as_they_are(client: TestClient) -> None:
    wide = noise(60, 40)
    srgb = ImageCms.profileToProfile(wide, io.BytesIO(rgb_profile()), ImageCms.createProfile("sRGB"))
    assert srgb is not None
    assert np.abs(np.asarray(wide, int) - np.asarray(srgb, int)).mean() > 2
    preview = client.get(preview_url("p3.png")).content
    with Image.open(io.BytesIO(preview)) as image, Image.open(io.BytesIO(encoded(srgb, "JPEG", quality=85))) as expected:
        assert "icc_profile" not in image.info
        assert np.abs(np.asarray(image, int) - np.asarray(expected, int)).mean() <= 1
    for name in ("p3.png", "p3.tif"):
        with Image.open(io.BytesIO(client.get(f"/images/{name}").content)) as original:
            assert original.info["icc_profile"] == rgb_profile()


def test_results_have_sizes_and_the_address_of_a_preview(client: TestClient) -> None:
    results = client.post("/search", json={"query": "red", "top_k": 10}).json()["results"]
    by_path = {result["image_path"]: result for result in results}
    photo = by_path["photo.jpg"]
    assert (photo["width"], photo["height"], photo["preview_url"]) == (60, 40, preview_url("photo.jpg"))
    assert client.get(photo["preview_url"].replace(".512.", ".1600.")).status_code == 200


def test_an_upright_picture_of_any_turn_has_an_upright_preview(client: TestClient) -> None:
    with Image.open(io.BytesIO(client.get(preview_url("photo.jpg")).content)) as image:
        assert image.size == (40, 60)


def test_a_large_answer_is_sent_smaller_where_there_is_no_room(engine: Engine) -> None:
    app = create_app(engine, Settings.read(), max_picture_bytes=20_000)
    for name in ("wide.png", "scan.tif"):
        answer = TestClient(app).get(f"/images/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert len(answer.content) <= 20_000
