"""What is known of a photo beside its pixels: when, where and with what it was taken, and what people wrote to it.

Owns the form of the catalogue's table `photo_facts`. A catalogue of an earlier version has none.
"""

from dataclasses import dataclass

PHOTO_FACTS_SCHEMA = """
    -- One row a picture of which anything is known; each column is NULL where it is not.
    CREATE TABLE photo_facts (
        id INTEGER PRIMARY KEY,  -- of the table images
        taken TEXT,  -- local time as it was written, ISO 8601, as far as it is known: 2019, 2019-06, 2019-06-02, 2019-06-02T14:03:22
        taken_source TEXT,  -- where that was found
        offset_minutes INTEGER,  -- of local time from UTC; never guessed
        camera TEXT,  -- maker and model
        latitude REAL,  -- degrees, north is positive
        longitude REAL,  -- degrees, east is positive
        place TEXT,  -- the nearest town
        country TEXT,  -- ISO 3166-1, two letters
        keywords TEXT,  -- a JSON list
        rating INTEGER  -- 0 to 5
    );
    CREATE INDEX photo_facts_taken ON photo_facts (taken);
"""
PHOTO_FACTS_COLUMNS = (
    "taken, taken_source, offset_minutes, camera, latitude, longitude, place, country, keywords, rating"  # beside the id
)


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """One photo's facts, as the table holds them; None where nothing is known."""

    taken: str | None = None
    taken_source: str | None = None
    offset_minutes: int | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    place: str | None = None
    country: str | None = None
    keywords: tuple[str, ...] = ()
    rating: int | None = None
