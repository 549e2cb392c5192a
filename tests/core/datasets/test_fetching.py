"""Published data sets from a server that may do anything: whole, or not there at all."""

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from published import Handler, Published, break_off, domars, hirise, published, zipped

from mirs_core.datasets.card import Card
from mirs_core.datasets.download import (
    DATA_SETS,
    PublishedDataSet,
    disk_space,
    fetch,
    fetching,
    published_data_set,
    published_origin,
    remote_file,
    tiles_in,
)
from mirs_core.datasets.download.https import check_address
from mirs_core.datasets.download.landmarks import SHARES, read_landmarks, split_by_observation
from mirs_core.datasets.download.resumable_transfer import Received, receive
from mirs_core.datasets.download.zenodo_record import RemoteFile
from mirs_core.datasets.manifest import scan
from mirs_core.errors import DataError, StoppedError
from mirs_core.mars import observations
from mirs_core.system.processes import lock_if_free

BODY = bytes(range(256)) * 4096  # a megabyte


@pytest.fixture
def server() -> Iterator[Published]:
    with published() as here:
        here.body = BODY
        yield here


@pytest.fixture
def pauses() -> list[float]:
    """The pauses that were asked for; none of them is waited."""
    return []


def got(server: Published, folder: Path, pauses: list[float], **more: Any) -> Received:
    source = server.source()
    return receive(remote_file(source), folder, source.record, pause=pauses.append, **more)


def refusal(server: Published, folder: Path, pauses: list[float]) -> str:
    """The message of a download that fails and leaves no file under the final name."""
    with pytest.raises(DataError) as error:
        got(server, folder, pauses)
    message = str(error.value)
    assert "\n" not in message and not (folder / "data.zip").exists()
    return message


def test_a_file_comes_whole(server: Published, tmp_path: Path, pauses: list[float]) -> None:
    seen: list[tuple[str, int, int]] = []
    received = got(server, tmp_path, pauses, progress=lambda *step: seen.append(step))
    assert received == Received(tmp_path / "data.zip", 0)
    assert received.path.read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["data.zip"]
    assert ("Downloading data.zip", len(BODY), len(BODY)) in seen
    assert seen[-1] == ("Checking data.zip", len(BODY), len(BODY)) and pauses == []


def test_a_broken_connection_goes_on_at_its_byte(
    server: Published, tmp_path: Path, pauses: list[float]
) -> None:
    server.misdeeds = [break_off(300_000), break_off(200_000)]
    received = got(server, tmp_path, pauses)
    assert received.path.read_bytes() == BODY and received.resumed_at == 0
    assert server.ranges == [None, "bytes=300000-", "bytes=500000-"]
    assert [headers.get("If-Range") for headers in server.asked] == [None, '"one"', '"one"']
    assert pauses == [1.0, 1.0]


def stop_at(limit: int) -> Callable[[str, int, int], None]:
    def progress(stage: str, done: int, total: int) -> None:
        if done >= limit:
            raise StoppedError("Stopped as asked; what was finished is kept.")

    return progress


def test_a_stopped_download_goes_on_in_the_next_call(
    server: Published, tmp_path: Path, pauses: list[float]
) -> None:
    with pytest.raises(StoppedError):
        got(server, tmp_path, pauses, progress=stop_at(400_000))
    kept = (tmp_path / "data.zip.part").stat().st_size
    assert 400_000 <= kept < len(BODY)
    received = got(server, tmp_path, pauses)
    assert received.resumed_at == kept and server.ranges == [None, f"bytes={kept}-"]
    assert received.path.read_bytes() == BODY


def test_a_pause_can_be_stopped(server: Published, tmp_path: Path, pauses: list[float]) -> None:
    server.misdeeds = [lambda handler, _: handler.answer(500, b"")] * 2
    with pytest.raises(StoppedError):
        got(server, tmp_path, pauses, progress=stop_at(0))
    assert len(server.asked) == 1 and pauses == []


def test_a_server_without_ranges_sends_all_again(
    server: Published, tmp_path: Path, pauses: list[float]
) -> None:
    server.misdeeds = [break_off(300_000), lambda handler, body: handler.answer(200, body)]
    assert got(server, tmp_path, pauses).path.read_bytes() == BODY
    assert server.ranges == [None, "bytes=300000-"]


@pytest.mark.parametrize("careless", [False, True])
def test_bytes_of_two_versions_are_not_mixed(
    server: Published, tmp_path: Path, pauses: list[float], careless: bool
) -> None:
    """A good server sends all of the new version; a careless one goes on in the middle of it."""

    def change(handler: Handler, body: bytes) -> None:
        server.etag = '"two"'
        handler.serve(body, honour=not careless)

    def old(handler: Handler, body: bytes) -> None:
        handler.answer(200, b"x" * 300_000, handler.tag(), length=len(body))

    server.misdeeds = [old, change]
    assert got(server, tmp_path, pauses).path.read_bytes() == BODY
    assert server.ranges == [None, "bytes=300000-"] + [None] * careless


def test_a_part_of_another_version_is_thrown_away(
    server: Published, tmp_path: Path, pauses: list[float]
) -> None:
    (tmp_path / "data.zip.part").write_bytes(b"x" * 500)
    (tmp_path / "data.zip.part.json").write_text('{"checksum": "md5:other", "etag": null}')
    assert got(server, tmp_path, pauses).resumed_at == 0
    assert server.ranges == [None]


def test_a_range_that_cannot_be_had_begins_anew(
    server: Published, tmp_path: Path, pauses: list[float]
) -> None:
    server.misdeeds = [break_off(300_000), lambda handler, _: handler.answer(416, b"")]
    assert got(server, tmp_path, pauses).path.read_bytes() == BODY
    assert server.ranges == [None, "bytes=300000-", None]


def test_a_file_that_is_there_is_checked_and_not_fetched(
    server: Published, tmp_path: Path, pauses: list[float]
) -> None:
    (tmp_path / "data.zip").write_bytes(BODY)
    assert got(server, tmp_path, pauses).resumed_at == len(BODY) and server.asked == []
    (tmp_path / "data.zip").write_bytes(BODY[::-1])
    assert "checksum" in refusal(server, tmp_path, pauses)


@pytest.mark.parametrize("said", [len(BODY) + 1, len(BODY) - 1, 10])
def test_a_length_that_is_not_the_record_s_is_refused(
    server: Published, tmp_path: Path, pauses: list[float], said: int
) -> None:
    server.misdeeds = [lambda handler, body: handler.answer(200, (body + b"x")[:said], length=said)]
    assert f"offers {said:,} bytes" in refusal(server, tmp_path, pauses)
    assert list(tmp_path.iterdir()) == [] and pauses == []


def test_a_rest_of_another_file_is_refused_and_the_part_stays(
    server: Published, tmp_path: Path, pauses: list[float]
) -> None:
    def other(handler: Handler, body: bytes) -> None:
        where = {"Content-Range": f"bytes 300000-{len(body) + 8}/{len(body) + 9}"}
        handler.answer(206, body[300_000:], {**where, **handler.tag()})

    server.misdeeds = [break_off(300_000), other]
    assert "offers" in refusal(server, tmp_path, pauses)
    assert (tmp_path / "data.zip.part").stat().st_size == 300_000


def test_more_than_was_said_is_removed(
    server: Published, tmp_path: Path, pauses: list[float]
) -> None:
    server.misdeeds = [lambda handler, body: handler.answer(200, body + b"more", length=None)]
    assert "sends more" in refusal(server, tmp_path, pauses)
    assert list(tmp_path.iterdir()) == []


def test_wrong_bytes_are_removed(server: Published, tmp_path: Path, pauses: list[float]) -> None:
    server.misdeeds = [lambda handler, body: handler.answer(200, b"x" * len(body), handler.tag())]
    assert "checksum" in refusal(server, tmp_path, pauses)
    assert list(tmp_path.iterdir()) == []
    assert got(server, tmp_path, pauses).path.read_bytes() == BODY


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_file_that_is_not_there_is_asked_for_once(
    server: Published, tmp_path: Path, pauses: list[float], status: int
) -> None:
    server.misdeeds = [lambda handler, _: handler.answer(status, b"")]
    assert f"status {status}" in refusal(server, tmp_path, pauses)
    assert len(server.asked) == 1 and pauses == []


def test_a_busy_server_is_asked_again_with_growing_pauses(
    server: Published, tmp_path: Path, pauses: list[float]
) -> None:
    server.misdeeds = [lambda handler, _: handler.answer(503, b"")] * 9
    assert "Gave up after 6 attempts" in refusal(server, tmp_path, pauses)
    assert len(server.asked) == 6 and len(pauses) == 1 + 2 + 4 + 8 + 16
    server.misdeeds = [lambda handler, _: handler.answer(429, b"", {"Retry-After": "7"})]
    pauses.clear()
    assert got(server, tmp_path, pauses).path.read_bytes() == BODY and len(pauses) == 7


def test_what_came_makes_up_for_failures(
    server: Published, tmp_path: Path, pauses: list[float]
) -> None:
    server.misdeeds = [break_off(50_000)] * 12
    assert got(server, tmp_path, pauses).path.read_bytes() == BODY
    assert pauses == [1.0] * 12


def test_nothing_gained_is_a_failure_also_where_bytes_come(
    server: Published, tmp_path: Path, pauses: list[float]
) -> None:
    def without_ranges(handler: Handler, body: bytes) -> None:
        handler.answer(200, body[:50_000], length=len(body))

    server.misdeeds = [without_ranges] * 20
    assert "Gave up after 6 attempts" in refusal(server, tmp_path, pauses)
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    "place", ["file:///etc/passwd", "ftp://example.org/data.zip", "http://example.org/data.zip",
              "http://127.0.0.1:1/data.zip", "https://user@example.org/x", "data:text/plain,x"]
)  # fmt: skip
def test_redirects_lead_to_https_only(
    server: Published, tmp_path: Path, pauses: list[float], place: str
) -> None:
    server.misdeeds = [lambda handler, _: handler.answer(302, b"", {"Location": place})]
    message = refusal(server, tmp_path, pauses)
    assert "not an https address" in message or "not followed" in message
    assert list(tmp_path.iterdir()) == [] and pauses == []


def test_a_redirect_within_the_server_keeps_the_range(
    server: Published, tmp_path: Path, pauses: list[float]
) -> None:
    server.misdeeds = [
        break_off(300_000),
        lambda handler, _: handler.answer(302, b"", {"Location": "/other"}),
    ]
    assert got(server, tmp_path, pauses).path.read_bytes() == BODY
    assert server.ranges == [None, "bytes=300000-", "bytes=300000-"]


def test_redirects_in_a_circle_end(server: Published, tmp_path: Path, pauses: list[float]) -> None:
    server.misdeeds = [lambda handler, _: handler.answer(302, b"", {"Location": "/file"})] * 50
    assert "not followed" in refusal(server, tmp_path, pauses)
    assert pauses == []


@pytest.mark.parametrize("source", DATA_SETS.values(), ids=lambda source: source.name)
def test_the_catalogue_asks_https_only(source: PublishedDataSet) -> None:
    check_address(source.record, source.record)
    assert source.record.startswith("https://") and source.licence and source.citation
    with pytest.raises(DataError, match="not an https"):
        check_address("http://127.0.0.1/x", source.record)


@pytest.mark.parametrize("source", DATA_SETS.values(), ids=lambda source: source.name)
def test_the_origin_of_tiles_is_what_their_card_cites(source: PublishedDataSet) -> None:
    card = Card(name="mine", title="Mine", citation=f"Subset of {source.citation}")
    assert source.doi in source.citation and published_origin(card) is source
    own = Card(name=source.name, title=source.title, instrument=source.instrument)
    assert published_origin(own) is None


@pytest.mark.parametrize(
    "url", ["http://zenodo.org/x", "https://", "https:///x", "HTTPS://a b", "https://a/\n", "x",
            "https://[::1", "https://a:99999/", "https://ä.org/"]
)  # fmt: skip
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(DataError, match="not an https"):
        check_address(url, "https://zenodo.org/api")


def test_an_unknown_name_lists_the_known_ones() -> None:
    assert published_data_set("hirise").title.startswith("HiRISE")
    with pytest.raises(DataError, match="domars16k, hirise"):
        published_data_set("mars")


GARBAGE = [
    b"", b"no JSON", b"\xff\xfe", b"[]", b"{}", b'{"files": {}}', b'{"files": [1]}', b"[" * 100_000,
    b'{"files": []}', b" " * 2_000_001, json.dumps({"files": [{}] * 1001}).encode(),
]  # fmt: skip


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
def test_a_record_that_is_garbage(server: Published, text: bytes) -> None:
    server.record = text
    with pytest.raises(DataError, match="The record http"):
        remote_file(server.source())


@pytest.mark.parametrize(
    "change",
    [{"key": "../data.zip"}, {"key": 3}, {"size": -1}, {"size": 0}, {"size": True}, {"size": "9"},
     {"size": 2_000_000_000}, {"checksum": "md5:xyz"}, {"checksum": None}, {"links": None},
     {"checksum": "crc32:00000000"}, {"links": {"self": 7}}, {"links": {"self": "file:///data"}},
     {"links": {"self": "http://example.org/data.zip"}}],
    ids=str,
)  # fmt: skip
def test_a_record_that_lies(server: Published, change: dict[str, Any]) -> None:
    server.record = json.dumps({"files": [server.entry(**change)]}).encode()
    with pytest.raises(DataError):
        remote_file(server.source(archive=r".*data\.zip"))


def test_the_file_is_found_by_its_pattern(server: Published) -> None:
    entries = [server.entry(key=name) for name in ("a.txt", "data.zip", "more-data.zip")]
    server.record = json.dumps({"files": entries}).encode()
    assert remote_file(server.source()).name == "data.zip"
    with pytest.raises(DataError, match="has 2 files"):
        remote_file(server.source(archive=r".*\.zip"))
    with pytest.raises(DataError, match="has 0 files"):
        remote_file(server.source(archive=r".*\.tar"))


def test_a_busy_record_is_asked_again(server: Published, pauses: list[float]) -> None:
    server.record_status = [503, 500]
    assert remote_file(server.source(), pauses.append).size == len(BODY)
    assert pauses == [1.0] * 3
    server.record_status = [500] * 9
    with pytest.raises(DataError, match="Gave up after 3 attempts"):
        remote_file(server.source(), pauses.append)


# From the record to a data set


def imported(
    server: Published, folder: Path, source: PublishedDataSet, **more: Any
) -> fetching.Fetched:
    return fetch(source, remote_file(source), folder, pause=lambda _: None, **more)


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_domars16k_becomes_a_data_set(server: Published, tmp_path: Path) -> None:
    server.body, source, folder = domars(), server.source(), tmp_path / "deep" / "mars"
    assert tiles_in(source, folder) is None
    done = imported(server, folder, source)
    assert done == fetching.Fetched(folder, 48, len(server.body), 0)
    found = scan(folder)
    assert found.splits == {"train": 24, "val": 12, "test": 12}
    assert found.classes == {"cra": 16, "rid": 16, "smo": 16} and not found.unreadable
    card = found.card
    assert (card.name, card.licence, card.citation, card.metres_per_pixel, card.instrument) == (
        "domars16k", "CC-BY-4.0", "Wilhelm 2020", 6.0, "CTX",
    )  # fmt: skip
    assert [path.name for path in folder.parent.iterdir()] == ["mars"]
    assert tiles_in(source, folder) == 48
    with pytest.raises(DataError, match="already"):
        imported(server, folder, source)


def test_an_empty_folder_is_filled(server: Published, tmp_path: Path) -> None:
    server.body, folder = domars(1), tmp_path / "mars"
    folder.mkdir()
    assert (
        imported(server, folder, server.source()).tiles == 12 == tiles_in(server.source(), folder)
    )


def test_a_folder_with_something_else_is_refused(server: Published, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "holiday.jpg").write_bytes(b"x")
    (tmp_path / "file").write_bytes(b"x")
    for name in ("mine", "file"):
        with pytest.raises(DataError, match="something else"):
            imported(server, tmp_path / name, server.source())
    assert files_below(tmp_path) == {"mine/holiday.jpg", "file"} and server.asked == []


def test_a_data_set_with_tiles_missing_is_not_complete(server: Published, tmp_path: Path) -> None:
    server.body, folder = domars(1), tmp_path / "mars"
    imported(server, folder, server.source())
    next(folder.glob("train/cra/*")).unlink()
    with pytest.raises(DataError, match="11 of the 12"):
        tiles_in(server.source(), folder)
    with pytest.raises(DataError, match="something else"):
        tiles_in(server.source(name="hirise"), folder)


def hidden(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.download")


@pytest.mark.parametrize("stage", ["Downloading", "Checking", "Unpacking"])
def test_a_stop_leaves_no_half_of_a_data_set_and_the_next_call_goes_on(
    server: Published, tmp_path: Path, stage: str
) -> None:
    def progress(now: str, done: int, total: int) -> None:
        if now.startswith(stage):
            raise StoppedError("Stopped as asked; what was finished is kept.")

    server.body, folder = domars(), tmp_path / "mars"
    with pytest.raises(StoppedError):
        imported(server, folder, server.source(), progress=progress)
    assert not folder.exists()
    assert all(name.startswith(("data.zip", "lock")) for name in files_below(hidden(folder)))
    done = imported(server, folder, server.source())
    assert done.resumed_at > 0 and done.tiles == 48 and not hidden(folder).exists()


BAD_LAYOUTS = {
    "an image above": {"data/train/a.jpg": b"x"},
    "an unknown split": {"data/extra/cra/a.jpg": b"x"},
    "splits missing": {"data/train/cra/a.jpg": b"x"},
    "two sets": {
        f"{top}/{split}/cra/a.jpg": b"x" for top in "ab" for split in ("train", "val", "test")
    },
    "no image": {"data/readme.txt": b"x"},
    "a hostile path": {"../a.jpg": b"x"},
}


@pytest.mark.parametrize("layout", BAD_LAYOUTS)
def test_another_layout_leaves_nothing(server: Published, tmp_path: Path, layout: str) -> None:
    server.body, folder = zipped(BAD_LAYOUTS[layout]), tmp_path / "mars"
    with pytest.raises(DataError, match="archive"):
        imported(server, folder, server.source())
    assert not folder.exists() and files_below(hidden(folder)) <= {"data.zip", "lock"}


def test_a_body_that_is_no_zip_leaves_nothing(server: Published, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="damaged or not a zip"):
        imported(server, tmp_path / "mars", server.source())
    assert not (tmp_path / "mars").exists()


def test_a_full_disk_is_seen_before_the_first_byte(
    server: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dataclasses.dataclass
    class Usage:
        free: int

    too_little = Usage(100_000_000 + int(2.05 * len(BODY)))
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda _: too_little)
    with pytest.raises(DataError, match="free some space"):
        imported(server, tmp_path / "mars", server.source())
    assert server.asked == [] and list(tmp_path.iterdir()) == []
    # Twice the size and a little is enough; what fails now is that the body is no zip.
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda _: Usage(103_000_000))
    with pytest.raises(DataError, match="not a zip"):
        imported(server, tmp_path / "mars", server.source())


def test_two_downloads_into_one_folder_do_not_mix(server: Published, tmp_path: Path) -> None:
    folder = tmp_path / "mars"
    hidden(folder).mkdir()
    with lock_if_free(hidden(folder) / "lock"), pytest.raises(DataError, match="Another download"):
        imported(server, folder, server.source())
    assert server.asked == []


# HiRISE


def hirise_source(server: Published) -> PublishedDataSet:
    real = published_data_set("hirise")
    server.name = "hirise-map-proj-v3_2.zip"
    return dataclasses.replace(real, record=server.source().record)


def test_hirise_becomes_a_data_set_of_originals(server: Published, tmp_path: Path) -> None:
    server.body, wanted = hirise()
    source, folder = hirise_source(server), tmp_path / "hirise"
    assert imported(server, folder, source).tiles == 60
    found = scan(folder)
    assert {Path(tile.path).name: tile.label for tile in found.tiles} == wanted
    assert found.classes == {"crater": 20, "dark_dune": 20, "other": 20}
    assert found.card.distractors == ("other",) and found.card.instrument == "HiRISE"
    assert found.card.metres_per_pixel is None and set(found.splits) == {"train", "val", "test"}
    splits: dict[str | None, set[str]] = {}
    for tile in found.tiles:
        splits.setdefault(tile.strip, set()).add(tile.split)
    assert len(splits) == 12 and all(len(names) == 1 for names in splits.values())
    assert files_below(folder) == {tile.path for tile in found.tiles} | {"dataset.json"}


def test_both_spellings_of_the_record_s_zip_are_known(server: Published) -> None:
    source = hirise_source(server)
    for name in ("hirise-map-proj-v3_2.zip", "map-proj-v3_2.zip"):
        server.name = name
        assert remote_file(source).name == name
    server.name = "map-proj-v3.zip"
    with pytest.raises(DataError, match="has 0 files"):
        remote_file(source)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels-map-proj-v3_2.txt", "a.jpg 7\n"),
        ("labels-map-proj-v3_2.txt", "a.jpg\n"),
        ("labels-map-proj-v3_2.txt", "a.jpg 0\na.jpg 1\n"),
        ("labels-map-proj-v3_2.txt", "b.jpg 0\n"),
        ("labels-map-proj-v3_2.txt", None),
        ("landmarks_map-proj-v3_2_classmap.csv", "0,other,more\n"),
        ("landmarks_map-proj-v3_2_classmap.csv", "zero,other\n"),
        ("landmarks_map-proj-v3_2_classmap.csv", "0,../..\n"),
        ("landmarks_map-proj-v3_2_classmap.csv", "0,dark dune\n1,dark-dune\n"),
        ("landmarks_map-proj-v3_2_classmap.csv", None),
    ],
)
def test_lists_that_cannot_be(tmp_path: Path, name: str, text: str | None) -> None:
    good = {
        "labels-map-proj-v3_2.txt": "a.jpg 0\n",
        "landmarks_map-proj-v3_2_classmap.csv": "0,other\n1,crater\n",
    }
    (tmp_path / "a.jpg").write_bytes(b"x")
    for file, content in good.items():
        (tmp_path / file).write_text(content)
    assert [landmark.label for landmark in read_landmarks(tmp_path)] == ["other"]
    (tmp_path / name).unlink()
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError):
        read_landmarks(tmp_path)


def many_labels(strips: int = 200) -> dict[str, str]:
    """Strips of 1 to 12 crops; each is rich in one class, as real ones are."""
    classes = ("other", "crater", "dune", "spider")
    return {
        f"ESP_{strip:06d}_1655_RED-{i:04d}.jpg": classes[strip % 4 if i % 3 else i % 4]
        for strip in range(strips)
        for i in range(1 + strip * 7 % 12)
    }


def test_splits_keep_strips_whole_and_their_shares() -> None:
    labels = many_labels()
    splits = split_by_observation(labels, seed=0)
    assert set(splits) == set(labels)
    per_strip: dict[str, set[str]] = {}
    for name, split in splits.items():
        seen = observations.parse(name)
        assert seen is not None
        per_strip.setdefault(seen.strip, set()).add(split)
    assert len(per_strip) == 200 and all(len(found) == 1 for found in per_strip.values())
    totals = Counter(labels.values())
    for split, share in SHARES.items():
        counts = Counter(labels[name] for name in splits if splits[name] == split)
        for label, total in totals.items():
            assert abs(counts[label] / total - share) < 0.03, (split, label)


def error_of(labels: dict[str, str], splits: dict[str, str]) -> float:
    """How far splits are from their shares of every class, counted from the start."""
    error = 0.0
    for split, share in SHARES.items():
        for label in set(labels.values()):
            target = share * sum(found == label for found in labels.values())
            count = sum(splits.get(name) == split for name in labels if labels[name] == label)
            error += (count - target) ** 2 / target
    return error


def test_each_strip_goes_where_the_error_is_least() -> None:
    labels = many_labels(40)
    splits = split_by_observation(labels, seed=1)
    strips: dict[str, list[str]] = {}
    for name in splits:  # in the order in which strips were given their splits
        strips.setdefault(name.split("_RED")[0], []).append(name)
    sizes = [len(names) for names in strips.values()]
    assert sizes == sorted(sizes, reverse=True) and len(sizes) == 40
    placed: dict[str, str] = {}
    for names in strips.values():
        errors = {
            split: error_of(labels, {**placed, **dict.fromkeys(names, split)}) for split in SHARES
        }
        assert errors[splits[names[0]]] <= min(errors.values()) + 1e-9
        placed.update({name: splits[name] for name in names})


def test_splits_depend_on_names_and_seed_alone() -> None:
    labels = many_labels(60)
    turned = dict(reversed(labels.items()))
    assert split_by_observation(labels, 3) == split_by_observation(turned, 3)
    assert split_by_observation(labels, 3) != split_by_observation(labels, 4)
    assert split_by_observation({}, 0) == {}


def test_crops_without_an_observation_are_split_one_by_one() -> None:
    splits = split_by_observation({f"tile-{i}.jpg": "crater" for i in range(100)}, seed=0)
    assert Counter(splits.values()) == {"train": 70, "val": 20, "test": 10}


def test_a_failure_of_the_disk_is_one_line(
    server: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    server.body, folder = domars(1), tmp_path / "mars"
    with monkeypatch.context() as patch:
        patch.setattr(fetching, "_put_in_place", full)
        with pytest.raises(DataError, match="No space left"):
            imported(server, folder, server.source())
    assert not folder.exists() and files_below(hidden(folder)) <= {"data.zip", "lock"}
    assert imported(server, folder, server.source()).resumed_at == len(server.body)


def test_a_file_says_its_size_in_the_offer(server: Published) -> None:
    entry = server.entry()
    assert remote_file(server.source()) == RemoteFile(
        "data.zip", len(BODY), entry["checksum"], f"{server.address}/file"
    )
