"""Evaluate: how well the models of a data set find, and why."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from mirs_core import diagnostics, lineup, runs
from mirs_core.errors import MirsError
from mirs_core.standings import Standing
from pages.ui import downloads, first_run, loaders, palette, published, sidebar, state, words
from pages.ui.palette import Model
from pages.ui.standing_table import standing_table

SCORES, RANKING, CODES, TABLES = "Scores", "Ranking", "Codes", "Published tables"
_PARTS = {"scores": SCORES, "ranking": RANKING, "codes": CODES, "published": TABLES}
_WORST = 3


def main() -> None:
    """Draws the page."""
    state.restore_evaluation()
    found = runs.list_runs(runs.home_folder())
    if first_run.is_wanted(found):
        first_run.draw()
        return
    chosen = sidebar.data_set(lineup.data_sets(found))
    picked = sidebar.models(chosen)
    if chosen.synthetic:
        sidebar.synthetic()
    shown = [run for run in chosen.runs if run.id in picked]
    models = palette.models(shown, sidebar.titles(chosen.runs))
    part = _part(chosen)
    if part == TABLES:
        published.draw(runs.home_folder(), chosen)
    elif part == SCORES:
        _scores(models)
    elif part == RANKING:
        _ranking(models)
    else:
        _codes(models, chosen)
    state.write_link(state.evaluation_link())


def _part(chosen: lineup.DataSet) -> str:
    """Draws the head of the page; returns the part of it that is asked for."""
    if st.session_state.get(state.PART) not in _PARTS:
        st.session_state[state.PART] = "scores"
    kind = " · synthetic, not real imagery" if chosen.synthetic else ""
    st.html(
        f'<div class="mirs-head"><h2>How well they find</h2>'
        f"<p>{escape(chosen.title)}{kind}</p></div>"
    )
    part = st.segmented_control(
        "Part",
        list(_PARTS),
        format_func=_PARTS.__getitem__,
        key=state.PART,
        required=True,
        label_visibility="collapsed",
    )
    return _PARTS[part or "scores"]


def _scores(models: Sequence[Model]) -> None:
    found = _standings(models)
    if not found:
        return
    by_id = {model.id: model for model in models}
    kept = [by_id[standing.run.id] for standing in found]
    first = found[0]
    st.html(
        '<p class="mirs-lead">'
        f"{first.queries:,} test tiles, each ranked against {first.archive_tiles:,} archive tiles"
        " whose labels no training read. mAP@64 divides by min(R, 64); the interval is the 95 %"
        " bootstrap over queries.</p>"
    )
    if not all(standing.same_archive for standing in found):
        st.warning(
            "These models were measured on different archives (another seed or split):"
            " their scores do not compare.",
            icon=":material/balance:",
        )
    st.html(standing_table(found, kept))
    downloads.rows("scores", [_row(standing) for standing in found])
    from pages.ui import charts

    _title("By landform", "mAP@64 of the queries of each class; n counts them.")
    charts.show(
        charts.class_bars(kept, [standing.per_class for standing in found]),
        "mirs.e.classes",
        "Bars: mAP@64 of each landform and model",
    )
    downloads.rows(
        "scores-by-landform",
        [
            {"run": standing.run.id, "class": label, "queries": n, "map_at_64": value}
            for standing in found
            for label, (n, value) in standing.per_class.items()
        ],
    )


def _standings(models: Sequence[Model]) -> list[Standing]:
    """What the models measured, without those that fail; says so where nothing was measured."""
    good = []
    for model in models:
        try:
            good += [model.id] if loaders.standing([model.id]) else []
        except MirsError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
    if not good:
        _unmeasured()
    return loaders.standing(good) if good else []


def _unmeasured() -> None:
    st.info(
        "Nothing was measured here: mAP needs labelled test tiles and a labelled archive. Give the"
        " data set folders named after classes, or look at the codes.",
        icon=":material/label_off:",
    )


def _row(standing: Standing) -> dict[str, object]:
    against = standing.against.interval if standing.against else None
    return {
        "run": standing.run.id,
        "archive_id": standing.run.archive_id,
        "seed": standing.run.seed,
        "map_at_64": standing.value.value,
        "low": standing.value.low,
        "high": standing.value.high,
        "hits": standing.hits.value,
        "ties_best": standing.ties[0],
        "ties_expected": standing.ties[1],
        "ties_worst": standing.ties[2],
        "queries": standing.queries,
        "skipped": sum(standing.skipped.values()),
        "archive_bytes": standing.archive_bytes,
        "bits": standing.run.bits,
        "difference": against.value if against else None,
        "difference_low": against.low if against else None,
        "difference_high": against.high if against else None,
    }


def _diagnosed(models: Sequence[Model]) -> list[tuple[Model, diagnostics.Diagnostics]]:
    """The diagnostics of the models that open; the reason on the page for the others."""
    found = []
    for model in models:
        try:
            found.append((model, loaders.diagnosis(model.id)))
        except MirsError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
    return found


def _ranking(models: Sequence[Model]) -> None:
    found = _diagnosed(models)
    measured = [(model, one) for model, one in found if one.precision]
    if not measured:
        if found:
            _unmeasured()
        return
    from pages.ui import charts

    left, right = st.columns(2, gap="large")
    with left:
        _title("Precision by rank", "The share of the first k that are of the query's class.")
        charts.show(
            charts.curves(
                [charts.Labelled(model, one.precision) for model, one in measured],
                "k, results looked at",
                "precision",
                "First %{x:.0f}",
            ),
            "mirs.e.precision",
            "Lines: precision at k of each model with 95 % bands",
        )
    with right:
        _title("Precision by recall", "Interpolated, over the whole archive; bands are 95 %.")
        charts.show(
            charts.curves(
                [charts.Labelled(model, one.recall) for model, one in measured],
                "recall",
                "precision",
                "Recall %{x:.0%}",
            ),
            "mirs.e.recall",
            "Lines: precision against recall of each model with 95 % bands",
        )
    downloads.rows("curves", [row for model, one in measured for row in _curve_rows(model, one)])
    _title(
        "What it finds instead",
        "Classes of the first min(R, 64) results in percent: queries down, results across. A query"
        " has R tiles of its class in the archive, so 100 on the diagonal is perfect.",
    )
    for column, (model, one) in zip(_columns(len(measured)), measured, strict=False):
        with column:
            _confusion(model, one)
    downloads.values("ranking", {model.id: one.to_json() for model, one in measured})


def _confusion(model: Model, one: diagnostics.Diagnostics) -> None:
    from pages.ui import charts

    table = one.confusion
    if table is None:
        return
    st.html(_name(model))
    figure = charts.confusion(model, table)
    charts.show(figure, f"mirs.e.confusion.{model.id}", f"Confusions of {model.title}")
    worst = diagnostics.largest_confusions(table, _WORST)
    lines = "".join(
        f"<li>{escape(words.class_name(query))} → {escape(words.class_name(result))}"
        f"<b>{share:.0%}</b></li>"
        for query, result, share in worst
    )
    st.html(f'<ol class="mirs-worst">{lines}</ol>')


def _curve_rows(model: Model, one: diagnostics.Diagnostics) -> list[dict[str, object]]:
    named = (("precision_at_k", one.precision), ("precision_by_recall", one.recall))
    return [
        {"run": model.id, "curve": name, "x": float(x), "mean": float(y), "low": float(low),
         "high": float(high)}
        for name, curve in named
        if curve is not None
        for x, y, low, high in zip(curve.x, curve.mean, curve.low, curve.high, strict=True)
    ]  # fmt: skip


def _codes(models: Sequence[Model], chosen: lineup.DataSet) -> None:
    found = _diagnosed(models)
    if not found:
        return
    apart = [(model, one) for model, one in found if one.distances]
    from pages.ui import charts

    if apart:
        _title(
            "Distances", "Of test tiles to the archive's tiles of their own class, and of others."
        )
        for column, (model, one) in zip(_columns(len(apart)), apart, strict=False):
            with column:
                _distances(model, one, chosen)
    hashed = [(model, one) for model, one in found if one.bits and one.use]
    if not hashed:
        st.info("Float features have no bits; choose a hash model too.", icon=":material/memory:")
        return
    _title(
        "Codes",
        "Tiles that share a code cannot be told apart or ranked; a good code has no bit that is"
        " always the same, and none that repeats another.",
    )
    st.html(_use_table(hashed))
    if any(one.use and one.use.classes for _, one in hashed):
        _title("Codes per tile, by landform", f"Classes of {diagnostics.BROWSABLE} tiles or more.")
        shares = [
            {c.label: (c.tiles, c.share) for c in one.use.classes} if one.use else {}
            for _, one in hashed
        ]
        charts.show(
            charts.class_bars([model for model, _ in hashed], shares),
            "mirs.e.distinct",
            "Bars: distinct codes per tile of each landform and model",
        )
    for column, (model, one) in zip(_columns(len(hashed)), hashed, strict=False):
        with column:
            st.html(_name(model))
            _collisions(one)
    _title("Bits", "Left: how often each is one. Right: which say the same (red) or the opposite.")
    for model, one in hashed:
        if one.bits is None:
            continue
        st.html(_name(model))
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
    from pages.ui import charts

    if one.distances is None:
        return
    tau = _agreement(model, chosen)
    order = "the features themselves" if one.unit != "bits" else "order within a class not known"
    if tau is not None:
        order = f"order within a class as the features give it: τ {tau:.2f}"
    st.html(
        f'{_name(model)}<p class="mirs-note" title="Chance that a tile of the own class is nearer'
        ' than one of another; 50 % is chance.">'
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
        rows.append(f"<tr><th scope='row'>{_swatch(model)}</th>{row}</tr>")
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


def _columns(count: int) -> list[st.delta_generator.DeltaGenerator]:
    """Columns for small multiples: at most three beside each other, four two by two."""
    across = 2 if count == 4 else min(count, 3)
    rows = -(-count // across)
    cells = [cell for _ in range(rows) for cell in st.columns(across, gap="large")]
    return cells[:count]


def _title(name: str, about: str) -> None:
    st.html(f'<div class="mirs-section"><h3>{escape(name)}</h3><p>{escape(about)}</p></div>')


def _name(model: Model) -> str:
    return f'<p class="mirs-model">{_swatch(model)}</p>'


def _swatch(model: Model) -> str:
    return f'<i class="mirs-swatch" style="--c:{model.colour}"></i>{escape(model.title)}'


main()
