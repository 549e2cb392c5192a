"""Files of weights: downloaded once and checked, read as tensors only, and their fingerprint."""

import hashlib
import http.client
import uuid
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from mirs_core.encoders.base import PREPROCESSING
from mirs_core.errors import EncoderError

_TIMEOUT_S = 20.0
_CHUNK = 1 << 20


def download_weights(url: str, folder: Path, *, sha256_prefix: str, max_bytes: int) -> Path:
    """Path of the file behind ``url`` in ``folder``, downloaded if it is not there yet.

    Args:
        sha256_prefix: hexadecimal digits that the SHA-256 of the file begins with.
        max_bytes: larger downloads are refused.

    Raises:
        EncoderError: no network, an HTTP error, or a wrong checksum; the message says which file to
            put where by hand. No partial file stays behind.
    """
    target = folder / url.rsplit("/", 1)[-1]
    if not target.is_file():
        _download(url, target, sha256_prefix, max_bytes)
    elif not sha256_of(target).startswith(sha256_prefix):
        raise EncoderError(
            f"{target} has a wrong checksum (SHA-256 should begin with {sha256_prefix})."
            f" Delete it; it will be downloaded again from {url}."
        )
    return target


def sha256_of(path: Path) -> str:
    """SHA-256 (hex) of a file. Raises EncoderError if it cannot be read."""
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(f"{path} cannot be read ({error.strerror or error}).") from None


def _download(url: str, target: Path, sha256_prefix: str, max_bytes: int) -> None:
    by_hand = f"Download {url} on another machine and put the file at {target}."
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(url, temporary, max_bytes)
        if not sha256_of(temporary).startswith(sha256_prefix):
            raise EncoderError(
                f"The download of {target.name} has a wrong checksum (SHA-256 should begin with"
                f" {sha256_prefix}). {by_hand}"
            )
        temporary.replace(target)
    except HTTPError as error:
        raise EncoderError(f"{url} answered {error.code} {error.reason}. {by_hand}") from None
    except (URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise EncoderError(f"{target.name} cannot be downloaded ({reason}). {by_hand}") from None
    except OSError as error:
        raise EncoderError(f"{target} cannot be written ({error.strerror or error}).") from None
    finally:
        temporary.unlink(missing_ok=True)


def _copy(url: str, path: Path, max_bytes: int) -> None:
    with urlopen(url, timeout=_TIMEOUT_S) as answer, path.open("wb") as handle:
        length = answer.headers.get("Content-Length")
        if length is not None and int(length) > max_bytes:
            raise URLError(f"{int(length) / 1e6:.0f} MB, more than expected")
        written = 0
        while chunk := answer.read(_CHUNK):
            written += len(chunk)
            if written > max_bytes:
                raise URLError(f"more than {max_bytes / 1e6:.0f} MB")
            handle.write(chunk)
        if length is not None and written != int(length):
            raise URLError(f"the connection broke after {written} of {length} bytes")


def fingerprint(weights: Path, *choices: str) -> str:
    """SHA-256 (hex) over a file of weights, the preprocessing and ``choices`` that change features.

    Raises:
        EncoderError: the file cannot be read.
    """
    digest = hashlib.sha256()
    for text in (PREPROCESSING, *choices):
        digest.update(text.encode() + b"\0")
    try:
        digest.update(weights.read_bytes())
    except OSError as error:
        raise EncoderError(f"The weights {weights} cannot be read ({error.strerror}).") from None
    return digest.hexdigest()


def load_weights(path: Path, advice: str) -> dict[str, Any]:
    """The state dictionary in ``path``, read as tensors only: nothing in the file is executed.

    Raises:
        EncoderError: the file is damaged or not a state dictionary; ends with ``advice``.
    """
    import pickle

    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EncoderError(f"The weights {path} are damaged ({reason}). {advice}") from None
    if not isinstance(state, dict):
        raise EncoderError(f"The weights {path} are not a state dictionary. {advice}")
    return dict(state)
