"""A landform map written to a file in the format that its name ends in."""

from pathlib import Path

from mirs_core.errors import ConfigError
from mirs_core.exchange.exports.export_format import ExportFormat, formats_for_landform_maps
from mirs_core.exchange.exports.landform_map_table import LandformMapTable
from mirs_core.files import replace_file


def format_of(path: Path) -> ExportFormat[LandformMapTable]:
    """The format that the name of ``path`` ends in.

    Raises:
        ConfigError: it is none of ``formats_for_landform_maps``.
    """
    formats = {f.file_type.suffix: f for f in formats_for_landform_maps()}
    try:
        return formats[path.suffix.lower()]
    except KeyError:
        raise ConfigError(
            f"{path.name} has to end in {', '.join(formats)}; this selects the file format."
        ) from None


def save_landform_map(table: LandformMapTable, path: Path) -> None:
    """Writes the map in the format that ``path`` ends in; on failure an existing file is kept.

    Raises:
        ConfigError: the name ends in none of the formats.
        RunError: the file cannot be written.
    """
    data = format_of(path).write(table)
    replace_file(path, lambda handle: handle.write(data))
