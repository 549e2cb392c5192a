"""Reproduction: the published tables of MIRS, measured on any data set."""

from mirs_core.reproduction.plan import TABLES
from mirs_core.reproduction.recipe import reproduce

__all__ = ["TABLES", "reproduce"]
