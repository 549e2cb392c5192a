"""The form of a training, generated from the fields of the configuration."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import streamlit as st

from mirs_core.config.presets import PRESETS, from_preset
from mirs_core.config.relevance import idle
from mirs_core.config.settings import RunConfig, settings
from mirs_core.encoders.loading import encoder_help, encoder_names
from mirs_core.errors import ConfigError
from mirs_core.workspace.home import Home
from pages.parts import data_choice
from pages.shared import access, words

_VALUES, _PRESET, _DATA, _SEED, _ROUND = (
    "mirs.train.values",
    "mirs.train.preset",
    "mirs.train.data",
    "mirs.train.seed",
    "mirs.train.round",
)
_DRAWN, _VALID, _TYPED = "mirs.train.drawn", "mirs.train.sound", "mirs.train.typed"
_OTHER = "Another folder ..."
_FIRST = (
    "loss.push_weight",
    "loss.balance_weight",
    "loss.metric",
    "loss.margin",
    "head.bits",
    "training.epochs",
    "whitening.enabled",
    "loss.interclass_weight",
)
"""The main settings; the others are folded away by group."""
_GROUPS = {
    "features": "Features",
    "head": "Hash head",
    "codes": "Codes",
    "loss": "Other loss settings",
    "whitening": "Whitening",
    "training": "Optimiser",
    "archive": "Archive",
    "quirks": "Deviations in the 2021 code",
}
_FOLDERS = {
    "archive.data": "Same as the training data set",
    "whitening.target": "Tiles of the archive",
}
"""Settings that name a data set, and what their empty value stands for."""
_STEPS = (1.0, 2.0, 5.0)
_MIN_EXPONENT = -5
_Field = dataclasses.Field


def draw(home: Home) -> RunConfig | None:
    """Draws the form; returns its configuration, or None while that is incomplete or invalid."""
    folders = data_choice.titles(home)
    data = _data(folders)
    left, right = st.columns([2, 1])
    with left:
        preset = st.selectbox(
            "Preset",
            list(PRESETS),
            index=list(PRESETS).index(st.session_state.get(_PRESET, "mirs")),
            key=f"{_PRESET}.widget",
            on_change=_set_preset,
            help="A named set of settings, which the fields below modify.",
        )
    with right:
        seed = int(
            st.number_input(
                "Seed",
                0,
                2**32 - 1,
                st.session_state.get(_SEED, 0),
                key=f"{_SEED}.widget",
                on_change=_set_seed,
                help="Determines the split of the data set and the initial weights.",
            )
        )
    st.session_state[_DRAWN] = preset, data, seed
    config, problem = _built(preset, data, seed)
    values = {
        f"{g}.{f.name}": (f, _value(preset, f"{g}.{f.name}"))
        for g, f in settings()
        if f.metadata["in_form"]
    }
    # While the settings contradict each other, the fields of the last valid ones stay visible.
    valid = config or _built(preset, data or "none", seed)[0]
    if valid is not None:
        st.session_state[_VALID] = valid
    reference = st.session_state.get(_VALID) or from_preset(preset, data="")
    active = [name for name in values if not idle(reference, name)]
    for name in (name for name in _FIRST if name in active):
        _widget(name, *values[name], preset, folders)
    _encoder(home, preset)
    for group, title in _GROUPS.items():
        own = [n for n in active if n.startswith(f"{group}.") and n not in _FIRST]
        if own:
            changed = sum(name in _changes() for name in own)
            with st.expander(f"{title} · {changed} changed" if changed else title):
                for name in own:
                    _widget(name, *values[name], preset, folders)
    if _changes():
        changes = ", ".join(f"{name} = {_text(value)}" for name, value in _changes().items())
        st.caption(words.plain(f"Changed from the preset: {changes}"))
        st.button("Reset to preset", icon=":material/undo:", on_click=_reset, width="stretch")
    if problem:
        st.error(words.plain(problem), icon=":material/error:")
    return config


def current() -> RunConfig:
    """The configuration of the widgets at this moment.

    Raises:
        ConfigError: it is incomplete or invalid.
    """
    config, problem = _built(*st.session_state[_DRAWN])
    if config is None:
        raise ConfigError(problem or "Choose a data set first.")
    return config


def fill(values: dict[str, Any]) -> None:
    """Enters values into the form, as if they had been typed."""
    _changes().update(values)
    _redraw()


def _changes() -> dict[str, Any]:
    """The values that differ from the preset, by setting."""
    return cast(dict[str, Any], st.session_state.setdefault(_VALUES, {}))


def _redraw() -> None:
    """Gives every widget a new key, so that it shows the present value."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


def _reset() -> None:
    st.session_state[_VALUES] = {}
    _redraw()


def _set_preset() -> None:
    st.session_state[_PRESET] = st.session_state[f"{_PRESET}.widget"]
    _reset()


def _set_seed() -> None:
    st.session_state[_SEED] = int(st.session_state[f"{_SEED}.widget"])


def _built(preset: str, data: str, seed: int) -> tuple[RunConfig | None, str]:
    if not data:
        return None, ""
    changes = [f"{name}={_text(value)}" for name, value in _changes().items()]
    try:
        return from_preset(preset, data=data, seed=seed, changes=changes), ""
    except ConfigError as error:
        return None, str(error)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(preset: str, name: str) -> Any:
    return _changes().get(name, _of_preset(preset, name))


def _data(folders: Mapping[str, str]) -> str:
    """Draws the choice of the data set; returns its folder, or an empty string."""
    options = [*folders, *([_OTHER] if access.is_private() else [])]
    previous = st.session_state.get(_DATA)
    place = options.index(previous) if previous in options else 0
    choice = st.selectbox(
        "Data set",
        options,
        index=place,
        format_func=lambda root: folders.get(root, root),
        key=f"{_DATA}.widget",
        on_change=lambda: st.session_state.update({_DATA: st.session_state[f"{_DATA}.widget"]}),
    )
    if choice != _OTHER:
        return str(choice)
    typed = st.text_input(
        "Folder on this computer",
        st.session_state.get(_TYPED, ""),
        placeholder="/home/me/tiles",
        key=f"{_TYPED}.widget",
        on_change=lambda: st.session_state.update({_TYPED: st.session_state[f"{_TYPED}.widget"]}),
    ).strip()
    if typed and not Path(typed).expanduser().is_dir():
        st.error("No such folder on this computer.", icon=":material/folder_off:")
        return ""
    return str(Path(typed).expanduser().resolve()) if typed else ""


def _encoder(home: Home, preset: str) -> None:
    current_name = _value(preset, "encoder.name")
    options = list(dict.fromkeys([*encoder_names(home), current_name]))
    key = _key("encoder.name")
    st.session_state.setdefault(key, current_name)
    st.selectbox(
        "Encoder",
        options,
        key=key,
        accept_new_options=True,
        on_change=_set,
        args=("encoder.name", key, preset),
        help=encoder_help(),
    )


def _key(name: str) -> str:
    return f"mirs.train.{name}.{st.session_state.get(_ROUND, 0)}"


def _set(name: str, key: str, preset: str) -> None:
    """Stores the value of a widget, if it differs from the preset."""
    value = st.session_state[key]
    if name in _FOLDERS and value:
        value = data_choice.absolute(value)
    _changes().pop(name, None)
    if value is not None and value != _of_preset(preset, name):
        _changes()[name] = value


def _widget(
    name: str, item: "_Field[Any]", value: Any, preset: str, folders: Mapping[str, str]
) -> None:
    meta, key = item.metadata, _key(name)
    unit = f" [{meta['unit']}]" if meta["unit"] else ""
    # The value is set through the state: with a new value as argument it would be a new widget.
    st.session_state.setdefault(key, value)
    common: dict[str, Any] = {
        "label": f"{meta['label']}{unit}",
        "help": f"{meta['help']} ({name})",
        "key": key,
        "on_change": _set,
        "args": (name, key, preset),
    }
    if item.type is bool:
        st.toggle(**common)
    elif meta["choices"]:
        st.selectbox(options=list(meta["choices"]), **common)
    elif name in _FOLDERS:
        data_choice.select(folders, empty=_FOLDERS[name], value=value, **common)
    elif item.type is str:
        st.text_input(**common)
    elif meta["log"]:
        extra = (value, _of_preset(preset, name))
        options = log_steps(meta["low"], meta["high"], extra)
        st.select_slider(options=options, format_func=_short, **common)
    elif item.type is int:
        least, most = int(meta["low"]), int(meta["high"])
        st.number_input(min_value=least, max_value=most, step=1, **common)
    else:
        low, high = float(meta["low"]), float(meta["high"])
        step = (high - low) / 20
        st.number_input(min_value=low, max_value=high, step=step, format="%g", **common)


def _of_preset(preset: str, name: str) -> Any:
    group, _, leaf = name.partition(".")
    return getattr(getattr(from_preset(preset, data=""), group), leaf)


def _short(value: float) -> str:
    return f"{value:g}"


def log_steps(low: float, high: float, extra: Iterable[float] = ()) -> list[float]:
    """The steps of a logarithmic slider: 1, 2 and 5 of each decade, and both ends of the range.

    Args:
        extra: further values to include.
    """
    steps = {float(f"{step}e{exponent}") for exponent in range(_MIN_EXPONENT, 5) for step in _STEPS}
    inside = {step for step in steps if low <= step <= high}
    return sorted({*inside, float(low), float(high), *extra})
