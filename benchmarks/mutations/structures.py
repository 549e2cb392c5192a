"""The edits of each structure, by name."""

from benchmarks.mutations import binary, packages, texts
from benchmarks.mutations.edits import Edit

_LABEL: tuple[Edit, ...] = (
    texts.label_value, texts.label_value, texts.label_line, texts.label_word,
)  # fmt: skip

EDITS: dict[str, tuple[Edit, ...]] = {
    "tiff": (binary.tiff_field, binary.tiff_field, binary.tiff_field, binary.tiff_loop),
    "jpeg": (binary.jpeg_segment,),
    "png": (binary.png_chunk,),
    "jp2": (binary.jp2_box,),
    "bmp": (binary.dimensions_of("bmp"),),
    "gif": (binary.dimensions_of("gif"),),
    "webp": (binary.dimensions_of("webp"),),
    "label": _LABEL,
    "json": (texts.json_node, texts.json_node, texts.json_node, texts.label_value),
    "csv": (texts.csv_cell, texts.csv_cell, texts.csv_cell, texts.csv_dialect),
    "zip": (packages.zip_directory, packages.zip_entry, packages.zip_entry),
    "parquet": (packages.parquet_footer, packages.parquet_cells, packages.parquet_cells),
    "bytes": (),
}
"""Structural edits by the name that a seed gives; none for files of which only bytes are edited."""
