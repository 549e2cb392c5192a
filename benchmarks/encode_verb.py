"""The verb ``bench encode``."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.cli.verbs import verb
from mirs_core.system.tables import markdown
from mirs_core.workspace.home import Home

_COLUMNS = (
    "encoder",
    "engine",
    "weights",
    "tiles_per_s",
    "times_torch",
    "cosine_min",
    "difference_max",
    "decode_share",
)


def add(group: Any) -> None:
    """Adds the verb and its options."""
    parser = verb(group, "encode", _encode, "every encoder on every engine, in tiles/s")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="tiles to encode (default: synthetic ones)"
    )
    parser.add_argument("--tiles", type=int, default=96, metavar="N")
    parser.add_argument("--repeat", type=int, default=3, metavar="N")


def _encode(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    from benchmarks import encode

    data = args.data.expanduser().resolve() if args.data else None
    tiles, repeat = max(4, args.tiles), max(1, args.repeat)
    answer = encode.run(Home.current(), data, tiles, repeat, console.progress)
    rows = [
        [str(row.get(name, row.get("problem", ""))) for name in _COLUMNS] for row in answer["rows"]
    ]
    return answer, markdown(_COLUMNS, rows)
