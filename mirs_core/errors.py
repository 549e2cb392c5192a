"""Errors for users: each message is one line that says what is wrong and what to do next.

Any other exception is a defect of the program, not of its input.
"""

from typing import ClassVar


class MirsError(Exception):
    """An expected failure; the command line prints it as one line and exits with status 2."""

    repeats: ClassVar[bool] = False
    """Whether the same work fails again until its input is changed."""


class ConfigError(MirsError):
    """A setting is unknown, out of its range, or contradicts another setting."""

    repeats = True


class DataError(MirsError):
    """A data set cannot be used as it is."""

    repeats = True


class ImageError(DataError):
    """A file is not an image that can be used as a tile."""


class StorageError(DataError):
    """A folder cannot be written, or its disk is full."""

    repeats = False


class NetworkError(DataError):
    """A server did not answer, or not to the end."""

    repeats = False


class EncoderError(MirsError):
    """An encoder is unknown, or its weights are not available."""


class StoppedError(MirsError):
    """The work was stopped on request; finished parts are kept."""


class NotConfirmedError(MirsError):
    """A question was not answered with yes, and nothing was done."""


class RunError(MirsError):
    """A run does not exist, is not finished, or its files contradict each other."""
