"""Names of large and well-known features of Mars.

Names, centres and diameters are facts of the Gazetteer of Planetary Nomenclature (IAU, USGS;
planetarynames.wr.usgs.gov): planetocentric degrees north and east, kilometres. For elongated
features the diameter is the length.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Feature:
    """A named feature.

    Attributes:
        kind: terra, planitia, planum, mons, vallis, chasma, crater and others, in lower case.
        latitude, longitude: of its centre, degrees north and degrees east in [0, 360).
        diameter: km.
    """

    name: str
    kind: str
    latitude: float
    longitude: float
    diameter: float


FEATURES = tuple(
    Feature(*row)
    for row in (
        ("Terra Cimmeria", "terra", -32.68, 147.75, 5855.87),
        ("Noachis Terra", "terra", -50.41, 354.84, 5519.45),
        ("Arabia Terra", "terra", 21.25, 5.72, 4851.74),
        ("Terra Sabaea", "terra", 2.72, 51.30, 4688.44),
        ("Aonia Terra", "terra", -60.20, 262.95, 3873.48),
        ("Terra Sirenum", "terra", -39.49, 205.85, 3635.18),
        ("Promethei Terra", "terra", -64.37, 97.00, 3244.30),
        ("Margaritifer Terra", "terra", -1.85, 335.08, 2733.22),
        ("Tyrrhena Terra", "terra", -11.90, 88.84, 2470.14),
        ("Tempe Terra", "terra", 38.69, 289.39, 1954.94),
        ("Xanthe Terra", "terra", 1.60, 311.95, 1867.65),
        ("Vastitas Borealis", "vastitas", 87.73, 32.53, 2002.91),
        ("Utopia Planitia", "planitia", 46.74, 117.52, 3560.45),
        ("Acidalia Planitia", "planitia", 49.76, 339.26, 3362.97),
        ("Elysium Planitia", "planitia", 2.98, 154.74, 3000.79),
        ("Amazonis Planitia", "planitia", 25.75, 197.09, 2809.04),
        ("Hellas Planitia", "planitia", -42.43, 70.50, 2299.16),
        ("Arcadia Planitia", "planitia", 47.19, 184.31, 1871.97),
        ("Chryse Planitia", "planitia", 28.43, 319.69, 1542.44),
        ("Isidis Planitia", "planitia", 13.94, 88.38, 1224.58),
        ("Eridania Planitia", "planitia", -38.15, 122.21, 1062.13),
        ("Argyre Planitia", "planitia", -49.84, 316.69, 892.93),
        ("Daedalia Planum", "planum", -18.35, 234.05, 1922.02),
        ("Lunae Planum", "planum", 10.79, 294.49, 1817.66),
        ("Solis Planum", "planum", -26.40, 270.33, 1811.23),
        ("Hesperia Planum", "planum", -21.42, 109.89, 1601.73),
        ("Planum Australe", "planum", -83.35, 157.70, 1429.87),
        ("Argentea Planum", "planum", -72.49, 298.33, 1370.64),
        ("Syrtis Major Planum", "planum", 9.20, 67.10, 1214.86),
        ("Planum Boreum", "planum", 87.32, 54.96, 1066.46),
        ("Meridiani Planum", "planum", -0.04, 356.86, 1058.53),
        ("Sisyphi Planum", "planum", -69.64, 6.41, 1032.87),
        ("Sinai Planum", "planum", -13.72, 272.24, 901.44),
        ("Malea Planum", "planum", -65.82, 62.94, 872.47),
        ("Syria Planum", "planum", -12.09, 256.10, 735.74),
        ("Tharsis Montes", "mons", 1.57, 247.42, 2058.91),
        ("Phlegra Montes", "mons", 40.40, 163.71, 1350.65),
        ("Nereidum Montes", "mons", -37.57, 316.79, 1142.58),
        ("Libya Montes", "mons", 1.44, 88.23, 1043.63),
        ("Olympus Mons", "mons", 18.65, 226.20, 610.13),
        ("Alba Mons", "mons", 41.08, 249.29, 548.02),
        ("Arsia Mons", "mons", -8.26, 239.91, 470.42),
        ("Ascraeus Mons", "mons", 11.92, 255.92, 456.40),
        ("Elysium Mons", "mons", 25.02, 147.21, 401.00),
        ("Pavonis Mons", "mons", 1.48, 247.04, 366.40),
        ("Hecates Tholus", "tholus", 32.12, 150.24, 181.57),
        ("Valles Marineris", "vallis", -14.01, 301.41, 3761.28),
        ("Ares Vallis", "vallis", 10.29, 334.39, 1757.67),
        ("Tiu Valles", "vallis", 16.23, 325.14, 1720.00),
        ("Kasei Valles", "vallis", 25.14, 297.12, 1580.00),
        ("Reull Vallis", "vallis", -42.14, 104.95, 1051.94),
        ("Ma'adim Vallis", "vallis", -21.98, 177.50, 913.11),
        ("Mangala Valles", "vallis", -11.32, 208.61, 900.00),
        ("Mawrth Vallis", "vallis", 22.43, 343.03, 634.63),
        ("Noctis Labyrinthus", "labyrinthus", -6.36, 258.81, 1190.31),
        ("Candor Chasma", "chasma", -6.53, 289.22, 810.61),
        ("Coprates Chasma", "chasma", -13.37, 299.26, 958.31),
        ("Capri Chasma", "chasma", -8.27, 317.93, 1471.56),
        ("Sirenum Fossae", "fossa", -35.57, 197.26, 2731.21),
        ("Claritas Fossae", "fossa", -27.89, 255.76, 2030.64),
        ("Cerberus Fossae", "fossa", 11.28, 166.37, 1235.00),
        ("Nili Fossae", "fossa", 22.02, 76.69, 727.91),
        ("Lycus Sulci", "sulcus", 28.14, 215.53, 1350.61),
        ("Olympia Undae", "unda", 81.16, 178.48, 1507.96),
        ("Gemina Lingula", "lingula", 81.87, 2.59, 772.89),
        ("Deuteronilus Mensae", "mensa", 45.11, 23.92, 919.17),
        ("Protonilus Mensae", "mensa", 43.87, 48.86, 1033.97),
        ("Huygens", "crater", -13.88, 55.58, 467.25),
        ("Schiaparelli", "crater", -2.71, 16.77, 458.52),
        ("Cassini", "crater", 23.35, 32.11, 408.23),
        ("Antoniadi", "crater", 21.38, 60.83, 400.91),
        ("Copernicus", "crater", -48.80, 191.17, 301.83),
        ("Newton", "crater", -40.44, 202.00, 299.94),
        ("Lowell", "crater", -51.97, 278.60, 201.74),
        ("Galle", "crater", -50.63, 329.07, 223.41),
        ("Lyot", "crater", 50.47, 29.34, 220.32),
        ("Gusev", "crater", -14.53, 175.52, 158.12),
        ("Gale", "crater", -5.37, 137.81, 154.11),
        ("Lomonosov", "crater", 65.04, 350.76, 130.85),
        ("Korolev", "crater", 72.77, 164.58, 81.40),
        ("Jezero", "crater", 18.41, 77.69, 47.52),
    )
)
"""Features by kind; maps choose by diameter what to draw."""
