"""The preview of a table before it is imported: how it is read, what it says of which tile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

import streamlit as st

from mirs_core.datasets.importing import TableLayout, TablePreview, preview_table
from mirs_core.datasets.importing.csv_table import TableLook, look_at_table
from mirs_core.datasets.importing.table_format import SEPARATORS
from mirs_core.datasets.importing.table_layout import WORDS
from mirs_core.datasets.importing.table_preview import completed_layout
from mirs_core.datasets.tile_table import COLUMNS, TileRecord
from mirs_core.errors import MirsError
from mirs_core.files import sha256
from mirs_core.jobs.kinds.data_import import Import
from mirs_core.system.visible_text import visible
from pages.shared import loaders, words

_ROWS, _PROBLEMS = 5, 8
_AUTO, _NONE = "", "\0"
_ENCODINGS = {"utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252 (western Europe)",
              "cp1250": "Windows-1250 (central Europe)", "cp1251": "Windows-1251 (Cyrillic)",
              "gb18030": "GB 18030 (Chinese)", "shift_jis": "Shift JIS (Japanese)"}  # fmt: skip
_TITLES = {
    "path": "File", "label": "Label", "split": "Split", "latitude": "Latitude [° N]",
    "longitude": "Longitude [° E]", "strip": "Strip", "metres_per_pixel": "Pixel scale [m/px]",
    "licence": "Licence", "credit": "Credit", "source": "Source",
}  # fmt: skip
_FEW = ("path", "label", "split", "latitude", "longitude", "strip")


@dataclass(frozen=True, slots=True)
class TableChoice:
    """A table that can be imported, with what was stated of it and what it says of the tiles.

    Attributes:
        preview: None if the folder is too large to be looked through while the page is drawn.
    """

    path: Path
    layout: TableLayout
    preview: TablePreview | None

    def applied_to(self, spec: Import) -> Import:
        """An import with this table."""
        names = {sign: word for word, sign in WORDS.items()}
        return replace(
            spec,
            table=self.path,
            separator=names.get(self.layout.separator, ""),
            encoding=self.layout.encoding,
            sheet=self.layout.sheet,
            column=tuple(f"{column}={name}" for column, name in self.layout.columns.items()),
        )


def draw(text: str, folder: Path, paths: Sequence[str], complete: bool) -> TableChoice | None:
    """Draws the preview of the table at the path ``text``; None if it cannot be imported.

    Args:
        paths: of the images in ``folder``.
        complete: whether these are all.
    """
    path = Path(text).expanduser().absolute()
    if "\0" in text or not path.is_file():
        st.error("There is no such table on this computer.", icon=":material/search_off:")
        return None
    key = f"mirs.table.{sha256(str(path).encode('utf-8', 'replace'))[:8]}"
    try:
        stamp = path.stat().st_mtime_ns
        with st.container(border=True, key="mirs-table-preview"):
            layout = _reading(path, stamp, key)
            layout = _mapping(path, stamp, layout, paths, key)
            if not complete:
                st.caption("The rows are compared with the files when the folder is imported.")
                return TableChoice(path, layout, None)
            preview = _preview(str(path), stamp, _words(layout), str(folder), len(paths), paths)
            _rows(folder, preview)
            _outcome(preview)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None
    except OSError as error:
        st.error(words.plain(f"{path}: {error.strerror}"), icon=":material/error:")
        return None
    return TableChoice(path, layout, preview)


@st.cache_data(max_entries=16, show_spinner=False)
def _look(path: str, stamp: int, layout: tuple[object, ...]) -> TableLook:
    return look_at_table(Path(path), _layout(layout))


@st.cache_data(max_entries=8, show_spinner="Reading the table")
def _preview(
    path: str,
    stamp: int,
    layout: tuple[object, ...],
    folder: str,
    count: int,
    _paths: Sequence[str],
) -> TablePreview:
    return preview_table(Path(path), _paths, _layout(layout))


def _words(layout: TableLayout) -> tuple[object, ...]:
    """A layout as values that a cache can be keyed by."""
    return layout.separator, layout.encoding, layout.sheet, tuple(layout.columns.items())


def _layout(values: tuple[object, ...]) -> TableLayout:
    separator, encoding, sheet, columns = values
    assert isinstance(columns, tuple)
    return TableLayout(str(separator), str(encoding), str(sheet), columns=dict(columns))


def _reading(path: Path, stamp: int, key: str) -> TableLayout:
    """Draws how the table was recognised, and lets it be corrected."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        slot = st.container(width="stretch")
        look: TableLook | None = None
        trouble = ""
        try:
            look = _look(str(path), stamp, _words(TableLayout()))
        except MirsError as error:
            trouble = str(error)
        with st.popover("Read differently", icon=":material/tune:"):
            if look is not None and look.format.sheets:
                recognised = f"Recognised: {look.format.sheet}"
                sheet = st.selectbox(
                    "Sheet", [_AUTO, *look.format.sheets], key=f"{key}.sheet",
                    format_func=lambda name: name or recognised,
                )  # fmt: skip
                layout = TableLayout(sheet=str(sheet))
            else:
                layout = _text_layout(look, key)
        look = _look(str(path), stamp, _words(layout)) if layout != TableLayout() else look
        if look is None:
            st.caption("Choose its encoding under Read differently.")
            raise MirsError(trouble)
        with slot:
            count = len(look.head)
            st.html(
                f'<p class="mirs-note">{escape(look.format.described())} · {count}'
                f" {'column' if count == 1 else 'columns'}</p>"
            )
    return layout


def _text_layout(look: TableLook | None, key: str) -> TableLayout:
    form = look.format if look is not None else None
    separator = st.selectbox(
        "Separator", [_AUTO, *SEPARATORS], key=f"{key}.separator",
        format_func=lambda sign: SEPARATORS[sign].capitalize() if sign
        else f"Recognised: {SEPARATORS[form.separator] if form else 'not yet'}",
    )  # fmt: skip
    encoding = st.selectbox(
        "Encoding", [_AUTO, *_ENCODINGS], key=f"{key}.encoding",
        format_func=lambda name: _ENCODINGS[name] if name
        else f"Recognised: {form.encoding if form else 'not yet'}",
    )  # fmt: skip
    return TableLayout(separator, encoding)


def _mapping(
    path: Path, stamp: int, layout: TableLayout, paths: Sequence[str], key: str
) -> TableLayout:
    """Draws which column holds what, and lets it be corrected; returns the layout with it."""
    look = _look(str(path), stamp, _words(layout))
    completed = completed_layout(path, paths, layout)
    places = completed.places(path.name, look.head)
    head = [name for name in look.head if name]
    key = f"{key}.{sha256(chr(0).join(head).encode('utf-8', 'replace'))[:8]}"
    stated: dict[str, str] = {}

    def field(column: str) -> None:
        recognised = look.head[places[column]] if column in places else _NONE
        options = [_NONE, *dict.fromkeys(head)]
        name = st.selectbox(
            _TITLES[column], options, options.index(recognised), key=f"{key}.{column}",
            format_func=lambda name: "not in the table" if name == _NONE else visible(name),
        )  # fmt: skip
        if name != recognised or (column == "path" and completed is not layout):
            stated[column] = "" if name == _NONE else str(name)

    for start in range(0, len(_FEW), 3):
        # Row by row, so that they stay in this order where columns become a list.
        for cell, column in zip(st.columns(3, gap="small"), _FEW[start : start + 3], strict=True):
            with cell:
                field(column)
    others = [column for column in COLUMNS if column not in _FEW]
    with st.expander("More columns", expanded=any(column in places for column in others)):
        halves = st.columns(2, gap="small")
        for place, column in enumerate(others):
            with halves[place % 2]:
                field(column)
    return TableLayout(layout.separator, layout.encoding, layout.sheet, columns=stated)


def _rows(folder: Path, preview: TablePreview) -> None:
    """Draws the first rows, each beside its tile."""
    columns = [column for column in preview.table.columns if column != "path"]
    records = list(preview.matched.records.values())[:_ROWS]
    if not records:
        return
    head = "".join(f"<th>{escape(_TITLES[column])}</th>" for column in columns)
    lines = "".join(_row(folder, record, columns) for record in records)
    st.html(
        '<div class="mirs-scroll" tabindex="0" role="region" aria-label="First rows of the table">'
        f'<table class="mirs-table mirs-rows"><thead><tr><th>Tile</th><th>File</th>{head}</tr>'
        f"</thead><tbody>{lines}</tbody></table></div>"
    )


def _row(folder: Path, record: TileRecord, columns: Sequence[str]) -> str:
    pictures = loaders.samples(folder, [record.path], 1)
    image = f'<img src="{pictures[0]}" alt="">' if pictures else "unreadable"
    values: Mapping[str, object] = {c: getattr(record, c) for c in columns}
    cells = "".join(
        f"<td>{escape(visible(f'{value:g}' if isinstance(value, float) else str(value or '')))}"
        "</td>"
        for value in values.values()
    )
    return f"<tr><td>{image}</td><td>{escape(words.file_name(record.path))}</td>{cells}</tr>"


def _outcome(preview: TablePreview) -> None:
    """Draws how many rows fit a tile, and which do not."""
    matched = preview.matched
    parts = [f"{len(matched.records):,} of {preview.rows:,} rows belong to a tile"]
    if preview.table.format.decimal_mark == ",":
        parts.append("decimal commas")
    if matched.repeated:
        parts.append(f"{matched.repeated:,} repeated")
    if matched.unmatched:
        parts.append(f"{len(matched.unmatched):,} without a file")
    if matched.problems:
        parts.append(f"{len(matched.problems):,} left out")
    if preview.classes:
        parts.append(f"{len(preview.classes):,} label{'s' * (len(preview.classes) > 1)}")
    st.html(f'<p class="mirs-note">{escape(" · ".join(parts))}</p>')
    lines = [problem.text for problem in matched.problems[:_PROBLEMS]]
    lines += [f"No file in this folder: {path}" for path in matched.unmatched[:_PROBLEMS]]
    if lines:
        hidden = len(matched.problems) + len(matched.unmatched) - len(lines)
        lines += [f"and {hidden:,} more"] if hidden else []
        st.warning(
            "\n".join(f"- {words.plain(visible(line))}" for line in lines),
            icon=":material/warning:",
        )
    if matched.unread:
        unread = ", ".join(visible(name[:80]) for name in matched.unread[:_PROBLEMS])
        more = len(matched.unread) - _PROBLEMS
        st.caption(
            words.plain(f"Columns not read: {unread}" + (f" and {more:,} more" if more > 0 else ""))
        )
    for note in preview.table.notes:
        st.caption(words.plain(note))
