"""``python -m mirs_core``."""

import os
import sys

# Idle OpenMP threads spin by default; with a busy neighbour that slows a query a hundred times.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

if __name__ == "__main__":
    from mirs_core.cli import main

    sys.exit(main())
