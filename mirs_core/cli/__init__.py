"""The command line: parse, call, print.

Results go to standard output (with ``--json`` one JSON object as the last line), progress to
standard error. An expected failure exits with 2 and one line; an unexpected one with 1.
"""

import json
import sys
from collections.abc import Sequence

from mirs_core.cli import app, flags
from mirs_core.cli.console import Console
from mirs_core.cli.parser import build_parser
from mirs_core.errors import MirsError, StoppedError
from mirs_core.jobs.reporter import Reporter

# Names of files may hold these; programs that split text at line ends split here too.
_LINE_ENDS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "\x85\u2028\u2029"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    words = app.set_apart(sys.argv[1:] if arguments is None else arguments)
    args = build_parser().parse_args(words)
    reporter = Reporter()
    with Console(reporter.progress, reporter.should_stop, args.quiet) as console:
        try:
            answer, text = args.command(args, console)
        except MirsError as error:
            console.close()
            print(f"mirs: {flags.with_flags(reporter.fail(error), args)}", file=sys.stderr)
            return 3 if isinstance(error, StoppedError) else 2
        except KeyboardInterrupt:
            console.close()
            print("mirs: interrupted; what was finished is kept.", file=sys.stderr)
            reporter.end("stopped", "Interrupted.")
            return 130
        except BrokenPipeError:
            return 1
        except Exception as error:
            reporter.end("failed", f"{type(error).__name__}: {error}")
            raise
    print(_json_line(answer) if args.json else text, flush=True)
    reporter.finish(answer)
    return 0


def _json_line(answer: object) -> str:
    """The answer as JSON in one line, whatever counts as the end of a line."""
    return json.dumps(answer, ensure_ascii=False, allow_nan=False).translate(_LINE_ENDS)
