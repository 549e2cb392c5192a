"""Spellings of one label: classes that differ only in case, blanks, underscores or hyphens."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

_BETWEEN_WORDS = re.compile(r"[\s_\-\u2010-\u2015]+")
_LISTED = 10


def variants(labels: Mapping[str, int]) -> list[dict[str, int]]:
    """Labels that are spellings of one another, with their numbers of tiles, the commonest first.

    Spellings differ in case, in what stands between words, or in their Unicode form. Groups are in
    alphabetical order.
    """
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    for label in sorted(labels, key=lambda label: (-labels[label], label)):
        groups[_key(label)][label] = labels[label]
    return [groups[key] for key in sorted(groups) if len(groups[key]) > 1]


def merged(labels: Mapping[str, int], fixed: Mapping[str, int]) -> dict[str, str]:
    """What each label becomes that is not the spelling of its group.

    That is the commonest spelling of the data set which the tiles are added to (``fixed``), or else
    the commonest of their own, the alphabetically first of equally common ones.
    """
    becomes: dict[str, str] = {}
    totals = Counter(labels) + Counter(fixed)
    for group in variants(totals):
        spelling = next((label for label in group if label in fixed), next(iter(group)))
        becomes |= {label: spelling for label in group if label != spelling and label in labels}
    return becomes


def notes(
    labels: Mapping[str, int], fixed: Mapping[str, int], becomes: Mapping[str, str]
) -> Iterator[str]:
    """One line for each group of spellings: how many tiles have which, and what can be done.

    Args:
        fixed: labels of the data set which the tiles are added to.
        becomes: labels that are replaced, as ``merged`` returns them; empty if none is.
    """
    for group in variants(Counter(labels) + Counter(fixed)):
        if not group.keys() & labels.keys():
            continue
        names = ", ".join(repr(label[:80]) for label in list(group)[:_LISTED])
        tiles = ", ".join(f"{count:,}" for count in list(group.values())[:_LISTED])
        spelling = next((becomes[label] for label in group if label in becomes), None)
        if spelling is not None:
            yield f"{names} ({tiles} tiles) were merged into {spelling[:80]!r}."
        else:
            yield (
                f"{names} differ in {_what(group)} only ({tiles} tiles), and are {len(group)}"
                " classes; merge labels (--merge-labels) to make them one."
            )


def _what(group: Mapping[str, int]) -> str:
    composed = {unicodedata.normalize("NFC", label) for label in group}
    if len(composed) == 1:
        return "the Unicode form of their letters"
    folded = {label.casefold() for label in composed}
    return "upper and lower case" + ("" if len(folded) == 1 else ", blanks, underscores or hyphens")


def _key(label: str) -> str:
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", label).casefold())
    return _BETWEEN_WORDS.sub(" ", plain).strip()
