"""Searchers over arrays, without a file behind them, and archives drawn at random."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from mirs_core.datasets.items import ROLES, Items
from mirs_core.datasets.manifest import Card
from mirs_core.hashing.baseline import FloatModel
from mirs_core.hashing.model import HashHead, shared
from mirs_core.retrieval.retriever import Retriever
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def summary(run_id: str, distance: str = "hamming") -> runs.RunSummary:
    return runs.RunSummary(
        id=run_id, name=run_id, preset="mirs", encoder="", data="d", data_title="d",
        data_root=Path("/nowhere"), manifest_digest="", seed=0, archive_id=None, state="done",
        served=False, synthetic=False, map_at_64=None, bits=8, distance=distance, created="",
    )  # fmt: skip


def searcher_of(codes: np.ndarray, items: Items, distractors: tuple[str, ...] = ()) -> Searcher:
    """A searcher over arrays, without any file: bytes are hash codes, floats are a baseline's."""
    hashes = codes.dtype == np.uint8
    model = (
        shared(HashHead(4, codes.shape[1] * 8, (4,))).function()
        if hashes
        else FloatModel("euclidean")
    )
    distance = "hamming" if hashes else "euclidean"
    retriever = Retriever(model, codes, items, distractors)
    return Searcher(
        Home(Path()), summary("a", distance), Card.named("d"), Path("/nowhere"), retriever
    )


@st.composite
def archives(draw: st.DrawFn) -> tuple[np.ndarray, Items]:
    """Few different codes, so that ties are everywhere; copies; tiles without label or strip."""
    n = draw(st.integers(1, 25))

    def column(values: list[str | None]) -> tuple[str | None, ...]:
        return tuple(draw(st.lists(st.sampled_from(values), min_size=n, max_size=n)))

    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):
        codes = rng.integers(0, draw(st.sampled_from([2, 8, 256])), (n, 2)).astype(np.uint8)
    else:
        codes = rng.integers(0, draw(st.sampled_from([2, 4, 100])), (n, 3)).astype(np.float32)
    copies = draw(st.integers(1, n))
    items = Items(
        ids=tuple(f"{i}.png" for i in range(n)),
        labels=column(["a", "b", "x", None]),
        roles=tuple(role or "" for role in column(list(ROLES))),
        strips=column(["S1", "S2", None]),
        contents=tuple(f"content {i % copies}" for i in range(n)),
        latitudes=tuple(draw(st.sampled_from([None, -30.0, 10.0])) for _ in range(n)),
        longitudes=tuple(draw(st.sampled_from([None, 5.0, 355.0, 120.0])) for _ in range(n)),
    )
    return codes, items


def distance(one: np.ndarray, other: np.ndarray) -> float:
    if one.dtype == np.uint8:
        return sum((int(a) ^ int(b)).bit_count() for a, b in zip(one, other, strict=True))
    return float(np.sqrt(((one.astype(float) - other) ** 2).sum()))


def items_of(labels: list[str | None], roles: list[str] | None = None) -> Items:
    n = len(labels)
    return Items(
        ids=tuple(f"{i}.png" for i in range(n)),
        labels=tuple(labels),
        roles=tuple(roles or ["archive"] * n),
        strips=(None,) * n,
        contents=tuple(f"content {i}" for i in range(n)),
        latitudes=(None,) * n,
        longitudes=(None,) * n,
    )


def space(codes: np.ndarray, labels: list[str | None]) -> Retriever:
    n = len(codes)
    names = tuple(f"{i}.png" for i in range(n))
    strips = tuple("S1" if i % 3 else None for i in range(n))
    items = Items(names, tuple(labels), ("archive",) * n, strips, names, (None,) * n, (None,) * n)
    return searcher_of(codes, items).retriever


def labelled_searcher(
    items: Items, codes: NDArray[Any], distractors: tuple[str, ...] = ()
) -> Searcher:
    """A run in memory; a hash model where the codes are bytes."""
    hashes = codes.dtype == np.uint8
    summary = runs.RunSummary(
        id="run-1", name="My model", preset="mirs", encoder="", data="d", data_title="d",
        data_root=Path("/nowhere"), manifest_digest="", seed=0, archive_id=None, state="done",
        served=False, synthetic=False, map_at_64=None, bits=codes.shape[1] * 8 if hashes else None,
        distance="hamming" if hashes else "euclidean", created="",
    )  # fmt: skip
    model: Any = None if hashes else FloatModel("euclidean")
    card = dataclasses.replace(Card.named("d"), title="Set of mine")
    retriever = Retriever(model, codes, items, distractors)
    return Searcher(Home(Path("/nowhere")), summary, card, Path("/nowhere"), retriever)
