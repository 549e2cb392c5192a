"""Prints pip constraints that pin every requirement to its lower bound, for ``make check-lowest``.

torch and torchvision are left out: their old builds are several gigabytes each.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOT_PINNED = {"torch", "torchvision"}


def constraints(text: str) -> list[str]:
    """One ``name==version`` for each ``name>=version`` of a requirements file."""
    bounds = re.findall(r"^([A-Za-z0-9_.-]+)>=([0-9.]+)", text, re.MULTILINE)
    return [f"{name}=={version}" for name, version in bounds if name not in NOT_PINNED]


if __name__ == "__main__":
    sys.stdout.write("\n".join(constraints((ROOT / "requirements.txt").read_text("utf-8"))) + "\n")
