"""``bench scale``: archives of synthetic codes, from 10^4 to 10^8 tiles, and what they cost.

A home folder with a million tiles, their pictures and a model that takes queries, in one command::

    mirs bench scale --make DIR --n 1000000 --thumbnails
    MIRS_HOME=DIR mirs app

The model and the centres of the clusters are those of a trained run of the present home folder:
``--run ID``, the default model, or the demo, which is built if there is none. Without
``--thumbnails`` no image files are written; everything but the pictures works.
"""
