"""The layout of the HiRISE landmarks: a folder of crops, a list of labels, a class map.

Most crops come with six augmented copies; those are left out, because training augments by itself.
All crops of an observation go to one split, so that no test query shares an observation with the
training tiles.
"""

import csv
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from mirs_core.datasets.download.layouts import move_tile
from mirs_core.errors import DataError
from mirs_core.mars import observations

SHARES = {"train": 0.7, "val": 0.2, "test": 0.1}
_COPIES = ("-r90", "-r180", "-r270", "-fh", "-fv", "-brt")
_MAX_TEXT = 50_000_000
_LABELS = re.compile(r"labels[-_]map[-_]proj[-_]v3(?:[-_.]\d+)*\.txt")
_CLASS_MAP = re.compile(r"landmarks[-_]map[-_]proj[-_]v3(?:[-_.]\d+)*[-_]classmap\.csv")


@dataclass(frozen=True, slots=True)
class Landmark:
    """A crop. ``path`` is relative to the folder of unpacked files."""

    path: str
    name: str
    label: str
    split: str


def is_needed(path: str) -> bool:
    """Whether an entry of the archive is an original crop or one of the two lists."""
    name = PurePosixPath(path).name
    is_list = _LABELS.fullmatch(name) or _CLASS_MAP.fullmatch(name)
    return bool(is_list) or (name.lower().endswith(".jpg") and not is_copy(name))


def is_copy(name: str) -> bool:
    """Whether a crop is a rotated, mirrored or brightened copy of another one, by its name."""
    return PurePosixPath(name).stem.endswith(_COPIES)


def read_landmarks(unpacked: Path, seed: int = 0) -> list[Landmark]:
    """The labelled original crops in ``unpacked``, assigned to splits by observation.

    Raises:
        DataError: a list is missing or invalid, a crop has two labels, or no crop has one.
    """
    names = _class_names(_only(unpacked, _CLASS_MAP, "class map"))
    labels = _labels(_only(unpacked, _LABELS, "list of labels"), names)
    paths: dict[str, str] = {}
    for path in sorted(unpacked.rglob("*")):
        if path.suffix.lower() == ".jpg" and not is_copy(path.name) and path.name in labels:
            if path.name in paths:
                raise DataError(f"The archive holds {path.name!r} twice.")
            paths[path.name] = path.relative_to(unpacked).as_posix()
    if not paths:
        raise DataError("No crop of the archive has a label; it has another layout.")
    label_by_name = {name: labels[name] for name in sorted(paths)}
    splits = split_by_observation(label_by_name, seed)
    return [
        Landmark(paths[name], name, label, splits[name]) for name, label in label_by_name.items()
    ]


def arrange_landmarks(unpacked: Path, target: Path, landmarks: Iterable[Landmark]) -> int:
    """Moves each landmark to its split and class below ``target``; returns the number of tiles."""
    count = 0
    for landmark in landmarks:
        tile = target / landmark.split / landmark.label / landmark.name
        move_tile(unpacked / landmark.path, tile)
        count += 1
    return count


def split_by_observation(labels: dict[str, str], seed: int) -> dict[str, str]:
    """The split of each crop: about 70, 20 and 10 per cent of every class.

    Observations are never divided. The largest come first; each goes to the split where the error
    grows least, the sum over splits and classes of (count - target)^2 / target. The result
    depends only on the names, their labels and ``seed``.
    """
    groups = _shuffled(labels, seed)
    totals = Counter(labels.values())
    counts_by_split: dict[str, Counter[str]] = {split: Counter() for split in SHARES}

    def growth(split: str, counts: Counter[str]) -> float:
        error = 0.0
        for label, n in counts.items():
            target = SHARES[split] * totals[label]
            error += n * (2 * (counts_by_split[split][label] - target) + n) / target
        return error

    split_by_name: dict[str, str] = {}
    for group in sorted(groups, key=len, reverse=True):
        counts = Counter(labels[name] for name in group)
        split = min(SHARES, key=lambda split: growth(split, counts))
        counts_by_split[split] += counts
        split_by_name.update(dict.fromkeys(group, split))
    return split_by_name


def _shuffled(labels: dict[str, str], seed: int) -> list[list[str]]:
    """Names by observation, in random order; a name without one counts as its own observation."""
    groups: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for name in sorted(labels):
        observation = observations.parse(name)
        groups[observation is None, observation.strip if observation else name].append(name)
    text = "\n".join(f"{name} {labels[name]}" for name in sorted(labels))
    key = hashlib.sha256(f"observations:{seed}:{text}".encode()).digest()
    order = np.random.default_rng(int.from_bytes(key, "big")).permutation(len(groups))
    ordered: Sequence[list[str]] = [groups[key] for key in sorted(groups)]
    return [ordered[i] for i in order]


def _only(unpacked: Path, pattern: re.Pattern[str], what: str) -> Path:
    matching = [p for p in unpacked.rglob("*") if pattern.fullmatch(p.name) and p.is_file()]
    if len(matching) != 1:
        raise DataError(f"The archive holds {len(matching)} files that could be its {what}.")
    return matching[0]


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > _MAX_TEXT:
            raise DataError(f"{path.name} is too large for a list of labels.")
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise DataError(f"{path.name} is not UTF-8 text.") from None


def _class_names(path: Path) -> dict[str, str]:
    """Class names by number; words are joined by underscores, as in folder names."""
    name_by_number: dict[str, str] = {}
    try:
        rows = [row for row in csv.reader(_lines(path)) if row]
    except csv.Error as error:
        raise DataError(f"{path.name} is not a valid CSV table ({error}).") from None
    for row in rows:
        name = re.sub(r"[^a-z0-9]+", "_", row[-1].lower()).strip("_")[:60]
        number = row[0].strip()
        if len(row) != 2 or not number.isdecimal() or not name or number in name_by_number:
            raise DataError(f"{path.name} has a line that is not a class: {','.join(row)[:80]!r}.")
        name_by_number[number] = name
    if len(set(name_by_number.values())) != len(name_by_number):
        raise DataError(f"{path.name} gives two classes the same name.")
    return name_by_number


def _labels(path: Path, names: dict[str, str]) -> dict[str, str]:
    """Class name by file name of the original crops."""
    label_by_name: dict[str, str] = {}
    for line in _lines(path):
        if not line.strip():
            continue
        name, _, number = line.strip().rpartition(" ")
        if not name or number not in names:
            raise DataError(f"{path.name} has a line that is not a label: {line[:80]!r}.")
        name = PurePosixPath(name.strip()).name
        if is_copy(name):
            continue
        if label_by_name.setdefault(name, names[number]) != names[number]:
            raise DataError(f"{path.name} gives {name[:80]!r} two classes.")
    return label_by_name
