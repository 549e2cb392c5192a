"""The Encoder part of Train: fine-tuning an encoder end to end."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from mirs_core import jobs
from mirs_core.encoders import fine_tuning
from mirs_core.encoders.fine_tuned_store import list_encoders
from mirs_core.encoders.fine_tuning import FineTuneConfig
from mirs_core.encoders.loading import encoder_names
from mirs_core.errors import MirsError
from mirs_core.jobs.kinds.train_encoder import TrainEncoder
from mirs_core.system import devices
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import notice
from pages.shared import words
from pages.train import device_choice

_FIELDS = ("epochs", "batch_size", "learning_rate")


def draw(home: Home, all_runs: Sequence[runs.RunSummary]) -> None:
    """Draws the form, the choice of the device, and the fine-tuned encoders."""
    left, right = st.columns([1, 2], gap="large")
    with left:
        request = _form(home, all_runs)
    with right:
        st.html(
            '<p class="mirs-lead">Fine-tuning adapts an encoder to images of Mars before a hash'
            " head is trained on its features. It takes minutes on a CPU and seconds on a GPU, and"
            " can be resumed after an interruption. The result is available by its name wherever"
            " an encoder can be chosen.</p>"
        )
        device = device_choice.draw(devices.devices())
        if request:
            data, config = request
            st.button(
                "Train encoder",
                type="primary",
                icon=":material/play_arrow:",
                on_click=_submit,
                args=(data, config, device),
            )
        _encoders(home)


def _form(home: Home, all_runs: Sequence[runs.RunSummary]) -> tuple[Path, FineTuneConfig] | None:
    titles = {
        str(run.data_root): run.data_title
        for run in all_runs
        if run.usable and run.data_root.is_dir()
    }
    if not titles:
        st.info("There is no data set yet.", icon=":material/folder_off:")
        return None
    data = st.selectbox("Data set", list(titles), format_func=titles.__getitem__)
    fields = {item.name: item for item in fine_tuning.settings()}
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
    defaults = fine_tuning.configure(str(objective))
    values: dict[str, Any] = {name: _number(fields[name], defaults, name) for name in _FIELDS}
    try:
        return Path(str(data)), fine_tuning.configure(
            str(objective), encoder=str(base), seed=int(seed), **values
        )
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None


def _number(item: "dataclasses.Field[Any]", defaults: FineTuneConfig, name: str) -> Any:
    meta, value = item.metadata, getattr(defaults, name)
    kind = type(value)
    return kind(
        st.number_input(
            meta["label"],
            kind(meta["low"]),
            kind(meta["high"]),
            value,
            key=f"mirs.encoder.{name}.{defaults.objective}",
            format="%d" if kind is int else "%g",
            help=meta["help"],
        )
    )


def _submit(data: Path, config: FineTuneConfig, device: devices.Device) -> None:
    home = Home.current()

    def work() -> None:
        encoder = fine_tuning.prepare(home, data, config)
        spec = TrainEncoder(resume=encoder, processes=device.processes)
        jobs.submit(home, spec, lane=device.lane)

    notice.run("Encoder training queued.", work)


def _encoders(home: Home) -> None:
    encoders = list_encoders(home)
    if not encoders:
        return
    st.dataframe(
        {
            "Encoder": [encoder.id for encoder in encoders],
            "Objective": [encoder.objective for encoder in encoders],
            "From": [encoder.base for encoder in encoders],
            "Data": [encoder.data for encoder in encoders],
            "State": [encoder.state for encoder in encoders],
            "Validation": [
                ", ".join(f"{name} {value:.3f}" for name, value in encoder.validation.items())
                for encoder in encoders
            ],
        },
        hide_index=True,
        alt="Fine-tuned encoders",
    )
