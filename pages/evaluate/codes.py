"""The part of the Evaluate page that looks at the codes themselves."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.evaluation import diagnostics
from pages.parts import downloads, sections
from pages.shared import lineup, loaders, words
from pages.shared.palette import Model


def draw(found: Sequence[tuple[Model, diagnostics.Diagnostics]], chosen: lineup.DataSet) -> None:
    """Draws how the codes of the chosen models spread: distances, use, bits."""
    apart = [(model, one) for model, one in found if one.distances]
    from pages.parts import charts

    if apart:
        sections.section(
            "Distances", "Of test tiles to the archive's tiles of their own class, and of others."
        )
        for column, (model, one) in zip(sections.columns(len(apart)), apart, strict=False):
            with column:
                _distances(model, one, chosen)
    hashed = [(model, one) for model, one in found if one.bits and one.use]
    if not hashed:
        st.info("Float features have no bits; choose a hash model too.", icon=":material/memory:")
        return
    sections.section(
        "Codes",
        "Tiles that share a code cannot be told apart or ranked; a good code has no bit that is"
        " always the same, and none that repeats another.",
    )
    st.html(_use_table(hashed))
    if any(one.use and one.use.classes for _, one in hashed):
        sections.section(
            "Codes per tile, by landform", f"Classes of {diagnostics.BROWSABLE} tiles or more."
        )
        shares = [
            {c.label: (c.tiles, c.share) for c in one.use.classes} if one.use else {}
            for _, one in hashed
        ]
        charts.show(
            charts.class_bars([model for model, _ in hashed], shares),
            "mirs.e.distinct",
            "Bars: distinct codes per tile of each landform and model",
        )
    for column, (model, one) in zip(sections.columns(len(hashed)), hashed, strict=False):
        with column:
            st.html(sections.model_name(model))
            _collisions(one)
    sections.section(
        "Bits", "Left: how often each is one. Right: which say the same (red) or the opposite."
    )
    for model, one in hashed:
        if one.bits is None:
            continue
        st.html(sections.model_name(model))
        left, right = st.columns([1.5, 1], gap="large")
        with left:
            charts.show(
                charts.balance([charts.Labelled(model, one.bits)]),
                f"mirs.e.balance.{model.id}",
                f"Bars: share of ones in each bit of {model.title}",
            )
        with right:
            charts.show(
                charts.correlation(one.bits),
                f"mirs.e.correlation.{model.id}",
                f"Correlation of the bits of {model.title}",
            )
    downloads.values("codes", {model.id: one.to_json() for model, one in found})


def _distances(model: Model, one: diagnostics.Diagnostics, chosen: lineup.DataSet) -> None:
    from pages.parts import charts

    if one.distances is None:
        return
    tau = _agreement(model, chosen)
    order = "the features themselves" if one.unit != "bits" else "order within a class not known"
    if tau is not None:
        order = f"order within a class as the features give it: τ {tau:.2f}"
    st.html(
        f'{sections.model_name(model)}<p class="mirs-note" title="Chance that a tile of the own'
        ' class is nearer than one of another; 50 % is chance.">'
        f"own class nearer in {one.distances.overlap:.1%} of pairs<br>{order}</p>"
    )
    figure = charts.distances(model, one.distances, one.unit)
    charts.show(
        figure,
        f"mirs.e.distances.{model.id}",
        f"Distances within and between classes of {model.title}",
    )


def _agreement(model: Model, chosen: lineup.DataSet) -> float | None:
    """Mean tau of a hash model with the features that it hashes, where a baseline holds them."""
    by_id = {run.id: run for run in chosen.runs}
    own = by_id[model.id]
    baseline = next(
        (
            run.id
            for run in chosen.runs
            if not run.bits and (run.encoder, run.archive_id) == (own.encoder, own.archive_id)
        ),
        None,
    )
    if baseline is None or not own.bits:
        return None
    try:
        taus = loaders.agreement(model.id, baseline)
    except MirsError:
        return None
    return sum(taus) / len(taus) if taus else None


def _use_table(found: Sequence[tuple[Model, diagnostics.Diagnostics]]) -> str:
    rows = []
    for model, one in found:
        if one.use is None or one.bits is None:
            continue
        bits, use = len(one.bits.balance), one.use
        largest = use.collisions[0].size if use.collisions else 1
        cells = (
            f"<b>{use.distinct:,}</b> of {use.tiles:,}<small>{use.share:.0%}</small>",
            f"{largest:,} tile{'s' if largest > 1 else ''}",
            f"<b>{one.bits.effective:.1f}</b> of {bits}",
            f"{one.bits.dead}",
            f"{use.ones:.1f}<small>± {use.ones_sd:.1f}</small>",
        )
        row = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f"<tr><th scope='row'>{sections.swatch(model)}</th>{row}</tr>")
    titles = (
        ("Distinct codes", "Codes that the archive's tiles have, of as many as there are tiles"),
        ("Largest group", "Tiles that share one code"),
        ("Effective bits", "Independent bits that would spread as much: participation ratio of the"
         " eigenvalues of the bits' correlation (Gao et al. 2017)"),
        ("Dead bits", "Bits that are the same in all codes"),
        ("Ones", "Ones in a code, mean and standard deviation; half the bits at best"),
    )  # fmt: skip
    head = "".join(f'<th scope="col" title="{text}">{name}</th>' for name, text in titles)
    return (
        f'<div class="mirs-scroll"><table class="mirs-table"><thead><tr><th scope="col">Model</th>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _collisions(one: diagnostics.Diagnostics) -> None:
    groups = one.use.collisions[:5] if one.use else ()
    if not groups:
        st.caption("Every tile has a code of its own.")
        return
    lines = []
    for group in groups:
        alone = len(group.classes) == 1
        parts = [
            escape(words.class_name(label)) if alone else f"{n} {escape(words.class_name(label))}"
            for label, n in group.classes
        ]
        lines.append(f"<li>{', '.join(parts)}<b>{group.size}</b></li>")
    st.html(
        f'<p class="mirs-note">Largest groups under one code</p>'
        f'<ol class="mirs-worst">{"".join(lines)}</ol>'
    )
