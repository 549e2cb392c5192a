"""Descriptions: their text, their ranges, and that a tile shows what its description says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mirs_core.datasets.descriptions import FORMS, Description, Form, parse, reference
from mirs_core.datasets.descriptions.forms import KEYS
from mirs_core.datasets.descriptions.measured import AP_AT_64
from mirs_core.datasets.descriptions.parameters import INCIDENCE, SUN
from mirs_core.datasets.synthetic import painting
from mirs_core.errors import ConfigError
from mirs_core.mars.landforms import LANDFORMS


def ends(form: Form) -> list[Description]:
    """The description without a parameter, with all at their lowest, and with all at highest."""
    return [
        Description(form.name),
        *(
            Description(form.name, seed=3, **{p.name: getattr(p, end) for p in form.parameters})
            for end in ("low", "high")
        ),
    ]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_text_and_description_turn_into_each_other(form: Form) -> None:
    for description in [*ends(form), Description(form.name, sun=123.456789)]:
        assert parse(str(description)) == description


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "crater diameter=400m sun=W incidence=60",
            Description("crater", size=400, sun=270, incidence=60),
        ),
        ("  Crater,  size = 0.4 km ; height=30°", Description("crater", size=400, incidence=60)),
        ("TARs spacing: 60 trend=NW", Description("ripples", wavelength=60, orientation=135)),
        ("barchans density=4/km2 wind=WSW", Description("barchans", density=4, orientation=247.5)),
        ("aec", Description("dunes")),
        ("Mass_Wasting downslope=S", Description("mass wasting", orientation=180)),
        ("gully seed=12", Description("gullies", seed=12)),
    ],
)
def test_what_people_write_is_understood(text: str, expected: Description) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no landform"),
        ("sun=W", "names no landform"),
        ("krater size=400", "did you mean 'crater'"),
        ("volcano", "No landform is called 'volcano'"),
        ("crater size=5000", "give 150 to 1100 m"),
        ("crater size=nan", "not understood"),
        ("crater size=1e3", "not understood"),
        ("crater size=400ft", "not understood"),
        ("crater wavelength=40", "has no 'wavelength'"),
        ("crater size=400 diameter=300", "size twice"),
        ("crater height=30 incidence=60", "incidence twice"),
        ("crater size=400 big", "'big'"),
        ("crater seed=1.5", "whole number"),
        ("crater seed=-1", "seed"),
        ("crater " + "x" * 600, "at most 500"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        parse(text)
    assert "\n" not in str(error.value)


def test_every_landform_can_be_described_under_names_of_its_own() -> None:
    assert {form.landform for form in FORMS} == {landform.code for landform in LANDFORMS}
    for landform in LANDFORMS:
        assert parse(landform.code).landform == landform.code
        assert parse(landform.name).landform == landform.code
    names = [name for form in FORMS for name in (form.name, *form.words)]
    assert len(set(names)) == len(names)
    for form in FORMS:
        assert all(parse(word).form == form.name for word in form.words)


def test_every_kind_is_one_of_its_landforms_painters() -> None:
    for form in FORMS:
        painters = [painter.__name__ for _, painter in painting.VERSIONS[2][form.landform]]
        assert form.kind is None or form.kind in painters


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_parameter_changes_the_tile_over_its_range(form: Form) -> None:
    # Which kind of a landform is painted is left to chance: each has to heed what is said.
    own = [(parameter, seed) for parameter in form.own for seed in range(3)]
    for parameter, seed in [*own, (SUN, 0), (INCIDENCE, 0)]:
        low, middle = (
            Description(form.name, seed=seed, **{parameter.name: value}).render().astype(int)
            for value in (parameter.low, (parameter.low + parameter.high) / 2)
        )
        assert np.abs(low - middle).mean() > 0.2, (parameter.name, seed)


def test_a_tile_repeats_by_seed_and_variants_differ() -> None:
    description = parse("crater size=500 seed=5")
    assert np.array_equal(description.render(), parse("crater size=500 seed=5").render())
    seeds = [variant.seed for variant in description.variants(9)]
    assert seeds[0] == 5 and len(set(seeds)) == 9
    late = list(replace(description, seed=2**31 - 2).variants(3))
    assert len({variant.seed for variant in late}) == 3


def test_without_a_wish_nothing_is_drawn_in_another_order() -> None:
    free = Description("crater", seed=8)
    lit = replace(free, sun=200.0)
    # The bowl of both is at the same place and of the same size: only the light differs.
    assert np.array_equal(free.render(), Description("crater", seed=8).render())
    assert not np.array_equal(free.render(), lit.render())


@pytest.mark.parametrize(("sun", "bright"), [("W", "east"), ("E", "west"), ("N", "south")])
def test_the_wall_that_faces_the_sun_is_bright(sun: str, bright: str) -> None:
    tiles = [
        parse(f"crater size=700 incidence=60 sun={sun} seed={seed}").render().astype(float)
        for seed in range(6)
    ]
    tile = np.mean(tiles, axis=0)[50:150, 50:150]
    halves = {
        "west": tile[:, :50].mean(),
        "east": tile[:, 50:].mean(),
        "north": tile[:50].mean(),
        "south": tile[50:].mean(),
    }
    assert max(halves, key=lambda side: halves[side]) == bright


@pytest.mark.parametrize("metres", [40, 60, 90])
@pytest.mark.parametrize("trend", [0, 60, 135])
def test_ripples_have_the_wavelength_and_trend_that_they_are_described_with(
    metres: int, trend: int
) -> None:
    tiles = [
        parse(f"ripples wavelength={metres} trend={trend} sun={trend + 90} seed={seed}").render()
        for seed in range(5)
    ]
    power = sum(np.abs(np.fft.fft2(tile - tile.mean())) ** 2 for tile in tiles)
    right, up = np.meshgrid(np.fft.fftfreq(200), -np.fft.fftfreq(200))
    power = power * (np.hypot(right, up) > 6 / 200)
    peak = np.unravel_index(np.argmax(power), power.shape)
    across = np.degrees(np.arctan2(right[peak], up[peak]))
    assert 6 / np.hypot(right[peak], up[peak]) == pytest.approx(metres, rel=0.35)
    assert abs((across - trend) % 180 - 90) < 20


def test_a_crater_is_as_wide_as_it_is_described() -> None:
    y, x = np.indices((200, 200)) - 99.5
    ring, widths = np.hypot(x, y).astype(int), []
    for metres in (300, 600, 900):
        tiles = [parse(f"crater size={metres} sun=W seed={seed}").render() for seed in range(6)]
        # With the sun in the west, the eastern wall of a bowl is bright and the western dark.
        lit = np.mean(tiles, axis=0) * np.sign(x)
        profile = np.array([lit[ring == radius].mean() for radius in range(95)])
        widths.append(6 * 2 * np.flatnonzero(profile > profile.max() / 2).max())
    assert widths == pytest.approx([300, 600, 900], rel=0.3)


def test_the_documents_list_every_form_and_parameter_as_it_is() -> None:
    page = (Path(__file__).parents[3] / "docs" / "describe.md").read_text(encoding="utf-8")
    assert reference.table() in page
    words = [*(p.name for form in FORMS for p in form.parameters), *KEYS]
    assert all(f"`{word}`" in page for word in words if word != "azimuth")


def test_the_measured_quality_is_that_of_the_documents() -> None:
    page = (Path(__file__).parents[3] / "docs" / "describe.md").read_text(encoding="utf-8")
    for landform in LANDFORMS:
        row = next(line for line in page.splitlines() if line.startswith(f"| {landform.name} |"))
        assert row.endswith(f" {AP_AT_64[landform.code]:.2f} |")
