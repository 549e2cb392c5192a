"""The forms and their parameters as a table for the documents."""

from mirs_core.datasets.descriptions.forms import FORMS, Form
from mirs_core.mars.landforms import by_code
from mirs_core.system.tables import markdown


def table() -> str:
    """One row a form: name, landform class, its own parameters with units and ranges (Markdown)."""
    rows = [[f"`{form.name}`", by_code[form.landform].name, _own(form)] for form in FORMS]
    return markdown(["description", "landform class", "parameters"], rows)


def _own(form: Form) -> str:
    return ", ".join(f"`{entry.name}` {entry.range}" for entry in form.own) or "-"
