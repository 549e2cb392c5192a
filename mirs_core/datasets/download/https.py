"""HTTPS requests, also after redirects, with one-line errors.

Plain http is allowed to the origin only, and only where that is the local machine.
"""

import contextlib
import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import IO, Any

from mirs_core import __version__
from mirs_core.errors import DataError, NetworkError

_SECONDS = 30.0
_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
_RETRIED = frozenset({408, 416, 425, 429, 500, 502, 503, 504})


class ConnectionLostError(NetworkError):
    """A request failed in a way that a retry may fix.

    Attributes:
        status: HTTP status; None if there was no response.
        wait: seconds that the server asked to wait, 0 if none.
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
        requested, own = urllib.parse.urlsplit(url), urllib.parse.urlsplit(origin)
        valid = bool(requested.hostname) and requested.username is None and requested.port != 0
    except ValueError:
        valid = False
    if valid and url.isascii() and url.isprintable() and " " not in url:
        if requested.scheme == "https":
            return
        local = requested.scheme == "http" and requested.hostname in _LOCAL
        if local and (requested.scheme, requested.netloc) == (own.scheme, own.netloc):
            return
    raise DataError(f"The server points to {url[:100]!r}, which is not an https address; stopped.")


@contextlib.contextmanager
def open_url(
    url: str, origin: str, headers: Mapping[str, str] | None = None
) -> Iterator[http.client.HTTPResponse]:
    """The open response (status 200 to 299) of ``url``; closed after the block.

    Args:
        origin: the address of the record that the download started from.

    Raises:
        ConnectionLostError: the connection failed or the server is busy; try again.
        DataError: the address is refused or does not exist.
    """
    check_address(url, origin)
    headers_sent = {"User-Agent": f"mirs-explorer/{__version__}", "Accept-Encoding": "identity"}
    request = urllib.request.Request(url, headers={**headers_sent, **(headers or {})})
    host = urllib.parse.urlsplit(url).netloc
    try:
        with _opener(origin).open(request, timeout=_SECONDS) as response:
            yield response
    except urllib.error.HTTPError as error:
        error.close()
        raise _refusal(host, error) from None
    except urllib.error.URLError as error:
        raise ConnectionLostError(f"{host} cannot be reached ({error.reason}).") from None
    except (OSError, http.client.HTTPException) as error:
        why = str(error) or type(error).__name__
        raise ConnectionLostError(f"The connection to {host} was lost ({why}).") from None


def _refusal(host: str, error: urllib.error.HTTPError) -> DataError:
    if error.code in _RETRIED:
        delay = error.headers.get("Retry-After", "") if error.headers else ""
        wait = min(int(delay), 60) if delay.isascii() and delay.isdigit() and len(delay) < 9 else 0
        return ConnectionLostError(f"{host} responded with status {error.code}.", error.code, wait)
    if 300 <= error.code < 400:
        return DataError(f"{host} sends a redirect that is not followed (status {error.code}).")
    return DataError(
        f"{host} responded with status {error.code}; the data set may have moved: check its page."
    )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to allowed addresses only."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:  # fmt: skip
        check_address(newurl, self._origin)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(origin: str) -> urllib.request.OpenerDirector:
    """An opener for http and https only: no file:, ftp: or data:."""
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
