"""Real files as seeds: copies of the tiles and rasters in a folder, which is only read."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmarks.mutations.seed import IMAGE, Seed

_FORMATS = {
    ".jpg": ("jpeg", "jpeg"), ".jpeg": ("jpeg", "jpeg"), ".png": ("png", "png"),
    ".tif": ("tiff", "tiff"), ".jp2": ("jp2", "jp2"), ".cub": ("isis", "label"),
}  # fmt: skip
_MOST_BYTES = 500_000
_MOST_FILES = 24


def real_seeds(folder: Path, source: Path) -> Iterator[Seed]:
    """Seeds of up to 24 files of each format below ``source``, spread over all of them."""
    paths: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(source.rglob("*")):
        format, _ = _FORMATS.get(path.suffix.lower(), ("", ""))
        if format and path.is_file() and path.stat().st_size <= _MOST_BYTES:
            paths[format].append(path)
    for format, candidates in paths.items():
        step = max(1, len(candidates) // _MOST_FILES)
        for number, path in enumerate(candidates[::step][:_MOST_FILES]):
            target = folder / format / str(number) / path.name
            target.parent.mkdir(parents=True)
            target.write_bytes(path.read_bytes())
            edits = _FORMATS[path.suffix.lower()][1]
            yield Seed(format, IMAGE, target.parent, target.name, target.name, edits)
