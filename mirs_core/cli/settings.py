"""Settings as the help of a verb lists them."""

import dataclasses
from collections.abc import Iterable
from typing import Any


def epilog(named: Iterable[tuple[str, "dataclasses.Field[Any]"]]) -> str:
    """All settings with their defaults, for argparse, which reads % as a sign of its own."""
    lines = (f"  {name}={item.default}  {item.metadata['help']}" for name, item in named)
    return "settings and their defaults:\n" + "\n".join(lines).replace("%", "%%")
