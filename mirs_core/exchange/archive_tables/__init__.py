"""An archive as one Parquet table, out and in: codes and what is known of their tiles."""

from mirs_core.exchange.archive_tables.layout import FILE_TYPE
from mirs_core.exchange.archive_tables.reading import take_in
from mirs_core.exchange.archive_tables.writing import Written, export

__all__ = ["FILE_TYPE", "Written", "export", "take_in"]
