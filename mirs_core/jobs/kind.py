"""What a kind of job is: a spec with typed fields, and the function that carries it out.

The command line builds the verb of a kind from the fields of its spec, the app submits spec
objects, and a worker runs them. A field says everything about itself in its metadata.
"""

import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from mirs_core.progress import Progress, ShouldStop, never, silent, stoppable
from mirs_core.system.devices import CPU
from mirs_core.workspace.home import Home

DATA = "data"
"""What the keys of jobs begin with that import data or change archives."""

PREVIEW = "preview"
"""The lane of previews, which do not wait for trainings."""

Answer = dict[str, Any]
"""What a job answers: one JSON object."""


@dataclass(frozen=True, slots=True)
class JobSpec:
    """Base of all specs: what is to be done, in typed fields, JSON-like values and paths only."""


S = TypeVar("S", bound=JobSpec)


@dataclass(frozen=True, slots=True)
class Command(JobSpec):
    """Any other command line; jobs of versions before 0.3 are read as this kind."""

    words: tuple[str, ...]


def option(
    default: Any = dataclasses.MISSING,
    *,
    help: str = "",
    label: str = "",
    flag: str = "",
    metavar: str = "",
    positional: bool = False,
    choices: tuple[str, ...] = (),
    one_of: str = "",
) -> Any:
    """A field of a spec.

    Args:
        label: its name in forms; by default the field's own name.
        flag: its option on the command line; by default the field's name with dashes.
        metavar: what stands for its value in the help of the command line.
        positional: whether it stands on the command line without a flag.
        one_of: fields with the same word here exclude each other; one of them is needed where the
            word ends with "!".
    """
    meta: dict[str, Any] = {"help": help, "label": label, "flag": flag, "metavar": metavar}
    meta |= {"positional": positional, "choices": choices, "one_of": one_of}
    return dataclasses.field(default=default, metadata=meta)


def print_note(text: str) -> None:
    """Writes a line for people to standard error, which is the log of a job."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def refuse(question: str) -> bool:
    """The answer to a question where nobody can be asked."""
    return False


@dataclass(frozen=True, slots=True)
class Work:
    """The link between running work and its observers.

    Attributes:
        should_stop: whether the work is to stop; what is finished then is kept.
        note: takes a line for people.
        agree: asks a person a yes-or-no question.
    """

    progress: Progress = silent
    should_stop: ShouldStop = never
    note: Callable[[str], None] = print_note
    agree: Callable[[str], bool] = refuse

    @property
    def stoppable(self) -> Progress:
        """The progress of work that may end at any report."""
        return stoppable(self.progress, self.should_stop)


@dataclass(frozen=True, slots=True)
class Kind(Generic[S]):
    """A kind of job.

    Attributes:
        name: how job.json refers to it.
        order: its place in lists.
        words: its verb on the command line.
        help: what it does, in a line.
        spec: the class of its specs.
        run: carries a spec out and returns the answer; raises MirsError where it cannot.
        title: what people read in the list of jobs.
        lane: its queue, unless the caller chooses another.
        key: names the purpose; of jobs with one key only one is queued at a time.
        trains: the id of the run that it trains; empty for none.
        resumable: whether a job that failed or was stopped continues where it ended.
    """

    name: str
    order: int
    words: tuple[str, ...]
    help: str
    spec: type[S]
    run: Callable[[Home, S, Work], Answer]
    title: Callable[[S], str]
    lane: str = CPU
    key: Callable[[S], str] = lambda spec: ""
    trains: Callable[[S], str] = lambda spec: ""
    resumable: bool = True
