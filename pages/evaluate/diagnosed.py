"""The diagnostics of the chosen models, with the errors of those that cannot be read."""

from collections.abc import Sequence

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.evaluation.diagnostics import Diagnostics, Sampling
from pages.shared import loaders, words
from pages.shared.palette import Model


def reports(models: Sequence[Model]) -> list[tuple[Model, Diagnostics]]:
    """Each model with its diagnostics; shows what was sampled, and errors."""
    pairs = []
    for model in models:
        try:
            pairs.append((model, loaders.diagnosis(model.id)))
        except MirsError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
    sampled = [report.sampling for _, report in pairs if not report.sampling.is_whole]
    for line in dict.fromkeys(map(_in_words, sampled)):
        st.caption(words.plain(line))
    return pairs


def _in_words(sampling: Sampling) -> str:
    parts = [f"Sampled: {sampling.queries:,} of {sampling.of_queries:,} test tiles as queries"]
    if sampling.tiles < sampling.of_tiles:
        parts.append(
            f"recall and distances over {sampling.tiles:,} of {sampling.of_tiles:,} archive tiles"
        )
    if sampling.codes < sampling.of_tiles:
        parts.append(f"codes of {sampling.codes:,} archive tiles")
    if sampling.bits < sampling.of_tiles:
        parts.append(f"bits of {sampling.bits:,}")
    return "; ".join(parts) + "."
