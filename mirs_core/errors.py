"""Errors for users: each message is one line that says what is wrong and what to do next.

Any other exception is a defect of the program, not of its input.
"""


class MirsError(Exception):
    """An expected failure; the command line prints it as one line and exits with status 2."""


class ConfigError(MirsError):
    """A setting is unknown, out of its range, or contradicts another setting."""


class DataError(MirsError):
    """A data set cannot be used as it is."""


class ImageError(DataError):
    """A file is not an image that can be used as a tile."""


class EncoderError(MirsError):
    """An encoder is unknown, or its weights are not available."""


class StoppedError(MirsError):
    """The work was stopped on request; finished parts are kept."""


class NotConfirmedError(MirsError):
    """A question was not answered with yes, and nothing was done."""


class RunError(MirsError):
    """A run does not exist, is not finished, or its files contradict each other."""
