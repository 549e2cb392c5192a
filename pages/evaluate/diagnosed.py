"""The diagnostics of the chosen models, with the errors of those that cannot be read."""

from collections.abc import Sequence

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.evaluation.diagnostics import Diagnostics
from pages.shared import loaders, words
from pages.shared.palette import Model


def reports(models: Sequence[Model]) -> list[tuple[Model, Diagnostics]]:
    """Each model with its diagnostics; shows the error of a model that cannot be read."""
    pairs = []
    for model in models:
        try:
            pairs.append((model, loaders.diagnosis(model.id)))
        except MirsError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
    return pairs
