"""DoMars16k: CTX tiles of 15 landform classes (Wilhelm et al. 2020)."""

from mirs_core.datasets.download.layouts import arrange_splits, is_image
from mirs_core.datasets.download.spec import RECORDS, PublishedDataSet

SPEC = PublishedDataSet(
    name="domars16k",
    order=1,
    title="DoMars16k",
    about="16,150 tiles of 15 landforms, 200 px",
    record=f"{RECORDS}/4291940",
    archive=r"data\.zip",
    licence="CC-BY-4.0",
    citation="Wilhelm et al. 2020, DoMars16k: A Diverse Dataset for Weakly Supervised"
    " Geomorphologic Analysis on Mars, Remote Sensing 12(23) 3981, doi 10.3390/rs12233981;"
    " data doi 10.5281/zenodo.4291940; images NASA/JPL/MSSS",
    doi="10.5281/zenodo.4291940",
    bibtex="""@article{wilhelm2020domars16k,
  title = {{DoMars16k: A Diverse Dataset for Weakly Supervised Geomorphologic Analysis on Mars}},
  author = {Wilhelm, Thorsten and Geis, Melina and P{\\"u}ttschneider, Jens and Sievernich, Timo
    and Weber, Tobias and Wohlfarth, Kay and W{\\"o}hler, Christian},
  journal = {Remote Sensing},
  volume = {12}, number = {23}, pages = {3981}, year = {2020},
  doi = {10.3390/rs12233981}
}""",
    instrument="CTX",
    metres_per_pixel=6.0,
    unpacks=is_image,
    arrange=arrange_splits,
)
