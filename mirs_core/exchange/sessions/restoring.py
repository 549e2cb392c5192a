"""Bringing the collections of a session into a home folder."""

from mirs_core.exchange.sessions.session import Session
from mirs_core.workspace import collections
from mirs_core.workspace.home import Home


def restore_collections(home: Home, session: Session, data: str) -> int:
    """Makes the collections of a session that are not here yet; returns how many were made.

    A collection that is here with the same name, note and tiles is not made again.

    Args:
        data: the key of the data set here.

    Raises:
        DataError: a name or a note is not allowed; the collections before it are made.
    """
    present = {
        (entry.name, entry.note, entry.tiles)
        for entry in collections.list_all(home, data)
        if entry.error is None
    }
    mark, count = session.data, 0
    for saved in session.collections:
        if (saved.name, saved.note, saved.tiles) in present:
            continue
        new = collections.create(
            home, saved.name, data, mark.title if mark else "", bool(mark and mark.synthetic)
        )
        collections.add(home, new.id, saved.tiles)
        if saved.note:
            collections.annotate(home, new.id, note=saved.note)
        count += 1
    return count
