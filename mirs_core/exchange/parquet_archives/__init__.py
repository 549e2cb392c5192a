"""Parquet archives: the archive of a run as one Parquet table of hash codes and tile metadata."""

from mirs_core.exchange.parquet_archives.layout import FILE_TYPE
from mirs_core.exchange.parquet_archives.reading import read_archive
from mirs_core.exchange.parquet_archives.writing import WrittenArchive, write_archive

__all__ = ["FILE_TYPE", "WrittenArchive", "read_archive", "write_archive"]
