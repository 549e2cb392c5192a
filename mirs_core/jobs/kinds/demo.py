"""The demo: synthetic Mars and three models."""

from dataclasses import dataclass

from mirs_core.errors import ConfigError
from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.workspace.home import Home

_LEAST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo(JobSpec):
    """Build what is missing of the demo."""

    per_class: int = option(80, metavar="N", help="tiles per landform")


def run(home: Home, spec: Demo, work: Work) -> Answer:
    """Builds what is missing of the demo.

    Raises:
        ConfigError: too few tiles for training and validation.
    """
    from mirs_core.pipeline import demo

    if spec.per_class < _LEAST:
        raise ConfigError(
            f"The demo needs at least {_LEAST} tiles per landform, not {spec.per_class}."
        )
    built = demo.build(home, spec.per_class, work.stoppable)
    return {"runs": built, "data": str(demo.data_folder(home))}


SPEC = Kind(
    name="demo",
    order=10,
    words=("demo",),
    help="build the demo: synthetic Mars and three models",
    spec=Demo,
    run=run,
    title=lambda spec: "Build the demo",
    key=lambda spec: "demo",
)
