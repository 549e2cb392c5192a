"""``project``: the map of a run's hash space."""

import argparse
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.hash_space import layout as mapping
from mirs_core.workspace.home import Home


def project(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Lays the archive of a run out in two dimensions, and keeps the map with the run."""
    found = mapping.project(Home.current(), args.run, args.seed, console.progress)
    fidelity = found.fidelity
    return found.to_json(), "\n".join(
        [
            f"map              of {len(found.points):,} tiles, in {found.seconds:.1f} s",
            f"trustworthiness  {fidelity.trustworthiness:.3f}",
            f"preservation     {fidelity.preservation:.3f} of the 10 nearest",
        ]
    )
