"""The words of the command line."""

import argparse
from pathlib import Path
from typing import Any, NoReturn

from mirs_core import __version__
from mirs_core.cli import (
    annotations,
    app,
    bench,
    encoders,
    landforms,
    mapping,
    retrieval,
    training,
    transfer,
)
from mirs_core.cli import data_verbs as data_words
from mirs_core.cli import domains as domain_commands
from mirs_core.cli import jobs as job_commands
from mirs_core.cli import preview as previews
from mirs_core.cli import runs as run_commands
from mirs_core.cli import strips as strip_commands
from mirs_core.cli import sweeps as sweep_commands
from mirs_core.cli.settings import epilog
from mirs_core.cli.verbs import group as group_of
from mirs_core.cli.verbs import verb as verb_of
from mirs_core.config.presets import PRESETS
from mirs_core.config.settings import settings
from mirs_core.encoders import fine_tuning as finetuning
from mirs_core.encoders.loading import encoder_help
from mirs_core.experiments.domains import USUAL
from mirs_core.pipeline import sweeps


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the words, as every other failure does."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"mirs: {message}; see {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of all verbs; the chosen command stands in ``args.command``."""
    parser = _Parser(
        prog="mirs",
        description="Find similar landforms on Mars: encode, hash, archive, search, evaluate.",
        epilog="MIRS_HOME names the folder of runs and caches (default .mirs/).",
    )
    parser.add_argument("--version", action="version", version=f"MIRS Explorer {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    app.add_arguments(verbs)
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
    bench.add_bench(verbs)
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
    train.add_argument(
        "--encoder", metavar="NAME", help=f"overrides the preset's encoder. {encoder_help()}"
    )
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
