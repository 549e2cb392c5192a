"""MIRS without labels, with domain whitening."""

from mirs_core.config.preset import Preset
from mirs_core.config.presets.mirs_dwt import SPEC as _DWT
from mirs_core.config.presets.mirs_unsupervised import SPEC as _UNSUPERVISED

SPEC = Preset(
    name="mirs-unsupervised-dwt",
    title="MIRS, unsupervised + DWT",
    order=50,
    help="Unsupervised MIRS with domain whitening and an entropy term on the archive.",
    changes={**_UNSUPERVISED.changes, **_DWT.changes},
    citation=_DWT.citation,
    variant_of="mirs-unsupervised",
)
