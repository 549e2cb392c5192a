"""Codes: bits, bytes, and a distance that is one."""

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from mirs_core.ranking.codes import binarise, hamming, pack, unpack

Bits = NDArray[np.uint8]


def bit_arrays(rows: int = 6) -> st.SearchStrategy[Bits]:
    shapes = st.tuples(st.integers(1, rows), st.sampled_from([8, 16, 32, 40]))
    return hnp.arrays(np.uint8, shapes, elements=st.integers(0, 1))


def test_exactly_half_is_a_one() -> None:
    below = np.nextafter(np.float32(0.5), np.float32(0))
    soft = np.array([[0.0, below, 0.5, 1.0]], np.float32)
    bits = binarise(soft)
    assert bits.tolist() == [[0, 0, 1, 1]]
    assert bits.dtype == np.uint8


def test_the_first_bit_is_the_highest_of_its_byte() -> None:
    bits = np.zeros((1, 16), np.uint8)
    bits[0, 0] = bits[0, 15] = 1
    packed = pack(bits)
    assert packed.tolist() == [[128, 1]]
    assert packed.dtype == np.uint8


@given(bit_arrays())
def test_packing_loses_nothing(bits: Bits) -> None:
    packed = pack(bits)
    assert packed.shape == (len(bits), bits.shape[1] // 8)
    np.testing.assert_array_equal(unpack(packed, bits.shape[1]), bits)


def test_packing_takes_booleans_and_no_rows() -> None:
    assert pack(np.ones((2, 8), bool)).tolist() == [[255], [255]]
    assert pack(np.zeros((0, 128), np.uint8)).shape == (0, 16)


@pytest.mark.parametrize("shape", [(2, 7), (2, 9), (1, 12), (8,), (2, 2, 8)])
def test_bits_that_do_not_fill_bytes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="whole bytes"):
        pack(np.zeros(shape, np.uint8))


@given(st.data())
def test_hamming_counts_differing_bits(data: st.DataObject) -> None:
    a = data.draw(bit_arrays())
    b = data.draw(hnp.arrays(np.uint8, (4, a.shape[1]), elements=st.integers(0, 1)))
    found = hamming(pack(a), pack(b))
    assert found.tolist() == reference.hamming(a.tolist(), b.tolist())
    assert found.dtype == np.int32


@pytest.mark.parametrize("bits", [128, 256, 1024])
def test_hamming_reaches_every_bit(bits: int) -> None:
    zeros, ones = np.zeros((2, bits), np.uint8), np.ones((3, bits), np.uint8)
    np.testing.assert_array_equal(hamming(pack(zeros), pack(ones)), np.full((2, 3), bits))


def test_codes_of_another_length_are_not_compared() -> None:
    # Lengths that fill up to the same words, and one byte, which numpy would spread.
    for other in (12, 1, 24):
        with pytest.raises(ValueError, match=f"16 and of {other} bytes"):
            hamming(np.zeros((2, 16), np.uint8), np.zeros((3, other), np.uint8))


def test_hamming_takes_rows_that_lie_apart_in_memory() -> None:
    codes = np.random.default_rng(0).integers(0, 256, (9, 40), dtype=np.uint8)
    part = codes[::2, 3:19]
    np.testing.assert_array_equal(hamming(part, part), hamming(part.copy(), part.copy()))
    assert hamming(part, part).max() > 40


def test_hamming_of_no_rows() -> None:
    none, some = np.zeros((0, 16), np.uint8), np.zeros((3, 16), np.uint8)
    assert hamming(none, some).shape == (0, 3)
    assert hamming(some, none).shape == (3, 0)


@given(bit_arrays())
def test_hamming_is_a_metric(bits: Bits) -> None:
    packed = pack(bits)
    d = hamming(packed, packed)
    np.testing.assert_array_equal(d, d.T)
    same = (bits[:, None, :] == bits[None, :, :]).all(axis=2)
    np.testing.assert_array_equal(d == 0, same)
    assert (d[:, None, :] <= d[:, :, None] + d[None, :, :]).all()
    assert d.min() >= 0
    assert d.max() <= bits.shape[1]
