"""A headless Chromium that evaluates expressions and moves the pointer.

Libraries that drive browsers listen to every network frame, which costs as much time as what is
measured here. This class speaks the browser's own protocol and is idle while a page works.
"""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from mirs_core.errors import ConfigError, RunError

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Flags that keep Chromium from doing anything in the background."""
_OWN = ("--headless=new", "--window-size=1440,900", "--remote-debugging-port=0")
_LARGEST = 64_000_000
_TRIES, _PAUSE = 150, 0.1


class Chromium:
    """A separate browser with one page; an asynchronous context manager."""

    def __init__(self) -> None:
        program = os.environ.get("MIRS_CHROMIUM") or shutil.which("chromium")
        if not program:
            raise ConfigError(
                "This benchmark needs Chromium; install it, or set MIRS_CHROMIUM to its path."
            )
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [program, *FLAGS, *_OWN, f"--user-data-dir={self._folder.name}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._socket: Any = None
        self._last = 0

    async def __aenter__(self) -> "Chromium":
        from websockets.asyncio.client import connect

        self._socket = await connect(await self._address(), max_size=_LARGEST)
        return self

    async def __aexit__(self, *about: object) -> None:
        if self._socket is not None:
            await self._socket.close()
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    async def _address(self) -> str:
        port_file = Path(self._folder.name) / "DevToolsActivePort"
        for _ in range(_TRIES):
            if port_file.is_file() and (lines := port_file.read_text().split()):
                with urllib.request.urlopen(f"http://127.0.0.1:{lines[0]}/json") as answer:
                    pages = [page for page in json.load(answer) if page["type"] == "page"]
                if pages:
                    return str(pages[0]["webSocketDebuggerUrl"])
            await asyncio.sleep(_PAUSE)
        raise RunError("Chromium did not start.")

    async def go(self, address: str) -> None:
        """Opens an address; returns as soon as the navigation has started."""
        await self._call("Page.navigate", url=address)

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression; for a promise, the value it resolves to.

        Raises:
            RunError: it threw an exception.
        """
        answer = await self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            error = answer["exceptionDetails"].get("exception", {})
            raise RunError(f"The page failed: {error.get('value') or error.get('description')}")
        return answer["result"].get("value")

    async def mouse(
        self, kind: str, x: float, y: float, *, wheel: float = 0.0, held: bool = False
    ) -> None:
        """Moves, presses or releases the pointer, or turns its wheel.

        Args:
            kind: mouseMoved, mousePressed, mouseReleased or mouseWheel.
            held: whether the left button is down while the pointer moves.
        """
        event: dict[str, Any] = {"type": kind, "x": x, "y": y}
        if kind == "mouseWheel":
            event |= {"deltaX": 0, "deltaY": wheel}
        elif kind == "mouseMoved":
            event |= {"buttons": int(held)}
        else:
            event |= {"button": "left", "clickCount": 1, "buttons": 1}
        await self._call("Input.dispatchMouseEvent", **event)

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._last += 1
        await self._socket.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            answer = json.loads(await self._socket.recv())
            if answer.get("id") == self._last:
                result: dict[str, Any] = answer.get("result", {})
                return result
