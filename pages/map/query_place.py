"""The place of a query that is no archived tile but knows where it lies: a georeferenced image."""

from pages.components.mars_map.mars_map import Pin
from pages.shared import loaders, state, words
from pages.shared.query_kinds.upload import Upload


def pin() -> Pin | None:
    """The mark of the query's place; None for tiles, which are dots, and without coordinates."""
    source = state.query()
    if not isinstance(source, Upload):
        return None
    place = loaders.image_place(source.data, source.name)
    if place is None:
        return None
    return Pin(place.latitude, place.longitude, words.file_name(source.name))
