"""BibTeX entries for an export: the software, the data set, the instrument."""

from mirs_core import __version__
from mirs_core.datasets.card import Card
from mirs_core.datasets.download import published_origin

_SOFTWARE = f"""@software{{mirs_explorer,
  title = {{{{MIRS Explorer}}}},
  author = {{{{MIRS Explorer contributors}}}},
  version = {{{__version__}}},
  license = {{MIT}}
}}"""
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
    """What to cite for results on a data set: software, tiles, camera.

    The tiles' entry is that of the published data set they were taken from, as their own card says.
    The citation text of the card follows as a comment, because it is free text. Synthetic tiles
    have neither a camera nor a publication.
    """
    parts = [_SOFTWARE]
    if card.synthetic:
        return "\n\n".join([*parts, "% The tiles are synthetic: there is no imagery to cite.\n"])
    if origin := published_origin(card):
        parts.append(origin.bibtex)
    instrument = card.instrument.lower()
    if "ctx" in instrument or "context" in instrument:
        parts.append(_CTX)
    if "hirise" in instrument:
        parts.append(_HIRISE)
    if card.citation:
        parts.append(f"% The data set asks to be cited as: {' '.join(card.citation.split())}")
    return "\n\n".join(parts) + "\n"
