"""One photo's facts, from public reports of what other programs made of such photos: each case names its report.

Made here after what the reports say; the files that they show were not used. What a photo must tell follows the rules in
docs/photo-facts.md, not what a report asks for.
"""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.export.index.photos.made_photos import (
    ORIGINAL,
    UNDATED,
    beside,
    gps,
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
    iptc,
    photoshop,
    put,
    segment,
    takeout,
    xmp,
)

Make = Callable[[Path, str], None]
NO_POSITION = {"latitude": None, "longitude": None}
BOM = "\ufeff"
UTF_8 = b"\x1c\x01\x5a\0\3\x1b%G"  # IPTC's record 1, which says so
IN_CITY = xmp(exif_GPSLatitude="48.1372", exif_GPSLongitude="11.5755")
ICLOUD = (
    b"<?xml version='1.0' encoding='utf-8'?>\n"
    + xmp(
        "<exif:GPSLatitude>60.731941666666664</exif:GPSLatitude><exif:GPSLongitude>-135.06683333333334</exif:GPSLongitude>"
        "<photoshop:DateCreated>2024-01-23T18:12:34-0700</photoshop:DateCreated><xmp:Rating>5</xmp:Rating>"
    )
).replace(b"x:xmpmeta", b"x:xml_doc")


def tagged(tag: int, text: bytes) -> Make:
    """A photo whose EXIF has one text, as long as it is: no byte of 0 is put behind it."""
    block = b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", tag, 2, len(text), 26) + b"\0\0\0\0" + text
    return with_segments(segment(0xE1, block))


def signed_gps(latitude: int, north: bytes, longitude: int, east: bytes) -> Make:
    """A photo whose position is in signed fractions of a thousandth of a degree."""
    at = 26 + 2 + 4 * 12 + 4
    entries = struct.pack("<HHI4s", 1, 2, 2, north) + struct.pack("<HHII", 2, 10, 3, at)
    entries += struct.pack("<HHI4s", 3, 2, 2, east) + struct.pack("<HHII", 4, 10, 3, at + 24)
    numbers = struct.pack("<6i", latitude, 1000, 0, 1, 0, 1) + struct.pack("<6i", longitude, 1000, 0, 1, 0, 1)
    first = b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x8825, 4, 1, 26) + b"\0\0\0\0"
    return with_segments(segment(0xE1, b"Exif\0\0" + first + b"\4\0" + entries + b"\0\0\0\0" + numbers))


def profile(name: str, content: bytes, *, packed: bool = True) -> bytes:
    """A text chunk of a PNG with a block in hexadecimal digits, as ImageMagick writes it."""
    digits = content.hex()
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    text = "\n".join(["", name, f"{len(content):8}", *lines, ""]).encode()
    key = f"Raw profile type {name}\0".encode()
    return chunk(b"zTXt", key + b"\0" + zlib.compress(text)) if packed else chunk(b"tEXt", key + text)


def sidecar(content: bytes, **options: Any) -> Make:
    """A photo `x.jpg` with a sidecar."""
    return beside("x.jpg.xmp", content, **options)


def json_beside(name: str, **more: Any) -> Make:
    return beside(name, takeout(**more), format="JPEG")


# the report, name of the photo, how it is made, what must be known
DATES: list[tuple[str, str, Make, dict[str, Any]]] = [
    (
        "lycheesync 37",
        "x.jpg",
        plain(exif=exif(original="2014:01:12 13:58:55", modified="2015:03:15 07:59:19")),
        {"taken": "2014-01-12T13:58:55", "taken_source": "exif"},
    ),
    (
        "openbenches 233",
        "x.jpg",
        plain(exif=exif(original="2020:03:16 12:50:49", digitized="2002:12:08 12:00:00")),
        {"taken": "2020-03-16T12:50:49"},
    ),
    (
        "immich 13812",  # what early Androids write where they have not set the date
        "IMG_20131119_121450.jpg",
        plain(exif=exif(digitized="2002:12:08 12:00:00")),
        {"taken": "2013-11-19T12:14:50", "taken_source": "name"},
    ),
    ("PhotoPrism 3105", "x.jpg", plain(exif=exif(digitized="2002:12:08 12:00:00")), UNDATED),
    (
        "PhotoStation-Upload-Lr-Plugin 64",
        "x.jpg",
        plain(exif=exif(modified="2014:07:26 10:11:12")),
        {"taken": "2014-07-26T10:11:12", "taken_source": "exif_modified"},
    ),
    (
        "PhotoPrism 305",
        "x.jpg",
        plain(exif=exif(digitized="2003:05:06 07:08:09")),
        {"taken": "2003-05-06T07:08:09", "taken_source": "exif_digitized"},
    ),
    ("aves 756", "x.jpg", plain(exif=exif(offset="+01:00", offset_original="+01:00")), UNDATED),
    ("photos_time_warp 24", "x.jpg", plain(exif=exif(original="1970:01:01 00:00:00")), UNDATED),
    (
        "Photini 47",
        "P1010061.JPG",
        plain(
            exif=exif(original="0000:00:00 00:00:00", digitized="0000:00:00 00:00:00", modified="2008:05:01 10:00:00"),
            format="JPEG",
        ),
        {"taken": "2008-05-01T10:00:00", "taken_source": "exif_modified"},
    ),
    ("Piwigo 1017", "x.jpg", plain(exif=exif(original="2019:01:01 24:04:20")), {"taken": "2019-01-01T00:04:20"}),
    ("immich 5714", "x.jpg", plain(exif=exif(original="2015:08:22 24:08:19")), {"taken": "2015-08-22T00:08:19"}),
    (
        "ente 10802",
        "x.jpg",
        plain(exif=exif(original="2019:07:04 15:30:00.123", offset_original="unknown")),
        {"taken": "2019-07-04T15:30:00", "offset_minutes": None},
    ),
    ("XMP-Toolkit-SDK 50", "x.jpg", plain(exif=exif(original="2021:07:25 12:00:")), {"taken": "2021-07-25T12:00:00"}),
    (
        "darktable 17389",
        "x.jpg",
        plain(exif=exif(original="2024:08:13 17:14:26", offset_original="+02:00", fraction="391")),
        {"taken": "2024-08-13T17:14:26", "offset_minutes": 120},
    ),
    (
        "darktable 13355",
        "x.jpg",
        plain(exif=exif(original="2005:12:25 21:52:48"), xmp=xmp(exif_DateTimeOriginal="2005-12-25T21:52:48-05:00")),
        {"taken": "2005-12-25T21:52:48", "taken_source": "exif"},
    ),
    ("darktable 18146", "x.jpg", tagged(0x9003, b"2024:02:14 13:00:00"), {"taken": "2024-02-14T13:00:00"}),
    ("elixir-image 181", "x.jpg", tagged(0x9003, b"2019:07:04 15:30:00\0\0\0\0"), {"taken": "2019-07-04T15:30:00"}),
    ("darktable 18140", "x.jpg", plain(xmp=xmp(xmp_MetadataDate="2024-04-18T14:39:32+02:00")), UNDATED),
    (
        "darktable 1663",
        "x.jpg",
        sidecar(xmp(exif_DateTimeOriginal="2017:10:23 12:34:56"), exif=ORIGINAL),
        {"taken": "2017-10-23T12:34:56", "taken_source": "sidecar"},
    ),
    (
        "immich 5164",
        "x.jpg",
        sidecar(xmp(xmp_MetadataDate="2024-08-10T10:00:00Z", xmp_ModifyDate="2024-08-10T10:00:00Z"), exif=ORIGINAL),
        {"taken": "2019-07-04T15:30:00", "taken_source": "exif"},
    ),
    ("guardian/grid 3573", "x.jpg", plain(xmp=xmp(photoshop_DateCreated="1978")), {"taken": "1978"}),
    ("PhotoPrism 3220", "x.jpg", plain(exif=exif(original="1935:07:04 12:00:00")), {"taken": "1935-07-04T12:00:00"}),
    (
        "immich 14824",
        "x.jpg",
        plain(xmp=xmp(exif_DateTimeOriginal="2024-02-21T10:14:22.27-05:30")),
        {"taken": "2024-02-21T10:14:22", "offset_minutes": -330},
    ),
    (
        "sortphotos 30",  # the satellites' clock is hours behind here
        "2014-06-21 17.15.01-2.jpg",
        plain(exif=exif(gps={29: "2014:06:21", 7: (0.0, 15.0, 0.0)})),
        {"taken": "2014-06-21T17:15:01", "taken_source": "name"},
    ),
    (
        "darktable 15494",
        "x.jpg",
        with_segments(press((55, b"2023-10-06"), (60, b"12:34:56+02:00"))),
        {"taken": "2023-10-06T12:34:56", "taken_source": "iptc", "offset_minutes": 120},
    ),
    (
        "exiv2 3280",
        "x.jpg",
        sidecar(ICLOUD),
        {"taken": "2024-01-23T18:12:34", "offset_minutes": -420, "longitude": -135.0668333, "rating": 5},
    ),
    (
        "Pillow 4460",
        "x.png",
        png(profile("exif", exif(original="2011:07:19 11:36:39", maker="Canon"))),
        {"taken": "2011-07-19T11:36:39", "taken_source": "exif", "camera": "Canon"},
    ),
    ("exif-js 86", "x.png", png(profile("APP1", ORIGINAL, packed=False)), {"taken": "2019-07-04T15:30:00"}),
    ("libavif 1088", "x.png", png(profile("xmp", xmp(xmp_Rating="3"))), {"rating": 3}),
    (
        "metadata-extractor-dotnet 209",  # cut, and of no digits
        "x.png",
        png(profile("exif", ORIGINAL)[:-40], chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 8\nno digits\n")),
        UNDATED,
    ),
]
POSITIONS: list[tuple[str, str, Make, dict[str, Any]]] = [
    ("goexif2 7", "x.jpg", plain(exif=gps((fraction(0, 0),) * 3, "N", (13.4, 0.0, 0.0), "E")), NO_POSITION),
    (
        "exiftool 28",
        "x.jpg",
        plain(exif=gps((fraction(1, 0), fraction(6, 0), fraction(36, 1)), "N", (13.4, 0.0, 0.0), "E")),
        NO_POSITION,
    ),
    (
        "mapillary_issues 2369",
        "x.jpg",
        plain(exif=gps((48.0, 8.5, fraction(0, 0)), "N", (17.0, 6.5, fraction(0, 0)), "E")),
        {"latitude": 48.1416667, "longitude": 17.1083333},
    ),
    ("c2corg 600", "x.jpg", plain(exif=gps((fraction(0, 0),) * 3, "", (fraction(0, 0),) * 3, "")), NO_POSITION),
    ("memories 420", "x.jpg", plain(exif=gps((0.0, 0.0, 0.0), "S", (0.0, 0.0, 0.0), "W")), NO_POSITION),
    (
        "LibrePhotos 1856",
        "x.jpg",
        plain(exif=gps((0.0, 0.0, 0.0), "N", (78.0, 27.0, 0.0), "W"), xmp=xmp(xmp_Rating="0")),
        {"latitude": 0.0, "longitude": -78.45, "rating": 0},
    ),
    (
        "elodie 176",
        "x.jpg",
        plain(exif=gps((5.0, 33.0, 0.0), "N", (0.0, 0.0, 0.0), "W")),
        {"latitude": 5.55, "longitude": 0.0},
    ),
    ("GPXSee 260", "x.jpg", signed_gps(47_250, b"N", 6_025, b"E"), {"latitude": 47.25, "longitude": 6.025}),
    ("ImportPhotos 3", "x.jpg", signed_gps(-38_025, b"S", 145_289, b"E"), {"latitude": -38.025, "longitude": 145.289}),
    (
        "memories 649",
        "x.jpg",
        plain(exif=gps((54.0, 48.0, 0.0), "S", (68.0, 18.0, 0.0), "W")),
        {"latitude": -54.8, "longitude": -68.3},
    ),
    (
        "geo-activity-playground 427",
        "x.jpg",
        plain(exif=gps((53.0, 21.0, 0.0), "N", (6.0, 15.0, 0.0), "W")),
        {"latitude": 53.35, "longitude": -6.25},
    ),
    (
        "osxphotos 269",
        "x.jpg",
        sidecar(
            xmp(
                "<exif:GPSLongitudeRef>W</exif:GPSLongitudeRef><exif:GPSLongitude>79.0770034790039</exif:GPSLongitude>"
                "<exif:GPSLatitude>43.07640075683594</exif:GPSLatitude><exif:GPSLatitudeRef>N</exif:GPSLatitudeRef>"
            )
        ),
        {"latitude": 43.0764008, "longitude": -79.0770035},
    ),
    (
        "immich 6580",
        "x.jpg",
        sidecar(xmp(exif_GPSLatitude="36.8", exif_GPSLatitudeRef="S", exif_GPSLongitude="-70.1", exif_GPSLongitudeRef="W")),
        {"latitude": -36.8, "longitude": -70.1},
    ),
    (
        "immich 3540",
        "x.jpg",
        plain(
            xmp=xmp(
                exif_GPSLatitude="18,32.725541N",
                exif_GPSLatitudeRef="S",
                exif_GPSLongitude="70,19.873308E",
                exif_GPSLongitudeRef="W",
            )
        ),
        {"latitude": -18.5454257, "longitude": -70.3312218},
    ),
    (
        "NegPy 1044",
        "x.jpg",
        sidecar(xmp(exif_GPSLatitude="51,60.0000N", exif_GPSLongitude="0,7.5W")),
        {"latitude": 52.0, "longitude": -0.125},
    ),
    (
        "geeqie 691",
        "x.jpg",
        sidecar(xmp(exif_GPSLatitude="50,53,691734,N", exif_GPSLongitude="14,33,087680,E")),
        NO_POSITION,
    ),
    (
        "ente 12585",
        "x.jpg",
        sidecar(xmp(exif_GPSLatitude="37,46.5N", exif_GPSLongitude="122,25W")),
        {"latitude": 37.775, "longitude": -122.4166667},
    ),
    (
        "google-metadata-matcher 4",
        "x.jpg",
        json_beside("x.jpg.json", geoData=dict.fromkeys(("latitude", "longitude"), 0.0), geoDataExif={"latitude": 0.0}),
        NO_POSITION | {"taken_source": "takeout"},
    ),
    ("exiftool 348", "x.jpg", sidecar(BOM.encode().decode("latin-1").encode() + IN_CITY), {"latitude": 48.1372}),
    ("metadata-extractor-dotnet 195", "x.jpg", plain(xmp=IN_CITY + b"\0\x04\x7f 1"), {"latitude": 48.1372}),
    (
        "xmp-core-dotnet 35",
        "x.jpg",
        with_segments(
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + (BOM + IN_CITY.decode()).encode("utf-16-be")),
        ),
        {"latitude": 48.1372},
    ),
    ("xmp-core-dotnet 51", "x.jpg", sidecar((BOM + IN_CITY.decode()).encode("utf-32-le")), {"latitude": 48.1372}),
]
WORDS_AND_CAMERAS: list[tuple[str, str, Make, dict[str, Any]]] = [
    (
        "darktable 4095",
        "x.jpg",
        sidecar(xmp(bag("lr:hierarchicalSubject", "Country|City", "People|Anna").replace("rdf:Bag", "rdf:Seq"))),
        {"keywords": ("Country", "City", "People", "Anna")},
    ),
    (
        "immich 12164",
        "x.jpg",
        sidecar(xmp(bag("lr:hierarchicalSubject", "Trips|2023|Lisbon"))),
        {"keywords": ("Trips", "2023", "Lisbon")},
    ),
    (
        "PhotoPrism 5710",
        "x.jpg",
        plain(xmp=xmp(bag("MicrosoftPhoto:LastKeywordXMP", "Nature/Animals/Cat"))),
        {"keywords": ("Nature", "Animals", "Cat")},
    ),
    ("pigallery2 823", "x.jpg", beside("x.xmp", xmp(bag("dc:subject", "tag1", "tag2"))), {"keywords": ("tag1", "tag2")}),
    (
        "sigal 358",
        "x.jpg",
        with_segments(press((5, b"Heinrichsh\xfctte"), (25, b"K\xfcche"), (25, b"2003"))),
        {"keywords": ("Küche", "2003")},
    ),
    (
        "node-exiftool 22",  # a record that says that the texts are UTF-8 comes first
        "x.jpg",
        with_segments(segment(0xED, b"Photoshop 3.0\0" + photoshop(1028, UTF_8 + iptc((25, "åäö".encode()))))),
        {"keywords": ("åäö",)},
    ),
    ("exifr 40", "x.jpg", tagged(0x010F, b"GoPro\0\x01\xf4garbage"), {"camera": "GoPro"}),
    ("exif-parser 10", "x.jpg", tagged(0x010F, b"Olympus"), {"camera": "Olympus"}),
    ("openMVG 397", "x.jpg", tagged(0x0110, b"NIKON D850\0\0\0\0\0\0"), {"camera": "NIKON D850"}),
    ("immich-kiosk 637", "x.jpg", plain(exif=exif(maker="Canon", model="Canon EOS 6D")), {"camera": "Canon EOS 6D"}),
    ("dnglab 465", "x.jpg", plain(exif=exif(maker="Canon", model="EOS 5D Mark II")), {"camera": "Canon EOS 5D Mark II"}),
    ("exiv2 2126", "x.jpg", plain(exif=exif(maker="OM Digital Solutions   \n", model="OM-1    ")), {"camera": "OM-1"}),
    ("AliceVision 485", "x.jpg", plain(exif=exif(maker="alps" + " " * 27, model="Glory3   ")), {"camera": "Alps Glory3"}),
]
NAMES: list[tuple[str, str, Make, dict[str, Any]]] = [
    (report, name, plain(format="PNG"), {"taken": taken, "taken_source": "name"} if taken else UNDATED)
    for report, name, taken in [
        ("PhotoPrism 2271", "2022-04-06 15-21-03 2160.jpg", "2022-04-06T15:21:03"),
        ("photos-web 491", "IMG_20130816_145041-MOTION(1).jpg", "2013-08-16T14:50:41"),
        ("photos-web 491", "Screenshot 2022-02-23 at 2.59.39 PM.png", "2022-02-23T14:59:39"),
        ("photos-web 491", "VID-WA0028.jpg", None),
        ("owlrepo-client 32", "Screen Shot 2020-09-04 at 9.12.10 PM.png", "2020-09-04T21:12:10"),
        ("LibrePhotos 863", "IMG_20230101_A.jpg", "2023-01-01"),
        ("LibrePhotos 435", "IMG-20220121-WA0004.jpg", "2022-01-21"),
        ("ha-media-card 75", "1772236849-camera_person.jpg", "2026-02-28T00:00:49"),
        ("ente 12876", "2024-01-01 12:34:56-1.jpg", "2024-01-01T12:34:56"),
        ("GooglePhotosTakeoutHelper 217", "2021-05-22 23.19.26-ha editado.jpeg", "2021-05-22T23:19:26"),
        ("GooglePhotosTakeoutHelper 217", "IMG-20208513-WA0042-ha editado.jpeg", None),
    ]
]
TAKEOUT: list[tuple[str, str, Make, dict[str, Any]]] = [
    (report, photo, json_beside(json, people=[{"name": "Anna"}]), {"taken_source": "takeout", "keywords": ("Anna",)})
    for report, photo, json in [
        (
            "GooglePhotosTakeoutHelper 8",
            "Urlaub in Knaufspesch in der Schneifel (38).JPG",
            "Urlaub in Knaufspesch in der Schneifel (38).JP.json",
        ),
        ("GooglePhotosTakeoutHelper 59", "IMG_4081(1).jpg", "IMG_4081.JPG(1).json"),
        ("GooglePhotosTakeoutHelper 46", "197_197.jpg", "197_197.JPG.json"),
        ("GooglePhotosTakeoutHelper 204", "IMG-20150118-WA0000-modifié.jpg", "IMG-20150118-WA0000.jpg.json"),
        ("GooglePhotosTakeoutHelper 217", "one-ha editado.jpeg", "one.jpeg.supplemental-metadata.json"),
        (
            "GooglePhotosTakeoutHelper 449",
            "Screenshot_20190201-212530_Fennec.png",
            "Screenshot_20190201-212530_Fennec.png.suppleme.json",
        ),
        (
            "GooglePhotosTakeoutHelper 353",
            "a_name_of_some_letters.jpg",
            "a_name_of_some_letters.jpg.supplemental-metad.json",
        ),
        ("google-photos-exif 52", "IMG_20250112_100426.jpg", "IMG_20250112_100426.jpg.supplemental-metadata.json"),
        ("immich-go 12", "IMG_0839(1).JPG", "IMG_0839.JPG(1).json"),
        ("immich-go 674", "2234089303984509579-edited.jpg", "2234089303984509579.supplemental-metadata.json"),
        (
            "GooglePhotosTakeoutHelper_Neo 29",
            "123456789123456789123456789123456789_DSCN0098(1).JPG",
            "123456789123456789123456789123456789_DSCN0098.JPG.su(1).json",
        ),
    ]
] + [
    (
        "PhotoPrism 3716",
        "IMG-20220528-WA0004.jpg",
        beside("IMG-20220528-WA0004.jpg.json", takeout("1653738315")),
        {"taken": "2022-05-28T11:45:15", "taken_source": "takeout", "offset_minutes": 0},
    ),
]
CASES = [*DATES, *POSITIONS, *WORDS_AND_CAMERAS, *NAMES, *TAKEOUT]


@pytest.mark.parametrize(("name", "make", "told"), [case[1:] for case in CASES], ids=[f"{one[0]}-{one[1]}" for one in CASES])
def test_a_reported_photo_tells(name: str, make: Make, told: dict[str, Any], tmp_path: Path) -> None:
    make(tmp_path, name)
    facts = facts_in(tmp_path)[name]
    assert {known: getattr(facts, known) for known in told} == told


def test_two_sidecars_of_a_raw_picture_are_told_apart(tmp_path: Path) -> None:  # phockup 81
    void(draw(tmp_path / "image.jpg"))
    put(tmp_path / "image.xmp", xmp(xmp_Rating="2"))
    put(tmp_path / "image.jpg.xmp", xmp(xmp_Rating="4"))
    assert facts_in(tmp_path)["image.jpg"].rating == 4
