"""An archive as one Parquet table, out and in: codes and what is known of their tiles."""

from mirs_core.interchange.reading import take_in
from mirs_core.interchange.writing import Written, export

__all__ = ["Written", "export", "take_in"]
