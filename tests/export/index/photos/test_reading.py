"""One photo's facts, case by case: formats, the order of the sources, and what others' libraries got wrong.

A number behind a case names the public report of the fault that it is made of.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.export.index.photos.made_photos import (
    DATED,
    DATED_TOLD,
    FULL,
    FULL_TOLD,
    ORIGINAL,
    UNDATED,
    beside,
    canon_raw,
    fuji_raw,
    gps,
    heic,
    jpeg_2000,
    layers,
    plain,
    png,
    press,
    void,
    with_segments,
)
from tests.export.index.photos.photo_files import (
    bag,
    chunk,
    draw,
    exif,
    facts_in,
    fraction,
    put,
    takeout,
    xmp,
)

INGREDIENT = (
    '<xmpMM:Ingredients><rdf:Bag><rdf:li><rdf:Description exif:DateTimeOriginal="2001-01-01T00:00:01"/></rdf:li></rdf:Bag>'
    "</xmpMM:Ingredients>"
)
LONG = "123456789123456789123456789123456789_DSCN"  # with its suffix, 46 characters lack one of the JSON's middle

# name of the photo, how it is made, what must be known
CASES: list[tuple[str, Callable[[Path, str], None], dict[str, Any]]] = [
    # every format keeps its EXIF elsewhere
    ("full.jpg", plain(exif=FULL), FULL_TOLD),
    ("full.png", plain(exif=FULL), FULL_TOLD),
    ("full.webp", plain(exif=FULL), FULL_TOLD),
    ("full.avif", plain(exif=FULL), FULL_TOLD),
    ("full.tif", plain(exif=FULL), FULL_TOLD),
    ("really-heic.jpg", lambda folder, name: void(put(folder / name, heic(FULL, DATED))), FULL_TOLD | {"rating": 4}),
    ("xmp-only-heic.jpg", lambda folder, name: void(put(folder / name, heic(b"", DATED))), DATED_TOLD),
    (
        "raw.tif",
        lambda folder, name: void(put(folder / name, canon_raw())),
        {"taken": "2019-07-04T15:30:00", "camera": "Canon EOS R5"},
    ),
    ("layers.tif", lambda folder, name: void(put(folder / name, layers())), FULL_TOLD | {"rating": 4}),
    ("fuji-raw.tif", lambda folder, name: void(put(folder / name, fuji_raw(folder))), FULL_TOLD),
    ("jpeg-2000.tif", lambda folder, name: void(put(folder / name, jpeg_2000())), FULL_TOLD | {"rating": 4}),
    ("really-png.jpg", plain(exif=FULL, format="PNG"), FULL_TOLD),
    ("last-chunk.png", png(chunk(b"eXIf", FULL[6:])), FULL_TOLD),
    ("many-chunks.png", png(*[chunk(b"tEXt", b"a\0b")] * 400, chunk(b"eXIf", FULL[6:])), FULL_TOLD),
    ("many-and-cut.png", png(*[chunk(b"tEXt", b"a\0b")] * 400, chunk(b"eXIf", FULL[6:])[:-2]), UNDATED),
    ("xmp.jpg", plain(xmp=DATED), DATED_TOLD | {"taken_source": "xmp"}),
    ("xmp.webp", plain(xmp=DATED), DATED_TOLD),
    ("xmp.png", png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + DATED)), DATED_TOLD),
    ("xmp.tif", plain(tiffinfo={700: DATED}), DATED_TOLD),
    # an offset belongs to its own date: immich 15639, 20839; exiftool-vendored 220
    (
        "other-offset.jpg",
        plain(exif=exif(original="2019:07:04 15:30:00", offset="+01:00", modified="2024:12:24 10:00:00")),
        {"taken": "2019-07-04T15:30:00", "offset_minutes": None},
    ),
    (
        "two-offsets.jpg",
        plain(exif=exif(original="2024:07:04 15:30:00", offset="+01:00", offset_original="+02:00")),
        {"offset_minutes": 120},
    ),
    # a camera that writes but one offset, and nothing was edited since: immich 28742
    (
        "one-offset.jpg",
        plain(exif=exif(original="2024:07:04 15:30:00", modified="2024:07:04 15:30:00", offset="-03:30")),
        {"offset_minutes": -210},
    ),
    # no offset is no UTC: immich 3154, 6589, 6799, 30638
    ("no-offset.jpg", plain(exif=ORIGINAL), {"taken": "2019-07-04T15:30:00", "offset_minutes": None}),
    (
        "blank-offset.jpg",
        plain(exif=exif(original="2019:07:04 15:30:00", offset_original="   :  ")),
        {"offset_minutes": None},
    ),
    ("far-offset.jpg", plain(exif=exif(original="2019:07:04 15:30:00", offset_original="+25:00")), {"offset_minutes": None}),
    ("z-offset.jpg", plain(exif=exif(original="2019:07:04 15:30:00", offset_original="Z")), {"offset_minutes": 0}),
    # what is no date
    ("zero-date.jpg", plain(exif=exif(original="0000:00:00 00:00:00")), UNDATED),
    (
        "IMG_20190704_153000.jpg",
        plain(exif=exif(original="    :  :     :  :  ")),
        {"taken": "2019-07-04T15:30:00", "taken_source": "name", "offset_minutes": None},
    ),
    ("year-10000.jpg", plain(exif=exif(original="10000:01:01 00:00:00")), UNDATED),  # immich 3527
    ("future.jpg", plain(exif=exif(original="2107:01:01 00:00:01")), UNDATED),
    ("before-photos.jpg", plain(exif=exif(original="1601:01:01 00:00:01")), UNDATED),
    ("clock-not-set.jpg", plain(exif=exif(original="1970:01:01 00:00:00")), UNDATED),
    ("february-30.jpg", plain(exif=exif(original="2019:02:30 10:00:00")), UNDATED),
    ("letters.jpg", plain(exif=exif(original="yesterday, I think")), UNDATED),
    ("month-known.jpg", plain(exif=exif(original="1987:06:00 00:00:00")), {"taken": "1987-06", "taken_source": "exif"}),
    ("year-known.jpg", plain(exif=exif(original="1987:  :     :  :  ")), {"taken": "1987"}),
    ("day-known.jpg", plain(exif=exif(original="1987:06:21   :  :  ")), {"taken": "1987-06-21"}),
    ("second-60.jpg", plain(exif=exif(original="2019:07:04 15:30:60")), {"taken": "2019-07-04T15:30:59"}),
    ("hour-24.jpg", plain(exif=exif(original="2019:07:04 24:10:00")), {"taken": "2019-07-04T00:10:00"}),
    ("other-marks.jpg", plain(exif=exif(original="2019-07-04T15:30:00+02:00")), {"offset_minutes": 120}),
    ("slashes.jpg", plain(exif=exif(original="2019/07/04 15:30:00\0\0")), {"taken": "2019-07-04T15:30:00"}),
    # the order
    (
        "digitized.jpg",
        plain(exif=exif(digitized="2019:07:04 15:30:00", offset_digitized="+02:00"), xmp=DATED),
        {"taken": "2019-07-04T15:30:00", "taken_source": "exif_digitized", "offset_minutes": 120},
    ),
    (
        "modified_only_20190704.jpg",
        plain(exif=exif(modified="2024:12:24 10:00:00")),
        {"taken": "2019-07-04", "taken_source": "name"},
    ),
    ("modified.jpg", plain(exif=exif(modified="2018:12:24 10:00:00")), {"taken_source": "exif_modified"}),
    ("exif-over-xmp.jpg", plain(exif=ORIGINAL, xmp=DATED), {"taken": "2019-07-04T15:30:00", "rating": 4}),
    (
        "IMG-20190704-WA0007.jpg",  # a messenger's name does not win over a better time: PhotoPrism 3575, 3716
        beside("IMG-20190704-WA0007.jpg.json", takeout("1562250000")),
        {"taken": "2019-07-04T14:20:00", "taken_source": "takeout", "offset_minutes": 0},
    ),
    ("whatsapp/IMG-20201018-WA0007.jpg", plain(), {"taken": "2020-10-18", "taken_source": "name"}),  # PhotoPrism 1102
    # positions
    (
        "south-west.jpg",
        plain(exif=gps((34.0, 36.0, 0.0), "S", (58.0, 23.0, 0.0), "W")),
        {"latitude": -34.6, "longitude": -58.3833333},
    ),
    ("no-fix.jpg", plain(exif=gps((0.0, 0.0, 0.0), "N", (0.0, 0.0, 0.0), "E")), {"latitude": None, "longitude": None}),
    ("equator.jpg", plain(exif=gps((0.0, 0.0, 0.0), "N", (32.0, 34.0, 48.0), "E")), {"latitude": 0.0, "longitude": 32.58}),
    (
        "greenwich.jpg",
        plain(exif=gps((51.0, 28.0, 40.44), "N", (0.0, 0.0, 0.0), "E")),
        {"latitude": 51.4779, "longitude": 0.0},
    ),
    (
        "not-a-number.jpg",  # exifr 69, metadata-extractor 15
        plain(exif=gps((fraction(0, 0),) * 3, "N", (fraction(0, 0),) * 3, "E")),
        {"latitude": None, "longitude": None, "taken": "2020-01-01T00:00:00"},
    ),
    ("half-a-fix.jpg", plain(exif=gps((52.0, 31.0, 12.0), "N", None, "E")), {"latitude": None, "longitude": None}),
    (
        "no-seconds.jpg",
        plain(exif=gps((52.0, 31.2, fraction(0, 0)), "N", (13.405, 0.0, 0.0), "E")),
        {"latitude": 52.52, "longitude": 13.405},
    ),
    ("degrees-alone.jpg", plain(exif=gps((52.52,), "N", (13.405,), "E")), {"latitude": 52.52, "longitude": 13.405}),
    ("off-the-earth.jpg", plain(exif=gps((95.0, 0.0, 0.0), "N", (13.0, 0.0, 0.0), "E")), {"latitude": None}),
    ("no-sides.jpg", plain(exif=gps((52.0, 31.2, 0.0), None, (13.405,), None)), {"latitude": 52.52}),  # exif-parser 36
    ("small-letters.jpg", plain(exif=gps((34.6,), "s", (58.4,), "w")), {"latitude": -34.6, "longitude": -58.4}),
    ("whole-words.jpg", plain(exif=gps((34.6,), "South", (58.4,), "West")), {"latitude": -34.6, "longitude": -58.4}),
    (
        "xmp-position.jpg",
        plain(xmp=xmp(exif_GPSLatitude="38,43.338S", exif_GPSLongitude="9,8,21.48W")),
        {"latitude": -38.7223, "longitude": -9.1393},
    ),
    (
        "xmp-degrees.jpg",
        plain(xmp=xmp(exif_GPSLatitude="38.7", exif_GPSLongitude="-9.1")),
        {"latitude": 38.7, "longitude": -9.1},
    ),
    ("xmp-nonsense.jpg", plain(xmp=xmp(exif_GPSLatitude="nan", exif_GPSLongitude="inf")), {"latitude": None}),
    (
        "takeout-fix.jpg",
        beside("takeout-fix.jpg.json", takeout(geoData={"latitude": 52.52, "longitude": 13.4})),
        {"latitude": 52.52},
    ),
    (
        "takeout-no-fix.jpg",
        beside("takeout-no-fix.jpg.json", takeout(geoData={"latitude": 0.0, "longitude": 0.0})),
        {"latitude": None},
    ),
    (
        "takeout-exif-fix.jpg",
        beside(
            "takeout-exif-fix.jpg.json",
            takeout(geoData={"latitude": 0.0, "longitude": 0.0}, geoDataExif={"latitude": 1.5, "longitude": 2}),
        ),
        {"latitude": 1.5, "longitude": 2},
    ),
    # XMP
    ("bomb.jpg", plain(xmp=b'<!DOCTYPE a [<!ENTITY b "c">]>' + DATED), UNDATED | {"rating": None, "keywords": ()}),
    (
        "hidden-bomb.jpg",
        beside("hidden-bomb.xmp", b"\xff\xfe" + ('<!DOCTYPE a [<!ENTITY b "c">]>' + DATED.decode()).encode("utf-16-le")),
        UNDATED,
    ),
    ("utf-16.jpg", beside("utf-16.xmp", b"\xff\xfe" + DATED.decode().encode("utf-16-le")), DATED_TOLD),
    ("made-of-others.jpg", plain(xmp=xmp(INGREDIENT)), UNDATED),
    ("xmp-year.jpg", plain(xmp=xmp(photoshop_DateCreated="1987")), {"taken": "1987", "taken_source": "xmp"}),
    ("xmp-month.jpg", plain(xmp=xmp(photoshop_DateCreated="1987-06")), {"taken": "1987-06"}),
    ("xmp-day.jpg", plain(xmp=xmp(photoshop_DateCreated="1987-06-21")), {"taken": "1987-06-21"}),
    (
        "xmp-minute.jpg",
        plain(xmp=xmp(photoshop_DateCreated="1987-06-21T10:20Z")),
        {"taken": "1987-06-21T10:20:00", "offset_minutes": 0},
    ),
    ("cut-xmp.jpg", plain(xmp=DATED[:-30]), UNDATED),
    ("xmp-noise.jpg", plain(xmp=b"\xef\xbb\xbf" + DATED + b"\0\0  \n"), DATED_TOLD),
    (
        "element.jpg",
        plain(xmp=xmp("<xmp:Rating>3</xmp:Rating><xmp:CreateDate>2018-01-02T03:04:05</xmp:CreateDate>")),
        {"rating": 3},
    ),
    # ratings: darktable 19474, digiKam and Windows in percent
    ("rated.jpg", plain(exif=exif(rating=4)), {"rating": 4}),
    ("percent.jpg", plain(exif=exif(percent=75)), {"rating": 4}),
    ("xmp-percent.jpg", plain(xmp=xmp(MicrosoftPhoto_Rating="99")), {"rating": 5}),
    ("rejected.jpg", plain(xmp=xmp(xmp_Rating="-1")), {"rating": None}),
    ("unrated.jpg", plain(xmp=xmp(xmp_Rating="0"), exif=exif(rating=4)), {"rating": 0}),
    ("decimal.jpg", plain(xmp=xmp(xmp_Rating="3.0")), {"rating": 3}),
    ("ten-stars.jpg", plain(xmp=xmp(xmp_Rating="10")), {"rating": None}),
    # keywords
    (
        "trees.jpg",
        plain(
            xmp=xmp(bag("digiKam:TagsList", "People/Anna", "Places/Lisbon") + bag("lr:hierarchicalSubject", "People|Ben"))
        ),
        {"keywords": ("People", "Ben", "Anna", "Places", "Lisbon")},
    ),
    ("windows.jpg", plain(exif=exif(xp_keywords="sea;sun\0".encode("utf-16-le"))), {"keywords": ("sea", "sun")}),
    ("odd-words.jpg", plain(xmp=xmp(bag("dc:subject", " a  b ", "", "a b", "x" * 500))), {"keywords": ("a b", "x" * 100)}),
    # IPTC
    (
        "press.jpg",
        with_segments(press((25, "Grüße".encode()), (25, b"lake"), (55, b"20180506"), (60, b"070809+0900"))),
        {"taken": "2018-05-06T07:08:09", "taken_source": "iptc", "offset_minutes": 540, "keywords": ("Grüße", "lake")},
    ),
    ("press-day.jpg", with_segments(press((55, b"20180506"))), {"taken": "2018-05-06", "taken_source": "iptc"}),
    ("press-month.jpg", with_segments(press((55, b"20180500"))), {"taken": "2018-05"}),
    ("press-zero.jpg", with_segments(press((55, b"00000000"), (60, b"000000+0000"))), UNDATED),
    ("press-latin.jpg", with_segments(press((25, "Grüße".encode("cp1252")))), {"keywords": ("Grüße",)}),
    ("press-cut.jpg", with_segments(press((25, b"lake"), (55, b"20180506"))[:-12]), {"keywords": ("lake",)}),
    # sidecars: PhotoPrism, immich 8235, darktable 4560
    ("side.jpg", beside("side.jpg.xmp", DATED, exif=ORIGINAL), DATED_TOLD | {"taken_source": "sidecar"}),
    ("lightroom.jpg", beside("lightroom.xmp", DATED), DATED_TOLD | {"taken_source": "sidecar"}),
    ("UPPER.JPG", beside("UPPER.XMP", DATED, format="JPEG"), DATED_TOLD),
    ("sub/deep.jpg", beside("sub/deep.jpg.xmp", DATED), DATED_TOLD),
    ("other-folder.jpg", beside("sub/other-folder.jpg.xmp", DATED), UNDATED),
    (
        "empty-side.jpg",
        beside("empty-side.jpg.xmp", xmp(exif_DateTimeOriginal="", xmp_Rating="4"), exif=ORIGINAL),
        {"taken_source": "exif", "rating": 4},
    ),
    ("damaged-side.jpg", beside("damaged-side.jpg.xmp", b"\xff\0<x:xm", exif=ORIGINAL), {"taken_source": "exif"}),
    (
        "words-taken-away.jpg",
        beside("words-taken-away.jpg.xmp", xmp(bag("dc:subject", "lake")), xmp=DATED),
        {"keywords": ("lake",), "taken": "2018-05-06T07:08:09"},
    ),
    # Takeout: names cut after 46 characters, numbers, edits; google-photos-exif 50, 52, immich-go 674, ente 4956
    *[
        (
            photo,
            beside(json, takeout(people=[{"name": "Anna"}]), format="JPEG"),
            {"taken_source": "takeout", "taken": "2019-07-04T13:40:00"[:14] + "30:00", "keywords": ("Anna",)},
        )
        for photo, json in [
            ("a.jpg", "a.jpg.json"),
            ("b.jpg", "b.jpg.supplemental-metadata.json"),
            ("c(1).jpg", "c.jpg.supplemental-metadata(1).json"),
            ("d(1).jpg", "d.jpg(1).json"),
            ("e-edited.jpg", "e.jpg.supplemental-metadata.json"),
            ("e-bearbeitet(1).jpg", "e.jpg.supplemental-metadata(1).json"),
            ("e(2)-modifié.jpg", "e.jpg.supplemental-metadata(2).json"),
            ("e-編集済み.jpg", "e.jpg.json"),
            (f"{LONG}.JPG", f"{LONG}.JPG.json"),
            (f"{LONG[:40]}.JPG", f"{LONG[:40]}.JPG.s.json"),
            ("original_1d4caa6f-16c6-4c3d-901b-9387de10e528_P.jpg", "original_1d4caa6f-16c6-4c3d-901b-9387de10e528_.json"),
            ("Screenshot_of-a-long-name-0123456789-edi.jpg", "Screenshot_of-a-long-name-0123456789.jpg.json"),
            ("Peanut Butter Balls.jpg", "Peanut Butter Balls.supplemental-metadata.json"),
            ("over-the-limit_0123456789_0123456789.jpg", "over-the-limit_0123456789_0123456789.jpg.supplemental-me.json"),
            ("g(3).jpg", "g(3).jpg.supplemental-metadata.json"),
            ("Case.JPG", "case.jpg.json"),
        ]
    ],
    (
        "x.jpg",
        beside("quite another name.json", takeout()),
        {"taken_source": "takeout"},
    ),  # google-photos-exif 55: by its title
    (
        "a-name-that-was-cut-0123456789-0123456789-0123.jpg",
        beside("other.json", takeout(title="a-name-that-was-cut-0123456789-0123456789-0123456.jpg")),
        {"taken_source": "takeout"},
    ),
    ("x-edited.jpg", beside("quite another name.json", takeout()), {"taken_source": "takeout"}),
    ("u\u0308.jpg", beside("\u00fc.jpg.json", takeout()), {"taken_source": "takeout"}),  # unpacked by a Mac
    ("album.jpg", beside("metadata.json", b'{"title": "album.jpg", "date": {"timestamp": "1562247000"}}'), UNDATED),
    ("no-time.jpg", beside("no-time.jpg.json", takeout("0")), UNDATED),
    ("old.jpg", beside("old.jpg.json", takeout("-300000000")), {"taken": "1960-06-29T18:40:00", "offset_minutes": 0}),
    ("text-time.jpg", beside("text-time.jpg.json", takeout("soon")), UNDATED),
    ("huge-time.jpg", beside("huge-time.jpg.json", takeout("9" * 400)), UNDATED),
    ("list.jpg", beside("list.jpg.json", b"[1, 2]"), UNDATED),
    ("nested.jpg", beside("nested.jpg.json", b"[" * 100_000), UNDATED),
    (
        "pair.jpg",
        beside("pair.jpg.json", takeout(people=[{"name": "\ud83d"}, {"name": 3}, 4, {"name": "Anna"}])),
        {"keywords": ("Anna",)},
    ),
]


@pytest.mark.parametrize(("name", "make", "told"), CASES, ids=[name for name, *_ in CASES])
def test_a_photo_tells(name: str, make: Callable[[Path, str], None], told: dict[str, Any], tmp_path: Path) -> None:
    make(tmp_path, name)
    facts = facts_in(tmp_path)[name]
    assert {known: getattr(facts, known) for known in told} == told


def test_of_two_sidecars_the_one_with_the_whole_name_counts(tmp_path: Path) -> None:
    draw(tmp_path / "a.jpg")
    draw(tmp_path / "a.png")
    put(tmp_path / "a.jpg.xmp", xmp(xmp_Rating="1"))
    put(tmp_path / "a.xmp", xmp(xmp_Rating="2"))
    assert {path: facts.rating for path, facts in facts_in(tmp_path).items()} == {"a.jpg": 1, "a.png": 2}


def test_numbered_copies_and_edits_have_the_right_json_each(tmp_path: Path) -> None:
    for name in ("a.jpg", "a(1).jpg", "a-edited.jpg", "a-edited(1).jpg"):
        draw(tmp_path / name)
    put(tmp_path / "a.jpg.supplemental-metadata.json", takeout("1500000000"))
    put(tmp_path / "a.jpg.supplemental-metadata(1).json", takeout("1400000000"))
    years = {path: facts.taken[:4] for path, facts in facts_in(tmp_path).items() if facts.taken}
    assert years == {"a.jpg": "2017", "a-edited.jpg": "2017", "a(1).jpg": "2014", "a-edited(1).jpg": "2014"}


def test_a_sidecar_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    draw(tmp_path / "photos" / "a.jpg")
    put(tmp_path / "elsewhere.xmp", DATED)
    (tmp_path / "photos" / "a.jpg.xmp").symlink_to(tmp_path / "elsewhere.xmp")
    assert facts_in(tmp_path / "photos")["a.jpg"].rating is None
