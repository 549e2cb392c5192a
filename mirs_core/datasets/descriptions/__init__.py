"""Descriptions of a landform in numbers, each of which a synthetic tile can be rendered from."""

from mirs_core.datasets.descriptions.description import Description
from mirs_core.datasets.descriptions.forms import FORMS, Form
from mirs_core.datasets.descriptions.parsing import parse

__all__ = ["FORMS", "Description", "Form", "parse"]
