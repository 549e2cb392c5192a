"""Columns read like the tuples that they replace, whatever their blocks and removed rows."""

import hashlib
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirs_core.columns import blocks, texts
from mirs_core.columns import lookup as lookup_module
from mirs_core.columns.blocks import Blocks, Layout
from mirs_core.columns.categories import Categories, code_type
from mirs_core.columns.column import Column
from mirs_core.columns.hashes import Hashes, hashes_or_texts
from mirs_core.columns.lookup import Lookup
from mirs_core.columns.numbers import Numbers
from mirs_core.columns.texts import Texts

WORDS = [None, "a", "b", "é" * 3, ""]
UNHURRIED = settings(deadline=None)
"""Machines that test are busy, and first calls import modules."""
NUMBERS = [None, 0.0, -12.25, 1 / 3, 359.999999]


def digest(value: object) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    removed = [
        np.array(sorted(draw(st.sets(st.integers(0, size - 1)))), dtype=np.int64) for size in sizes
    ]
    return Layout(tuple(sizes), tuple(removed))


def cut(values: list[Any], layout: Layout) -> list[list[Any]]:
    edges = np.cumsum([0, *layout.sizes]).tolist()
    return [values[a:b] for a, b in itertools.pairwise(edges)]


def present(values: list[Any], layout: Layout) -> list[Any]:
    pairs = zip(cut(values, layout), layout.removed, strict=True)
    return [v for piece, gone in pairs for row, v in enumerate(piece) if row not in set(gone)]


def columns(layout: Layout, picks: list[int]) -> list[tuple[Column[Any], list[Any]]]:
    """A column of every kind in these blocks, with the values that it must read as."""
    words = [WORDS[pick] for pick in picks]
    names = [word for word in WORDS if word is not None]
    codes = [np.array([-1 if w is None else names.index(w) for w in p]) for p in cut(words, layout)]
    numbers = [NUMBERS[pick] for pick in picks]
    ids = [f"tile {pick}/ü.png" for pick in picks]
    hashes = [digest(pick) for pick in picks]
    return [
        (
            Categories(Blocks([c.astype(np.int8) for c in codes], layout), names),
            present(words, layout),
        ),
        (
            Numbers(Blocks([np.array(p, dtype=float) for p in cut(numbers, layout)], layout)),
            present(numbers, layout),
        ),
        (Texts([pa.array(p, pa.string()) for p in cut(ids, layout)], layout), present(ids, layout)),
        (
            Hashes(
                Blocks(
                    [
                        np.frombuffer(bytes.fromhex("".join(p)), np.uint8).reshape(-1, 32)
                        for p in cut(hashes, layout)
                    ],
                    layout,
                )
            ),
            present(hashes, layout),
        ),
    ]


@UNHURRIED
@given(layouts(), st.data())
def test_a_column_reads_like_a_tuple(layout: Layout, data: st.DataObject) -> None:
    total = sum(layout.sizes)
    picks = data.draw(st.lists(st.integers(0, 4), min_size=total, max_size=total))
    for column, values in columns(layout, picks):
        assert len(column) == len(values) and list(column) == values
        assert column == values and column == tuple(values) and column != [*values, "x"]
        assert np.array(column, dtype=object).tolist() == values
        n = len(values)
        rows = data.draw(st.lists(st.integers(-n, n - 1), max_size=8)) if n else []
        assert list(column.take(np.array(rows, dtype=np.int64))) == [values[row] for row in rows]
        assert column.take(np.arange(n, dtype=np.int64)) == column
        step = data.draw(st.sampled_from([slice(None), slice(1, 5), slice(None, None, -2)]))
        assert column[step] == tuple(values[step])
        for row in rows:
            assert column[row] == values[row] and column[np.int64(row)] == values[row]
        for value in {*values, "nothing", None}:
            where = [row for row, own in enumerate(values) if own == value]
            assert column.rows_with(value).tolist() == where, (column, value)
            assert (value in column, column.count(value)) == (bool(where), len(where))
            if where:
                assert column.index(value) == where[0]
        with pytest.raises(ValueError, match="is not in the column"):
            column.index("nothing")
        with pytest.raises(IndexError):
            column[n]
        with pytest.raises(IndexError):
            column.take(np.array([n]))


@UNHURRIED
@given(layouts(), st.data())
def test_columns_of_other_blocks_are_equal_if_their_values_are(
    layout: Layout, data: st.DataObject
) -> None:
    total = sum(layout.sizes)
    picks = data.draw(st.lists(st.integers(0, 4), min_size=total, max_size=total))
    change = data.draw(st.integers(0, total - 1))
    altered = [pick if row != change else (pick + 1) % 5 for row, pick in enumerate(picks)]
    pairs = zip(columns(layout, picks), columns(layout, altered), strict=True)
    for (column, values), (other, others) in pairs:
        rows = np.arange(len(column), dtype=np.int64)
        assert column == column.take(rows) and (column == other) == (values == others)


@UNHURRIED
@given(st.lists(st.sampled_from(WORDS), max_size=30), st.sets(st.sampled_from([*WORDS, "z"])))
def test_masks_and_counts_agree_with_counting(
    values: list[str | None], allowed: set[str | None]
) -> None:
    column = Categories.of(values)
    assert column.mask(allowed).tolist() == [value in allowed for value in values]
    counts = column.counts()
    assert counts == {value: values.count(value) for value in set(values)}
    assert None not in counts or list(counts)[-1] is None


def test_codes_take_as_few_bytes_as_they_can() -> None:
    assert [code_type(n) for n in (0, 127, 128, 32_767, 32_768)] == [
        np.int8, np.int8, np.int16, np.int16, np.int32
    ]  # fmt: skip


@UNHURRIED
@given(st.lists(st.sampled_from(NUMBERS), max_size=20), st.sampled_from([-20.0, 0.0, 0.1]))
def test_ranges_of_numbers_include_both_ends(values: list[float | None], low: float) -> None:
    column = Numbers.of(values)
    inside = [value is not None and low <= value <= 359.999999 for value in values]
    assert column.between(low, 359.999999).tolist() == inside
    assert column.present().tolist() == [value is not None for value in values]


@UNHURRIED
@given(layouts(), st.booleans(), st.data())
def test_rows_are_looked_up_by_dict_or_by_index(
    layout: Layout, few: bool, data: st.DataObject
) -> None:
    total = sum(layout.sizes)
    picks = data.draw(st.lists(st.integers(0, 4), min_size=total, max_size=total))
    for column, values in columns(layout, picks)[2:]:
        assert isinstance(column, Texts | Hashes)
        names = [*dict.fromkeys(values), "nothing", digest("nothing")]
        lookup: Lookup[Any] = Lookup(column)
        lookup_module.FEW = 1 << 16 if few else -1
        where = [[row for row, own in enumerate(values) if own == name] for name in names]
        assert lookup.rows_of(names).tolist() == [max(rows, default=-1) for rows in where]
        assert [lookup.row_of(name) for name in names] == lookup.rows_of(names).tolist()
        assert lookup.rows_with(names[:2]).tolist() == sorted(
            itertools.chain.from_iterable(where[:2])
        )
        stored = Lookup(column, lookup.indexes)
        assert stored.rows_of(names).tolist() == lookup.rows_of(names).tolist()
    lookup_module.FEW = 1 << 16


def test_strings_whose_hashes_collide_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup_module, "FEW", -1)
    monkeypatch.setattr(texts, "text_keys", lambda array: np.zeros(len(array), dtype=np.uint64))
    names = [f"{n}.png" for n in range(50)]
    lookup = Lookup(Texts.of(names))
    assert lookup.rows_of([*names[::-1], "x"]).tolist() == [*range(49, -1, -1), -1]


def slow_key(text: str) -> int:
    """The hash by its definition, in whole numbers."""
    factor, modulus = 0x9E3779B97F4A7C15, 1 << 64
    data = text.encode()
    value = len(data)
    for position, byte in enumerate(data):
        value += (byte + 1) * pow(factor, position + 1, modulus)
    value %= modulus
    value ^= value >> 32
    value = value * factor % modulus
    return value ^ (value >> 29)


@UNHURRIED
@given(st.lists(st.text(max_size=12), max_size=12), st.integers(0, 3), st.booleans())
def test_hashes_of_strings_follow_their_definition(
    values: list[str], start: int, large: bool
) -> None:
    values = [value.encode("utf-8", "ignore").decode() for value in values]
    array = pa.array(values, type=pa.large_string() if large else pa.string()).slice(start)
    assert texts.text_keys(array).tolist() == [slow_key(value) for value in values[start:]]


def test_long_columns_are_cut_into_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 4)
    values: Sequence[str] = [f"{n}.png" for n in range(11)]
    assert Layout.of(11).sizes == (4, 4, 3) and Layout.of(0).sizes == (0,)
    for column in (
        Texts.of(values),
        Categories.of(values),
        hashes_or_texts([*map(digest, values)]),
    ):
        assert column.layout.sizes == (4, 4, 3)
        assert column[9] == column.tolist()[9]


def test_what_is_not_a_hash_stays_text() -> None:
    for odd in ("content 1", digest(1).upper(), digest(1)[:-1], ""):
        column = hashes_or_texts([digest(1), odd])
        assert isinstance(column, Texts) and list(column) == [digest(1), odd]
    assert isinstance(hashes_or_texts([digest(1)]), Hashes)


@UNHURRIED
@given(layouts(), st.data())
def test_blocks_read_like_an_array(layout: Layout, data: st.DataObject) -> None:
    total = sum(layout.sizes)
    array = np.random.default_rng(0).integers(0, 256, (total, 3)).astype(np.uint8)
    pieces = [np.array(piece).reshape(-1, 3) for piece in cut(array.tolist(), layout)]
    expected = np.array(present(array.tolist(), layout), dtype=np.uint8).reshape(-1, 3)
    rows = Blocks([piece.astype(np.uint8) for piece in pieces], layout)
    assert rows.shape == expected.shape and rows.dtype == np.uint8 and rows.ndim == 2
    assert rows.nbytes == expected.nbytes and len(rows) == len(expected)
    assert np.array_equal(rows.whole(), expected) and np.array_equal(np.asarray(rows), expected)
    mask = np.arange(len(expected)) % 2 == 0
    for key in (slice(1, 3), mask, np.flatnonzero(mask), (slice(None), 0), (mask, slice(0, 2))):
        assert np.array_equal(rows[key], expected[key])
    assert np.array_equal(rows.astype(np.float32), expected.astype(np.float32))
