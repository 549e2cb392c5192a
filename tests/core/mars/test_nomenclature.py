"""Names of features: sound values, and a sample of what everybody knows of Mars."""

from mirs_core.mars.geography import distance_km
from mirs_core.mars.nomenclature import FEATURES

BY_NAME = {one.name: one for one in FEATURES}


def test_every_feature_has_a_place_and_a_size() -> None:
    assert len(BY_NAME) == len(FEATURES) >= 70
    for one in FEATURES:
        assert -90 <= one.latitude <= 90 and 0 <= one.longitude < 360, one.name
        assert 40 <= one.diameter <= 6000 and one.kind.islower(), one.name


def test_a_sample_lies_where_its_neighbours_do() -> None:
    """Landing sites and neighbours known from elsewhere: a swapped sign would be far off."""
    for name, latitude, longitude, within in (
        ("Gale", -4.59, 137.44, 80),  # Curiosity
        ("Jezero", 18.44, 77.45, 25),  # Perseverance
        ("Gusev", -14.57, 175.47, 80),  # Spirit
        ("Meridiani Planum", -1.95, 354.47, 530),  # Opportunity
        ("Chryse Planitia", 22.27, 312.05, 770),  # Viking 1
        ("Utopia Planitia", 47.64, 134.29, 1780),  # Viking 2
        ("Ares Vallis", 19.1, 326.75, 880),  # Pathfinder
        ("Elysium Planitia", 4.5, 135.62, 1500),  # InSight
        ("Noctis Labyrinthus", BY_NAME["Syria Planum"].latitude, 256.1, 600),
        ("Protonilus Mensae", BY_NAME["Deuteronilus Mensae"].latitude, 23.9, 1100),
    ):
        one = BY_NAME[name]
        assert float(distance_km(one.latitude, one.longitude, latitude, longitude)) < within, name
