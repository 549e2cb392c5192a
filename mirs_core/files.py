"""Atomic writing and safe reading of files.

Everything is written to a temporary file beside its target and moved there with ``os.replace``.
Arrays are read without pickle; callers validate JSON that comes from outside.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import tokenize
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import RunError

DAMAGED_ARRAY = (
    OSError, ValueError, EOFError, TypeError, KeyError, SyntaxError, OverflowError, MemoryError,
    RecursionError, tokenize.TokenError,
)  # fmt: skip
"""What numpy raises for a damaged .npy file, whose header it parses as Python."""

_SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


def is_safe_name(name: str) -> bool:
    """Whether ``name`` is a valid folder name in the home folder: no separators, no leading dot."""
    return _SAFE_NAME.fullmatch(name) is not None


def slug(text: str, fallback: str = "data") -> str:
    """``text`` as a safe name: lower-case Latin letters, digits, hyphens; 32 characters at most."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:32].strip("-")
    return plain or fallback


def replace_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Writes ``path`` with ``write(handle)``; a failure leaves an existing file untouched.

    Raises:
        RunError: the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        make_folder(path.parent)
        with temporary.open("wb") as handle:
            write(handle)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def copy_file(source: Path, target: Path) -> None:
    """Copies a file; a failure leaves an existing file untouched.

    Raises:
        RunError: the source cannot be read, or the target cannot be written.
    """
    try:
        with source.open("rb") as handle:
            replace_file(target, lambda sink: shutil.copyfileobj(handle, sink))
    except OSError as error:
        raise RunError(f"{source} cannot be read ({error.strerror or error}).") from None


def make_folder(path: Path) -> Path:
    """Creates the folder ``path`` if it does not exist.

    Raises:
        RunError: it cannot be created, or a file has this path.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from None
    return path


def _unwritable(path: Path, error: OSError) -> RunError:
    return RunError(
        f"{path} cannot be written ({error.strerror or error});"
        " free some space, or choose a writable folder (MIRS_HOME sets the home folder)."
    )


def write_json(path: Path, value: Any) -> None:
    """Writes ``value`` as JSON (UTF-8, no NaN) to ``path``."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)
    # JSON may hold halves of characters, as escapes; they stay what they are.
    data = re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text).encode("utf-8")
    replace_file(path, lambda handle: handle.write(data + b"\n"))


def read_json(path: Path) -> Any:
    """The JSON value in ``path``.

    Raises:
        RunError: the file is missing or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{path} is missing; the folder was changed by hand. Train again.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(
            f"{path} cannot be read ({error}). Delete the run and train again."
        ) from None


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Writes ``array`` as .npy to ``path``."""
    replace_file(path, lambda handle: np.save(handle, array, allow_pickle=False))


def read_array(path: Path) -> NDArray[Any]:
    """The array in the .npy file ``path``, never through pickle.

    Raises:
        RunError: the file is missing or damaged.
    """
    try:
        array: NDArray[Any] = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise RunError(f"{path} is missing; the folder was changed by hand. Train again.") from None
    except DAMAGED_ARRAY as error:
        reason = " ".join(str(error).split())[:200]
        raise RunError(
            f"{path} cannot be read ({reason}). Delete the run and train again."
        ) from None
    return array


def map_array(path: Path) -> NDArray[Any]:
    """The array in the .npy file ``path``, read-only and left on disk until it is used.

    Raises:
        RunError: the file is missing or damaged.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except DAMAGED_ARRAY as error:
        reason = " ".join(str(error).split())[:200]
        raise RunError(
            f"{path} cannot be read ({reason}). Delete the run and train again."
        ) from None
    return array


def sha256(data: bytes) -> str:
    """The SHA-256 of ``data`` in hexadecimal: the identity of a tile's file."""
    return hashlib.sha256(data).hexdigest()
