"""The panel "Describe what you look for": sliders, and a tile that is the query."""

import secrets

import streamlit as st

from mirs_core.datasets.descriptions import FORMS, Description, Form
from mirs_core.datasets.descriptions.forms import BY_NAME
from mirs_core.datasets.descriptions.measured import AP_AT_64, quality
from mirs_core.datasets.descriptions.parameters import DEGREES, METRES, Parameter
from mirs_core.datasets.images import Pixels, read_image
from mirs_core.errors import MirsError
from mirs_core.retrieval.search import Searcher
from pages.shared import loaders, state, words

_FORM, _SEED, _LAST = "mirs.describe.form", "mirs.describe.seed", "mirs.describe.last"
_WISH, _ABOUT = "mirs.describe.wish", "mirs.describe.about"
_FIRST = Description("crater", size=700, sun=270)
_HELP = (
    "What you do not set is left to chance. So that chance does not decide the results, nine tiles"
    " of the description are rendered, and each bit of the query is that of most of their codes."
)


def offer() -> None:
    """Draws the button that describes the query, a tile or an image, in numbers."""
    st.button(
        "Describe",
        icon=":material/tune:",
        type="tertiary",
        on_click=_ask,
        help="Search for the description whose synthetic tile comes nearest to this one, to change"
        " it: like this one, but smaller.",
    )


def _ask() -> None:
    st.session_state[_WISH], st.session_state[state.VIEW] = state.query(), state.DESCRIBE


def draw(searcher: Searcher) -> state.Described:
    """Draws the controls; the description becomes the query, which is returned."""
    if (wish := st.session_state.pop(_WISH, None)) is not None:
        _describe(searcher, wish)
    _adopt()
    st.html('<p class="mirs-eyebrow">Describe what you look for</p>')
    name = st.selectbox("Landform", [form.name for form in FORMS], key=_FORM, format_func=_title)
    form = BY_NAME[name]
    values = _values(form)
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Another example",
            icon=":material/casino:",
            on_click=_another,
            help="Another tile of the same description.",
            type="tertiary",
        )
    st.caption(_quality(form))
    of_form, about = st.session_state.get(_ABOUT) or ("", "")
    if of_form == form.name:
        st.caption(about)
    source = state.Described(Description(form.name, seed=st.session_state[_SEED], **values))
    if not isinstance(state.query(), state.Described):
        state.forget_examples()
        state.remember(source)
    state.put(source)
    st.session_state[_LAST] = source
    return source


def _values(form: Form) -> dict[str, float]:
    """The parameters that are set, with a slider for each."""
    titles = {entry.name: entry.title for entry in form.parameters}
    chosen = st.pills(
        "What matters",
        list(titles),
        selection_mode="multi",
        format_func=lambda name: titles[name],
        key=_said(form),
        help=_HELP,
    )
    return {entry.name: _slider(form, entry) for entry in form.parameters if entry.name in chosen}


def _slider(form: Form, parameter: Parameter) -> float:
    key = _key(form, parameter.name)
    st.session_state.setdefault(key, _start(parameter))
    return float(
        st.slider(
            parameter.title,
            float(parameter.low),
            float(parameter.high),
            step=float(parameter.step),
            format={METRES: "%d m", DEGREES: "%d°"}.get(parameter.unit, "%d"),
            help=parameter.help,
            key=key,
        )
    )


def _start(parameter: Parameter) -> float:
    if parameter.name == "sun":
        return 270.0
    middle = (parameter.low + parameter.high) / 2
    return float(round(middle / parameter.step) * parameter.step)


def _adopt() -> None:
    """Sets the controls to the description that is the query, if they did not make it."""
    current = state.query()
    if _FORM in st.session_state and current == st.session_state.get(_LAST):
        return
    described = current if isinstance(current, state.Described) else None
    if described is None and _FORM in st.session_state and _LAST in st.session_state:
        described = st.session_state[_LAST]
    description = described.description if described else _FIRST
    form = BY_NAME[description.form]
    st.session_state[_FORM], st.session_state[_SEED] = form.name, description.seed
    st.session_state[_said(form)] = list(description.values())
    for name, value in description.values().items():
        st.session_state[_key(form, name)] = float(value)


def _describe(searcher: Searcher, source: state.QuerySource) -> None:
    """Makes the description nearest to a tile or image the query, and says how near it is."""
    try:
        with st.spinner("Looking for the nearest description"):
            pixels = _pixels(searcher, source)
            nearest = loaders.nearest_description(searcher.summary.id, source.name, pixels)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/broken_image:")
        return
    distance = f"{nearest.distance:.3g} {searcher.unit}"
    st.session_state[_ABOUT] = (
        nearest.description.form,
        f"Of {nearest.tried} synthetic tiles this one comes nearest to"
        f" {words.plain(words.file_name(source.name))}, at a distance of {distance}. Change what"
        " should differ.",
    )
    state.forget_examples()
    described = state.Described(nearest.description)
    state.remember(described)
    state.put(described)


def _pixels(searcher: Searcher, source: state.QuerySource) -> Pixels:
    if source.tile_id is not None:
        return searcher.files.pixels(source.tile_id)
    return read_image(source.image or b"", source.name)


def _another() -> None:
    st.session_state[_SEED] = secrets.randbelow(100_000)


def _said(form: Form) -> str:
    return f"mirs.describe.{form.name}.said"


def _key(form: Form, name: str) -> str:
    return f"mirs.describe.{form.name}.{name}"


def _title(name: str) -> str:
    return name.capitalize()


def _quality(form: Form) -> str:
    landform, value = words.class_name(form.landform), AP_AT_64[form.landform]
    return (
        f"Real CTX tiles of the class {landform} are found {quality(form.landform)} by a"
        f" description: AP@64 is {value:.2f} on test tiles with MIRS."
    )
