"""POST upload: a scan streamed into a temporary file under a name of ours.

The client's name is kept only as words to show; no part of a path comes from it.
"""

import logging
import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from anatomy.errors import TwinError
from twin.repository import LibraryError, NotFound
from viewer.guard import same_origin

log = logging.getLogger(__name__)

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".csv", ".json")
MOST_WAITING = 8
MOST_ARRIVING = 4
CHUNK = 1 << 20


class UploadError(TwinError, ValueError):
    """An upload that is not taken; `status` is the HTTP answer."""

    code = "viewer.upload"

    def __init__(self, message: str, status: int = 400, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.status = status


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has arrived whole: its ticket, where it lies, what people call it."""

    ticket: str
    path: Path
    name: str


class Uploads:
    """Files that have arrived and wait for their import. Nothing here survives a start."""

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder, self.most_bytes = folder, most_bytes
        self._there: dict[str, Upload] = {}
        self._arriving = 0

    def get(self, ticket: str) -> Upload:
        """The upload of that ticket; raises NotFound."""
        if ticket not in self._there:
            raise NotFound("This upload is no longer there; choose the file again.")
        return self._there[ticket]

    def discard(self, ticket: str) -> None:
        """Delete an upload; one that is gone already is fine."""
        upload = self._there.pop(ticket, None)
        if upload is not None:
            shutil.rmtree(upload.path.parent, ignore_errors=True)

    def discard_path(self, path: Path) -> None:
        """Delete the upload that lies at `path`, if it is one."""
        for ticket in [t for t, upload in self._there.items() if upload.path == path]:
            self.discard(ticket)

    async def receive(self, request: Request) -> Upload:
        """Stream a body to disk; raises UploadError or LibraryError and leaves nothing then."""
        if not same_origin(request.headers.get("origin"), request.headers.get("host")):
            raise UploadError("Uploads are taken only from Theatrum's own page.", 403)
        name, ending = shown_name(request.query_params.get("name", ""))
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > self.most_bytes:
            raise self._too_large(name)
        if self._arriving >= MOST_ARRIVING:
            raise UploadError("Several files are arriving already; wait for one to end.", 429)
        if len(self._there) >= MOST_WAITING:
            self.discard(next(iter(self._there)))
        self._arriving += 1
        try:
            return await self._store(request, name, ending)
        finally:
            self._arriving -= 1

    async def _store(self, request: Request, name: str, ending: str) -> Upload:
        ticket = secrets.token_hex(16)
        target = self._folder / ticket / f"upload{ending}"
        try:
            target.parent.mkdir(parents=True)
            with target.open("xb") as file:
                await self._fill(file, request, name)
        except BaseException as reason:
            shutil.rmtree(target.parent, ignore_errors=True)
            if isinstance(reason, OSError) and not isinstance(reason, TwinError):
                raise LibraryError(
                    f"{name} could not be stored: {reason.strerror or reason}. "
                    "Nothing half-written was left; free some space and send it again."
                ) from reason
            raise
        self._there[ticket] = Upload(ticket, target, name)
        return self._there[ticket]

    async def _fill(self, file: IO[bytes], request: Request, name: str) -> None:
        size, waiting = 0, bytearray()
        async for chunk in request.stream():
            size += len(chunk)
            if size > self.most_bytes:
                raise self._too_large(name)
            waiting += chunk
            if len(waiting) >= CHUNK:
                await run_in_threadpool(file.write, bytes(waiting))
                waiting.clear()
        await run_in_threadpool(file.write, bytes(waiting))
        if size == 0:
            raise UploadError(f"{name} is empty.")

    def _too_large(self, name: str) -> UploadError:
        most = self.most_bytes / (1 << 20)
        return UploadError(f"{name} is larger than the {most:.0f} MB that are taken.", 413)


def shown_name(given: str) -> tuple[str, str]:
    """The client's name as plain words, and its ending if it is one that is read."""
    last = re.split(r"[\\/]", given)[-1]
    plain = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(" .")[:120]
    ending = next((e for e in ENDINGS if plain.lower().endswith(e)), None)
    if not plain or ending is None:
        raise UploadError(
            f"'{plain or 'A file without a name'}' is not a kind of file that is read here: "
            "choose .nii, .nii.gz or .nrrd, or a key as .csv or .json.",
            415,
        )
    return plain, ending


def router(uploads: Uploads) -> APIRouter:
    """The route over one folder of uploads."""
    routes = APIRouter()

    @routes.post("/upload")
    async def upload(request: Request) -> JSONResponse:
        try:
            arrived = await uploads.receive(request)
        except UploadError as refusal:
            return JSONResponse(refusal.wire(), refusal.status)
        except LibraryError as refusal:
            log.warning("%s", refusal)
            return JSONResponse(refusal.wire(), 507)
        return JSONResponse({"ticket": arrived.ticket, "name": arrived.name})

    return routes
