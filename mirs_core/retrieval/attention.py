"""Attention maps: which parts of a tile make it similar to a query.

Grad-CAM (Selvaraju et al. 2017, section 3) applied to hash codes: instead of a class score, the map
explains how well a tile agrees with the query's code, that is, the sum over all bits of the tile's
logit, taken as positive where the query's bit is one and negative where it is zero. Baselines have
no bits; theirs is the inner product with the query's features.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mirs_core.datasets.images import Pixels
from mirs_core.hashing.baseline import FloatModel
from mirs_core.hashing.hash_function import HashFunction
from mirs_core.ranking.codes import unpack
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher

_STRENGTH = 0.62
# Dark violet to yellow with rising lightness, so that it also reads in greyscale.
_COLOURS = ((0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164))


def attention(searcher: Searcher, image: Pixels, query: Query) -> NDArray[np.float32]:
    """Which parts of ``image`` agree with ``query``; also works for the query's own image.

    The image is taken as it is, even where codes are made of several views, and of features with
    statistics of an inner block only those of the last maps are shown.

    Returns:
        (h, w) in 0..1, the evidence in each cell of the encoder's last feature maps, which cover
        the central square of the tile; all 0 where nothing agrees with the query.

    Raises:
        EncoderError: the encoder has no feature maps, or cannot be loaded.
    """
    encoder = searcher.encoder()
    batch = encoder.transform(image)[None]
    maps = encoder.maps(batch)[0].numpy()
    features = maps.mean(axis=(1, 2))
    if encoder.parts:
        features = encoder.encode(batch)[0].numpy()
    weights = _gradient(searcher.retriever.model, features, query.code[0])
    return weighted(maps, weights[: len(maps)])


def weighted(maps: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """The evidence (h, w) in 0..1: maps (D, h, w) summed with the channel weights (D,)."""
    positive = np.tensordot(weights, maps, axes=1).astype(np.float32).clip(min=0)
    maximum = float(positive.max(initial=0))
    return (positive / maximum if maximum > 0 else positive).astype(np.float32)


def _gradient(
    model: HashFunction | FloatModel, features: NDArray[np.float32], code: NDArray[Any]
) -> NDArray[np.float32]:
    """The gradient (D,) of the agreement with a code, with respect to the features."""
    import torch

    x = torch.from_numpy(features)[None].requires_grad_()
    with torch.enable_grad():
        agreement(model, x, code).backward()
    gradient: NDArray[np.float32] = x.grad[0].numpy() if x.grad is not None else 0 * features
    return gradient


def agreement(model: HashFunction | FloatModel, x: Any, code: NDArray[Any]) -> Any:
    """The agreement of features (1, D), a tensor, with a code; a tensor without dimensions."""
    import torch

    if isinstance(model, HashFunction):
        from mirs_core.hashing.model import HashModel

        signs = torch.from_numpy(unpack(code[None], model.bits).astype(np.float32) * 2 - 1)
        network = HashModel.of(model)
        network.head.eval()
        return (network.head(network.transforms["target"](x)) * signs).sum()
    compared = x if model.mean is None else x - torch.from_numpy(model.mean)
    query = torch.from_numpy(code.astype(np.float32))[None]
    # Not the distance: its gradient is zero at the query itself.
    return (compared * query).sum()


def overlay(image: Pixels, heat: NDArray[np.float32]) -> Pixels:
    """The central square (S, S, 3) of a tile in grey, coloured where ``heat`` (h, w) is high."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    cut = image[top : top + side, left : left + side].astype(np.float32)
    grey = cut if cut.ndim == 2 else cut.mean(axis=2)
    wide = np.asarray(
        Image.fromarray(heat.astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC)
    ).clip(0, 1)
    places = np.linspace(0, 1, len(_COLOURS))
    colours = np.stack(
        [np.interp(wide, places, [colour[i] for colour in _COLOURS]) for i in range(3)], axis=-1
    )
    share = (_STRENGTH * wide)[..., None]
    blended: Pixels = (grey[..., None] * (1 - share) + colours * share).round().astype(np.uint8)
    return blended
