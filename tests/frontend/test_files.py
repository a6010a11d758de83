"""The page's files, without a browser: how many bytes they are, what is fetched ahead, and what an installed page shows."""

import json
import re

from PIL import Image

from tests.frontend.stand_in import FRONTEND

HTML = (FRONTEND / "index.html").read_text("utf-8")
MAX_BYTES = 90_000
SERVICE_WORKER = "service_worker.js"


def names(*endings: str) -> set[str]:
    return {path.relative_to(FRONTEND).as_posix() for path in FRONTEND.rglob("*") if path.suffix in endings}


def test_scripts_and_styles_do_not_grow() -> None:
    assert sum((FRONTEND / name).stat().st_size for name in names(".js", ".css")) <= MAX_BYTES


def test_every_module_is_named_by_the_page_and_not_only_once_another_asks_for_it() -> None:
    tags = re.findall(r"<(?:link|script)[^>]+>", HTML)
    tags = [tag for tag in tags if re.search(r'rel="modulepreload"|type="module"', tag)]
    links = [name for tag in tags for name in re.findall(r'="static/([^"]+)"', tag)]
    assert sorted(links) == sorted(names(".js") - {SERVICE_WORKER})


def test_every_style_is_the_page_s_or_the_login_s() -> None:
    links = re.findall(r'<link rel="stylesheet" href="static/([^"]+)"', HTML)
    assert sorted(links) == sorted(names(".css") - {"login/login.css"})


def test_every_sentence_that_a_module_names_is_in_the_page() -> None:
    modules = "".join((FRONTEND / name).read_text("utf-8") for name in names(".js"))
    named = re.findall(r'\b(?:sentence|find_words|report_failure|RequestFailed)\("(\w+)"', modules)
    assert {"waking_up", "library_changed", "folder_closed", "no_picture"} <= set(named)
    sentences = re.findall(r'<p id="(\w+)"', HTML.partition('<template id="words">')[2].partition("</template>")[0])
    assert sorted(set(named) - set(sentences)) == []
    assert len(sentences) == len(set(sentences))


def test_whatever_the_page_names_is_there_and_its_addresses_are_relative() -> None:
    named = re.findall(r'(?:href|src)="([^"]+)"', HTML)
    files = [address for address in named if address.startswith("static/")]
    assert [name for name in files if not (FRONTEND / name.removeprefix("static/")).is_file()] == []
    assert [address for address in named if re.match(r"/|\w+:", address)] == []


def test_an_installed_page_begins_where_the_page_lies_and_has_icons_of_the_sizes_that_it_names() -> None:
    manifest = json.loads((FRONTEND / "manifest.webmanifest").read_text("utf-8"))
    assert (manifest["start_url"], manifest["scope"]) == ("../", "../")  # the manifest lies below static/
    drawn = [icon for icon in manifest["icons"] if icon["type"] == "image/png"]
    assert {(icon["sizes"], icon.get("purpose", "any")) for icon in drawn} == {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for icon in drawn:
        with Image.open(FRONTEND / icon["src"]) as image:
            assert "{}x{}".format(*image.size) == icon["sizes"]


def test_what_is_cut_off_a_maskable_icon_is_paper() -> None:
    with Image.open(FRONTEND / "icons" / "maskable.png") as image:
        grey = image.convert("L")
        assert image.mode == "RGB"  # nothing shines through
    edge = grey.width
    inked = [(at % edge, at // edge) for at, value in enumerate(grey.tobytes()) if value < 250]
    assert inked
    farthest = max(((x - edge / 2) ** 2 + (y - edge / 2) ** 2) ** 0.5 for x, y in inked)
    assert farthest <= 0.4 * edge  # the circle that every mask shows
