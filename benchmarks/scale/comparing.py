"""Whether synthetic codes are spread as those of the run that they come from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.scale.making import clusters_of, labelled_rows
from mirs_core.ranking.codes import Packed, equal_codes, hamming
from mirs_core.retrieval import retriever
from mirs_core.system.tables import markdown
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_FAR = np.iinfo(np.int32).max
_TURNS = 5


def compare(home: Home, run_id: str) -> dict[str, Any]:
    """Distances and distinct codes of a run's labelled tiles, and of as many synthetic ones.

    Distances are in bits, as percentiles. ``distinct`` counts the codes that differ, among an
    eighth, a quarter, half of the tiles (means of five draws) and all of them. Classes keep their
    sizes here; ``making`` skews them.

    Raises:
        RunError: the run does not hash, or has no labels.
    """
    run = runs.folder(home, run_id)
    clusters, _ = clusters_of(home, run)
    loaded = retriever.load(run)
    rows = labelled_rows(loaded)
    codes = np.asarray(loaded.codes)[rows]
    rng = np.random.default_rng(4)
    alike = clusters.evenly()
    drawn, _ = alike.draw(len(codes), rng)
    return {
        "bench": "scale",
        "run": run_id,
        "tiles": len(codes),
        "codes": {"of the run": spread(codes, rng), "synthetic": spread(drawn, rng)},
    }


def spread(codes: Packed, rng: np.random.Generator) -> dict[str, Any]:
    """Percentiles of distances (bits) and numbers of distinct codes of packed codes (N, B).

    Distances of all pairs, and to the nearest, tenth and 64th of the others (or the farthest).
    """
    distances = hamming(codes, codes)
    pairs = distances[np.triu_indices(len(codes), 1)]
    np.fill_diagonal(distances, _FAR)
    ordered = np.sort(distances, axis=1)
    last = len(codes) - 2
    sizes = [len(codes) // parts for parts in (8, 4, 2, 1)]
    return {
        "pairs_p1_p5_p25_p50_p75_p99": _percentiles(pairs, (1, 5, 25, 50, 75, 99)),
        "nearest_p50_p75_p90_p99": _percentiles(ordered[:, 0], (50, 75, 90, 99)),
        "tenth_p10_p50_p90": _percentiles(ordered[:, min(9, last)], (10, 50, 90)),
        "sixty_fourth_p10_p50_p90": _percentiles(ordered[:, min(63, last)], (10, 50, 90)),
        "distinct": [_distinct(codes, size, rng) for size in sizes],
    }


def _percentiles(values: NDArray[np.int32], which: tuple[int, ...]) -> list[int]:
    return [round(value) for value in np.percentile(values, which)]


def _distinct(codes: Packed, size: int, rng: np.random.Generator) -> int:
    counts = [
        len(equal_codes(codes[rng.permutation(len(codes))[:size]])[1])
        for _ in range(_TURNS if size < len(codes) else 1)
    ]
    return round(float(np.mean(counts)))


def text(answer: dict[str, Any]) -> str:
    """The comparison as a Markdown table."""
    real, synthetic = answer["codes"].values()
    rows = [
        [name, *(" ".join(map(str, codes[name])) for codes in (real, synthetic))] for name in real
    ]
    return markdown([f"{answer['tiles']} tiles", *answer["codes"]], rows)
