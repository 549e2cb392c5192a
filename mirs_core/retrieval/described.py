"""The query of a description: synthetic tiles that show what is looked for."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mirs_core.datasets.descriptions import Description
from mirs_core.datasets.descriptions.description import VERSION
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.feature_store import encode_one
from mirs_core.files import sha256
from mirs_core.hashing.baseline import FloatModel
from mirs_core.retrieval import retriever
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher

RENDERINGS = 9
"""How many tiles are rendered for a description. An odd number, so that each bit has a majority."""


def query_by_description(
    searcher: Searcher, description: Description, renderings: int = RENDERINGS
) -> Query:
    """The query of a description.

    What a description leaves to chance should not decide the results. So the query is the majority
    of the codes of several renderings, bit by bit (the mean of the features for a baseline).

    Raises:
        EncoderError: the run's encoder cannot be loaded.
    """
    features = features_of(searcher.encoder(), description, renderings)
    return query_of_features(searcher, description, features)


def features_of(
    encoder: Encoder,
    description: Description,
    renderings: int = RENDERINGS,
    version: int = VERSION,
) -> NDArray[np.float32]:
    """The features (renderings, D) of tiles that show a description."""
    tiles = [variant.render(version) for variant in description.variants(renderings)]
    return np.stack([encode_one(tile, encoder) for tile in tiles])


def query_of_features(
    searcher: Searcher, description: Description, features: NDArray[np.float32]
) -> Query:
    """The query of a description whose tiles have ``features`` (N, D), by the run's encoder."""
    model = searcher.retriever.model
    codes = retriever.encode(model, features, "target")
    code = codes.mean(axis=0, keepdims=True) if isinstance(model, FloatModel) else majority(codes)
    name = f"{description} (synthetic)"
    return Query(name=name, code=code, content=sha256(name.encode()))


def majority(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The code (1, bits/8) of which each bit is that of most ``codes`` (N, bits/8); 1 at a tie."""
    ones = np.unpackbits(codes, axis=1).sum(axis=0, dtype=np.int64)
    return np.packbits(2 * ones >= len(codes))[None]


def png(tile: NDArray[np.uint8]) -> bytes:
    """A tile as the bytes of a PNG file, marked as synthetic."""
    from PIL.PngImagePlugin import PngInfo

    about = PngInfo()
    about.add_text("Comment", "Synthetic tile of MIRS Explorer; no real pixel in it")
    buffer = io.BytesIO()
    Image.fromarray(tile).save(buffer, "PNG", pnginfo=about)
    return buffer.getvalue()
