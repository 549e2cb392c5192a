"""The command line as a stranger meets it: real files, real encoder, the agreed JSON."""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mirs_core.cli import main
from mirs_core.workspace.home import Home

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def mirs(home: Home, *args: object) -> Done:
    """One command, in this process: starting Python and torch anew takes seconds each time."""
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setenv("MIRS_HOME", str(home))
        code = main([str(word) for word in args])
    return Done(code, out.getvalue(), err.getvalue())


def answer(home: Home, *args: object) -> Any:
    done = mirs(home, *args, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out.splitlines()[-1])


def refused(home: Home, *args: object) -> str:
    """The one line of an expected failure, which leaves no run behind."""
    runs = home.path / "runs"
    before = sorted(runs.iterdir()) if runs.exists() else []
    done = mirs(home, *args, "--quiet")
    assert done.code == 2, (done.out, done.err)
    assert done.out == "" and done.err.startswith("mirs: ")
    assert len(done.err.strip().splitlines()) == 1
    assert (sorted(runs.iterdir()) if runs.exists() else []) == before
    return done.err


@pytest.fixture(scope="module")
def home(small_demo: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home folder of its own with the small demo: 15 landforms, 12 tiles each."""
    return Home(shutil.copytree(small_demo, tmp_path_factory.mktemp("cli") / "home"))


def data_of(home: Home) -> Path:
    return home.path / "data" / "synthetic-mars"


def test_the_demo_is_built_once(home: Home) -> None:
    before = (home.path / "runs" / "demo-mirs" / "model.safetensors").stat().st_mtime_ns
    assert answer(home, "demo", "--per-class", 12)["runs"][0] == "demo-baseline"
    assert (home.path / "runs" / "demo-mirs" / "model.safetensors").stat().st_mtime_ns == before


def test_runs_list_shows_the_demo_with_mirs_served(home: Home) -> None:
    found = {run["run"]: run for run in answer(home, "runs", "list")}
    assert set(found) >= {"demo-baseline", "demo-mirs", "demo-mirs-dwt"}
    mine = found["demo-mirs"]
    keys = {"run", "name", "preset", "encoder", "data", "state", "served", "map_at_64", "tags"}
    assert set(mine) == keys
    assert (mine["state"], mine["served"], mine["data"]) == ("done", True, "synthetic-mars")
    assert 0 < mine["map_at_64"] <= 1


def test_data_describe_counts(home: Home) -> None:
    found = answer(home, "data", "describe", data_of(home))
    assert found["tiles"] == found["labelled"] == 180
    assert len(found["classes"]) == 15 and set(found["classes"].values()) == {12}
    assert set(found["splits"]) == {"train", "val", "test"}
    assert found["unreadable"] == [] and found["strips"] > 1


def test_train_repeats_itself_and_prints_the_agreed_keys(home: Home) -> None:
    args = ("train", "--data", data_of(home), "--set", "training.epochs=3", "--seed", 4)
    first, second = answer(home, *args), answer(home, *args)
    keys = {"run", "preset", "encoder", "seed", "archive_id", "epochs", "seconds", "map_at_64"}
    assert set(first) == keys and set(first["seconds"]) == {"features", "training", "total"}
    assert first["epochs"] == 3 and first["map_at_64"] == second["map_at_64"]
    models = [(home.path / "runs" / out["run"] / "model.safetensors") for out in (first, second)]
    assert models[0].read_bytes() == models[1].read_bytes()
    assert first["archive_id"] == second["archive_id"]


def test_a_description_is_a_query(home: Home) -> None:
    found = answer(home, "search", "--run", "demo-mirs", "--describe", "crater size=700", "--k", 5)
    assert found["query"] == "crater size=700m"
    assert found["described"] == {
        "text": "crater size=700m", "landform": "cra", "form": "crater", "size": 700, "seed": 0,
        "synthetic": True, "renderings": 9,
    }  # fmt: skip
    assert [hit["rank"] for hit in found["results"]] == [1, 2, 3, 4, 5]
    assert found["results"][0]["label"] == "cra"
    done = mirs(home, "search", "--run", "demo-mirs", "--describe", "crater size=700", "--k", 5)
    assert "synthetic" in done.out


def test_presets_with_one_seed_share_their_archive(home: Home) -> None:
    ids = {
        answer(home, "evaluate", "--run", run)["archive_id"]
        for run in ("demo-baseline", "demo-mirs", "demo-mirs-dwt")
    }
    assert len(ids) == 1


def test_evaluate_prints_the_agreed_keys(home: Home) -> None:
    found = answer(home, "evaluate", "--run", "demo-mirs")
    keys = {
        "run", "seed", "archive_id", "k", "n_queries", "n_skipped", "n_archive", "strip",
        "map_at_64", "ties", "per_class", "archive_bytes",
    }  # fmt: skip
    assert keys <= set(found)
    assert found["archive_bytes"] == found["n_archive"] * 16
    assert found["strip"] == "kept"
    excluded = answer(home, "evaluate", "--run", "demo-mirs", "--exclude-strip")
    assert excluded["strip"] == "excluded"


def test_a_search_by_an_image_of_ones_own_needs_no_pytorch(home: Home, tmp_path: Path) -> None:
    """It takes 2 s to load; once the encoder is exported, nothing needs it."""
    tile = next((data_of(home) / "test" / "cra").iterdir())
    (tmp_path / "own.jpg").write_bytes(tile.read_bytes() + b"\0")
    heavy = ("torch", "torchvision", "umap", "sklearn", "scipy", "matplotlib", "numba")
    code = (
        "import sys; from mirs_core.cli import main\n"
        f"main(['search', '--run', 'demo-mirs', '--image', {str(tmp_path / 'own.jpg')!r}])\n"
        f"print('loaded', [m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT,
        env={**os.environ, "MIRS_HOME": str(home)}, check=True,
    )  # fmt: skip
    assert "64 results" in done.stdout
    assert done.stdout.splitlines()[-1] == "loaded []"


def test_evaluate_takes_queries_from_a_folder(home: Home, tmp_path: Path) -> None:
    whole = answer(home, "evaluate", "--run", "demo-mirs")
    same = answer(home, "evaluate", "--run", "demo-mirs", "--queries", data_of(home))
    assert same["map_at_64"] == whole["map_at_64"]
    for label in ("cra", "aec"):
        shutil.copytree(data_of(home) / "test" / label, tmp_path / label)
    shutil.copytree(data_of(home) / "test" / "rid", tmp_path / "unheard-of")
    few = answer(home, "evaluate", "--run", "demo-mirs", "--queries", tmp_path)
    assert set(few["per_class"]) == {"cra", "aec"} and few["n_skipped"] >= 1


def test_search_ranks_by_distance_and_never_returns_the_query(home: Home, tmp_path: Path) -> None:
    tile = next((data_of(home) / "test" / "cra").iterdir())
    found = answer(home, "search", "--run", "demo-mirs", "--image", tile, "--k", 7)
    distances = [hit["distance"] for hit in found["results"]]
    assert [hit["rank"] for hit in found["results"]] == list(range(1, 8))
    assert distances == sorted(distances) and all(isinstance(d, int) for d in distances)
    assert all(not hit["path"].endswith(tile.name) for hit in found["results"])
    assert set(found["results"][0]) == {"rank", "id", "path", "label", "role", "distance", "strip"}
    Image.open(tile).save(tmp_path / "copy.png")
    copy = answer(home, "search", "--run", "demo-mirs", "--image", tmp_path / "copy.png", "--k", 1)
    assert Path(copy["results"][0]["path"]).name == tile.name
    assert copy["results"][0]["distance"] == 0


def test_an_image_of_ones_own_has_a_most_likely_landform(home: Home, tmp_path: Path) -> None:
    tile = next((data_of(home) / "test" / "cra").iterdir())
    labelled = answer(home, "search", "--run", "demo-mirs", "--image", tile)
    assert "most_likely" not in labelled
    picture = Image.open(tile).convert("L")
    picture.resize((260, 250)).save(tmp_path / "own.png")
    own = ("search", "--run", "demo-mirs", "--image", tmp_path / "own.png")
    estimate = answer(home, *own)["most_likely"]
    assert estimate["estimate"] is True and estimate["k"] == 15
    assert estimate["state"] in {"sure", "close call", "out of reach"}
    assert f"most likely {estimate['name']}" in mirs(home, *own).out


def test_a_strip_is_searched_by_a_part_of_it(home: Home, tmp_path: Path) -> None:
    Image.new("L", (300, 2000), 90).save(tmp_path / "strip.png")
    own = ("search", "--run", "demo-mirs", "--image", tmp_path / "strip.png")
    error = refused(home, *own)
    assert "300 x 2,000 pixels" in error and "--window" in error and "--whole" in error
    assert len(answer(home, *own, "--whole")["results"]) == 64


def test_a_folder_without_labels_is_archived_and_searched(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "Кратеры 火星"
    shutil.copytree(data_of(home) / "test" / "cra", folder)
    made = answer(home, "index", "--run", "demo-mirs", "--data", folder, "--name", "Mine")
    tile = next(folder.iterdir())
    found = answer(home, "search", "--run", made["run"], "--image", tile)
    assert len(found["results"]) == made["tiles"] - 1
    assert "nothing to measure" in refused(home, "evaluate", "--run", made["run"])
    answer(home, "runs", "delete", made["run"])


def test_a_baseline_needs_no_labels_but_hashing_does(home: Home, tmp_path: Path) -> None:
    shutil.copytree(data_of(home) / "test" / "cra", tmp_path / "loose")
    assert "learns from labels" in refused(home, "train", "--data", tmp_path / "loose")
    made = answer(home, "train", "--data", tmp_path / "loose", "--preset", "baseline")
    assert made["map_at_64"] == {"min_r_k": None, "hits": None}


def test_one_class_is_refused_for_hashing(home: Home, tmp_path: Path) -> None:
    shutil.copytree(data_of(home) / "train" / "cra", tmp_path / "train" / "cra")
    assert "at least two classes" in refused(home, "train", "--data", tmp_path)


def test_every_mistake_gets_one_line(home: Home, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.jpg").write_text("no image")
    data = data_of(home)
    for args, says in (
        (("train", "--data", tmp_path / "nowhere"), "nowhere"),
        (("train", "--data", tmp_path / "empty"), "no image"),
        (("train", "--data", data, "--preset", "best"), "choose one of"),
        (("train", "--data", data, "--encoder", "alexnet"), "efficientnet-lite0"),
        (("train", "--data", data, "--set", "head.bits=7"), "choose one of 32"),
        (("train", "--run", "nothing"), "There is no run"),
        (("search", "--run", "nothing", "--image", tmp_path / "text.jpg"), "There is no run"),
        (("search", "--run", "demo-mirs", "--image", tmp_path / "text.jpg"), "text.jpg"),
        (("search", "--run", "demo-mirs", "--image", tmp_path / "gone.jpg"), "gone.jpg"),
        (("search", "--run", "demo-mirs", "--image", tmp_path), "folder"),
        (("search", "--run", "demo-mirs", "--describe", "volcano"), "volcano"),
        (("search", "--run", "demo-mirs", "--describe", "crater size=9km"), "150 to 1100 m"),
        (
            ("search", "--run", "demo-mirs", "--describe", "crater", "--window", 0, 0, 9, 9),
            "need --image, not",
        ),
        (("index", "--run", "demo-mirs", "--data", tmp_path / "empty"), "no image"),
        (("compare", "--data", data, "--presets", ","), "There are no presets to compare"),
        (("compare", "--data", data, "--presets", "best"), "choose one of"),
        (("evaluate", "--run", "demo-mirs", "--queries", tmp_path / "empty"), "no image"),
        (("runs", "delete", "demo-mirs"), "is the default model"),
        (("runs", "serve", "../x"), "There is no run"),
        (("data", "synthetic", data), "not empty"),
    ):
        assert says in refused(home, *args), args


@pytest.mark.parametrize("words", ["train", "runs lst", "search --run x", "train --seed many"])
def test_words_that_do_not_parse_get_one_line(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(words.split())
    said = capsys.readouterr().err
    assert end.value.code == 2 and said.startswith("mirs: ") and said.count("\n") == 1


def test_a_pipe_is_no_image(home: Home, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    said = refused(home, "search", "--run", "demo-mirs", "--image", tmp_path / "pipe.jpg")
    assert "not a regular file" in said


def test_a_home_that_cannot_be_written_gets_one_line(home: Home, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = mirs(Home(tmp_path / "file"), "demo", "--per-class", 12, "--quiet")
    assert done.code == 2 and "MIRS_HOME" in done.err and done.err.count("\n") == 1


def test_queries_may_stand_in_a_test_folder_alone(home: Home, tmp_path: Path) -> None:
    shutil.copytree(data_of(home) / "test", tmp_path / "test")
    whole = answer(home, "evaluate", "--run", "demo-mirs")
    alone = answer(home, "evaluate", "--run", "demo-mirs", "--queries", tmp_path)
    assert alone["map_at_64"]["min_r_k"]["value"] == whole["map_at_64"]["min_r_k"]["value"]


def test_one_index_serves_several_models(home: Home, tmp_path: Path) -> None:
    shutil.copytree(data_of(home) / "test" / "rid", tmp_path / "-odd name")
    models = ("--run", "demo-mirs", "--run", "demo-baseline")
    made = answer(home, "index", *models, "--data", tmp_path / "-odd name", "--name=-x")
    assert len(made["runs"]) == 2 and made["run"] == made["runs"][0]
    listed = {run["run"]: run["preset"] for run in answer(home, "runs", "list")}
    assert [listed[run] for run in made["runs"]] == ["mirs", "baseline"]


def test_compare_reuses_what_is_there(home: Home) -> None:
    args = ("compare", "--data", data_of(home), "--presets", "baseline,baseline-centred")
    first = answer(home, *args, "--seeds", 2)
    runs = len(answer(home, "runs", "list"))
    again = answer(home, *args, "--seeds", 2)
    assert again == first and len(answer(home, "runs", "list")) == runs
    base, centred = first["presets"]
    difference = centred["difference"]
    assert base["difference"] is None and difference["low"] <= difference["high"]
    assert mirs(home, *args, "--seeds", 2).out.count("|") > 10


def test_bench_query_measures_milliseconds(home: Home) -> None:
    found = answer(home, "bench", "query", "--repeat", 5)
    assert found["bench"] == "query" and 0 < found["p50_ms"] < 5000


@pytest.mark.parametrize("words", ["--help", "--version", "train --help", "bench --help"])
def test_help_is_there(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(words.split())
    assert end.value.code == 0 and capsys.readouterr().out


def test_the_whole_process_keeps_to_the_same_rules(home: Home) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mirs_core", *words],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "MIRS_HOME": str(home)},
            check=False,
        )

    good, bad = run("runs", "list", "--json"), run("runs", "show", "nothing")
    assert good.returncode == 0 and len(json.loads(good.stdout)) >= 3
    assert (bad.returncode, bad.stdout) == (2, "") and bad.stderr.startswith("mirs: ")


def test_a_run_is_named_tagged_and_noted_beside_its_folder(home: Home) -> None:
    answer(home, "runs", "rename", "demo-mirs", "The good one")
    answer(home, "runs", "tag", "demo-mirs", "poster", "checked")
    said = answer(home, "runs", "note", "demo-mirs", "Look at\nthe dunes.")
    assert said == {
        "run": "demo-mirs", "name": "The good one", "tags": ["poster", "checked"],
        "notes": "Look at\nthe dunes.",
    }  # fmt: skip
    listed = {run["run"]: run for run in answer(home, "runs", "list")}["demo-mirs"]
    assert (listed["name"], listed["tags"]) == ("The good one", ["poster", "checked"])
    assert "control character" in refused(home, "runs", "rename", "demo-mirs", "\a")
    assert "There is no run" in refused(home, "runs", "tag", "nothing", "x")
    answer(home, "runs", "tag", "demo-mirs")
    assert answer(home, "runs", "rename", "demo-mirs", "")["tags"] == []


def test_a_run_leaves_as_one_file_goes_to_the_bin_and_comes_back(
    home: Home, tmp_path: Path
) -> None:
    # Other tests share this home folder.
    answer(home, "runs", "empty-bin")
    sent = answer(home, "runs", "export", "demo-mirs-dwt", tmp_path)
    assert Path(sent["file"]) == tmp_path / "demo-mirs-dwt.mirs.zip" and sent["bytes"] > 1000
    assert "exists already" in refused(home, "runs", "export", "demo-mirs-dwt", sent["file"])
    assert "another id" in refused(home, "runs", "import", sent["file"])
    came = answer(home, "runs", "import", sent["file"], "--id", "again")
    assert came["run"] == "again" and came["data"].endswith("synthetic-mars")
    assert answer(home, "evaluate", "--run", "again")["map_at_64"]
    answer(home, "runs", "delete", "again")
    assert [one["run"] for one in answer(home, "runs", "bin")] == ["again"]
    assert answer(home, "runs", "restore", "again") == {"restored": "again"}
    answer(home, "runs", "delete", "again")
    assert answer(home, "runs", "empty-bin", "again") == {"removed": ["again"]}
    assert answer(home, "runs", "empty-bin") == {"removed": []}
    assert "There is no run 'again' in the bin" in refused(home, "runs", "restore", "again")


def test_runs_are_compared_and_have_a_card(home: Home) -> None:
    found = answer(home, "runs", "compare", "demo-mirs", "demo-mirs-dwt")
    assert found["runs"] == ["demo-mirs", "demo-mirs-dwt"] and found["one_data_set"]
    assert found["settings"]["whitening.enabled"] == [False, True]
    text = mirs(home, "runs", "compare", "demo-mirs", "demo-mirs-dwt").out
    assert "whitening.enabled" in text and "against the first" in text
    assert "Compare 2 to 5" in refused(home, "runs", "compare", "demo-mirs")
    card = answer(home, "runs", "card", "demo-mirs")["card"]
    assert (
        card.startswith("# ")
        and mirs(home, "runs", "card", "demo-mirs").out.strip() == card.strip()
    )
