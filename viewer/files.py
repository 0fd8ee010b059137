"""GET data/<digest>: meshes and voxels, immutable, packed as they are stored."""

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from twin.repository import NotFound, Repository

FOREVER = "private, max-age=31536000, immutable"


def router(repository: Repository) -> APIRouter:
    """The route over one library."""
    routes = APIRouter()

    @routes.get("/data/{digest}")
    def data(digest: str, request: Request) -> Response:
        try:
            path = repository.blob(digest)
        except NotFound as refusal:
            return JSONResponse(refusal.wire(), 404, headers={"Cache-Control": "no-store"})
        tag = f'"{digest}"'
        head = {"Cache-Control": FOREVER, "ETag": tag, "Vary": "Accept-Encoding"}
        asked = {
            t.strip().removeprefix("W/")
            for t in request.headers.get("if-none-match", "").split(",")
        }
        if tag in asked or "*" in asked:
            return Response(status_code=304, headers=head)
        if not _takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(
                repository.content(digest), media_type="application/octet-stream", headers=head
            )
        head["Content-Encoding"] = "gzip"
        return FileResponse(path, media_type="application/octet-stream", headers=head)

    return routes


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
