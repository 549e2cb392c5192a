"""BibTeX entries for an export: the software, the data set, the instrument."""

from mirs_core import __version__
from mirs_core.datasets.manifest import Card

_SOFTWARE = f"""@software{{mirs_explorer,
  title = {{{{MIRS Explorer}}}},
  author = {{{{MIRS Explorer contributors}}}},
  version = {{{__version__}}},
  license = {{MIT}}
}}"""
_DOMARS = """@article{wilhelm2020domars16k,
  title = {{DoMars16k: A Diverse Dataset for Weakly Supervised Geomorphologic Analysis on Mars}},
  author = {Wilhelm, Thorsten and Geis, Melina and P{\\"u}ttschneider, Jens and Sievernich, Timo
    and Weber, Tobias and Wohlfarth, Kay and W{\\"o}hler, Christian},
  journal = {Remote Sensing},
  volume = {12}, number = {23}, pages = {3981}, year = {2020},
  doi = {10.3390/rs12233981}
}"""
_LANDMARKS = """@dataset{hirise_landmarks,
  title = {{Mars orbital image (HiRISE) labeled data set version 3.2}},
  year = {2020}, publisher = {Zenodo},
  doi = {10.5281/zenodo.4002935}
}"""
_CTX = """@article{malin2007ctx,
  title = {{Context Camera Investigation on board the Mars Reconnaissance Orbiter}},
  author = {Malin, Michael C. and others},
  journal = {Journal of Geophysical Research: Planets},
  volume = {112}, number = {E5}, pages = {E05S04}, year = {2007},
  doi = {10.1029/2006JE002808}
}"""
_HIRISE = """@article{mcewen2007hirise,
  title = {{Mars Reconnaissance Orbiter's High Resolution Imaging Science Experiment (HiRISE)}},
  author = {McEwen, Alfred S. and others},
  journal = {Journal of Geophysical Research: Planets},
  volume = {112}, number = {E5}, pages = {E05S02}, year = {2007},
  doi = {10.1029/2005JE002605}
}"""


def bibtex(card: Card) -> str:
    """What to cite for a data set; for synthetic tiles the software alone.

    The published data sets are recognised by their name or title. The citation on the card is free
    text, so it becomes a comment.
    """
    parts = [_SOFTWARE]
    if card.synthetic:
        return "\n\n".join([*parts, "% The tiles are synthetic: no imagery is to be cited.\n"])
    instrument, names = card.instrument.lower(), f"{card.name} {card.title}".lower()
    if "ctx" in instrument or "context" in instrument:
        parts += [_DOMARS, _CTX] if "domars" in names else [_CTX]
    if "hirise" in instrument:
        parts += [_LANDMARKS, _HIRISE] if "landmark" in names else [_HIRISE]
    if card.citation:
        citation = " ".join(card.citation.split())
        parts.append(f"% The data set asks to be cited as: {citation}")
    return "\n\n".join(parts) + "\n"
