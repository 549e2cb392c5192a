"""Every preset on real tiles stays where it was measured, within three standard deviations.

What trains nothing is tried wherever there are real tiles (MIRS_TEST_DATA). The trained presets
take minutes and are tried where MIRS_TEST_EVERY_PRESET is set as well.
"""

import os
from pathlib import Path

import pytest

from mirs_core.config.presets import PRESETS, from_preset
from mirs_core.pipeline import training
from mirs_core.workspace.home import Home

MEASURED = {
    "ctx": {
        "baseline": (0.464, 0.003),
        "baseline-centred": (0.555, 0.003),
        "pca-sign": (0.524, 0.005),
        "mirs-unsupervised": (0.637, 0.016),
        "mirs-unsupervised-dwt": (0.614, 0.032),
        "mirs-2021": (0.703, 0.019),
        "mirs": (0.773, 0.012),
        "mirs-interclass": (0.756, 0.019),
        "mirs-dwt": (0.770, 0.018),
        "mirs-best": (0.817, 0.013),
    },
    "hirise": {
        "baseline": (0.299, 0.015),
        "baseline-centred": (0.395, 0.011),
        "pca-sign": (0.364, 0.010),
        "mirs-unsupervised": (0.574, 0.025),
        "mirs-unsupervised-dwt": (0.503, 0.017),
        "mirs-2021": (0.613, 0.029),
        "mirs": (0.656, 0.021),
        "mirs-interclass": (0.639, 0.035),
        "mirs-dwt": (0.647, 0.034),
        "mirs-best": (0.726, 0.017),
    },
}
"""mAP@64 with divisor min(R, k), mean and standard deviation over five seeds (docs)."""

# Another version of PyTorch rounds differently: the seed of a preset is not a value to the digit.
_LEAST_SD = 0.003

UNTRAINED = ("baseline", "baseline-centred", "pca-sign")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home folder whose features all presets share."""
    return Home(tmp_path_factory.mktemp("presets") / "home")


def test_every_preset_but_that_for_parity_is_guarded() -> None:
    guarded = set(PRESETS) - {"mirs-2021-as-coded", "mirs-zero"}
    assert set(MEASURED["ctx"]) == set(MEASURED["hirise"]) == guarded


@pytest.mark.parametrize("name", MEASURED)
@pytest.mark.parametrize("preset", MEASURED["ctx"])
def test_a_preset_is_where_it_was_measured(
    real_data: Path, home: Home, name: str, preset: str
) -> None:
    if preset not in UNTRAINED and not os.environ.get("MIRS_TEST_EVERY_PRESET"):
        pytest.skip("MIRS_TEST_EVERY_PRESET is not set: trained presets take minutes")
    config = from_preset(preset, data=str(real_data / name), encoder="efficientnet-lite0")
    value = training.prepare_and_train(home, config).to_json()["map_at_64"]["min_r_k"]
    mean, sd = MEASURED[name][preset]
    assert abs(value - mean) <= 3 * max(sd, _LEAST_SD)
