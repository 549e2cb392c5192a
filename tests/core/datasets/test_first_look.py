"""A first look at a folder, and data sets that are too large to be counted."""

from pathlib import Path

import pytest
from fakes import write_dataset

from mirs_core.config.presets import from_preset
from mirs_core.datasets import registry
from mirs_core.datasets.first_look import look_into
from mirs_core.datasets.registry import known_data_sets
from mirs_core.pipeline import training
from mirs_core.workspace.home import Home


def test_a_look_ends_after_so_many_files(tmp_path: Path) -> None:
    for name in ("b/1.jpg", "b/2.TIF", "a.txt", ".hidden/3.jpg", "c/d/4.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "link").symlink_to(tmp_path / "b", target_is_directory=True)
    look = look_into(tmp_path)
    assert look.complete and sorted(look.paths) == ["b/1.jpg", "b/2.TIF", "c/d/4.png"]
    for most in range(9):
        look = look_into(tmp_path, most)
        assert len(look.paths) <= most and not look.complete
    assert look_into(tmp_path, 9).complete
    assert look_into(tmp_path / "missing").paths == ()


@pytest.mark.usefixtures("network")
def test_large_data_sets_are_not_walked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    archived = write_dataset(home.data / "a", {"train": {"cra": 4, "rid": 4}})
    write_dataset(home.data / "b", 5)
    write_dataset(home.data / "c", 2)
    config = from_preset("baseline", data=str(archived))
    training.train(home, training.prepare(home, config, run_id="one"))
    whole = registry.tiles_named
    monkeypatch.setattr(
        registry, "tiles_named", lambda root: whole(root) if root.name == "c" else 1
    )
    a, b, c = sorted(known_data_sets(home, most=4), key=lambda data: data.root)
    assert (a.tiles, a.labelled, a.are_archived, a.more_than, a.is_large) == (
        8,
        8,
        True,
        None,
        True,
    )
    assert (b.tiles, b.are_archived, b.more_than, b.is_large) == (None, False, 4, True)
    assert (c.tiles, c.are_archived, c.more_than, c.is_large) == (2, False, None, False)
