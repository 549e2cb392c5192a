"""Errors of the library name settings; the command line adds how each is set here."""

import argparse
import re

from mirs_core.config.settings import settings

_NAME = re.compile(r"\b[a-z]+\.[a-z_]+\b")


def with_flags(message: str, args: argparse.Namespace) -> str:
    """``message`` with the option that changes the first setting it names, if the verb has it."""
    if not hasattr(args, "changes") or "--set" in message:
        return message
    names = {f"{group}.{item.name}" for group, item in settings()}
    named = next((name for name in _NAME.findall(message) if name in names), None)
    return message if named is None else f"{message} (--set {named}=...)"
