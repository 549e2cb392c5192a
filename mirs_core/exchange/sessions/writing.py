"""The marks by which a session file refers to a data set and to models, and what fits into it."""

from collections.abc import Sequence

from mirs_core.errors import RunError
from mirs_core.exchange.sessions.session import (
    MAX_IMAGE_BYTES,
    DataSetMark,
    ModelMark,
    SavedImage,
)
from mirs_core.files import sha256
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from mirs_core.workspace.runs import RunSummary


def mark_of_data_set(run: RunSummary) -> DataSetMark:
    """The mark of the data set that a run archives."""
    return DataSetMark(run.data, run.data_title, run.manifest_digest, run.synthetic)


def mark_of_model(home: Home, run: RunSummary) -> ModelMark:
    """The mark of the model of a run.

    Raises:
        RunError: the run is gone, or its files cannot be read.
    """
    folder = runs.folder(home, run.id)
    try:
        digest = sha256(folder.model.read_bytes())
    except OSError as error:
        raise RunError(f"{folder.model} cannot be read ({error}).") from None
    encoder = str(folder.provenance().get("encoder", ""))
    return ModelMark(run.id, run.name, run.preset, digest, encoder)


def within_limits(images: Sequence[SavedImage]) -> tuple[tuple[SavedImage, ...], tuple[str, ...]]:
    """The first images that fit into a file, each once, and what is left out, in words."""
    room, chosen, left_out = MAX_IMAGE_BYTES, list[SavedImage](), list[str]()
    for image in dict.fromkeys(images):
        if len(image.data) <= room:
            room -= len(image.data)
            chosen.append(image)
        else:
            left_out.append(f"the image {image.name} ({len(image.data) / 1e6:.1f} MB)")
    return tuple(chosen), tuple(left_out)
