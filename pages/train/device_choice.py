"""The choice of the device for a training, with its present load."""

from collections.abc import Sequence

import streamlit as st

from mirs_core.system.devices import Device

_GIGA = 1e9


def draw(devices: Sequence[Device]) -> Device:
    """Draws the choice; returns the chosen device, the first one by default."""
    by_lane = {device.lane: device for device in devices}
    lane = st.radio(
        "Device", list(by_lane), format_func=lambda lane: describe(by_lane[lane]), horizontal=True
    )
    return by_lane[str(lane)]


def describe(device: Device) -> str:
    """A device in a line: name, memory in use, load."""
    parts = [device.name]
    if device.memory and device.used is not None:
        parts.append(f"{device.used / _GIGA:.0f} of {device.memory / _GIGA:.0f} GB used")
    if device.busy is not None:
        parts.append(f"{device.busy:.0%} busy")
    return ", ".join(parts)
