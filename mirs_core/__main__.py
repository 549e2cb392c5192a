"""``mirs``, or ``python -m mirs_core``."""

import os
import sys

# Idle OpenMP threads spin by default; next to a busy process that slows a query a hundredfold.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def main() -> int:
    """Runs the command in ``sys.argv`` and returns its exit status."""
    from mirs_core.cli import main as command_line

    return command_line()


if __name__ == "__main__":
    sys.exit(main())
