"""A record's server on this machine, as good or as bad as a test wants it, and data sets for it."""

import dataclasses
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from fakes import stripes
from PIL import Image

from mirs_core.datasets.download.layouts import arrange_splits, is_image
from mirs_core.datasets.download.spec import PublishedDataSet

Misdeed = Callable[["Handler", bytes], None]
"""Answers one request for the file in its own way."""


@dataclass
class Published:
    """One record with one file. Requests for the file take the first of ``misdeeds`` each."""

    body: bytes = b""
    name: str = "data.zip"
    etag: str | None = '"one"'
    record: bytes | None = None
    record_status: list[int] = field(default_factory=list)
    misdeeds: list[Misdeed] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    address: str = ""

    @property
    def ranges(self) -> list[str | None]:
        """The Range header of every request for the file."""
        return [headers.get("Range") for headers in self.asked]

    def source(self, **changes: Any) -> PublishedDataSet:
        """The data set as the catalogue would have it."""
        made = PublishedDataSet(
            name="domars16k", order=1, title="DoMars16k", about="tiles",
            record=f"{self.address}/api/records/1", archive=r"data\.zip", doi="10.1/1",
            licence="CC-BY-4.0", citation="Wilhelm 2020", instrument="CTX", metres_per_pixel=6.0,
            bibtex="@x{y}", unpacks=is_image,
            arrange=arrange_splits, max_bytes=1_000_000_000,
        )  # fmt: skip
        return dataclasses.replace(made, **changes)

    def entry(self, **changes: Any) -> dict[str, Any]:
        """What the record says of the file."""
        digest = hashlib.md5(self.body, usedforsecurity=False).hexdigest()
        said = {
            "key": self.name, "size": len(self.body), "checksum": f"md5:{digest}",
            "links": {"self": f"{self.address}/file"},
        }  # fmt: skip
        return {**said, **changes}


class Handler(BaseHTTPRequestHandler):
    """Answers as ``published`` says; ranges, ETag and If-Range as HTTP has them."""

    protocol_version = "HTTP/1.1"
    published: Published

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        here = self.published
        self.close_connection = True
        if self.path.startswith("/api/"):
            status = here.record_status.pop(0) if here.record_status else 200
            text = here.record
            self.answer(
                status, json.dumps({"files": [here.entry()]}).encode() if text is None else text
            )
            return
        here.asked.append(dict(self.headers.items()))
        if here.misdeeds:
            here.misdeeds.pop(0)(self, here.body)
        else:
            self.serve(here.body)

    def serve(self, body: bytes, honour: bool = True) -> None:
        """The whole file, or the rest that was asked for."""
        asked, condition = self.headers.get("Range"), self.headers.get("If-Range")
        fits = condition is None or condition == self.published.etag or not honour
        if asked is None or not fits:
            self.answer(200, body, self.tag())
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        where = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
        self.answer(206, body[start:], {**where, **self.tag()})

    def tag(self) -> dict[str, str]:
        return {"ETag": self.published.etag} if self.published.etag else {}

    def answer(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None,
        length: int | None = -1,
    ) -> None:  # fmt: skip
        """``length`` -1 is the true one, None sends none."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length == -1 else length))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


class QuietServer(ThreadingHTTPServer):
    """Says nothing about clients that hang up, which is what some tests are about."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def published() -> Iterator[Published]:
    """A server for the block."""
    here = Published()
    handler = type("OneHandler", (Handler,), {"published": here})
    server = QuietServer(("127.0.0.1", 0), handler)
    here.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def break_off(after: int) -> Misdeed:
    """Sends so many bytes of what was asked for, under the right headers, and hangs up."""

    def misdeed(handler: Handler, body: bytes) -> None:
        asked = handler.headers.get("Range")
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        where = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if asked else {}
        rest = body[start:]
        handler.answer(
            206 if asked else 200, rest[:after], {**where, **handler.tag()}, length=len(rest)
        )

    return misdeed


def jpeg(seed: int) -> bytes:
    """A tile."""
    buffer = io.BytesIO()
    Image.fromarray(stripes(seed)).save(buffer, "JPEG")
    return buffer.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def domars(per_class: int = 4, classes: tuple[str, ...] = ("cra", "rid", "smo")) -> bytes:
    """A small zip in the layout of DoMars16k, with what a Mac leaves in it."""
    files = {"data/.DS_Store": b"x", "data/readme.txt": b"tiles"}
    counts = {"train": 2 * per_class, "val": per_class, "test": per_class}
    seed = 0
    for split, count in counts.items():
        for label in classes:
            for _ in range(count):
                seed += 1
                name = f"P03_{seed:06d}_2005_XI_20N072W_CX{seed}_CY7.jpg"
                files[f"data/{split}/{label}/{name}"] = jpeg(seed)
                files[f"__MACOSX/data/{split}/{label}/._{name}"] = b"x"
    return zipped(files)


COPIES = ("-r90", "-r180", "-r270", "-fh", "-fv", "-brt")


def hirise(crops: int = 60) -> tuple[bytes, dict[str, str]]:
    """A zip in the layout of HiRISE v3.2, and the class folder of every original crop."""
    top, classes = "hirise-map-proj-v3_2", {0: "other", 1: "crater", 2: "dark dune"}
    files: dict[str, bytes] = {}
    labels, wanted = [], {}
    for i in range(crops):
        number = i % 3
        stem = f"ESP_{11000 + i // 5:06d}_1655_RED-{i:04d}"
        copies = COPIES if i % 2 else ()
        for end in ("", *copies):
            files[f"{top}/map-proj-v3_2/{stem}{end}.jpg"] = jpeg(i) if not end else b"a copy"
            labels.append(f"{stem}{end}.jpg {number}")
        wanted[f"{stem}.jpg"] = classes[number].replace(" ", "_")
    text = "\n".join(labels) + "\n"
    files[f"{top}/labels-map-proj-v3_2.txt"] = text.encode()
    files[f"{top}/labels-map-proj-v3_2_train_val_test.txt"] = b"something else\n"
    names = "".join(f"{number},{name}\n" for number, name in classes.items())
    files[f"{top}/landmarks_map-proj-v3_2_classmap.csv"] = names.encode()
    return zipped(files), wanted
