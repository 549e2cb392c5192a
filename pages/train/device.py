"""The choice of the device that a training runs on, with what is known of its load."""

from collections.abc import Sequence

import streamlit as st

from mirs_core.system.devices import Device

_GIGA = 1e9


def draw(found: Sequence[Device]) -> Device:
    """Draws the devices to choose from; returns the chosen one, the first where none was."""
    by_lane = {one.lane: one for one in found}
    lane = st.radio(
        "Device", list(by_lane), format_func=lambda lane: said(by_lane[lane]), horizontal=True
    )
    return by_lane[str(lane)]


def said(device: Device) -> str:
    """A device in a line: name, memory, how busy it is."""
    parts = [device.name]
    if device.memory and device.used is not None:
        parts.append(f"{device.used / _GIGA:.0f} of {device.memory / _GIGA:.0f} GB used")
    if device.busy is not None:
        parts.append(f"{device.busy:.0%} busy")
    return ", ".join(parts)
