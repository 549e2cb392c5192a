"""The form of a training, made from the fields of the configuration: labels, ranges, defaults."""

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
_DRAWN, _SOUND, _TYPED = "mirs.train.drawn", "mirs.train.sound", "mirs.train.typed"
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
"""What people come for; the rest folds away by group."""
_GROUPS = {
    "head": "Hash head",
    "loss": "More of the loss",
    "whitening": "Whitening",
    "training": "Optimiser and epochs",
    "archive": "Archive",
    "quirks": "Quirks of 2021",
}
_FOLDERS = {
    "archive.data": "The training data set",
    "whitening.target": "The archive's tiles",
}
"""Settings that name a data set, and what they take where they are empty."""
_STEPS = (1.0, 2.0, 5.0)
_LEAST_EXPONENT = -5
_Field = dataclasses.Field


def draw(home: Home) -> RunConfig | None:
    """Draws the form; the configuration that it stands for, or None where it has no sense yet."""
    folders = data_choice.titles(home)
    data = _data(folders)
    left, right = st.columns([2, 1])
    with left:
        preset = st.selectbox(
            "Preset",
            list(PRESETS),
            index=list(PRESETS).index(st.session_state.get(_PRESET, "mirs")),
            key=f"{_PRESET}.widget",
            on_change=_take_preset,
            help="A named set of settings; every change below is a change of it.",
        )
    with right:
        seed = int(
            st.number_input(
                "Seed",
                0,
                2**32 - 1,
                st.session_state.get(_SEED, 0),
                key=f"{_SEED}.widget",
                on_change=_take_seed,
                help="Halves the data set and starts the weights.",
            )
        )
    st.session_state[_DRAWN] = preset, data, seed
    config, problem = _built(preset, data, seed)
    values = {f"{g}.{f.name}": (f, _value(preset, f"{g}.{f.name}")) for g, f in settings()}
    # While settings contradict each other, those stay in sight that were when they did not.
    sound = config or _built(preset, data or "none", seed)[0]
    if sound is not None:
        st.session_state[_SOUND] = sound
    told = st.session_state.get(_SOUND) or from_preset(preset, data="")
    shown = [name for name in values if not idle(told, name)]
    for name in (one for one in _FIRST if one in shown):
        _widget(name, *values[name], preset, folders)
    _encoder(home, preset)
    for group, title in _GROUPS.items():
        own = [n for n in shown if n.startswith(f"{group}.") and n not in _FIRST]
        if own:
            changed = sum(name in _changes() for name in own)
            with st.expander(f"{title} · {changed} changed" if changed else title):
                for name in own:
                    _widget(name, *values[name], preset, folders)
    if _changes():
        said = ", ".join(f"{name} = {_word(value)}" for name, value in _changes().items())
        st.caption(words.plain(f"Changed from the preset: {said}"))
        st.button("Back to the preset", icon=":material/undo:", on_click=_forget, width="stretch")
    if problem:
        st.error(words.plain(problem), icon=":material/error:")
    return config


def current() -> RunConfig:
    """The configuration that the widgets stand for at this moment.

    Raises:
        ConfigError: it has no sense.
    """
    config, problem = _built(*st.session_state[_DRAWN])
    if config is None:
        raise ConfigError(problem or "Choose a data set first.")
    return config


def use(values: dict[str, Any]) -> None:
    """Puts values into the form, as if somebody had typed them."""
    _changes().update(values)
    _fresh()


def _changes() -> dict[str, Any]:
    """What differs from the preset: setting to value."""
    return cast(dict[str, Any], st.session_state.setdefault(_VALUES, {}))


def _fresh() -> None:
    """Draws every widget anew, so that it shows its value."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


def _forget() -> None:
    st.session_state[_VALUES] = {}
    _fresh()


def _take_preset() -> None:
    st.session_state[_PRESET] = st.session_state[f"{_PRESET}.widget"]
    _forget()


def _take_seed() -> None:
    st.session_state[_SEED] = int(st.session_state[f"{_SEED}.widget"])


def _built(preset: str, data: str, seed: int) -> tuple[RunConfig | None, str]:
    if not data:
        return None, ""
    changes = [f"{name}={_word(value)}" for name, value in _changes().items()]
    try:
        return from_preset(preset, data=data, seed=seed, changes=changes), ""
    except ConfigError as error:
        return None, str(error)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(preset: str, name: str) -> Any:
    return _changes().get(name, _of_preset(preset, name))


def _data(folders: Mapping[str, str]) -> str:
    """Draws the choice of the data set; returns its folder, or nothing."""
    options = [*folders, *([_OTHER] if access.is_private() else [])]
    kept = st.session_state.get(_DATA)
    place = options.index(kept) if kept in options else 0
    chosen = st.selectbox(
        "Data set",
        options,
        index=place,
        format_func=lambda root: folders.get(root, root),
        key=f"{_DATA}.widget",
        on_change=lambda: st.session_state.update({_DATA: st.session_state[f"{_DATA}.widget"]}),
    )
    if chosen != _OTHER:
        return str(chosen)
    typed = st.text_input(
        "Folder on this computer",
        st.session_state.get(_TYPED, ""),
        placeholder="/home/me/tiles",
        key=f"{_TYPED}.widget",
        on_change=lambda: st.session_state.update({_TYPED: st.session_state[f"{_TYPED}.widget"]}),
    ).strip()
    if typed and not Path(typed).expanduser().is_dir():
        st.error("There is no such folder on this computer.", icon=":material/folder_off:")
        return ""
    return str(Path(typed).expanduser().resolve()) if typed else ""


def _encoder(home: Home, preset: str) -> None:
    now = _value(preset, "encoder.name")
    options = list(dict.fromkeys([*encoder_names(home), now]))
    key = _key("encoder.name")
    st.session_state.setdefault(key, now)
    st.selectbox(
        "Encoder",
        options,
        key=key,
        accept_new_options=True,
        on_change=_take,
        args=("encoder.name", key, preset),
        help=encoder_help(),
    )


def _key(name: str) -> str:
    return f"mirs.train.{name}.{st.session_state.get(_ROUND, 0)}"


def _take(name: str, key: str, preset: str) -> None:
    """Keeps what a widget says, if it differs from the preset."""
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
    # The value goes in through the state: as an argument, a new one would be another widget.
    st.session_state.setdefault(key, value)
    common: dict[str, Any] = {
        "label": f"{meta['label']}{unit}",
        "help": f"{meta['help']} ({name})",
        "key": key,
        "on_change": _take,
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
        more = (value, _of_preset(preset, name))
        options = log_steps(meta["low"], meta["high"], more)
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


def log_steps(low: float, high: float, more: Iterable[float] = ()) -> list[float]:
    """The steps of a slider on a log scale: 1, 2 and 5 of each decade, 0 where it is allowed.

    Args:
        more: values that have to be among them.
    """
    steps = {
        float(f"{step}e{exponent}") for exponent in range(_LEAST_EXPONENT, 5) for step in _STEPS
    }
    inside = {step for step in steps if low <= step <= high}
    return sorted({*inside, float(low), float(high), *more})
