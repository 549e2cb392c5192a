"""Encoders trained end to end: what from, on what, and the start of the job."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from mirs_core import jobs
from mirs_core.encoders import fine_tuning as finetuning
from mirs_core.encoders.fine_tuned_store import list_encoders
from mirs_core.encoders.fine_tuning import FineTuneConfig
from mirs_core.encoders.loading import encoder_names
from mirs_core.errors import MirsError
from mirs_core.system import devices
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import notice
from pages.shared import words
from pages.train import device as device_part

_SHOWN = ("epochs", "batch_size", "learning_rate")


def draw(home: Home, known: Sequence[runs.RunSummary]) -> None:
    """Draws the form, the devices and the encoders that were made here."""
    left, right = st.columns([1, 2], gap="large")
    with left:
        chosen = _form(home, known)
    with right:
        st.html(
            '<p class="mirs-lead">A fine-tuned encoder knows Mars before a head is trained on it.'
            " It takes minutes on a CPU and seconds on a GPU, goes on after a break, and can then"
            " be chosen by its name wherever an encoder is asked for.</p>"
        )
        device = device_part.draw(devices.devices())
        if chosen:
            data, config = chosen
            st.button(
                "Train the encoder",
                type="primary",
                icon=":material/play_arrow:",
                on_click=_submit,
                args=(data, config, device),
            )
        _made(home)


def _form(home: Home, known: Sequence[runs.RunSummary]) -> tuple[Path, FineTuneConfig] | None:
    titles = {
        str(run.data_root): run.data_title for run in known if run.usable and run.data_root.is_dir()
    }
    if not titles:
        st.info("No data set is known yet.", icon=":material/folder_off:")
        return None
    data = st.selectbox("Data set", list(titles), format_func=titles.__getitem__)
    fields = {item.name: item for item in finetuning.settings()}
    objective = st.selectbox(
        "Objective",
        fields["objective"].metadata["choices"],
        help=fields["objective"].metadata["help"],
    )
    base = st.selectbox(
        fields["encoder"].metadata["label"],
        encoder_names(home),
        help=fields["encoder"].metadata["help"],
        accept_new_options=True,
    )
    seed = st.number_input("Seed", 0, 2**32 - 1, 0, help=fields["seed"].metadata["help"])
    plain = finetuning.configure(str(objective))
    values: dict[str, Any] = {name: _number(fields[name], plain, name) for name in _SHOWN}
    try:
        return Path(str(data)), finetuning.configure(
            str(objective), encoder=str(base), seed=int(seed), **values
        )
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None


def _number(item: "dataclasses.Field[Any]", plain: FineTuneConfig, name: str) -> Any:
    meta, value = item.metadata, getattr(plain, name)
    kind = type(value)
    return kind(
        st.number_input(
            meta["label"],
            kind(meta["low"]),
            kind(meta["high"]),
            value,
            key=f"mirs.encoder.{name}.{plain.objective}",
            format="%d" if kind is int else "%g",
            help=meta["help"],
        )
    )


def _submit(data: Path, config: FineTuneConfig, device: devices.Device) -> None:
    home = Home.current()

    def work() -> None:
        made = finetuning.prepare(home, data, config)
        title = f"Train encoder {made}"
        words_of = ["train-encoder", "--resume", made]
        if device.processes > 1:
            words_of.append(f"--processes={device.processes}")
        jobs.submit(home, words_of, title, lane=device.lane)

    notice.act("The encoder's training is queued.", work)


def _made(home: Home) -> None:
    found = list_encoders(home)
    if not found:
        return
    st.dataframe(
        {
            "Encoder": [one.id for one in found],
            "Objective": [one.objective for one in found],
            "From": [one.base for one in found],
            "Data": [one.data for one in found],
            "State": [one.state for one in found],
            "Validation": [
                ", ".join(f"{name} {value:.3f}" for name, value in one.validation.items())
                for one in found
            ],
        },
        hide_index=True,
        alt="Encoders that were fine-tuned here",
    )
