"""The facts of photos as a server reads them: of a good catalogue, of an older one, of a hostile one."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from runtime.errors import ArtefactCorrupt
from runtime.library.catalog import Library
from runtime.library.catalog_file import CatalogFile
from runtime.library.photos.photo_facts import NO_FACTS, PHOTO_FACTS_COLUMNS, PHOTO_FACTS_SCHEMA, PhotoFacts, PhotoFactsTable

FACTS = PhotoFacts("2019-07-04T15:30:00", "exif", 120, "Canon R5", 52.52, 13.405, "Berlin", "DE", ("sea", "sun"), 4)


def put_facts(catalog: Path, image_id: int, facts: PhotoFacts, **changed: object) -> None:
    values = {name: getattr(facts, name) for name in PHOTO_FACTS_COLUMNS.split(", ")}
    values["keywords"] = json.dumps(facts.keywords)
    values |= changed
    with closing(sqlite3.connect(catalog)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'photo_facts'").fetchall():
            connection.executescript(PHOTO_FACTS_SCHEMA)
        marks = ", ".join("?" * (1 + len(values)))
        connection.execute(
            f"REPLACE INTO photo_facts (id, {', '.join(values)}) VALUES ({marks})", (image_id, *values.values())
        )
        connection.commit()


@pytest.fixture
def catalog(library: Library, tmp_path: Path) -> Path:
    return tmp_path / "catalog.sqlite"


def test_facts_come_in_the_order_of_the_ids_and_are_none_where_nothing_is_known(catalog: Path, tmp_path: Path) -> None:
    put_facts(catalog, 2, FACTS)
    facts = Library(catalog, tmp_path).facts
    assert facts.of([1, 2, 2]) == [NO_FACTS, FACTS, FACTS]
    assert facts.of([]) == []


def test_a_catalogue_from_before_there_were_facts_has_none(library: Library) -> None:
    assert library.facts.of([1, 2]) == [NO_FACTS, NO_FACTS]


@pytest.mark.parametrize(
    "changed",
    [
        {"taken": "<script>"},
        {"taken": "2019-07-04T15:30:00 or so"},
        {"taken": b"2019"},
        {"taken_source": b"exif"},
        {"offset_minutes": "two hours"},
        {"offset_minutes": 1.5},
        {"camera": b"\xff\xfe"},
        {"latitude": "north"},
        {"longitude": b""},
        {"place": b"Berlin"},
        {"country": b"DE"},
        {"keywords": '{"a": 1}'},
        {"keywords": "[1]"},
        {"keywords": "["},
        {"keywords": "[" * 100_000},
        {"keywords": b"[]"},
        {"rating": 6},
        {"rating": "four"},
    ],
    ids=str,
)
def test_a_value_of_another_kind_is_damage(catalog: Path, tmp_path: Path, changed: dict[str, object]) -> None:
    put_facts(catalog, 2, FACTS, **changed)
    with pytest.raises(ArtefactCorrupt):
        Library(catalog, tmp_path).facts.of([2])


def test_a_table_of_another_form_is_damage(catalog: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(catalog)) as connection:
        connection.execute("CREATE TABLE photo_facts (id INTEGER PRIMARY KEY)")
    library = Library(catalog, tmp_path)
    assert isinstance(library.facts, PhotoFactsTable)
    with pytest.raises(ArtefactCorrupt):
        library.facts.of([1])


def test_an_answer_has_date_place_and_camera_and_no_position(catalog: Path, library: Library, client: TestClient) -> None:
    put_facts(catalog, 2, FACTS)
    library.facts = PhotoFactsTable(CatalogFile(catalog))
    answer = client.post("/search", json={"query": "green", "top_k": 4}).json()
    shown = {one["id"]: [one[name] for name in ("taken", "place", "country", "camera")] for one in answer["results"]}
    assert shown[2] == ["2019-07-04T15:30:00", "Berlin", "DE", "Canon R5"]
    assert shown[1] == [None] * 4
    assert "latitude" not in str(answer)


def test_what_was_known_of_a_picture_is_not_said_of_another_in_its_place(
    catalog: Path, library: Library, client: TestClient, tmp_path: Path
) -> None:
    put_facts(catalog, 2, FACTS)
    library.facts = PhotoFactsTable(CatalogFile(catalog))
    (tmp_path / "images" / "a green one.png").write_bytes((tmp_path / "images" / "grey.png").read_bytes() + b"other")
    answer = client.post("/search", json={"query": "green", "top_k": 4}).json()
    [taken] = [one["taken"] for one in answer["results"] if one["id"] == 2]
    assert taken is None
