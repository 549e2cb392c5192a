"""Settings as the help of a verb lists them."""

import argparse
import dataclasses
from collections.abc import Iterable
from typing import Any


def list_settings(
    parser: argparse.ArgumentParser, named: Iterable[tuple[str, "dataclasses.Field[Any]"]]
) -> None:
    """Lists all settings with their defaults at the end of the help of ``parser``."""
    lines = (f"  {name}={item.default}  {item.metadata['help']}" for name, item in named)
    # argparse formats help texts with %.
    parser.epilog = "settings and their defaults:\n" + "\n".join(lines).replace("%", "%%")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def add_changes(parser: argparse.ArgumentParser) -> None:
    """The option that changes any setting of a preset."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="GROUP.FIELD=VALUE", dest="changes",
        help="change a setting of the preset; repeatable",
    )  # fmt: skip
