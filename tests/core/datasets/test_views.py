"""Views: the eight symmetries of a square, and nothing else."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mirs_core.datasets.views import VIEWS, view_of

SHAPES = [(6, 6), (6, 6, 3)]


def tile(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", [*SHAPES, (4, 7), (4, 7, 3)])
def test_view_0_is_the_image(shape: tuple[int, ...]) -> None:
    image = tile(shape)
    np.testing.assert_array_equal(view_of(image, 0), image)


def test_views_by_hand() -> None:
    image = np.array([[1, 2], [3, 4]], np.uint8)
    # A quarter turn is counterclockwise; a mirrored view is mirrored first, then turned.
    assert [view_of(image, view).tolist() for view in range(VIEWS)] == [
        [[1, 2], [3, 4]],
        [[2, 4], [1, 3]],
        [[4, 3], [2, 1]],
        [[3, 1], [4, 2]],
        [[2, 1], [4, 3]],
        [[1, 3], [2, 4]],
        [[3, 4], [1, 2]],
        [[4, 2], [3, 1]],
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_views_are_eight_and_a_group(shape: tuple[int, ...]) -> None:
    image = tile(shape)
    everything = {view_of(image, view).tobytes() for view in range(VIEWS)}
    assert VIEWS == len(everything) == 8
    for first in range(VIEWS):
        once = view_of(image, first)
        twice = {view_of(once, second).tobytes() for second in range(VIEWS)}
        assert twice == everything


@pytest.mark.parametrize("view", range(VIEWS))
def test_a_view_moves_pixels_and_keeps_their_colours(view: int) -> None:
    image = tile((5, 8, 3))
    seen = view_of(image, view)
    assert seen.shape == ((8, 5, 3) if view % 2 else (5, 8, 3))
    assert seen.flags.c_contiguous
    assert seen.dtype == np.uint8
    before, after = (sorted(map(tuple, rows.reshape(-1, 3).tolist())) for rows in (image, seen))
    assert before == after
    for channel in range(3):
        np.testing.assert_array_equal(seen[..., channel], view_of(image[..., channel], view))


@pytest.mark.parametrize("view", [-1, VIEWS, 100])
def test_there_is_no_other_view(view: int) -> None:
    with pytest.raises(ValueError, match=f"no view {view}"):
        view_of(tile((4, 4)), view)
