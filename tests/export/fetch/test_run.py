"""The whole step against a real server: the folder holds whole pictures under stable names, or says why it does not."""

import csv
import errno
import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from export.errors import OutputUnwritable, UrlListUnusable
from export.fetch.client import Limits
from export.fetch.folder import open_folder
from export.fetch.run import FetchSummary, fetch_images, print_summary
from runtime.errors import SettingInvalid
from tests.export.fetch.picture_server import (
    Behaviour,
    PictureServer,
    drips,
    in_turn,
    picture_bytes,
    picture_server,
    sends,
    shows,
)
from tests.server_faults import stays_silent

ROOT = Path(__file__).resolve().parents[3]
AT_ONCE = Limits(backoff_s=0.0, attempts=2)


@pytest.fixture(name="server")
def _server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PictureServer]:
    monkeypatch.setenv("NO_PROXY", "*")
    with picture_server() as server:
        yield server


def list_of(folder: Path, *addresses: str) -> Path:
    path = folder / "urls.txt"
    path.write_text("\n".join(addresses))
    return path


def fetch(folder: Path, *addresses: str, max_side_px: int = 800) -> FetchSummary:
    return fetch_images(list_of(folder, *addresses), folder / "photos", max_side_px=max_side_px, limits=AT_ONCE)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "photos").iterdir())


def failures(folder: Path) -> list[list[str]]:
    with (folder / "photos" / "failures.csv").open(newline="") as file:
        return list(csv.reader(file))


def test_pictures_are_named_by_their_row_and_thumbnailed(server: PictureServer, tmp_path: Path) -> None:
    summary = fetch(
        tmp_path, server.play("/big", shows(width=1600, height=400)), server.play("/small", shows(width=60, height=40))
    )
    assert names(tmp_path) == ["0001.jpg", "0002.jpg"]
    sizes = []
    for name in names(tmp_path):
        with Image.open(tmp_path / "photos" / name) as picture:
            sizes.append((picture.format, picture.size))
    assert sizes == [("JPEG", (800, 200)), ("JPEG", (60, 40))]
    assert (summary.fetched, summary.failures, summary.interrupted) == (2, [], False)


def test_turned_picture_is_saved_upright(server: PictureServer, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees, clockwise
    fetch(tmp_path, server.play("/a", shows(picture_format="JPEG", exif=exif)))
    with Image.open(tmp_path / "photos/0001.jpg") as picture:
        assert picture.size == (40, 60)
        top = np.asarray(picture)[2:10, 10:30]  # (8, 20, 3)
    assert top[..., 0].min() > 200
    assert top[..., 2].max() < 50


@pytest.mark.parametrize(
    ("picture_format", "suffix"),
    [
        ("JPEG", "jpg"),
        ("PNG", "png"),
        ("WEBP", "webp"),
        ("GIF", "gif"),
        ("BMP", "bmp"),
        ("TIFF", "tif"),
        ("AVIF", "avif"),
        ("PPM", "ppm"),
    ],
)
def test_side_of_0_keeps_the_bytes_under_their_true_suffix(
    picture_format: str, suffix: str, server: PictureServer, tmp_path: Path
) -> None:
    address = server.play("/a", shows(picture_format=picture_format))
    fetch(tmp_path, address, max_side_px=0)
    assert (tmp_path / f"photos/0001.{suffix}").read_bytes() == picture_bytes(picture_format=picture_format)
    assert fetch(tmp_path, address, max_side_px=0).present_before == 1


def test_each_failure_is_listed_with_row_address_and_reason(server: PictureServer, tmp_path: Path) -> None:
    whole = picture_bytes(width=600, height=600, picture_format="JPEG")
    addresses = [
        server.play("/gone", sends(404, b"")),
        server.play("/html", sends(200, b"\n<!doctype html><p>Sorry", content_type="text/html")),
        server.play("/cut", sends(200, whole[: len(whole) // 2])),
        server.play("/empty", sends(200, b"")),
        server.play("/noise", sends(200, b"\x00\x01\x02" * 100)),
        "not an address",
    ]
    summary = fetch(tmp_path, *addresses, server.play("/ok", shows()))
    assert names(tmp_path) == ["0007.jpg", "failures.csv"]
    header, *rows = failures(tmp_path)
    assert header == ["row", "url", "reason"]
    assert [(int(row), url) for row, url, _ in rows] == list(enumerate(addresses, start=1))
    for (_, _, reason), said in zip(
        rows, ["404", "web page", "cannot be read", "empty", "no picture format that is known", "http"], strict=True
    ):
        assert said in reason
    assert (summary.fetched, len(summary.failures)) == (1, 6)


def test_second_run_fetches_only_what_is_missing(server: PictureServer, tmp_path: Path) -> None:
    addresses = [server.play("/a", shows()), server.play("/b", in_turn(sends(404, b""), shows()))]
    fetch(tmp_path, *addresses)
    assert names(tmp_path) == ["0001.jpg", "failures.csv"]
    summary = fetch(tmp_path, *addresses)
    assert names(tmp_path) == ["0001.jpg", "0002.jpg"]
    assert server.asked == {"/a": 1, "/b": 2}
    assert (summary.present_before, summary.fetched) == (1, 1)


def test_address_listed_twice_is_fetched_once(server: PictureServer, tmp_path: Path) -> None:
    address = server.play("/a", shows())
    summary = fetch(tmp_path, address, server.play("/b", shows()), address)
    assert server.asked == {"/a": 1, "/b": 1}
    assert names(tmp_path) == ["0001.jpg", "0002.jpg"]
    assert summary.duplicates == {3: 1}


def test_leftovers_of_a_killed_run_are_removed_and_other_files_are_not(server: PictureServer, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("0001.jpg.part", "failures.csv.part", "1.jpg", "0001.txt", "notes.part", "photo.jpg.part"):
        (photos / name).write_bytes(b"half")
    assert fetch(tmp_path, server.play("/a", shows())).fetched == 1
    assert names(tmp_path) == ["0001.jpg", "0001.txt", "1.jpg", "notes.part", "photo.jpg.part"]


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("dawdles", [drips, stays_silent])
def test_killed_run_leaves_no_half_picture_and_the_next_one_goes_on(
    dawdles: Behaviour, ending: signal.Signals, server: PictureServer, tmp_path: Path
) -> None:
    addresses = [server.play(f"/{number}", shows(width=400, height=400)) for number in range(40)]
    slow = [server.play(f"/slow{number}", in_turn(dawdles, shows())) for number in range(4)]
    urls = list_of(tmp_path, *addresses[:20], *slow, *addresses[20:])
    code = (
        "import sys; from pathlib import Path; from rich.console import Console; "
        "from export.fetch.run import fetch_images, print_summary; "
        f"print_summary(fetch_images(Path({str(urls)!r}), Path({str(tmp_path / 'photos')!r})), Console())"
    )
    run = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    while run.poll() is None and not all(server.asked[f"/slow{number}"] for number in range(4)):
        sleep(0.01)
    run.send_signal(ending)
    said, _ = run.communicate(timeout=120)
    if ending is signal.SIGINT:
        assert "The same command goes on from here." in said
        assert run.returncode == 0
    for path in (tmp_path / "photos").glob("*.jpg"):
        with Image.open(path) as picture:
            picture.load()
    before = len(list((tmp_path / "photos").glob("*.jpg")))
    summary = fetch_images(urls, tmp_path / "photos", limits=AT_ONCE)
    assert (summary.present_before, summary.fetched, summary.failures) == (before, 44 - before, [])
    assert names(tmp_path) == [f"{number:04d}.jpg" for number in range(1, 45)]


def test_full_disk_stops_the_run_and_leaves_no_half_picture(
    server: PictureServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputUnwritable, match="No space left on device"):
        fetch(tmp_path, *[server.play(f"/{number}", shows()) for number in range(30)])
    assert names(tmp_path) == []


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").write_bytes(b"a file")
    with pytest.raises(OutputUnwritable):
        fetch(tmp_path, "http://127.0.0.1:1/a")


@pytest.mark.parametrize(("option", "value"), [("parallel", 0), ("max_side_px", -1), ("max_side_px", 65_536)])
def test_number_that_cannot_be_used_is_refused(option: str, value: int, tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match=str(value)):
        fetch_images(list_of(tmp_path, "http://127.0.0.1:1/a"), tmp_path / "photos", **{option: value})  # type: ignore[arg-type]  # by name


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    with open_folder(tmp_path / "photos"), pytest.raises(OutputUnwritable, match="another fetch"):
        fetch(tmp_path, "http://127.0.0.1:1/a")


def test_unusable_list_leaves_no_folder_behind(tmp_path: Path) -> None:
    with pytest.raises(UrlListUnusable):
        fetch(tmp_path)
    assert not (tmp_path / "photos").exists()


def test_threads_are_gone_when_the_run_is_over(server: PictureServer, tmp_path: Path) -> None:
    fetch(tmp_path, *[server.play(f"/{number}", shows()) for number in range(30)])
    assert [thread.name for thread in threading.enumerate() if thread.name == "fetch"] == []


def test_summary_names_failures_and_shows_markup_as_text(server: PictureServer, tmp_path: Path) -> None:
    summary = fetch(tmp_path, *[server.play(f"/[red]{number}", sends(404, b"")) for number in range(25)])
    text = io.StringIO()
    print_summary(summary, Console(file=text, width=200))
    assert "0 fetched, 0 were there, 25 failed, 0 listed twice; 25 rows in all." in text.getvalue()
    assert "/[red]19: the server answered 404 Not Found" in text.getvalue()
    assert "5 more; all are in" in text.getvalue()
