"""The 15 landform classes of DoMars16k (Wilhelm et al. 2020); name and colour of other classes."""

import colorsys
import hashlib
from dataclasses import dataclass

from mirs_core.system.visible_text import visible


@dataclass(frozen=True, slots=True)
class Landform:
    """A landform class: folder name, display name, landform group, colour ``#rrggbb``."""

    code: str
    name: str
    group: str
    colour: str


OTHER = "Other"
"""The group of every class that is not in DoMars16k."""

_AEOLIAN = "Aeolian Bedforms"
_TOPOGRAPHIC = "Topographic Landforms"
_SLOPE = "Slope Feature Landforms"
_IMPACT = "Impact Landforms"
_BASIC = "Basic Terrain Landforms"

# Codes as in figure and text of Wilhelm et al. 2020; some later benchmarks swap aec and ael.
LANDFORMS = (
    Landform("aec", "Aeolian Curved", _AEOLIAN, "#1f77b4"),
    Landform("ael", "Aeolian Straight", _AEOLIAN, "#aec7e8"),
    Landform("cli", "Cliff", _TOPOGRAPHIC, "#ff7f0e"),
    Landform("rid", "Ridge", _TOPOGRAPHIC, "#c5b0d5"),
    Landform("fsf", "Channel", _TOPOGRAPHIC, "#98df8a"),
    Landform("sfe", "Mounds", _TOPOGRAPHIC, "#c49c94"),
    Landform("fsg", "Gullies", _SLOPE, "#d62728"),
    Landform("fse", "Slope Streaks", _SLOPE, "#2ca02c"),
    Landform("fss", "Mass Wasting", _SLOPE, "#ff9896"),
    Landform("cra", "Crater", _IMPACT, "#ffbb78"),
    Landform("sfx", "Crater Field", _IMPACT, "#e377c2"),
    Landform("mix", "Mixed Terrain", _BASIC, "#9467bd"),
    Landform("rou", "Rough Terrain", _BASIC, "#8c564b"),
    Landform("smo", "Smooth Terrain", _BASIC, "#f7b6d2"),
    Landform("tex", "Textured Terrain", _BASIC, "#7f7f7f"),
)
"""The landform classes in the order of the paper's table, group by group."""

by_code = {landform.code: landform for landform in LANDFORMS}
"""The landform classes by their three-letter codes."""


def describe(label: str) -> Landform:
    """The landform class of ``label``; an unknown label gets a readable name and its own colour.

    The colour depends on the label alone, so it is the same in every data set and session.
    """
    landform = by_code.get(label)
    if landform is not None:
        return landform
    name = visible(label.replace("_", " ").strip() or label)
    # Only the first letter is raised: acronyms such as RSL stay as they are written.
    return Landform(label, name[:1].upper() + name[1:], OTHER, _colour(label))


def _colour(label: str) -> str:
    """A colour that is legible on light and dark backgrounds, chosen by the label's hash."""
    digest = hashlib.sha256(label.encode("utf-8", "surrogatepass")).digest()
    hue = int.from_bytes(digest[:2], "big") / 65536
    lightness, saturation = 0.46 + digest[2] / 255 * 0.14, 0.45 + digest[3] / 255 * 0.25
    channels = colorsys.hls_to_rgb(hue, lightness, saturation)
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)
