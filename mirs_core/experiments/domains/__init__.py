"""Domains: the effect of whitening between a training data set and a searched one.

In 2021 the target domain was only the unlabelled archive half of the data set that was learnt from;
here it is another data set.
"""

from mirs_core.experiments.domains.report import USUAL, covariances, find, make, path_of

__all__ = ["USUAL", "covariances", "find", "make", "path_of"]
