"""Where the encoder looks: the places of a tile that hold it near to a query.

Gradient-weighted class activation (Grad-CAM, Selvaraju et al. 2017, section 3), taken to the code:
instead of a class score, what is explained is how firmly a tile holds the query's code, the sum
over all bits of the tile's logit, counted positive where the query's bit is one and negative where
it is zero. Baselines have no bits; theirs is the inner product with the query's features.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mirs_core.datasets.images import Pixels
from mirs_core.hashing.baseline import FloatModel
from mirs_core.hashing.model import HashModel
from mirs_core.ranking.codes import unpack
from mirs_core.retrieval.search import Query, Searcher

_STRENGTH = 0.62
# Dark violet to yellow, each step lighter than the one before: it reads in grey, too.
_COLOURS = ((0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164))


def attention(searcher: Searcher, image: Pixels, query: Query) -> NDArray[np.float32]:
    """What in ``image`` speaks for ``query``; ask with the query's own image to see what it holds.

    Returns:
        (h, w) in 0..1, the evidence at each place of the encoder's last maps, which lie over the
        central square of the tile; all 0 where nothing speaks for the query.

    Raises:
        EncoderError: the encoder has no maps that could be shown, or cannot be had.
    """
    encoder = searcher.encoder()
    maps = encoder.maps(encoder.transform(image)[None])[0].numpy()
    features = maps.mean(axis=(1, 2))
    weights = _gradient(searcher.retriever.model, features, query.code[0])
    return weighted(maps, weights)


def weighted(maps: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """The evidence (h, w) in 0..1 of maps (D, h, w) whose channels count by ``weights`` (D,)."""
    positive = np.tensordot(weights, maps, axes=1).astype(np.float32).clip(min=0)
    most = float(positive.max(initial=0))
    return (positive / most if most > 0 else positive).astype(np.float32)


def _gradient(
    model: HashModel | FloatModel, features: NDArray[np.float32], code: NDArray[Any]
) -> NDArray[np.float32]:
    """The gradient (D,) of the agreement with a code by the features."""
    import torch

    x = torch.from_numpy(features)[None].requires_grad_()
    with torch.enable_grad():
        agreement(model, x, code).backward()
    found: NDArray[np.float32] = x.grad[0].numpy() if x.grad is not None else 0 * features
    return found


def agreement(model: HashModel | FloatModel, x: Any, code: NDArray[Any]) -> Any:
    """How firmly features (1, D), a tensor, hold a code; a tensor without dimensions."""
    import torch

    if isinstance(model, HashModel):
        signs = torch.from_numpy(unpack(code[None], model.bits).astype(np.float32) * 2 - 1)
        model.head.eval()
        return (model.head(model.transforms["target"](x)) * signs).sum()
    compared = x if model.mean is None else x - torch.from_numpy(model.mean)
    asked = torch.from_numpy(code.astype(np.float32))[None]
    # The gradient of a distance is zero at the query itself, where there is most to see.
    return (compared * asked).sum()


def overlay(image: Pixels, heat: NDArray[np.float32]) -> Pixels:
    """The central square of a tile in grey, coloured where ``heat`` (h, w) is high; (S, S, 3)."""
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
