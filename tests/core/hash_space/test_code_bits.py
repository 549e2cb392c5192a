"""What single bits tell, against counting tile by tile."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searchers import space

from mirs_core.errors import DataError
from mirs_core.hash_space import code_bits


@given(
    codes=st.lists(st.binary(min_size=2, max_size=2), min_size=1, max_size=25),
    labels=st.lists(st.sampled_from(["a", "b", None]), min_size=25, max_size=25),
)
@settings(max_examples=60, deadline=None)
def test_shares_and_what_a_bit_tells(codes: list[bytes], labels: list[str | None]) -> None:
    packed = np.array([list(code) for code in codes], np.uint8)
    known = labels[: len(codes)]
    found = code_bits.report(space(packed, known))
    bits = np.unpackbits(packed, axis=1).astype(float)
    assert found.classes == tuple(sorted({label for label in known if label}))
    mine = [row for row, label in enumerate(known) if label]
    for bit in range(16):
        groups = [[bits[r, bit] for r in mine if known[r] == one] for one in found.classes]
        np.testing.assert_allclose(found.means[:, bit], [np.mean(one) for one in groups])
        whole = np.var([bits[r, bit] for r in mine]) if mine else 0.0
        middle = np.mean([bits[r, bit] for r in mine]) if mine else 0.0
        between = sum(len(one) * (np.mean(one) - middle) ** 2 for one in groups)
        expected = between / len(mine) / whole if whole > 1e-12 else 0.0
        assert found.explained[bit] == pytest.approx(expected, abs=1e-9)


def test_a_bit_has_two_sides_and_two_ends() -> None:
    packed = np.array([[0b11100000], [0b11100000], [0b11000000], [0], [0], [0b00000001]], np.uint8)
    found = space(packed, ["a", "a", "a", "b", "b", "c"])
    report = code_bits.report(found)
    assert report.sides(0) == (["b", "c"], ["a"]) and report.explained[0] == pytest.approx(1)
    zeros, ones = code_bits.ends(found, 0, 2)
    assert ones == [0, 1] or ones == [1, 0]
    assert len(zeros) == 2 and set(zeros) <= {3, 4, 5}
    assert code_bits.ends(found, 4, 3) == ([0, 1, 2], [])
    for wrong in (-1, 8):
        with pytest.raises(DataError, match="no bit"):
            code_bits.ends(found, wrong, 2)
        with pytest.raises(DataError, match="no bit"):
            report.sides(wrong)


@given(
    codes=st.lists(st.binary(min_size=2, max_size=2), min_size=1, max_size=40),
    bit=st.integers(0, 15),
    count=st.integers(1, 12),
)
@settings(max_examples=60, deadline=None)
def test_ends_against_sorting_all_tiles(codes: list[bytes], bit: int, count: int) -> None:
    packed = np.array([list(code) for code in codes], np.uint8)
    bits = np.unpackbits(packed, axis=1).astype(float)
    sides = [[row for row in range(len(bits)) if bits[row, bit] == value] for value in (0, 1)]
    ends = code_bits.ends(space(packed, [None] * len(packed)), bit, count)
    if not all(sides):
        assert list(ends) == [side[:count] for side in sides]
        return
    line = bits[sides[1]].mean(axis=0) - bits[sides[0]].mean(axis=0)
    for rows, side, sign in zip(ends, sides, (1, -1), strict=True):
        along = sign * (bits @ line)
        assert set(rows) <= set(side) and len(set(rows)) == len(rows) == min(count, len(side))
        np.testing.assert_allclose(along[rows], sorted(along[side])[:count], atol=1e-9)
        for one, other in itertools.pairwise(rows):
            assert codes[one] != codes[other] or sign * one < sign * other


def test_float_features_have_no_bits() -> None:
    with pytest.raises(DataError, match="only hash codes have bits"):
        code_bits.report(space(np.zeros((3, 4), np.float32), [None] * 3))
