"""Asking an address: https only, also behind redirects, with an answer or one line that says why.

Plain http is let through to the origin alone, and only where that is this very machine.
"""

import contextlib
import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import IO, Any

from mirs_core import __version__
from mirs_core.errors import DataError

_SECONDS = 30.0
_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
_WORTH_ANOTHER_TRY = frozenset({408, 416, 425, 429, 500, 502, 503, 504})


class BrokenOffError(DataError):
    """An answer failed in a way that another try may mend.

    Attributes:
        status: of the HTTP answer; None where there was none.
        wait: seconds that the server asked to wait, 0 if it said nothing.
    """

    def __init__(self, message: str, status: int | None = None, wait: int = 0) -> None:
        super().__init__(message)
        self.status, self.wait = status, wait


def check_address(url: str, origin: str) -> None:
    """Refuses an address that is neither https nor the local ``origin`` itself.

    Raises:
        DataError: it is refused.
    """
    try:
        asked, own = urllib.parse.urlsplit(url), urllib.parse.urlsplit(origin)
        clean = bool(asked.hostname) and asked.username is None and asked.port != 0
    except ValueError:
        clean = False
    if clean and url.isascii() and url.isprintable() and " " not in url:
        if asked.scheme == "https":
            return
        local = asked.scheme == "http" and asked.hostname in _LOCAL
        if local and (asked.scheme, asked.netloc) == (own.scheme, own.netloc):
            return
    raise DataError(f"The server points to {url[:100]!r}, which is no https address; stopped.")


@contextlib.contextmanager
def answer_of(
    url: str, origin: str, headers: Mapping[str, str] | None = None
) -> Iterator[http.client.HTTPResponse]:
    """The open answer (status 200 to 299) of ``url``; closed after the block.

    Args:
        origin: the address of the record that everything started from.

    Raises:
        BrokenOffError: the connection failed or the server is busy; try again.
        DataError: the address is refused or does not exist.
    """
    check_address(url, origin)
    sent = {"User-Agent": f"mirs-explorer/{__version__}", "Accept-Encoding": "identity"}
    request = urllib.request.Request(url, headers={**sent, **(headers or {})})
    host = urllib.parse.urlsplit(url).netloc
    try:
        with _opener(origin).open(request, timeout=_SECONDS) as answer:
            yield answer
    except urllib.error.HTTPError as error:
        error.close()
        raise _refusal(host, error) from None
    except urllib.error.URLError as error:
        raise BrokenOffError(f"{host} cannot be reached ({error.reason}).") from None
    except (OSError, http.client.HTTPException) as error:
        why = str(error) or type(error).__name__
        raise BrokenOffError(f"The connection to {host} broke off ({why}).") from None


def _refusal(host: str, error: urllib.error.HTTPError) -> DataError:
    if error.code in _WORTH_ANOTHER_TRY:
        asked = error.headers.get("Retry-After", "") if error.headers else ""
        wait = min(int(asked), 60) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 0
        return BrokenOffError(f"{host} answers with status {error.code}.", error.code, wait)
    if 300 <= error.code < 400:
        return DataError(f"{host} leads somewhere that is not followed (status {error.code}).")
    return DataError(
        f"{host} answers with status {error.code}; the data set may have moved: look at its page."
    )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to addresses that may be asked, and to no others."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:  # fmt: skip
        check_address(newurl, self._origin)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(origin: str) -> urllib.request.OpenerDirector:
    """An opener that knows http and https only: no file:, no ftp:, no data:."""
    opener = urllib.request.OpenerDirector()
    local = urllib.parse.urlsplit(origin).hostname in _LOCAL
    for handler in (
        urllib.request.ProxyHandler({} if local else None),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        _Redirects(origin),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener
