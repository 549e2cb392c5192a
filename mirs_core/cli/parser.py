"""The words of the command line."""

import argparse
from pathlib import Path
from typing import Any, NoReturn

from mirs_core import __version__, finetuning, sweeps
from mirs_core.cli import (
    annotations,
    benches,
    data_words,
    encoders,
    landforms,
    mapping,
    retrieval,
    training,
    transfer,
)
from mirs_core.cli import domains as domain_commands
from mirs_core.cli import jobs as job_commands
from mirs_core.cli import preview as previews
from mirs_core.cli import runs as run_commands
from mirs_core.cli import strips as strip_commands
from mirs_core.cli import sweeps as sweep_commands
from mirs_core.cli.settings import epilog
from mirs_core.cli.words import group as group_of
from mirs_core.cli.words import verb as verb_of
from mirs_core.config import settings
from mirs_core.domains import USUAL
from mirs_core.presets import PRESETS


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the words, as every other failure does."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"mirs: {message}; see {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of all verbs; the chosen command stands in ``args.command``."""
    parser = _Parser(
        prog="python -m mirs_core",
        description="Find similar landforms on Mars: encode, hash, archive, search, evaluate.",
        epilog="MIRS_HOME names the folder of runs and caches (default .mirs/).",
    )
    parser.add_argument("--version", action="version", version=f"MIRS Explorer {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _demo(verbs)
    data_words.add_data(verbs)
    _training(verbs)
    _sweeps(verbs)
    _domains(verbs)
    _encoders(verbs)
    _retrieval(verbs)
    data_words.add_archives(verbs)
    _landforms(verbs)
    _runs(verbs)
    _jobs(verbs)
    _bench(verbs)
    return parser


def _demo(verbs: Any) -> None:
    demo = verb_of(verbs, "demo", training.demo, "build the demo: synthetic Mars and three models")
    demo.add_argument("--per-class", type=int, default=80, metavar="N", help="tiles a landform")


def _training(verbs: Any) -> None:
    train = verb_of(
        verbs,
        "train",
        training.train,
        "train a model on a data set, archive it, and measure it",
        epilog=epilog((f"{group}.{item.name}", item) for group, item in settings()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = train.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, metavar="DIR", help="a data set")
    source.add_argument("--run", metavar="ID", help="a prepared run")
    train.add_argument("--preset", default="mirs", metavar="NAME", help=", ".join(PRESETS))
    train.add_argument("--encoder", metavar="NAME", help="overrides the preset's encoder")
    train.add_argument("--seed", type=int, default=0, metavar="N")
    train.add_argument("--name", metavar="TEXT", help="what people call the run")
    train.add_argument("--map", action="store_true", help="then lay its hash space out (project)")
    _changes(train)
    short = verb_of(
        verbs, "preview", previews.preview, "train for a few epochs and look at the codes"
    )
    short.add_argument("--data", type=Path, metavar="DIR", required=True)
    short.add_argument("--preset", default="mirs", metavar="NAME", help=", ".join(PRESETS))
    short.add_argument("--encoder", metavar="NAME")
    short.add_argument("--seed", type=int, default=0, metavar="N")
    short.add_argument("--epochs", type=int, default=30, metavar="N")
    short.add_argument("--query", default="", metavar="TILE", help="follow the hits of this tile")
    short.add_argument("--out", type=Path, metavar="FILE", help="JSON that is written meanwhile")
    _changes(short)
    plane = verb_of(verbs, "project", mapping.project, "lay a run's hash space out as a map")
    plane.add_argument("--run", metavar="ID", required=True)
    plane.add_argument("--seed", type=int, default=0, metavar="N")
    compare = verb_of(
        verbs, "compare", training.compare, "train presets over several seeds and compare them"
    )
    compare.add_argument("--data", type=Path, metavar="DIR", required=True)
    compare.add_argument("--presets", default="baseline,baseline-centred,mirs,mirs-dwt")
    compare.add_argument("--seeds", type=int, default=5, metavar="N")
    compare.add_argument("--encoder", metavar="NAME")
    _changes(compare)
    again = verb_of(
        verbs, "reproduce", training.reproduce, "measure the published tables on a data set"
    )
    again.add_argument("--data", type=Path, metavar="DIR", required=True)
    again.add_argument("--out", type=Path, metavar="DIR", required=True)
    again.add_argument("--seeds", type=int, default=5, metavar="N")
    again.add_argument("--encoder", metavar="NAME", default="")
    again.add_argument("--tables", default="", metavar="KEYS", help="some of them, with commas")


def _changes(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--set", action="append", default=[], metavar="GROUP.FIELD=VALUE", dest="changes"
    )


def _sweeps(verbs: Any) -> None:
    sweep = verb_of(verbs, "sweep", sweep_commands.sweep, "train over lambda1 x lambda2")
    sweep.add_argument("--id", metavar="ID", help="go on with this sweep")
    sweep.add_argument("--data", type=Path, metavar="DIR")
    sweep.add_argument("--preset", default="mirs", metavar="NAME", help=", ".join(PRESETS))
    sweep.add_argument("--encoder", metavar="NAME")
    sweep.add_argument("--seed", type=int, default=0, metavar="N")
    sweep.add_argument("--name", metavar="TEXT")
    sweep.add_argument("--method", default="grid", choices=sweeps.METHODS)
    sweep.add_argument("--trials", type=int, default=25, metavar="N")
    for name, default in (("push", (1e-4, 10.0)), ("balance", (1e-2, 100.0))):
        sweep.add_argument(
            f"--{name}", type=float, nargs=2, default=default, metavar=("LOW", "HIGH")
        )
    _changes(sweep)
    group = group_of(verbs, "sweeps", "list, show and delete sweeps")
    verb_of(group, "list", sweep_commands.list_all, "all sweeps, newest first")
    for name, command, help in (
        ("show", sweep_commands.show, "what a sweep has found"),
        ("delete", sweep_commands.delete, "remove a sweep; its runs stay"),
    ):
        verb_of(group, name, command, help).add_argument("id", metavar="ID")


def _domains(verbs: Any) -> None:
    verb = verb_of(
        verbs, "domains", domain_commands.domains, "what whitening does between two data sets"
    )
    for name, help in (("--data", "source: learnt from"), ("--other", "target: searched")):
        verb.add_argument(name, type=Path, metavar="DIR", required=True, help=help)
    verb.add_argument("--seeds", type=int, default=5, metavar="N")
    verb.add_argument("--presets", default=",".join(USUAL), help=", ".join(PRESETS))
    verb.add_argument("--encoder", metavar="NAME")
    verb.add_argument(
        "--group", type=int, metavar="N", help="also give the covariances of this group of channels"
    )
    verb.add_argument("--out", type=Path, metavar="FILE", help="JSON that is written as well")


def _encoders(verbs: Any) -> None:
    train = verb_of(
        verbs,
        "train-encoder",
        encoders.train_encoder,
        "train an encoder further, end to end, on a data set",
        epilog=epilog((item.name, item) for item in finetuning.settings()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    encoders.add_arguments(train)
    group = group_of(verbs, "encoders", "list fine-tuned encoders")
    verb_of(group, "list", encoders.list_all, "all fine-tuned encoders, newest first")


def _retrieval(verbs: Any) -> None:
    index = verb_of(verbs, "index", retrieval.index, "archive a folder with a trained model")
    index.add_argument(
        "--run", metavar="ID", required=True, action="append", help="give it again for more models"
    )
    index.add_argument("--data", type=Path, metavar="DIR", required=True)
    index.add_argument("--name", metavar="TEXT")
    evaluate = verb_of(verbs, "evaluate", retrieval.evaluate, "mAP@64 of a run, with its interval")
    evaluate.add_argument("--run", metavar="ID", required=True)
    evaluate.add_argument("--queries", type=Path, metavar="DIR", help="query tiles of your own")
    evaluate.add_argument("--exclude-strip", action="store_true", help="leave out a query's strip")
    search = verb_of(
        verbs, "search", retrieval.search, "the nearest tiles of an archive to an image"
    )
    search.add_argument("--run", metavar="ID", required=True)
    search.add_argument("--image", type=Path, metavar="FILE", required=True)
    search.add_argument("--k", type=int, default=64, metavar="K")
    strip_commands.add_rectangle(search)


def _landforms(verbs: Any) -> None:
    landforms.add_arguments(
        verb_of(
            verbs,
            "landforms",
            landforms.landforms,
            "estimate the landforms of unlabelled tiles by the nearest labelled ones",
        )
    )


def _runs(verbs: Any) -> None:
    group = group_of(verbs, "runs", "list, compare, serve, name, export and delete runs")
    verb_of(group, "list", run_commands.list_all, "all runs, newest first")
    for name, command, help in (
        ("show", run_commands.show, "everything a run remembers"),
        ("card", run_commands.card, "the model card of a run, in Markdown"),
        ("serve", run_commands.serve, "make a run the one that the app shows first"),
        ("delete", run_commands.delete, "move a run into the bin"),
        ("restore", run_commands.restore, "bring a run back from the bin"),
    ):
        verb_of(group, name, command, help).add_argument("id", metavar="ID")
    verb_of(group, "bin", run_commands.list_bin, "the runs in the bin, the last one first")
    empty = verb_of(group, "empty-bin", run_commands.empty_bin, "remove runs in the bin for good")
    empty.add_argument("id", metavar="ID", nargs="?", help="one of them (default: all)")
    compare = verb_of(group, "compare", run_commands.compare, "two to five runs beside each other")
    compare.add_argument("ids", metavar="ID", nargs="+")
    _annotations(group)
    export = verb_of(group, "export", transfer.export, "write a finished run into one file")
    export.add_argument("id", metavar="ID")
    export.add_argument("file", type=Path, metavar="FILE", help="a new file, or a folder for it")
    arrive = verb_of(group, "import", transfer.import_, "take in a run that was exported")
    arrive.add_argument("file", type=Path, metavar="FILE")
    arrive.add_argument("--id", metavar="ID", help="another id than the one it had")


def _annotations(group: Any) -> None:
    for name, command, help, word, count in (
        ("rename", annotations.rename, "name a run", "NAME", None),
        ("tag", annotations.tag, "give a run these tags in place of its own", "TAG", "*"),
        ("note", annotations.note, "write down what a run is about", "TEXT", None),
    ):
        verb = verb_of(group, name, command, help)
        verb.add_argument("id", metavar="ID")
        verb.add_argument("text", metavar=word, nargs=count)


def _jobs(verbs: Any) -> None:
    group = group_of(verbs, "jobs", "list, stop and resume jobs of the background")
    verb_of(group, "list", job_commands.list_all, "all jobs, newest first")
    verb_of(group, "tend", job_commands.tend, "start workers for what waits, after a restart")
    for name, command, help in (
        ("stop", job_commands.stop, "ask a job to stop; a training keeps its best epoch"),
        ("resume", job_commands.resume, "go on with a job that failed or was stopped"),
        ("start-over", job_commands.start_over, "the same from the first epoch"),
        ("first", job_commands.run_first, "move a queued job to the front"),
        ("log", job_commands.log, "the last lines that a job wrote"),
    ):
        verb_of(group, name, command, help).add_argument("id", metavar="ID")
    group.choices["log"].add_argument("--lines", type=int, default=40, metavar="N")


def _bench(verbs: Any) -> None:
    group = group_of(verbs, "bench", "measure this machine and this code")
    query = verb_of(group, "query", benches.query, "from JPEG bytes to ranked ids")
    query.add_argument("--run", metavar="ID", help="a finished run (default: the served one)")
    query.add_argument("--repeat", type=int, default=50, metavar="N")
    train = verb_of(group, "train", benches.train, "a head on as many features as DoMars16k's half")
    train.add_argument("--preset", default="mirs", metavar="NAME", help=", ".join(PRESETS))
    train.add_argument("--epochs", type=int, default=100, metavar="N")
    lambdas = verb_of(group, "lambdas", benches.lambdas, "what lambda1 and lambda2 do to codes")
    lambdas.add_argument("--data", type=Path, metavar="DIR", required=True)
    lambdas.add_argument("--seed", type=int, default=0, metavar="N")
    lambdas.add_argument("--figure", type=Path, metavar="FILE.svg", help="also draws it")
    browsing = verb_of(
        group, "browsing", benches.browsing, "whether the tiles of a class can be told apart"
    )
    browsing.add_argument("--data", type=Path, metavar="DIR", required=True)
    browsing.add_argument("--preset", default="mirs-best", metavar="NAME")
    browsing.add_argument("--seeds", type=int, default=5, metavar="N")
    forms = verb_of(group, "landforms", benches.landforms, "who should vote on unlabelled tiles")
    forms.add_argument(
        "--run", metavar="ID", required=True, action="append", help="give it again for more seeds"
    )
    app = verb_of(group, "app", benches.app, "from a click in a real browser to the new results")
    app.add_argument("--clicks", type=int, default=30, metavar="N")
    app.add_argument("--sessions", type=int, default=5, metavar="N", help="at once, afterwards")
    app.add_argument("--seconds", type=float, default=60.0, metavar="S", help="of these sessions")
    jobs = verb_of(group, "jobs", benches.jobs, "from the click on Start to the first epoch")
    jobs.add_argument("--data", type=Path, metavar="DIR", required=True)
    jobs.add_argument("--repeat", type=int, default=5, metavar="N")
    synthetic = verb_of(
        group, "synthetic", benches.synthetic, "speed and likeness of the synthetic tiles"
    )
    synthetic.add_argument(
        "--real", type=Path, metavar="DIR", help="real CTX tiles with 15 classes"
    )
    synthetic.add_argument("--per-class", type=int, default=80, metavar="N")
    space = verb_of(group, "space", benches.space, "the maps of the hash space in a real browser")
    space.add_argument("--tiles", type=int, default=16_150)
    space.add_argument("--repeat", type=int, default=10)
    space.add_argument("--many", type=int, default=1_000_000, help="points that no tile is behind")
    kills = verb_of(group, "kills", benches.kills, "kill jobs and apps, and count what is lost")
    kills.add_argument("--data", type=Path, metavar="DIR", help="a small data set to train on")
    kills.add_argument("--jobs", type=int, default=50, metavar="N", help="kills of a job")
    kills.add_argument("--apps", type=int, default=20, metavar="N", help="kills of an app")
    kills.add_argument("--seed", type=int, default=0, metavar="N", help="of the moments")
    strip = verb_of(group, "strip", benches.strip, "cut, kill, cut on and archive a large raster")
    strip.add_argument("--run", metavar="ID", help="a finished run (default: the served one)")
    strip.add_argument("--size", type=int, default=20_000, metavar="N", help="pixels a side")
    strip.add_argument("--no-index", action="store_true", help="do not archive the tiles")
