"""``python -m benchmarks.mutations.worker BASE``: opens the mutants that standard input names.

Every line in is a JSON object: kind, file, case, number. Lines out, on the original standard
output: ``act NAME`` before each act, ``tick`` at every progress, ``end {JSON}`` after the last.
``prepare`` as second argument fills BASE instead. What libraries print goes to standard error.
"""

import faulthandler
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.mutations import sandbox
from mirs_core.errors import MirsError

LONGEST_SECONDS = 30.0
"""Work that still reports progress is ended after this time, as a person would end it."""

_TICK_SECONDS = 0.5
_LONGEST_MESSAGE = 2_000


class LongWorkError(Exception):
    """An act was ended that would have gone on, with progress."""


def main(base: Path, task: str = "") -> None:
    """Prepares, or serves until standard input ends."""
    if task == "prepare":
        sandbox.prepare(base)
        return
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    faulthandler.enable()

    def say(line: str) -> None:
        out.write(line + "\n")

    serve(base, say)


def serve(base: Path, say: Callable[[str], None]) -> None:
    """Opens one mutant per line of standard input."""
    from benchmarks.mutations.acts import ACTS, Desk
    from mirs_core.retrieval.search import Searcher
    from mirs_core.workspace.home import Home

    sandbox.use_fast_encoder()
    home = Home(base / "home")
    searcher = Searcher.open(home, sandbox.RUN)
    searcher.load_encoder()
    say("ready")
    for line in sys.stdin:
        order = json.loads(line)
        outcomes: dict[str, Any] = {}
        for name, act in ACTS[order["kind"]].items():
            say(f"act {name}")
            desk = Desk(
                base, home, searcher, _ticks(say), Path(order["case"]), Path(order["file"]),
                order["number"],
            )  # fmt: skip
            _forget_peak()
            started = time.monotonic()
            outcome = outcome_of(lambda act=act, desk=desk: act(desk))  # type: ignore[misc]
            outcomes[name] = {
                **outcome, "seconds": time.monotonic() - started, "peak_mb": _peak_mb()
            }  # fmt: skip
        say("end " + json.dumps(outcomes))


def outcome_of(act: Callable[[], object]) -> dict[str, str]:
    """How an act ends: ``result`` done, refused, long or fault, and what was said."""
    try:
        act()
    except MirsError as error:
        text = str(error)
        if not text.strip() or "\n" in text or len(text) > _LONGEST_MESSAGE:
            return {"result": "fault", "said": f"an error that is not one line: {text[:500]!r}"}
        try:
            text.encode()
        except UnicodeEncodeError:
            return {"result": "fault", "said": f"an error that is no Unicode: {text[:500]!r}"}
        return {"result": "refused", "said": text[:300]}
    except LongWorkError:
        return {"result": "long", "said": ""}
    except Exception:  # any other exception is what this benchmark looks for
        return {"result": "fault", "said": traceback.format_exc()[-4000:]}
    return {"result": "done", "said": ""}


def _ticks(say: Callable[[str], None]) -> Callable[[str, int, int], None]:
    started = last = time.monotonic()

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > _TICK_SECONDS:
            last = now
            say("tick")
        if now - started > LONGEST_SECONDS:
            raise LongWorkError

    return progress


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1000


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
